"""A classifier of blocks in lists: residual blocks, each a layer of layers, with attention over positions."""

import numpy as np
import keras
from keras import layers, ops

keras.utils.set_random_seed(11)
np.random.seed(11)

STEPS, FEATURES = 8, 6


class Block(layers.Layer):
    """Attention and a feed forward part, each with a residual connection."""

    def __init__(self, width, heads=2, rate=0.1, **kwargs):
        super().__init__(**kwargs)
        self.attention = layers.MultiHeadAttention(heads, width // heads)
        self.norms = [layers.LayerNormalization(epsilon=1e-6) for _ in range(2)]
        self.dense = keras.Sequential([layers.Dense(2 * width, activation="gelu"), layers.Dense(width)])
        self.dropout = layers.Dropout(rate)

    def call(self, x, mask=None, training=None):
        x = self.norms[0](x + self.dropout(self.attention(x, x), training=training))
        return self.norms[1](x + self.dense(x))

    def get_config(self):
        config = super().get_config()
        config.update({"width": 1})
        return config


class Encoder(layers.Layer):
    def __init__(self, width, depth):
        super().__init__()
        self.width = width
        self.project = layers.Dense(width)
        self.positions = layers.Embedding(STEPS, width)
        self.blocks = [Block(width, rate=0.1) for _ in range(depth)]

    def call(self, x):
        steps = ops.shape(x)[1]
        places = ops.expand_dims(ops.arange(steps), axis=0)
        x = self.project(x) * ops.sqrt(ops.cast(self.width, "float32")) + self.positions(places)
        for block in self.blocks:
            x = block(x)
        return x


class Pool(layers.Layer):
    """The mean, the last step and the largest values: two tensors."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(4, activation="tanh")

    def call(self, inputs):
        last = inputs[:, -1]
        mean = ops.mean(inputs, axis=1)
        return self.dense(ops.concatenate([mean, last], axis=-1)), ops.max(inputs, axis=1)


def make_data(n):
    labels = np.random.randint(0, 2, size=n)
    x = np.random.normal(size=(n, STEPS, FEATURES))
    x += labels[:, None, None] * np.linspace(0.0, 1.0, STEPS)[None, :, None]
    return x.astype("float32"), labels


x_train, y_train = make_data(128)
x_test, y_test = make_data(48)

inputs = keras.Input(shape=(STEPS, FEATURES))
h = Encoder(12, 2)(inputs)
mean, largest = Pool()(h)
outputs = layers.Dense(1, activation="sigmoid")(layers.Concatenate()([mean, largest]))
model = keras.Model(inputs, outputs)
print("parameters:", model.count_params())

model.compile(optimizer=keras.optimizers.Adam(3e-3), loss="binary_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=0)
for epoch, loss in enumerate(history.history["loss"]):
    print(f"epoch {epoch + 1}: loss {loss:.4f}")
loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"test loss {loss:.4f} accuracy {accuracy:.4f}")
print(model.predict(x_test[:4], verbose=0).ravel())
