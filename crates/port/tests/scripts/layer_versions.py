"""Layers whose arguments differ from one use to the next, weights that move from model to model, and layers that are frozen."""

import numpy as np
import keras
from keras import layers, ops

keras.utils.set_random_seed(5)
np.random.seed(5)


class Dense(layers.Layer):
    """A Dense layer with an optional cut, and an optional scale."""

    def __init__(self, units, limit=None, scale=1.0):
        super().__init__()
        self.inner = layers.Dense(units)
        self.limit = limit
        self.scale = scale

    def call(self, x):
        x = self.inner(x) * self.scale
        if self.limit is not None:
            x = ops.minimum(x, self.limit)
        return ops.relu(x)


class Trainer:
    """Builds its parts in methods that __init__ calls."""

    def __init__(self, size, hidden=8):
        self.size = size
        self.hidden = hidden
        self.encoder = self.build_encoder()
        self.head = self.build_head(1)
        inputs = keras.Input(shape=(self.size,))
        self.model = keras.Model(inputs, self.head(self.encoder(inputs)))
        self.model.compile(optimizer=keras.optimizers.SGD(0.05), loss="mse")

    def build_encoder(self):
        inputs = keras.Input(shape=(self.size,))
        x = Dense(self.hidden)(inputs)
        x = Dense(self.hidden, limit=6)(x)
        x = Dense(self.hidden, limit=2.5, scale=2.0)(x)
        return keras.Model(inputs, x, name="encoder")

    def build_head(self, units):
        model = keras.Sequential(name="head")
        model.add(layers.Dense(units, input_dim=self.hidden))
        return model

    def train(self, x, y, epochs):
        return self.model.fit(x, y, epochs=epochs, batch_size=16, verbose=0).history["loss"]


x = np.random.uniform(-1, 1, size=(96, 5)).astype("float32")
y = (x[:, 0] * x[:, 1] + x[:, 2]).astype("float32")

trainer = Trainer(5)
for epoch, loss in enumerate(trainer.train(x, y, 3)):
    print(f"epoch {epoch + 1}: {loss:.5f}")

# The same architecture, with the weights of the first model
other = Trainer(5)
print("before: %.5f" % other.model.evaluate(x, y, verbose=0))
other.encoder.set_weights(trainer.encoder.get_weights())
for mine, theirs in zip(other.head.layers, trainer.head.layers):
    mine.set_weights(theirs.get_weights())
print("after: %.5f" % other.model.evaluate(x, y, verbose=0))

# Only the head is trained
for layer in other.model.layers[:-1]:
    layer.trainable = False
other.model.compile(optimizer="sgd", loss="mse")
print("trainable:", len(other.model.trainable_weights), "of", len(other.model.weights))
kernel = other.encoder.get_weights()[0]
other.train(x, y, 2)
print("frozen:", np.array_equal(kernel, other.encoder.get_weights()[0]))
print("end: %.5f" % other.model.evaluate(x, y, verbose=0))

# A part of the model, up to an inner layer
features = keras.Model(trainer.encoder.input, trainer.encoder.output)
print(features.predict(x[:2], verbose=0).round(3))
