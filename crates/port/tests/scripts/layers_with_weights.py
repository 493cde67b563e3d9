import numpy as np
import keras
from keras import layers, ops

keras.utils.set_random_seed(3)
np.random.seed(3)

class Linear(layers.Layer):
    """A dense layer by hand."""
    def __init__(self, units=32, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer="glorot_uniform", trainable=True)
        self.b = self.add_weight(shape=(self.units,), initializer="zeros", trainable=True)

    def call(self, inputs):
        return ops.matmul(inputs, self.w) + self.b

class Sampling(layers.Layer):
    """Uses (z_mean, z_log_var) to sample z."""
    def call(self, inputs):
        z_mean, z_log_var = inputs
        batch = ops.shape(z_mean)[0]
        dim = ops.shape(z_mean)[1]
        epsilon = keras.random.normal(shape=(batch, dim))
        kl = -0.5 * ops.mean(1 + z_log_var - ops.square(z_mean) - ops.exp(z_log_var))
        self.add_loss(kl)
        return z_mean + ops.exp(0.5 * z_log_var) * epsilon

x = np.random.rand(64, 6).astype("float32")
inputs = keras.Input(shape=(6,))
h = Linear(8)(inputs)
h = layers.Activation("relu")(h)
z_mean = Linear(2)(h)
z_log_var = Linear(2)(h)
z = Sampling()([z_mean, z_log_var])
outputs = layers.Dense(6, activation="sigmoid")(z)
vae = keras.Model(inputs, outputs)
vae.compile(optimizer="adam", loss="mse")
history = vae.fit(x, x, epochs=3, batch_size=16, verbose=0)
print(history.history["loss"])
s = keras.Sequential([keras.Input(shape=(6,)), Linear(4), Linear(1)])
s.compile(loss="mse", optimizer="sgd")
print(s.fit(x, x[:, 0], epochs=2, verbose=0).history["loss"])
