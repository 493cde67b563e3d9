"""A generative adversarial network of two compiled models, in a class of its own."""
import os

import numpy as np
from tensorflow.keras.layers import BatchNormalization, Dense, Dropout, Flatten, Input, LeakyReLU, Reshape
from tensorflow.keras.models import Model, Sequential
from tensorflow.keras.optimizers import Adam


class GAN:
    def __init__(self, rows, columns):
        self.rows = rows
        self.columns = columns
        self.channels = 1
        self.img_shape = (self.rows, self.columns, self.channels)
        self.latent_dim = 5

        optimizer = Adam(0.002, 0.5)

        # The generator is trained through the discriminator ...
        self.discriminator = self.build_discriminator()
        self.generator = self.build_generator()
        z = Input(shape=(self.latent_dim,))
        img = self.generator(z)
        validity = self.discriminator(img)
        self.combined = Model(z, validity)
        self.combined.compile(loss="binary_crossentropy", optimizer=Adam(0.002, 0.5))

        # ... which is trained by itself as well.
        self.discriminator.compile(loss="binary_crossentropy", optimizer=optimizer, metrics=["accuracy"])

    def build_generator(self):
        model = Sequential()
        model.add(Dense(16, input_dim=self.latent_dim))
        model.add(LeakyReLU(negative_slope=0.2))
        model.add(BatchNormalization(momentum=0.8))
        model.add(Dense(int(np.prod(self.img_shape)), activation="tanh"))
        model.add(Reshape(self.img_shape))

        noise = Input(shape=(self.latent_dim,))
        return Model(noise, model(noise))

    def build_discriminator(self):
        model = Sequential()
        model.add(Flatten(input_shape=self.img_shape))
        model.add(Dense(12))
        model.add(LeakyReLU(negative_slope=0.2))
        model.add(Dropout(0.1))
        model.add(Dense(1, activation="sigmoid"))

        img = Input(shape=self.img_shape)
        return Model(img, model(img))

    def train(self, images, epochs, batch_size=8, sample_interval=2):
        images = images.astype("float32") / 127.5 - 1.0
        images = np.expand_dims(images, axis=3)
        half = batch_size // 2
        for epoch in range(epochs):
            idx = np.random.randint(0, images.shape[0], half)
            noise = np.random.normal(0, 1, (half, self.latent_dim))
            generated = self.generator.predict(noise, verbose=0)

            d_loss_real = self.discriminator.train_on_batch(images[idx], np.ones((half, 1)))
            d_loss_fake = self.discriminator.train_on_batch(generated, np.zeros((half, 1)))
            d_loss = 0.5 * np.add(d_loss_real, d_loss_fake)

            noise = np.random.normal(0, 1, (batch_size, self.latent_dim))
            g_loss = self.combined.train_on_batch(noise, np.ones((batch_size, 1)))
            print("%d [D loss: %f, acc.: %.2f%%] [G loss: %f]" % (epoch, d_loss[0], 100 * d_loss[1], g_loss))
            if epoch % sample_interval == 0:
                self.sample_images(epoch)

    def sample_images(self, epoch):
        r, c = 2, 2
        noise = np.random.normal(0, 1, (r * c, self.latent_dim))
        gen_imgs = self.generator.predict(noise, verbose=0)
        gen_imgs = 0.5 * gen_imgs + 0.5
        print("images of epoch", epoch, "have a mean of", round(float(gen_imgs.mean()), 4))
        np.savez(os.path.join("images", "epoch_%d.npz" % epoch), images=gen_imgs, epoch=np.array(epoch))


if __name__ == "__main__":
    np.random.seed(3)
    os.makedirs("images", exist_ok=True)
    pictures = np.random.randint(0, 256, (40, 6, 6))
    gan = GAN(6, 6)
    gan.train(pictures, epochs=5, batch_size=16)
    print(gan.generator.count_params(), gan.discriminator.count_params())
    with np.load("images/epoch_4.npz") as saved:
        print(saved["images"].shape[1:], round(float(saved["images"][0].sum()), 3))
