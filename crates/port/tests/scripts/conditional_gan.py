"""A GAN whose two networks are told the class: sizes of the module in the step, and blocks with sizes as defaults."""
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

image_size = 8
num_channels = 1
num_classes = 3
latent_dim = 5
batch_size = 24

generator_in_channels = latent_dim + num_classes
discriminator_in_channels = num_channels + num_classes
print("channels:", generator_in_channels, discriminator_in_channels)


def conv_block(x, filters, activation, kernel_size=(3, 3), strides=(1, 1), use_bn=False, use_dropout=False, drop_value=0.2):
    x = layers.Conv2D(filters, kernel_size, strides=strides, padding="same", use_bias=not use_bn)(x)
    if use_bn:
        x = layers.BatchNormalization()(x)
    if activation:
        x = activation(x)
    if use_dropout:
        x = layers.Dropout(drop_value)(x)
    return x


def upsample_block(x, filters, activation=None, kernel_size=(3, 3), up_size=(2, 2), use_bn=False):
    x = layers.UpSampling2D(up_size)(x)
    x = layers.Conv2D(filters, kernel_size, padding="same", use_bias=not use_bn)(x)
    if use_bn:
        x = layers.BatchNormalization()(x)
    if activation:
        x = activation(x)
    return x


def get_discriminator():
    image = keras.Input(shape=(image_size, image_size, discriminator_in_channels))
    x = conv_block(image, 8, layers.LeakyReLU(0.2), strides=(2, 2), use_dropout=True)
    x = conv_block(x, 8, layers.Activation("tanh"), kernel_size=(2, 2), use_bn=True)
    x = layers.GlobalMaxPooling2D()(x)
    return keras.Model(image, layers.Dense(1)(x), name="discriminator")


def get_generator():
    noise = keras.Input(shape=(generator_in_channels,))
    x = layers.Dense(4 * 4 * 4, activation="relu")(noise)
    x = layers.Reshape((4, 4, 4))(x)
    x = upsample_block(x, 6, layers.LeakyReLU(0.2), use_bn=True)
    x = upsample_block(x, num_channels, up_size=(1, 1))
    return keras.Model(noise, layers.Activation("sigmoid")(x), name="generator")


class ConditionalGAN(keras.Model):
    def __init__(self, discriminator, generator, latent_dim):
        super().__init__()
        self.discriminator = discriminator
        self.generator = generator
        self.latent_dim = latent_dim
        self.gen_loss_tracker = keras.metrics.Mean(name="generator_loss")
        self.disc_loss_tracker = keras.metrics.Mean(name="discriminator_loss")

    @property
    def metrics(self):
        return [self.gen_loss_tracker, self.disc_loss_tracker]

    def compile(self, d_optimizer, g_optimizer, loss_fn):
        super().compile()
        self.d_optimizer = d_optimizer
        self.g_optimizer = g_optimizer
        self.loss_fn = loss_fn

    def train_step(self, data):
        real_images, one_hot_labels = data

        # One channel of zeros or ones for each class
        image_labels = one_hot_labels[:, :, None, None]
        image_labels = tf.repeat(image_labels, repeats=[image_size * image_size])
        image_labels = tf.reshape(image_labels, (-1, image_size, image_size, num_classes))

        batch_size = tf.shape(real_images)[0]
        noise = tf.random.normal(shape=(batch_size, self.latent_dim))
        noise = tf.concat([noise, one_hot_labels], axis=1)
        generated_images = self.generator(noise)
        fake = tf.concat([generated_images, image_labels], -1)
        real = tf.concat([real_images, image_labels], -1)
        combined = tf.concat([fake, real], axis=0)
        labels = tf.concat([tf.ones((batch_size, 1)), tf.zeros((batch_size, 1))], axis=0)

        with tf.GradientTape() as tape:
            predictions = self.discriminator(combined, training=True)
            d_loss = self.loss_fn(labels, predictions)
        grads = tape.gradient(d_loss, self.discriminator.trainable_weights)
        self.d_optimizer.apply_gradients(zip(grads, self.discriminator.trainable_weights))

        noise = tf.random.normal(shape=(batch_size, self.latent_dim))
        noise = tf.concat([noise, one_hot_labels], axis=1)
        misleading_labels = tf.zeros((batch_size, 1))
        with tf.GradientTape() as tape:
            fake_images = self.generator(noise, training=True)
            predictions = self.discriminator(tf.concat([fake_images, image_labels], -1))
            g_loss = self.loss_fn(misleading_labels, predictions)
        grads = tape.gradient(g_loss, self.generator.trainable_weights)
        self.g_optimizer.apply_gradients(zip(grads, self.generator.trainable_weights))

        self.gen_loss_tracker.update_state(g_loss)
        self.disc_loss_tracker.update_state(d_loss)
        return {"g_loss": self.gen_loss_tracker.result(), "d_loss": self.disc_loss_tracker.result()}


np.random.seed(7)
classes = np.random.randint(0, num_classes, size=96)
images = np.random.uniform(0.0, 0.2, size=(96, image_size, image_size, 1)).astype("float32")
images += classes.reshape(-1, 1, 1, 1) * 0.3
labels = keras.utils.to_categorical(classes, num_classes).astype("float32")
dataset = tf.data.Dataset.from_tensor_slices((images.astype("float32"), labels))
dataset = dataset.shuffle(buffer_size=96).batch(batch_size)

cond_gan = ConditionalGAN(get_discriminator(), get_generator(), latent_dim)
cond_gan.compile(
    d_optimizer=keras.optimizers.Adam(learning_rate=0.003),
    g_optimizer=keras.optimizers.Adam(learning_rate=0.003),
    loss_fn=keras.losses.BinaryCrossentropy(from_logits=True),
)
history = cond_gan.fit(dataset, epochs=3, verbose=0)
for name in ["g_loss", "d_loss"]:
    print(name, history.history[name])

trained_gen = cond_gan.generator
noise = np.random.normal(size=(2, latent_dim)).astype("float32")
one_hot = keras.utils.to_categorical([0, 2], num_classes).astype("float32")
print(trained_gen.predict(np.concatenate([noise, one_hot], axis=1), verbose=0)[:, 2, 3, 0])
