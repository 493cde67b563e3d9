"""A GAN as a model with its own compile and train_step, and a callback that looks at the generator."""
import numpy as np
import tensorflow as tf
import keras
from keras import layers

latent_dim = 4
batch_size = 32

discriminator = keras.Sequential(
    [
        keras.Input(shape=(2,)),
        layers.Dense(16),
        layers.LeakyReLU(negative_slope=0.2),
        layers.Dense(1),
    ],
    name="discriminator",
)
generator = keras.Sequential(
    [
        keras.Input(shape=(latent_dim,)),
        layers.Dense(16, activation="relu"),
        layers.Dense(2),
    ],
    name="generator",
)


class GAN(keras.Model):
    """Two networks that train against each other."""

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

    def train_step(self, real_points):
        if isinstance(real_points, tuple):
            real_points = real_points[0]
        batch_size = tf.shape(real_points)[0]
        random_latent_vectors = tf.random.normal(shape=(batch_size, self.latent_dim))

        # Decode them to fake points, and combine them with real ones
        generated_points = self.generator(random_latent_vectors)
        combined_points = tf.concat([generated_points, real_points], axis=0)
        labels = tf.concat(
            [tf.ones((batch_size, 1)), tf.zeros((batch_size, 1))], axis=0
        )
        # Add random noise to the labels
        labels += 0.05 * tf.random.uniform(tf.shape(labels))

        # Train the discriminator
        with tf.GradientTape() as tape:
            predictions = self.discriminator(combined_points)
            d_loss = self.loss_fn(labels, predictions)
        grads = tape.gradient(d_loss, self.discriminator.trainable_weights)
        self.d_optimizer.apply_gradients(
            zip(grads, self.discriminator.trainable_weights)
        )

        # Train the generator
        random_latent_vectors = tf.random.normal(shape=(batch_size, self.latent_dim))
        misleading_labels = tf.zeros((batch_size, 1))
        with tf.GradientTape() as tape:
            predictions = self.discriminator(self.generator(random_latent_vectors))
            g_loss = self.loss_fn(misleading_labels, predictions)
        grads = tape.gradient(g_loss, self.generator.trainable_weights)
        self.g_optimizer.apply_gradients(zip(grads, self.generator.trainable_weights))

        self.d_loss_metric.update_state(d_loss)
        self.g_loss_metric.update_state(g_loss)
        return {
            "d_loss": self.d_loss_metric.result(),
            "g_loss": self.g_loss_metric.result(),
        }


class GANMonitor(keras.callbacks.Callback):
    """Shows the mean of generated points."""

    def __init__(self, num_points=3, latent_dim=4):
        self.num_points = num_points
        self.latent_dim = latent_dim

    def on_epoch_end(self, epoch, logs=None):
        random_latent_vectors = tf.random.normal(shape=(self.num_points, self.latent_dim))
        generated = self.model.generator(random_latent_vectors)
        print(f"epoch {epoch}: {np.mean(generated.numpy()):.4f}")


np.random.seed(1)
angle = np.random.uniform(0, 2 * np.pi, size=(200,))
points = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype("float32")
dataset = tf.data.Dataset.from_tensor_slices(points)
dataset = dataset.shuffle(buffer_size=256).batch(batch_size)

gan = GAN(discriminator=discriminator, generator=generator, latent_dim=latent_dim)
gan.compile(
    d_optimizer=keras.optimizers.Adam(learning_rate=0.003),
    g_optimizer=keras.optimizers.Adam(learning_rate=0.003),
    loss_fn=keras.losses.BinaryCrossentropy(from_logits=True),
)
history = gan.fit(
    dataset, epochs=3, verbose=0, callbacks=[GANMonitor(num_points=5, latent_dim=latent_dim)]
)
print("d_loss:", history.history["d_loss"])
print("g_loss:", history.history["g_loss"])

noise = np.random.normal(size=(3, latent_dim)).astype("float32")
print("generated:", gan.generator.predict(noise, verbose=0))
print("judged:", discriminator.predict(points[:3], verbose=0))
