"""Methods and functions that return what evaluate returns, and that take histories."""
import numpy as np
import keras
from keras import layers
import matplotlib.pyplot as plt

rng = np.random.RandomState(1)
x = rng.rand(64, 6).astype("float32")
y = (x.sum(axis=1) > 3).astype("int32")


class Classifier:
    """A model, and what is done with it."""

    def __init__(self, size):
        self.model = keras.Sequential([layers.Input((size,)), layers.Dense(8, activation="relu"), layers.Dense(2, activation="softmax")])
        self.model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])

    def train(self, images, labels, epochs=1):
        return self.model.fit(images, labels, epochs=epochs, verbose=0)

    def test(self, images, labels):
        return self.model.evaluate(images, labels, verbose=0)


def last_of(history, metric):
    values = history[metric]
    return values[-1]


def plot_metric(history, metric, title, has_valid=True):
    plt.plot(history[metric])
    if has_valid:
        plt.plot(history["val_" + metric])
        plt.legend(["train", "validation"], loc="upper left")
    plt.title(title)
    plt.ylabel(metric)
    plt.savefig(metric + ".png")


def score(model, data, labels):
    return model.evaluate(data, labels, verbose=0)


classifier = Classifier(x.shape[1])
history = classifier.train(x, y, epochs=3)
loss, accuracy = classifier.test(x, y)
print("loss %.4f accuracy %.4f" % (loss, accuracy))
print("%.4f" % last_of(history.history, "loss"))
plot_metric(history=history.history, metric="accuracy", title="accuracy", has_valid=False)
scores = score(classifier.model, x, y)
print("%.4f %.4f" % (scores[0], scores[1]))
