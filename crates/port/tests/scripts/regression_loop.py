# Several networks for one curve; the best one is kept.
import math

import numpy as np
from keras import Sequential
from keras.layers import Dense
from keras.optimizers import SGD

points = 64
step = 2 * math.pi / points
xs = [i * step for i in range(points)]
ys = [math.sin(x) for x in xs]
x = np.array(xs).reshape(-1, 1)
y = np.array(ys).reshape(-1, 1)

best = 1e9
best_units = 0
for units in [4, 8, 16]:
    model = Sequential([Dense(units, activation="tanh", input_dim=1), Dense(1)])
    model.compile(loss="mean_squared_error", optimizer=SGD(lr=0.05, momentum=0.9))
    history = model.fit(x, y, epochs=20, batch_size=16, verbose=0)
    loss = history.history["loss"][-1]
    print("%2d units: %.5f" % (units, loss))
    if loss < best:
        best = loss
        best_units = units
print("best:", best_units, "units")
total = 0
for i in range(3):
    total += i
assert total == 3
