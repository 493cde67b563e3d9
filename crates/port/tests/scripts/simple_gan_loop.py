'''A small GAN whose generator learns points on a circle, with train_on_batch.'''
import numpy as np
from keras.layers import Input, Dense, LeakyReLU, Dropout
from keras.models import Sequential, Model
from keras.optimizers import Adam
from keras.utils import set_random_seed

set_random_seed(77)
np.random.seed(77)


class GAN():
    def __init__(self):
        self.latent_dim = 5
        optimizer = Adam(0.002, beta_1=0.5)

        # Build and compile the discriminator
        self.discriminator = self.build_discriminator()
        self.discriminator.compile(loss='binary_crossentropy', optimizer=optimizer, metrics=['accuracy'])

        # Build the generator
        self.generator = self.build_generator()

        # The generator takes noise as input and makes points
        z = Input(shape=(self.latent_dim,))
        point = self.generator(z)

        # For the combined model we will only train the generator
        self.discriminator.trainable = False
        validity = self.discriminator(point)
        self.combined = Model(z, validity)
        self.combined.compile(loss='binary_crossentropy', optimizer=Adam(0.002, beta_1=0.5))

    def build_generator(self):
        model = Sequential()
        model.add(Dense(16, input_dim=self.latent_dim))
        model.add(LeakyReLU(negative_slope=0.2))
        model.add(Dense(16))
        model.add(LeakyReLU(negative_slope=0.2))
        model.add(Dense(2, activation='tanh'))
        return model

    def build_discriminator(self):
        model = Sequential()
        model.add(Dense(24, input_shape=(2,)))
        model.add(LeakyReLU(negative_slope=0.2))
        model.add(Dropout(0.1))
        model.add(Dense(1, activation='sigmoid'))
        return model

    def train(self, epochs, batch_size=32, sample_interval=50):
        # Load the dataset
        angles = np.random.uniform(0, 2 * np.pi, 400)
        X_train = 0.8 * np.stack([np.cos(angles), np.sin(angles)], axis=1)

        # Adversarial ground truths
        valid = np.ones((batch_size, 1))
        fake = np.zeros((batch_size, 1))

        for epoch in range(epochs):
            # Train the discriminator on a random batch and on fakes
            idx = np.random.randint(0, X_train.shape[0], batch_size)
            points = X_train[idx]
            noise = np.random.normal(0, 1, (batch_size, self.latent_dim))
            gen_points = self.generator.predict(noise, verbose=0)
            self.discriminator.trainable = True
            d_loss_real = self.discriminator.train_on_batch(points, valid)
            d_loss_fake = self.discriminator.train_on_batch(gen_points, fake)
            d_loss = 0.5 * np.add(d_loss_real, d_loss_fake)

            # Train the generator (to have the discriminator label samples as valid)
            noise = np.random.normal(0, 1, (batch_size, self.latent_dim))
            self.discriminator.trainable = False
            g_loss = self.combined.train_on_batch(noise, valid)

            # If at save interval => print the progress
            if epoch % sample_interval == 0:
                print("%d [D loss: %f, acc.: %.2f%%] [G loss: %f]" % (epoch, d_loss[0], 100 * d_loss[1], g_loss))
                self.sample_points()

    def sample_points(self):
        noise = np.random.normal(0, 1, (6, self.latent_dim))
        points = self.generator.predict(noise, verbose=0)
        radius = np.sqrt(np.sum(points ** 2, axis=1))
        print('mean radius: %.4f' % radius.mean())


if __name__ == '__main__':
    gan = GAN()
    gan.train(epochs=41, batch_size=32, sample_interval=10)
