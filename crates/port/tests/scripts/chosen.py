"""Comprehensions whose conditions compute with arrays."""
import numpy as np
from keras import Input, Sequential, layers

x = np.array([[1.0, 2.0], [3.0, 4.0], [0.5, 0.25]])
order = np.argsort(np.array([0.3, 0.1, 0.9, 0.5]))
seen = {1, 3}

# Items that a user has not seen, the best first.
print([int(item) for item in order if item not in seen])
print([i for i in range(3) if x[i].sum() > 2])
rows = [row.sum() for row in x if row[0] > 0.75]
print(len(rows), rows[0], rows[1])
print(sum(1 for row in x if row.max() > 1))
print([n for n in [1, 2, 3] if np.array([1, 2, 3])[n - 1] > 1])

names = ["first", "second", "third"]
print([name for name, row in zip(names, x) if row.mean() < 2])
print([i for i, row in enumerate(x) if row.mean() > 1 and i > 0])
means = {name: float(row.mean()) for name, row in zip(names, x) if row.sum() > 1}
print(means["first"], means["second"], len(means))
print(any(row.sum() > 6 for row in x), all(row.sum() > 6 for row in x))
print([name for name in names if "?" not in name])

model = Sequential([Input((2,)), layers.Dense(3, activation="tanh"), layers.Dense(1)])
predictions = model.predict(x, verbose=0)
print(predictions)
print(len([i for i in range(3) if abs(predictions[i, 0]) >= 0]))
for layer in model.layers:
    print(layer.name, [weight.shape for weight in layer.get_weights()])
