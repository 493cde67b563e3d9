"""Windows of a series: timeseries_dataset_from_array."""

import keras
import numpy as np
from keras import layers

np.random.seed(2)
steps = np.arange(600)
temperature = 10 + 8 * np.sin(steps * 2 * np.pi / 24) + np.random.normal(0, 0.5, 600)
pressure = 1000 + 5 * np.cos(steps * 2 * np.pi / 48)
data = np.stack([temperature, pressure], axis=1)

split = 420
mean = data[:split].mean(axis=0)
std = data[:split].std(axis=0)
data = ((data - mean) / std).astype("float32")

past, delay, batch_size = 24, 3, 32
train_dataset = keras.utils.timeseries_dataset_from_array(
    data[: split - delay],
    targets=data[past + delay : split, 0],
    sequence_length=past,
    sampling_rate=2,
    batch_size=batch_size,
    end_index=380,
)
val_dataset = keras.preprocessing.timeseries_dataset_from_array(
    data[split:-delay],
    targets=data[split + past + delay :, 0],
    sequence_length=past // 2,
    batch_size=batch_size,
)

for samples, targets in train_dataset.take(1):
    print(samples.shape, targets.shape)
    print(samples[0, :3, 0].numpy(), targets[:3].numpy())

inputs = keras.Input(shape=(None, 2))
x = layers.GRU(16)(inputs)
outputs = layers.Dense(1)(x)
model = keras.Model(inputs, outputs)
model.compile(optimizer="rmsprop", loss="mse", metrics=["mae"])
history = model.fit(train_dataset, epochs=3, validation_data=val_dataset, verbose=0)
print(history.history["loss"])
print(history.history["val_mae"])
