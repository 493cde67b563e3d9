"""A mixer of patches: images are normalized by the data, cut into patches, and mixed along both axes."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(31)
np.random.seed(31)

num_classes = 3
image_size = 12
patch_size = 4
num_patches = (image_size // patch_size) ** 2
embedding_dim = 8
num_blocks = 2


def make_data(n):
    labels = np.random.randint(0, num_classes, size=(n, 1))
    images = np.random.uniform(0.0, 255.0, size=(n, image_size, image_size, 3))
    for i in range(n):
        start = int(labels[i, 0]) * patch_size
        images[i, start : start + patch_size, :, :] *= 0.5
    return images.astype("float32"), labels


x_train, y_train = make_data(96)
x_test, y_test = make_data(32)

data_augmentation = keras.Sequential(
    [
        layers.Normalization(),
        layers.Resizing(image_size, image_size),
    ],
    name="data_augmentation",
)
# Compute the mean and the variance of the training data for normalization.
data_augmentation.layers[0].adapt(x_train)


class Patches(layers.Layer):
    def __init__(self, patch_size, num_patches):
        super().__init__()
        self.patch_size = patch_size
        self.num_patches = num_patches

    def call(self, images):
        batch_size = tf.shape(images)[0]
        patches = tf.image.extract_patches(
            images=images,
            sizes=[1, self.patch_size, self.patch_size, 1],
            strides=[1, self.patch_size, self.patch_size, 1],
            rates=[1, 1, 1, 1],
            padding="VALID",
        )
        patch_dims = patches.shape[-1]
        return tf.reshape(patches, [batch_size, self.num_patches, patch_dims])


class MixerLayer(layers.Layer):
    """Mixes the patches, then the channels, each with a residual connection."""

    def __init__(self, num_patches, hidden_units, dropout_rate, **kwargs):
        super().__init__(**kwargs)
        self.mlp1 = MixerLayer.feed_forward(num_patches, dropout_rate)
        self.mlp2 = MixerLayer.feed_forward(hidden_units, dropout_rate)
        self.normalize = layers.LayerNormalization(epsilon=1e-6)

    @staticmethod
    def feed_forward(units, dropout_rate):
        return keras.Sequential([
            layers.Dense(units, activation="gelu"),
            layers.Dense(units),
            layers.Dropout(rate=dropout_rate),
        ])

    def call(self, inputs):
        x = self.normalize(inputs)
        x_channels = tf.transpose(x, perm=(0, 2, 1))
        mlp1_outputs = self.mlp1(x_channels)
        mlp1_outputs = tf.transpose(mlp1_outputs, perm=(0, 2, 1))
        x = mlp1_outputs + inputs
        x_patches = self.normalize(x)
        mlp2_outputs = self.mlp2(x_patches)
        return x + mlp2_outputs


def build_classifier(blocks, positional=False):
    inputs = layers.Input(shape=(image_size, image_size, 3))
    augmented = data_augmentation(inputs)
    patches = Patches(patch_size, num_patches)(augmented)
    x = layers.Dense(units=embedding_dim)(patches)
    if positional:
        x = x + 0.1
    for block in blocks:
        x = block(x)
    representation = layers.GlobalAveragePooling1D()(x)
    representation = layers.Dropout(rate=0.1)(representation)
    return keras.Model(inputs=inputs, outputs=layers.Dense(num_classes)(representation))


mixer_blocks = [MixerLayer(num_patches, embedding_dim, 0.1) for _ in range(num_blocks)]
classifier = build_classifier(mixer_blocks)
print("parameters:", classifier.count_params())
classifier.compile(
    optimizer=keras.optimizers.Adam(0.005),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=[keras.metrics.SparseCategoricalAccuracy(name="acc")],
)
history = classifier.fit(x_train, y_train, batch_size=24, epochs=3, validation_split=0.25, verbose=0)
for name in ["loss", "acc", "val_loss"]:
    print(name, " ".join("%.4f" % value for value in history.history[name]))
_, accuracy = classifier.evaluate(x_test, y_test, verbose=0)
print(f"Test accuracy: {round(accuracy * 100, 2)}%")
print(classifier.predict(x_test[:2], verbose=0))
