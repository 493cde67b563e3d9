import numpy as np
import keras
from keras import layers, ops

class Block(layers.Layer):
    """A residual block."""
    def __init__(self, units, rate=0.1, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.first = layers.Dense(units, activation="relu")
        self.second = layers.Dense(units)
        self.dropout = layers.Dropout(rate)

    def call(self, inputs, training=None):
        x = self.first(inputs)
        x = self.dropout(x, training=training)
        x = self.second(x)
        return x + inputs

    def get_config(self):
        config = super().get_config()
        config.update({"units": self.units})
        return config

class LossHistory(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.losses = []
        self.best = 100.0

    def on_epoch_end(self, epoch, logs=None):
        self.losses.append(logs.get("loss"))
        if logs["loss"] < self.best:
            self.best = logs["loss"]
        if epoch == 3:
            self.model.stop_training = True

class Scaled(keras.losses.Loss):
    def __init__(self, factor=2.0):
        super().__init__()
        self.factor = factor
    def call(self, y_true, y_pred):
        return self.factor * ops.mean(ops.square(y_true - y_pred), axis=-1)

class Counter:
    def __init__(self):
        self.count = 0
        self.names = {}
    def add(self, name):
        self.count += 1
        self.names[name] = self.count
        return self.count

def spread(y_true, y_pred):
    return ops.max(ops.abs(y_true - y_pred), axis=-1)

def schedule(epoch, lr):
    if epoch < 2:
        return lr
    return lr * 0.5

def lr_lines(epoch):
    return 0.1 / (epoch + 1)

np.random.seed(0)
x = np.random.rand(32, 4)
y = np.random.rand(32, 1)
inputs = keras.Input(shape=(4,))
h = Block(4)(inputs)
h = Block(4, rate=0.2)(h)
outputs = layers.Dense(1)(h)
model = keras.Model(inputs, outputs)
model.compile(optimizer="adam", loss=Scaled(3.0), metrics=[spread, "mae"])
losses = LossHistory()
model.fit(x, y, epochs=5, verbose=0, callbacks=[losses, keras.callbacks.LearningRateScheduler(schedule)])
model.fit(x, y, epochs=2, verbose=0, callbacks=[keras.callbacks.LearningRateScheduler(lr_lines), keras.callbacks.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1)),
    keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs["loss"]))])
print(len(losses.losses), losses.best)
counter = Counter()
counter.add("a")
print(counter.add("b"), counter.names["a"])
words = ["a", "b", "a"]
counts = {}
for word in words:
    counts[word] = counts.get(word, 0) + 1
index = {word: i for i, word in enumerate(sorted(set(words)))}
for word, count in counts.items():
    print(word, count)
for a, b in zip(words, words[1:]):
    print(a, b)
squares = [i * i for i in range(5) if i % 2 == 0]
print(sum(squares), max(squares), index["b"], [index[w] for w in words])
f = lambda a, b: a * b
print(f(2, 3))
