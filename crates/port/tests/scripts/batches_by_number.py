"""Batches from a class of one's own: a PyDataset that scales and mirrors them when they are wanted."""
import math

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
x = rng.normal(size=(90, 8, 4)).astype("float32")
y = (x[:, :, 0].mean(axis=1) > 0).astype("int32")
x_train, x_val, y_train, y_val = x[:70], x[70:], y[:70], y[70:]
BATCH_SIZE = 16


def mirrored(batch):
    return np.flip(batch, axis=1)


class WindowSequence(keras.utils.PyDataset):
    """Batches of windows; each second one is mirrored in time."""

    def __init__(self, x, y, batch_size, scale=1.0, **kwargs):
        super().__init__(**kwargs)
        self.x, self.y = x, y
        self.batch_size = batch_size
        self.scale = scale

    def __len__(self):
        return math.ceil(len(self.x) / self.batch_size)

    def __getitem__(self, idx):
        low = idx * self.batch_size
        high = min(low + self.batch_size, len(self.x))
        batch_x = self.x[low:high] * self.scale
        batch_y = self.y[low:high]
        if idx % 2 == 1:
            batch_x = mirrored(batch_x)
        return batch_x, batch_y


train_gen = WindowSequence(x_train, y_train, BATCH_SIZE, scale=0.5)
val_gen = WindowSequence(x_val, y_val, BATCH_SIZE)
print(len(train_gen), "batches,", len(val_gen), "to validate")
first_x, first_y = train_gen[0]
print(first_x.shape, first_y.shape, "%.4f" % first_x.sum())

model = keras.Sequential([
    layers.Input(shape=(8, 4)),
    layers.LSTM(6),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.02), loss="binary_crossentropy", metrics=["accuracy"])
history = model.fit(train_gen, validation_data=val_gen, epochs=4, verbose=0)
for loss, val_loss in zip(history.history["loss"], history.history["val_loss"]):
    print("loss: %.4f - val_loss: %.4f" % (loss, val_loss))
loss, accuracy = model.evaluate(val_gen, verbose=0)
print("test loss: %.4f, accuracy: %.4f" % (loss, accuracy))
model.fit(train_gen, epochs=1, shuffle=False, verbose=0)
predictions = model.predict(val_gen, verbose=0)
print(predictions.shape, np.round(predictions[:4, 0], 4))
