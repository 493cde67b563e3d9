"""Feeds a small network from generators: batches, windows of a series, and shuffled epochs."""
import itertools
from functools import partial

import numpy as np
import keras
from keras import layers

np.random.seed(21)
keras.utils.set_random_seed(21)

BATCH = 8


def batches(x, y, size):
    """Batches in order; the last one may be smaller."""
    for start in range(0, len(x), size):
        yield x[start:start + size], y[start:start + size]


def shuffled_batches(x, y, size):
    order = np.random.permutation(len(x))
    x, y = x[order], y[order]
    for start in range(0, len(x) - size + 1, size):
        yield x[start:start + size], y[start:start + size]


def windows(series, width):
    for i in range(len(series) - width):
        window = series[i:i + width]
        yield window, series[i + width]


def countdown(n):
    while n > 0:
        yield n
        n -= 1


def powers(base, limit):
    value = 1
    while True:
        if value > limit:
            return
        yield value
        value *= base


series = np.sin(np.arange(60) / 5.0)
inputs, targets = [], []
for window, following in windows(series, 6):
    inputs.append(window)
    targets.append(following)
x = np.array(inputs, dtype="float32")
y = np.array(targets, dtype="float32")
print(x.shape, y.shape, "%.4f" % y.mean())

print(list(countdown(4)), sum(powers(3, 100)))
for a, b in itertools.product([1, 2], ["p", "q"]):
    print(a, b, end="; ")
print()
for i, value in enumerate(itertools.chain([5, 6], [7])):
    print(i, value)

Dense = partial(layers.Dense, activation="relu")
model = keras.Sequential([keras.Input(shape=(6,)), Dense(12), Dense(6, activation="tanh"), layers.Dense(1)])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")

for epoch in range(3):
    losses = []
    for bx, by in shuffled_batches(x, y, BATCH):
        losses.append(float(model.train_on_batch(bx, by)))
    print("epoch %d: %d batches, loss %.4f" % (epoch + 1, len(losses), np.mean(losses)))

total = 0.0
for bx, by in batches(x, y, 16):
    p = model.predict(bx, verbose=0)[:, 0]
    total += float(np.sum((p - by) ** 2))
print("squared error %.4f" % total)

lengths = list(map(len, ["a", "bcd", "ef"]))
long = list(filter(lambda n: n > 1, lengths))
print(lengths, long, max(lengths), any(n > 2 for n in lengths), all(n > 0 for n in lengths))
pairs = list(zip(lengths, ["a", "bcd", "ef"]))
for n, word in sorted(pairs, key=lambda pair: pair[0], reverse=True):
    print(n, word)
