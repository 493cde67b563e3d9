"""Counting: integers of any size and sign, their formats, and lists by places."""
import math

import keras
import numpy as np
import tensorflow as tf

keras.utils.set_random_seed(3)

# Integers stay integers, also where they are negative.
balance = 3
balance = balance if balance > 5 else -balance
print(balance, max(len("abc") - 9, -3), min(len("abc") - 9, -3))
change = -5
gain = change if change > 0 else 0
print(gain, max(change, -3), abs(change))

# More than 32 bits.
a, b = 0, 1
for _ in range(50):
    a, b = b, a + b
print("fibonacci", a)
milliseconds = 1700000000000
print(milliseconds // 1000)
seed = 12345
for _ in range(3):
    seed = (seed * 1103515245 + 12345) % 2147483648
    print("seed", seed)
units = 100000
print(units * units, 1000000 * 1000000)
rows = [70000, 80000]
print(rows[0] * rows[1])
limit = 1
while limit < 3000000000:
    limit *= 7
print(limit)
debt = -3
for _ in range(40):
    debt *= 2
print(debt)

# The first has the last before it.
stops = ["harbour", "market", "station"]
for i in range(len(stops)):
    print(stops[i - 1], "->", stops[i])
for i in range(1, len(stops)):
    print(stops[i - 1], "->", stops[i])

# Sums of what is counted backwards, of fractions, of losses, and of truth values.
steps = 0
for i in range(10, 0, -3):
    steps += i
weight = 0
for part in [0.5, 1.25]:
    weight += part
below = 0
for v in [-1, -2]:
    below += v
rate = 1
rate += 0.5
print(steps, weight, below, rate)
flags = [True, False, True]
expected = [1, 0, 0]
print(sum(flags), sum(flag == bool(one) for flag, one in zip(flags, expected)))

# Lists and dicts that change.
grid = [[1, 2], [3, 4]]
grid[1][-1] += 2
for nothing in []:
    print(nothing)
order = [3, 1, 2]
order[0], order[2] = order[2], order[0]
print(grid, order)
pairs = [(1, 3.5), (2, 1.5), (3, 2.5)]
pairs.sort(key=lambda pair: pair[1])
for number, score in pairs:
    print(number, score)
names = ["ccc", "a", "bb"]
names.sort(key=len, reverse=True)
print(" ".join(names))
stock = {"apples": 4, "pears": 2}
taken = stock.pop("apples")
print(taken, stock.pop("plums", 7), len(stock))

# Formats that Rust does not have.
learning_rate = 1e-3
for _ in range(3):
    learning_rate *= 0.1
    print("lr", learning_rate, f"{learning_rate:.1e}", "%.0e" % learning_rate, "%g" % learning_rate)
loss = float("nan")
print("loss:", loss, f"{loss:.4f}", "%.3f" % loss, math.isnan(loss))
parameters = 1234567
print(f"{parameters:,} parameters, {parameters / 7:,.2f}", "-7".zfill(4), str(7).zfill(3))
print(pow(2, 5), divmod(17, 5), ord("a"), math.factorial(5), math.log(8, 2))

# A small model, to have numbers of Keras among them.
x = np.arange(12.0).reshape(4, 3) / 12.0
print(tf.size(x).numpy())
model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])
print(f"{model.count_params():,}", model.predict(x, verbose=0)[0])


# What functions return.
def sign(number):
    if number > 0:
        return 1
    elif number < 0:
        return -1
    return 0


def mean(numbers):
    if len(numbers) == 0:
        return 0
    return sum(numbers) / len(numbers)


print(sign(-3), sign(2.5), sign(-4) * 2, mean([1, 2, 4]))
