"""A Wasserstein GAN with gradient penalty: a tape within a tape, and losses that are functions."""
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

NOISE_DIM = 4


def get_discriminator():
    points = layers.Input(shape=(2,))
    x = layers.Dense(16, activation="tanh")(points)
    x = layers.Dropout(0.2)(x)
    x = layers.Dense(1)(x)
    return keras.models.Model(points, x, name="discriminator")


def get_generator():
    noise = layers.Input(shape=(NOISE_DIM,))
    x = layers.Dense(16, use_bias=False)(noise)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("relu")(x)
    x = layers.Dense(2)(x)
    return keras.models.Model(noise, x, name="generator")


class WGAN(keras.Model):
    def __init__(self, discriminator, generator, latent_dim, discriminator_extra_steps=2, gp_weight=10.0):
        super().__init__()
        self.discriminator = discriminator
        self.generator = generator
        self.latent_dim = latent_dim
        self.d_steps = discriminator_extra_steps
        self.gp_weight = gp_weight

    def compile(self, d_optimizer, g_optimizer, d_loss_fn, g_loss_fn):
        super().compile()
        self.d_optimizer = d_optimizer
        self.g_optimizer = g_optimizer
        self.d_loss_fn = d_loss_fn
        self.g_loss_fn = g_loss_fn

    def gradient_penalty(self, batch_size, real_points, fake_points):
        """Calculates the penalty on interpolated points."""
        alpha = tf.random.normal([batch_size, 1], 0.0, 1.0)
        diff = fake_points - real_points
        interpolated = real_points + alpha * diff

        with tf.GradientTape() as gp_tape:
            gp_tape.watch(interpolated)
            pred = self.discriminator(interpolated, training=True)

        grads = gp_tape.gradient(pred, [interpolated])[0]
        norm = tf.sqrt(tf.reduce_sum(tf.square(grads), axis=[1]))
        gp = tf.reduce_mean((norm - 1.0) ** 2)
        return gp

    def train_step(self, real_points):
        batch_size = tf.shape(real_points)[0]
        for i in range(self.d_steps):
            random_latent_vectors = tf.random.normal(shape=(batch_size, self.latent_dim))
            with tf.GradientTape() as tape:
                fake_points = self.generator(random_latent_vectors, training=True)
                fake_logits = self.discriminator(fake_points, training=True)
                real_logits = self.discriminator(real_points, training=True)
                d_cost = self.d_loss_fn(real=real_logits, fake=fake_logits)
                gp = self.gradient_penalty(batch_size, real_points, fake_points)
                d_loss = d_cost + gp * self.gp_weight
            d_gradient = tape.gradient(d_loss, self.discriminator.trainable_variables)
            self.d_optimizer.apply_gradients(zip(d_gradient, self.discriminator.trainable_variables))

        random_latent_vectors = tf.random.normal(shape=(batch_size, self.latent_dim))
        with tf.GradientTape() as tape:
            generated_points = self.generator(random_latent_vectors, training=True)
            gen_logits = self.discriminator(generated_points, training=True)
            g_loss = self.g_loss_fn(gen_logits)
        gen_gradient = tape.gradient(g_loss, self.generator.trainable_variables)
        self.g_optimizer.apply_gradients(zip(gen_gradient, self.generator.trainable_variables))
        return {"d_loss": d_loss, "g_loss": g_loss}


def discriminator_loss(real, fake):
    return tf.reduce_mean(fake) - tf.reduce_mean(real)


def generator_loss(fake):
    return -tf.reduce_mean(fake)


np.random.seed(3)
train_points = np.random.normal(loc=2.0, scale=0.5, size=(144, 2)).astype("float32")

wgan = WGAN(discriminator=get_discriminator(), generator=get_generator(), latent_dim=NOISE_DIM)
wgan.compile(
    d_optimizer=keras.optimizers.Adam(learning_rate=0.002, beta_1=0.5, beta_2=0.9),
    g_optimizer=keras.optimizers.Adam(learning_rate=0.002, beta_1=0.5, beta_2=0.9),
    g_loss_fn=generator_loss,
    d_loss_fn=discriminator_loss,
)
history = wgan.fit(train_points, batch_size=48, epochs=4, verbose=0)
print("d_loss:", history.history["d_loss"])
print("g_loss:", history.history["g_loss"])
noise = np.random.normal(size=(4, NOISE_DIM)).astype("float32")
print("generated:", wgan.generator.predict(noise, verbose=0))
