# Layers of one's own: weights in build(), a config, and a layer with state that is not trained.
import numpy as np
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(55)
np.random.seed(55)


class SimpleDense(keras.layers.Layer):

    def __init__(self, units=32, activation=None, **kwargs):
        super(SimpleDense, self).__init__(**kwargs)
        self.units = units
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.w = self.add_weight(
            name="w",
            shape=(input_shape[-1], self.units),
            initializer="random_normal",
            trainable=True,
        )
        self.b = self.add_weight(name="b", shape=(self.units,), initializer="zeros", trainable=True)

    def call(self, inputs):
        return self.activation(tf.matmul(inputs, self.w) + self.b)

    def get_config(self):
        config = super().get_config()
        config.update({"units": self.units})
        return config


class Quadratic(keras.layers.Layer):
    """activation(x^2 a + x b + c)"""

    def __init__(self, units=8, activation="relu"):
        super().__init__()
        self.units = units
        self.activation = keras.layers.Activation(activation)

    def build(self, input_shape):
        dim = input_shape[-1]
        self.a = self.add_weight(shape=(dim, self.units), initializer=keras.initializers.HeNormal())
        self.b = self.add_weight(shape=(dim, self.units), initializer=keras.initializers.HeNormal())
        self.c = self.add_weight(shape=(self.units,), initializer=keras.initializers.Constant(0.1))
        super().build(input_shape)

    def call(self, inputs):
        return self.activation(tf.matmul(tf.square(inputs), self.a) + tf.matmul(inputs, self.b) + self.c)


class Scale(keras.layers.Layer):
    def build(self, input_shape):
        self.gain = self.add_weight(shape=(), initializer="ones", trainable=False)

    def call(self, inputs):
        return inputs * self.gain * 0.5


x = np.random.uniform(-1.0, 1.0, (100, 3)).astype("float32")
y = (x[:, 0] * x[:, 1] + x[:, 2] ** 2).astype("float32")

model = keras.models.Sequential([
    keras.layers.Input(shape=(3,)),
    Quadratic(12),
    SimpleDense(8, activation="tanh"),
    Scale(),
    SimpleDense(1),
])
print("weights:", len(model.weights), "trainable:", len(model.trainable_weights))
for weight in model.trainable_weights:
    print(tuple(weight.shape))

model.compile(optimizer=keras.optimizers.RMSprop(learning_rate=0.005), loss="mse", metrics=["mae"])
history = model.fit(x[:80], y[:80], epochs=5, batch_size=16, verbose=0)
for epoch, (loss, mae) in enumerate(zip(history.history["loss"], history.history["mae"])):
    print(f"epoch {epoch}: loss={loss:.5f}, mae={mae:.5f}")
print("test:", model.evaluate(x[80:], y[80:], verbose=0))

layer = SimpleDense(4)
out = layer(tf.ones((2, 3)))
print("called on ones:", out.shape, "weights", len(layer.weights))
print(model.predict(x[80:84], verbose=0).squeeze())
