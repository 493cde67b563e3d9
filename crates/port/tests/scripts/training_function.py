# Functions that train a model and fill a list.
import numpy as np
from keras import Sequential
from keras.layers import Dense, Input


def train(model, x, y, losses, rounds=2):
    for i in range(rounds):
        history = model.fit(x, y, epochs=1, verbose=0)
        losses.append(history.history["loss"][0])


def report(losses):
    for i, loss in enumerate(losses):
        print(f"round {i + 1}: {loss:.4f}")
    return min(losses)


x = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
y = np.array([1, 1, 2, 0]) / 2
model = Sequential([Input((2,)), Dense(4, activation="relu"), Dense(1)])
model.compile("adam", "mse")
losses = [float(model.evaluate(x, y, verbose=0))]
train(model, x, y, losses, rounds=3)
best = report(losses)
print("the best:", best)
assert len(losses) == 4
