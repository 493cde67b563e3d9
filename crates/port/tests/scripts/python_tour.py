"""What scripts do around their models: texts, lists, arrays, counters and random choices."""

import random
import sys
from functools import reduce

import numpy as np
import keras
from tensorflow import keras as tf_keras

# One-hot texts, whose rest is filled with blanks.
texts = ["hello", "hi", "good day", "no"]
characters = sorted(list(set("".join(texts) + " ")))
index = {c: i for i, c in enumerate(characters)}
longest = max([len(text) for text in texts])
data = np.zeros((len(texts), longest, len(characters)), dtype="float32")
for i, text in enumerate(texts):
    for t, char in enumerate(text):
        data[i, t, index[char]] = 1.0
    data[i, t + 1 :, index[" "]] = 1.0
print(data.sum(axis=(0, 1)), i, t)

# Columns that are computed of others.
table = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
table[:, 0] = table[:, 1] * 2 + table[:, 2]
table[0, 1:] += table[1, 0]
table[1, :2] = table[0, 2]
print(table)

# Arrays of lists, of tuples, and of texts.
encoded = [[index[c] for c in text[:2]] for text in texts]
print(np.array(encoded).shape, np.array([(k, 0.5 * k) for k in range(4)]).mean())
words = np.array(["zero", "one", "two", "three"])
order = np.argsort(np.array([0.3, 0.1, 0.7, 0.2]))
print(" ".join(words[order]), words[-1], len(words), "".join([words[k][0] for k in order[:2]]))

# Shapes.
images = np.arange(48).reshape(2, 4, 6)
input_shape = (6, 4)
print(images.T.shape, images.reshape((images.shape[0],) + input_shape).shape, np.zeros((3, *images.shape[1:])).shape)
print("shapes: " + str(images.shape) + ", " + str(table.shape))

# Lists that become shorter, and sums.
queue = [5, 1, 4, 2, 3]
del queue[0], queue[-1]
ages = {"ann": 31, "bob": 27, "cid": 45}
del ages["bob"]
print(queue, list(ages.keys()), ages.get("bob", -1))
print(reduce(lambda a, b: a * b, queue), sum([np.array([1.0, 2.0]), np.array([3.0, 4.0])]), sum(order > 1))
print(np.mean([len(text) for text in texts], dtype=int), round(table[0, 0] / 7), np.append(order[:1], [7, 8]))
for k in range(9, 0, -4):
    print("down to", k)
start = 0
while start < len(order):
    end = start + 3
    print("part", order[start:end])
    start = end
if sys.version_info[0] < 3:
    print("an old Python")

# Random choices.
random.seed(5)
np.random.seed(5)
print(random.randint(1, 6), random.randrange(10), random.randrange(2, 9, 2), random.choice(order))
print(np.random.choice(range(20), size=4), np.random.choice([0.1, 0.2, 0.3], size=2))

# The texts in a model.
layers = tf_keras.layers
keras.utils.set_random_seed(5)
model = keras.Sequential(
    [
        layers.Input(shape=(longest, len(characters)), dtype="float32"),
        layers.LSTM(6),
        layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(optimizer="adam", loss="binary_crossentropy")
labels = np.array([len(text) > 2 for text in texts]).astype("float32")
history = model.fit(data, labels, epochs=4, verbose=False)
print("losses:", [round(loss, 4) for loss in history.history["loss"]])
for text, score in zip(texts, model.predict(data, verbose=False)[:, 0]):
    print(repr(text), "%.4f" % score)
