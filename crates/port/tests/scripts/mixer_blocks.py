"""Blocks as layers of the script in a Sequential: an MLP mixer and a gated MLP on patches."""
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

num_classes = 3
num_patches = 8
embedding_dim = 6
num_blocks = 2
dropout_rate = 0.1


class MLPMixerLayer(layers.Layer):
    def __init__(self, num_patches, hidden_units, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.mlp1 = keras.Sequential(
            [layers.Dense(units=num_patches), layers.Activation("gelu"), layers.Dense(units=num_patches)]
        )
        self.mlp2 = keras.Sequential(
            [layers.Dense(units=hidden_units), layers.Activation("gelu"), layers.Dense(units=embedding_dim)]
        )
        self.normalize = layers.LayerNormalization(epsilon=1e-6)

    def call(self, inputs):
        x = self.normalize(inputs)
        x_channels = tf.transpose(x, perm=[0, 2, 1])
        mlp1_outputs = self.mlp1(x_channels)
        mlp1_outputs = tf.transpose(mlp1_outputs, perm=[0, 2, 1])
        x = mlp1_outputs + inputs
        x_patches = self.normalize(x)
        mlp2_outputs = self.mlp2(x_patches)
        x = x + mlp2_outputs
        return x


class GatedLayer(layers.Layer):
    def __init__(self, num_patches, embedding_dim, dropout_rate):
        super(GatedLayer, self).__init__()
        self.channel_projection1 = keras.Sequential(
            [layers.Dense(units=embedding_dim * 2, activation="relu"), layers.Dropout(rate=dropout_rate)]
        )
        self.channel_projection2 = layers.Dense(units=embedding_dim)
        self.spatial_projection = layers.Dense(units=num_patches, bias_initializer="ones")
        self.normalize1 = layers.LayerNormalization(epsilon=1e-6)
        self.normalize2 = layers.LayerNormalization(epsilon=1e-6)

    def spatial_gating_unit(self, x):
        # Split x along the channel dimensions
        u, v = tf.split(x, num_or_size_splits=2, axis=2)
        v = self.normalize2(v)
        v_channels = tf.transpose(v, perm=[0, 2, 1])
        v_projected = self.spatial_projection(v_channels)
        v_projected = tf.transpose(v_projected, perm=[0, 2, 1])
        return u * v_projected

    def call(self, inputs):
        x = self.normalize1(inputs)
        x_projected = self.channel_projection1(x)
        x_spatial = self.spatial_gating_unit(x_projected)
        x_projected = self.channel_projection2(x_spatial)
        return x + x_projected


def build_classifier(blocks):
    inputs = layers.Input(shape=(num_patches, 4))
    x = layers.Dense(units=embedding_dim)(inputs)
    x = blocks(x)
    representation = layers.GlobalAveragePooling1D()(x)
    logits = layers.Dense(num_classes)(representation)
    return keras.Model(inputs=inputs, outputs=logits)


def run_experiment(model):
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=0.01),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="acc")],
    )
    history = model.fit(x=x_train, y=y_train, batch_size=24, epochs=3, validation_split=0.2, verbose=0)
    return history


np.random.seed(4)
y_train = np.random.randint(0, num_classes, size=120)
x_train = np.random.normal(size=(120, num_patches, 4)).astype("float32")
x_train[:, :, 0] += y_train.reshape(-1, 1)

mixer_blocks = keras.Sequential([MLPMixerLayer(num_patches, 10) for _ in range(num_blocks)])
mixer = build_classifier(mixer_blocks)
history = run_experiment(mixer)
print("mixer:", history.history["loss"], history.history["val_acc"])
print(mixer.predict(x_train[:2], verbose=0))

gated_blocks = keras.Sequential([GatedLayer(num_patches, embedding_dim, dropout_rate) for _ in range(num_blocks)])
gated = build_classifier(gated_blocks)
history = run_experiment(gated)
print("gated:", history.history["loss"], history.history["val_acc"])
print(gated.predict(x_train[:2], verbose=0))

last = keras.Sequential([keras.Input(shape=(num_patches, embedding_dim)), GatedLayer(num_patches, embedding_dim, 0.0), layers.Flatten()])
print(last.predict(np.ones((1, num_patches, embedding_dim)), verbose=0)[0, :6], last.count_params())
