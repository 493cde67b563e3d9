"""A script some of whose lines are not ported: the rest of its program compiles."""
import os

import rawpy
import numpy as np
import speech
from tensorflow import keras
from tensorflow.keras import layers

SIZE = 16


def load_model():
    return keras.models.load_model("photographs.keras")


def read_photographs(folder):
    photographs, labels = [], []
    for name in os.listdir(folder):
        image = rawpy.imread(os.path.join(folder, name))
        photographs.append(image)
        labels.append(name.startswith("cat"))
    return np.array(photographs), np.array(labels)


def normalized(image):
    image = rawpy.normalize(image)
    return image / 255.0


def build_base(units):
    inputs = keras.Input((SIZE, SIZE, 3))
    x = layers.Conv2D(units, 3, activation="relu")(inputs)
    x = layers.GlobalAveragePooling2D()(x)
    return speech.join(inputs, x)


def smooth(points, factor=0.8):
    print(points.shape, factor)
    return points * factor


def plot_losses(history, title="Losses"):
    print(title, history.history["loss"])


class Scorer:
    def __init__(self, threshold=0.5):
        self.threshold = threshold
        self.scores = []

    def describe(self, name="scorer"):
        print(name, self.threshold)

    def score(self, sound):
        return speech.score(sound)


class Progress(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        print("epoch", epoch)


waiting = []
found = {}
for path in rawpy.paths("photographs"):
    waiting.append(path)
    found[path] = len(waiting)
print(len(waiting))

if os.path.exists("photographs.keras"):
    model = load_model()
else:
    model = speech.build_model(SIZE)
model.summary()

if SIZE > os.cpu_count():
    voice = speech.Voice("high")
else:
    voice = speech.Voice("low")
print(voice)

try:
    first = rawpy.imread("first.png")
    print("read")
except Exception:
    print("no first photograph")

columns = 4
x = np.random.rand(columns * 2, SIZE, SIZE, 3)
tiled = np.tile(x[0], [columns, 1, 1])
parts = np.split(x, 2 * columns, axis=0)
print(tiled.shape, len(parts), np.prod(x.shape))
progress = Progress()
stopping = keras.callbacks.EarlyStopping(patience=2)
callbacks = [progress, stopping]
model.fit(x, np.zeros((columns * 2, 1)), epochs=2, callbacks=callbacks, verbose=0)
base = build_base(8)
