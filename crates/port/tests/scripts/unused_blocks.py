"""A file of building blocks for sequences, of which one model is trained; the others wait for the next experiment."""

import numpy as np
import keras
import tensorflow as tf
from keras import layers, ops

keras.utils.set_random_seed(11)

num_steps = 8
num_features = 4
width = 12


class ScaledDense(layers.Layer):
    """A dense layer whose outputs are scaled by a weight each."""

    def __init__(self, units, activation=None, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), initializer="glorot_uniform", name="kernel")
        self.scale = self.add_weight(shape=(self.units,), initializer="ones", name="scale")

    def call(self, inputs):
        return self.activation(ops.matmul(inputs, self.kernel) * self.scale)


class GatedUnit(layers.Layer):
    """Half of the channels gates the other half, along the steps."""

    def __init__(self, num_steps, units, dropout_rate=0.1, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.project = layers.Dense(units * 2, activation="gelu")
        self.gate = layers.Dense(units=num_steps, bias_initializer="ones")
        self.normalize = layers.LayerNormalization(epsilon=1e-6)
        self.dropout = layers.Dropout(dropout_rate)
        self.out = layers.Dense(units)

    def gating(self, x):
        u, v = ops.split(x, 2, axis=-1)
        v = tf.linalg.matrix_transpose(self.normalize(v))
        return u * tf.linalg.matrix_transpose(self.gate(v))

    def call(self, inputs):
        x = self.gating(self.project(inputs))
        return inputs + self.dropout(self.out(x))


class convBlock(layers.Layer):
    def __init__(self, filters, kernel_size):
        super().__init__()
        self.conv = layers.Conv1D(filters, kernel_size, padding="same", activation="relu")
        self.normalize = layers.BatchNormalization()

    def call(self, inputs):
        return self.normalize(self.conv(inputs))


class TwoTowers(keras.Model):
    """Two embeddings, and how well they fit."""

    def __init__(self, num_users, num_items, size=16, lowest=None, **kwargs):
        super().__init__(**kwargs)
        self.num_users = num_users
        self.lowest = lowest
        self.users = layers.Embedding(num_users, size)
        self.items = layers.Embedding(num_items, size)

    def call(self, inputs):
        users = self.users(inputs[:, 0])
        items = self.items(inputs[:, 1])
        return ops.sigmoid(layers.Dot(axes=1)([users, items]))


class SmoothL1(keras.losses.Loss):
    def __init__(self, delta=1.0):
        super().__init__(name="smooth_l1")
        self.delta = delta

    def call(self, y_true, y_pred):
        error = ops.abs(y_true - y_pred)
        small = ops.minimum(error, self.delta)
        return ops.mean(0.5 * ops.square(small) + self.delta * (error - small), axis=-1)


class Recurrent:
    """A recurrent network, as an alternative to the gated units."""

    def __init__(self, units, rate):
        self.units = units
        self.rate = rate

    def build(self):
        inputs = keras.Input((num_steps, num_features))
        x = layers.LSTM(self.units)(inputs)
        x = layers.Dropout(self.rate)(x)
        return keras.Model(inputs, layers.Dense(1)(x))


rng = np.random.RandomState(3)
x = rng.normal(size=(160, num_steps, num_features)).astype("float32")
y = (x[:, -1, :1] + 0.5 * x[:, 0, 1:2]).astype("float32")

inputs = keras.Input((num_steps, num_features))
h = layers.Dense(width)(inputs)
h = GatedUnit(num_steps, width)(h)
h = layers.GlobalAveragePooling1D()(h)
outputs = layers.Dense(1)(h)
model = keras.Model(inputs, outputs)
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse", metrics=["mae"])
history = model.fit(x, y, epochs=3, batch_size=32, verbose=0)
for loss, mae in zip(history.history["loss"], history.history["mae"]):
    print(f"loss {loss:.4f}, mae {mae:.4f}")
print("prediction:", model.predict(x[:2], verbose=0)[:, 0])
