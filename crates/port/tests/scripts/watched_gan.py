"""A small GAN of curves, and a callback that looks at what its generator makes after each epoch."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(21)

latent_dim = 4
length = 10


class Watcher(keras.callbacks.Callback):
    """Prints the mean and the spread of generated curves."""

    def __init__(self, number, latent_dim):
        super().__init__()
        self.number = number
        self.latent_dim = latent_dim

    def on_epoch_end(self, epoch, logs=None):
        noise = np.linspace(-1.0, 1.0, self.number * self.latent_dim).reshape((self.number, self.latent_dim))
        curves = self.model.generator(tf.convert_to_tensor(noise, dtype=tf.float32))
        print(f"epoch {epoch}: mean {float(tf.reduce_mean(curves)):.4f}, spread {float(tf.reduce_max(curves) - tf.reduce_min(curves)):.4f}")


class CurveGAN(keras.Model):
    def __init__(self, discriminator, generator, latent_dim):
        super().__init__()
        self.discriminator = discriminator
        self.generator = generator
        self.latent_dim = latent_dim
        self.d_loss_metric = keras.metrics.Mean(name="d_loss")
        self.g_loss_metric = keras.metrics.Mean(name="g_loss")

    def compile(self, d_optimizer, g_optimizer, loss_fn):
        super().compile()
        self.d_optimizer = d_optimizer
        self.g_optimizer = g_optimizer
        self.loss_fn = loss_fn

    @property
    def metrics(self):
        return [self.d_loss_metric, self.g_loss_metric]

    def train_step(self, real):
        batch_size = tf.shape(real)[0]
        noise = tf.random.normal(shape=(batch_size, self.latent_dim))
        generated = self.generator(noise)
        combined = tf.concat([generated, real], axis=0)
        labels = tf.concat([tf.ones((batch_size, 1)), tf.zeros((batch_size, 1))], axis=0)
        with tf.GradientTape() as tape:
            d_loss = self.loss_fn(labels, self.discriminator(combined))
        gradients = tape.gradient(d_loss, self.discriminator.trainable_weights)
        self.d_optimizer.apply_gradients(zip(gradients, self.discriminator.trainable_weights))

        noise = tf.random.normal(shape=(batch_size, self.latent_dim))
        misleading = tf.zeros((batch_size, 1))
        with tf.GradientTape() as tape:
            g_loss = self.loss_fn(misleading, self.discriminator(self.generator(noise)))
        gradients = tape.gradient(g_loss, self.generator.trainable_weights)
        self.g_optimizer.apply_gradients(zip(gradients, self.generator.trainable_weights))

        self.d_loss_metric.update_state(d_loss)
        self.g_loss_metric.update_state(g_loss)
        return {"d_loss": self.d_loss_metric.result(), "g_loss": self.g_loss_metric.result()}


discriminator = keras.Sequential(
    [
        keras.Input((length,)),
        layers.Dense(16, activation=layers.LeakyReLU(negative_slope=0.2)),
        layers.Dense(1, activation="sigmoid"),
    ],
    name="discriminator",
)
generator = keras.Sequential(
    [keras.Input((latent_dim,)), layers.Dense(16, activation="relu"), layers.Dense(length, activation="tanh")],
    name="generator",
)

rng = np.random.RandomState(4)
phases = rng.uniform(0, 1, size=(128, 1))
curves = np.sin(np.linspace(0, 3, length) + phases).astype("float32")

watcher = Watcher(number=3, latent_dim=latent_dim)
gan = CurveGAN(discriminator=discriminator, generator=generator, latent_dim=latent_dim)
gan.compile(
    d_optimizer=keras.optimizers.Adam(0.003),
    g_optimizer=keras.optimizers.Adam(0.003),
    loss_fn=keras.losses.BinaryCrossentropy(),
)
history = gan.fit(curves, batch_size=32, epochs=3, callbacks=[watcher], verbose=0)
for d_loss, g_loss in zip(history.history["d_loss"], history.history["g_loss"]):
    print(f"discriminator {d_loss:.4f}, generator {g_loss:.4f}")
