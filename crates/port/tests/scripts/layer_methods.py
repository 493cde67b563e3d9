"""Layers with helpers, static methods, class methods and computed attributes."""
import numpy as np
import tensorflow as tf
import keras
from keras import layers, ops


class Antirectifier(layers.Layer):
    def __init__(self, initializer="he_normal", **kwargs):
        super().__init__(**kwargs)
        self.initializer = keras.initializers.get(initializer)

    def build(self, input_shape):
        output_dim = input_shape[-1]
        self.kernel = self.add_weight(
            shape=(output_dim * 2, output_dim), initializer=self.initializer, name="kernel", trainable=True
        )

    def call(self, inputs):
        inputs -= tf.reduce_mean(inputs, axis=-1, keepdims=True)
        pos = tf.nn.relu(inputs)
        neg = tf.nn.relu(-inputs)
        concatenated = tf.concat([pos, neg], axis=-1)
        mixed = tf.matmul(concatenated, self.kernel)
        return mixed


class Scaled(layers.Layer):
    """Scales by powers of a number."""

    BASE = 2.0

    def __init__(self, units, times=3, bias_initializer=keras.initializers.Constant(0.5)):
        super().__init__()
        self.num_units = units
        self.half = units // 2
        self.factor = times
        self.bias_initializer = keras.initializers.get(bias_initializer)

    def build(self, input_shape):
        self.w = self.add_weight(shape=(input_shape[-1], self.num_units), initializer="glorot_uniform")
        self.b = self.add_weight(shape=(self.num_units,), initializer=self.bias_initializer)

    def project(self, x):
        return ops.matmul(x, self.w) + self.b

    @staticmethod
    def squash(x, limit):
        return ops.clip(x, -limit, limit)

    def call(self, inputs):
        x = self.project(inputs) / (self.half * self.factor)
        return self.squash(x * self.BASE, 0.5)


class Head(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.dense = layers.Dense(units)
        self.out = layers.Dense(1, activation="sigmoid")

    @staticmethod
    def gate(x, y):
        return ops.tanh(x) * y

    @classmethod
    def small(cls, units=4):
        return cls(units)

    def call(self, x):
        x = self.dense(x)
        return self.out(self.gate(x, x))


np.random.seed(2)
x = np.random.normal(size=(60, 6)).astype("float32")
y = (x[:, 0] * x[:, 1] > 0).astype("float32")

inputs = keras.Input(shape=(6,))
h = Antirectifier()(inputs)
h = Scaled(8)(h)
h = Antirectifier(initializer=keras.initializers.RandomNormal(stddev=0.3))(h)
outputs = Head.small()(h)
model = keras.Model(inputs, outputs)
model.compile(optimizer="adam", loss="binary_crossentropy")
history = model.fit(x, y, epochs=3, batch_size=20, verbose=0)
print(history.history["loss"])
print(model.predict(x[:3], verbose=0))
