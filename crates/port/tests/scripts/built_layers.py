"""Layers that make their parts in `build`: of other layers, and of weights with penalties and limits."""

import numpy as np
import keras
from keras import layers, ops

keras.utils.set_random_seed(3)


class ResidualBlock(layers.Layer):
    """Two dense layers, which are made when the block is first called."""

    def __init__(self, units, size, rate=0.1, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.size = size
        self.rate = rate

    def build(self, input_shape):
        self.dense = layers.Dense(self.units, activation="relu")
        self.project = layers.Dense(self.size)
        self.drop = layers.Dropout(self.rate)
        super().build(input_shape)

    def call(self, inputs, training=None):
        return inputs + self.drop(self.project(self.dense(inputs)))


class Bilinear(layers.Layer):
    """How well two inputs fit each other."""

    def build(self, input_shape):
        a, b = input_shape
        self.w = self.add_weight(shape=(a[-1], b[-1]), initializer="glorot_uniform", name="w")
        self.scale = self.add_weight(
            shape=(input_shape[1][-1],), initializer="ones", name="scale", constraint=keras.constraints.MaxNorm(1.5)
        )

    def call(self, inputs):
        a, b = inputs
        return ops.sum(ops.matmul(a, self.w) * b * self.scale, axis=-1, keepdims=True)


class ScaleShift(layers.Layer):
    def build(self, input_shape):
        _, size = input_shape
        self.gamma = self.add_weight(
            shape=(size,), initializer="ones", name="gamma", regularizer=keras.regularizers.L2(0.01)
        )
        self.beta = self.add_weight(shape=(size,), initializer="zeros", name="beta", trainable=False)
        self.built = True

    def call(self, x):
        return x * self.gamma + self.beta


rng = np.random.RandomState(0)
x = rng.normal(size=(96, 6)).astype("float32")
z = rng.normal(size=(96, 4)).astype("float32")
y = (x[:, 0] > 0).astype("int32")

inputs = keras.Input((6,))
h = ResidualBlock(8, 6)(inputs)
h = ScaleShift()(h)
model = keras.Model(inputs, layers.Dense(2, activation="softmax")(h))
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x, y, epochs=3, batch_size=16, verbose=0)
for loss, accuracy in zip(history.history["loss"], history.history["accuracy"]):
    print(f"loss {loss:.4f}, accuracy {accuracy:.4f}")
print("predicted:", model.predict(x[:2], verbose=0))

a, b = keras.Input((6,)), keras.Input((4,))
pairs = keras.Model([a, b], Bilinear()([a, b]))
pairs.compile(optimizer=keras.optimizers.SGD(0.05), loss="mse")
targets = (x[:, :1] * z[:, :1]).astype("float32")
history = pairs.fit([x, z], targets, epochs=3, batch_size=16, verbose=0)
print("losses:", [round(loss, 4) for loss in history.history["loss"]])
print("predicted:", pairs.predict([x[:3], z[:3]], verbose=0)[:, 0])
