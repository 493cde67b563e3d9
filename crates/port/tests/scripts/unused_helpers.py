"""A classifier of two moons, with helpers from an earlier project that this script keeps but does not call."""
import math
import os

import numpy as np
import matplotlib.pyplot as plt
from tensorflow import keras
from tensorflow.keras import layers

TIME_STEPS = 12


# Helpers for series.
def create_sequences(values, time_steps=TIME_STEPS):
    output = []
    for i in range(len(values) - time_steps + 1):
        output.append(values[i : (i + time_steps)])
    return np.stack(output)


def process_data(data, back, ahead):
    X, Y = [], []
    for i in range(len(data)):
        if i + back + ahead < len(data):
            X.append(data[i : (i + back), 0])
            Y.append(data[(i + back) : (i + back + ahead), 0])
    return np.array(X), np.array(Y)


def train_and_test(series, back, ahead):
    x, y = process_data(series, back, ahead)
    size = int(x.shape[0] * 0.9)
    return x[:size], y[:size], x[size:], y[size:]


def smooth_curve(points, factor=0.8):
    smoothed_points = []
    for point in points:
        if smoothed_points:
            previous = smoothed_points[-1]
            smoothed_points.append(previous * factor + point * (1 - factor))
        else:
            smoothed_points.append(point)
    return smoothed_points


# Helpers for texts.
def bag_of_words(words, vocabulary):
    bag = [0] * len(vocabulary)
    for word in words:
        for index, known in enumerate(vocabulary):
            if known == word.lower():
                bag[index] = 1
    return np.array(bag)


def one_hot(categories, category):
    encoding = [0] * len(categories)
    if category in categories:
        encoding[categories.index(category)] = 1
    return encoding


def category_of(name):
    return one_hot(["red", "green", "blue"], name)


def path_of_run(folder, name):
    os.makedirs(folder, exist_ok=True)
    return os.path.join(folder, name + ".png")


# Helpers for models.
def build_larger_model(width, classes):
    return keras.Sequential([layers.Dense(width, activation="relu"), layers.Dense(classes, activation="softmax")])


def save_under(model, name):
    model.save(name + ".keras")
    print("saved as", name)


def plot_metric(history, metric, title, has_valid=True):
    plt.plot(history[metric])
    if has_valid:
        plt.plot(history["val_" + metric])
    plt.title(title)
    plt.xlabel("epoch")
    plt.savefig(title + ".svg")


class Batches:
    """Windows of a series, one after the other."""

    def __init__(self, data, num_steps, batch_size, skip_step=5):
        self.data = data
        self.num_steps = num_steps
        self.batch_size = batch_size
        self.skip_step = skip_step
        self.current = 0

    def next_batch(self):
        x = np.zeros((self.batch_size, self.num_steps))
        for i in range(self.batch_size):
            if self.current + self.num_steps >= len(self.data):
                self.current = 0
            x[i, :] = self.data[self.current : self.current + self.num_steps]
            self.current += self.skip_step
        return x


def last_values(history, names):
    for name in names:
        print(name, round(history[name][-1], 4))


def running_best(values):
    bests = [[0.0] for _ in range(2)]
    for i in range(1, len(values)):
        bests[0].append(max(bests[0][i - 1], values[i]))
        bests[1].append(bests[1][i - 1])
    return bests


def draw_moons(points, to_show, num_col):
    num_row = to_show // num_col if to_show // num_col != 0 else 1
    fig, axes = plt.subplots(num_row, num_col, figsize=(4, 4))
    for i in range(num_row * num_col):
        if num_row == 1:
            ax = axes[i % num_col]
        else:
            ax = axes[i // num_col, i % num_col]
        ax.plot(points[i * 10 : (i + 1) * 10, 0], points[i * 10 : (i + 1) * 10, 1])
        ax.set_title("part {}".format(i))
    plt.savefig("moons.svg")
    return num_row


rng = np.random.RandomState(3)
angles = rng.uniform(0, math.pi, 120)
first = np.stack([np.cos(angles[:60]), np.sin(angles[:60])], axis=1)
second = np.stack([1 - np.cos(angles[60:]), 0.5 - np.sin(angles[60:])], axis=1)
x = np.concatenate([first, second]).astype("float32")
y = np.concatenate([np.zeros(60), np.ones(60)]).astype("int32")

model = keras.Sequential([
    layers.Dense(8, activation="tanh", input_shape=(2,)),
    layers.Dense(2, activation="softmax"),
])
model.compile(optimizer=keras.optimizers.Adam(0.05), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x, y, epochs=6, batch_size=30, validation_split=0.2, shuffle=False, verbose=0)

last_values(history.history, ["loss", "val_loss"])
losses = history.history["loss"]
print(np.round(running_best([-loss for loss in losses]), 4))
for moon in ["first", "third"]:
    print(moon, "is known:", moon in ["first", "second"])
print("rows:", draw_moons(x, 3, 3), draw_moons(x, 6, 2))

halves = [(x[:60], "upper"), (x[60:], "lower")]
for i in range(2):
    part, name = halves[i]
    print(name, part.shape, round(float(np.mean(part)), 4))
