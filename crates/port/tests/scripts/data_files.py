"""Arrays and files around a small training: archives, folders, rows in random order."""
import json
import os
import warnings

import numpy as np
from sklearn.utils import shuffle
from tensorflow import keras
from tensorflow.keras import layers

warnings.filterwarnings("ignore")

# Two classes, each in an archive of a folder.
np.random.seed(7)
for label in range(2):
    folder = os.path.join("measurements", f"class_{label}")
    os.makedirs(folder, exist_ok=True)
    values = np.random.normal(loc=label, size=(30, 4))
    np.savez(os.path.join(folder, "data.npz"), x=values[:20], y=np.full(20, label))
    np.savez(os.path.join(folder, "more.npz"), values[20:], np.full(10, label))

count = 0
for directory, _, names in os.walk("measurements"):
    for name in sorted(names):
        print(os.path.join(directory, name))
        count += 1
print(count, "files")

x, y = None, None
first = np.load("measurements/class_0/data.npz")
second = np.load("measurements/class_1/data.npz")
x = np.append(first["x"], second["x"], axis=0)
y = np.append(first["y"], second["y"])
for label in range(2):
    more = np.load(os.path.join("measurements", f"class_{label}", "more.npz"))
    x = np.append(x, more["arr_0"], axis=0)
    y = np.append(y, more["arr_1"])
print(x.shape, y.shape, y.sum())

x, y = shuffle(x, y, random_state=57)
print(y[:10])

model = keras.Sequential([keras.Input((4,)), layers.Dense(8, activation="relu"), layers.Dense(1, activation="sigmoid")])
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
history = model.fit(x, y, epochs=4, batch_size=10, validation_split=0.2, verbose=0)
print(model.count_params(), "parameters")


def evaluate(model, x, y):
    scores = model.evaluate(x, y, verbose=0)
    print("loss %.4f, accuracy %.4f" % (scores[0], scores[1]))
    return scores[1]


model.save("model.keras")
evaluate(model, x, y)
restored = keras.models.load_model("model.keras")
print(round(evaluate(restored, x, y), 4))

switcher = {"small": 1, "large": 2}
for size in ["small", "middle", "large"]:
    print(size, size[0], switcher.get(size, -1))
with open("history.json", "w") as f:
    json.dump(history.history, f)
print(os.path.getsize("history.json") > 50)
os.rename("history.json", "training.json")
print(sorted(os.listdir(".")))
