"""A variational autoencoder with a train_step of its own."""
import numpy as np
import tensorflow as tf
import keras
from keras import layers, ops

latent_dim = 2


class Sampling(layers.Layer):
    """Uses (z_mean, z_log_var) to sample z."""

    def call(self, inputs):
        z_mean, z_log_var = inputs
        epsilon = keras.random.normal(shape=ops.shape(z_mean))
        return z_mean + ops.exp(0.5 * z_log_var) * epsilon


encoder_inputs = keras.Input(shape=(8, 8, 1))
x = layers.Conv2D(8, 3, activation="relu", strides=2, padding="same")(encoder_inputs)
x = layers.Flatten()(x)
x = layers.Dense(16, activation="relu")(x)
z_mean = layers.Dense(latent_dim, name="z_mean")(x)
z_log_var = layers.Dense(latent_dim, name="z_log_var")(x)
z = Sampling()([z_mean, z_log_var])
encoder = keras.Model(encoder_inputs, [z_mean, z_log_var, z], name="encoder")

latent_inputs = keras.Input(shape=(latent_dim,))
x = layers.Dense(4 * 4 * 8, activation="relu")(latent_inputs)
x = layers.Reshape((4, 4, 8))(x)
decoder_outputs = layers.Conv2DTranspose(1, 3, activation="sigmoid", strides=2, padding="same")(x)
decoder = keras.Model(latent_inputs, decoder_outputs, name="decoder")


class VAE(keras.Model):
    """Encoder and decoder, and the loss of both."""

    def __init__(self, encoder, decoder, beta=1.0, **kwargs):
        super().__init__(**kwargs)
        self.encoder = encoder
        self.decoder = decoder
        self.beta = beta
        self.total_loss_tracker = keras.metrics.Mean(name="total_loss")
        self.reconstruction_loss_tracker = keras.metrics.Mean(name="reconstruction_loss")
        self.kl_loss_tracker = keras.metrics.Mean(name="kl_loss")

    @property
    def metrics(self):
        return [
            self.total_loss_tracker,
            self.reconstruction_loss_tracker,
            self.kl_loss_tracker,
        ]

    def call(self, inputs):
        z_mean, z_log_var, z = self.encoder(inputs)
        return self.decoder(z_mean)

    def losses_of(self, data):
        z_mean, z_log_var, z = self.encoder(data)
        reconstruction = self.decoder(z)
        reconstruction_loss = ops.mean(
            ops.sum(keras.losses.binary_crossentropy(data, reconstruction), axis=(1, 2))
        )
        kl_loss = -0.5 * (1 + z_log_var - ops.square(z_mean) - ops.exp(z_log_var))
        kl_loss = ops.mean(ops.sum(kl_loss, axis=1))
        return reconstruction_loss, kl_loss

    def train_step(self, data):
        with tf.GradientTape() as tape:
            reconstruction_loss, kl_loss = self.losses_of(data)
            total_loss = reconstruction_loss + self.beta * kl_loss
        grads = tape.gradient(total_loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(grads, self.trainable_weights))
        self.total_loss_tracker.update_state(total_loss)
        self.reconstruction_loss_tracker.update_state(reconstruction_loss)
        self.kl_loss_tracker.update_state(kl_loss)
        return {
            "loss": self.total_loss_tracker.result(),
            "reconstruction_loss": self.reconstruction_loss_tracker.result(),
            "kl_loss": self.kl_loss_tracker.result(),
        }

    def test_step(self, data):
        reconstruction_loss, kl_loss = self.losses_of(data)
        self.total_loss_tracker.update_state(reconstruction_loss + self.beta * kl_loss)
        self.reconstruction_loss_tracker.update_state(reconstruction_loss)
        self.kl_loss_tracker.update_state(kl_loss)
        return {m.name: m.result() for m in self.metrics}


np.random.seed(0)
centres = np.random.randint(1, 7, size=(100, 2))
rows = np.arange(8).reshape(1, 8, 1)
columns = np.arange(8).reshape(1, 1, 8)
distance = (rows - centres[:, 0].reshape(-1, 1, 1)) ** 2 + (columns - centres[:, 1].reshape(-1, 1, 1)) ** 2
images = np.expand_dims(np.exp(distance / -4.0), -1).astype("float32")
x_train, x_val = images[:80], images[80:]

vae = VAE(encoder, decoder, beta=0.5)
vae.compile(optimizer=keras.optimizers.Adam(learning_rate=0.01))
history = vae.fit(x_train, epochs=4, batch_size=32, validation_data=(x_val, None), verbose=0)
for name in ["loss", "reconstruction_loss", "kl_loss"]:
    print(name, history.history[name])
print("val_total_loss", history.history["val_total_loss"])
scores = vae.evaluate(x_val, verbose=0)
print("scores:", scores)


def plot_latent_space(vae, n=3):
    grid_x = np.linspace(-1.0, 1.0, n)
    figure = np.zeros((8 * n, 8 * n))
    for i, yi in enumerate(grid_x):
        for j, xi in enumerate(grid_x):
            z_sample = np.array([[xi, yi]])
            x_decoded = vae.decoder.predict(z_sample, verbose=0)
            digit = x_decoded[0].reshape(8, 8)
            figure[i * 8 : (i + 1) * 8, j * 8 : (j + 1) * 8] = digit
    print("latent space:", np.mean(figure), np.max(figure))


plot_latent_space(vae)
z_mean, _, _ = vae.encoder.predict(x_val, verbose=0)
print("codes:", z_mean[:3])
print("reconstruction:", vae.predict(x_val[:1], verbose=0)[0, 3, :, 0])
