"""A recurrent network that learns a moving average, on tables."""
import numpy as np
import pandas as pd
from tensorflow import keras
from tensorflow.keras import layers

window = 3
ahead = 2
length = 120
batch_size = 1

np.random.seed(7)
keras.utils.set_random_seed(7)


def uniform(amplitude=1, count=1000):
    """Random numbers between -amplitude and amplitude, in one column."""
    data = np.random.uniform(-1 * amplitude, +1 * amplitude, count)
    data = pd.DataFrame(data)
    return data


to_drop = max(window - 1, ahead - 1)
data = uniform(amplitude=0.1, count=length + to_drop)
expected = data.rolling(window=window, center=False).mean()

# Each row gets the numbers before it.
if ahead > 1:
    data = np.repeat(data.values, repeats=ahead, axis=1)
    data = pd.DataFrame(data)
    for i, c in enumerate(data.columns):
        data[c] = data[c].shift(i)

expected = expected[to_drop:]
data = data[to_drop:]
print("shapes:", data.shape, expected.shape)
print(data.head())
print(expected.tail(3))

smooth = data[0].rolling(5, min_periods=1).max()
print("max of five:", smooth.mean(), smooth.std())
change = data[1].diff()
print("changes:", change.mean(), change.max())


def split(x, y, ratio=0.8):
    to_train = int(length * ratio)
    to_train -= to_train % batch_size
    x_train = x[:to_train]
    y_train = y[:to_train]
    x_test = x[to_train:]
    y_test = y[to_train:]
    reshape_3 = lambda t: t.values.reshape((t.shape[0], t.shape[1], 1))
    reshape_2 = lambda t: t.values.reshape((t.shape[0], 1))
    return (reshape_3(x_train), reshape_2(y_train)), (reshape_3(x_test), reshape_2(y_test))


(x_train, y_train), (x_test, y_test) = split(data, expected)
print(x_train.shape, y_train.shape, x_test.shape, y_test.shape)

model = keras.Sequential([
    layers.Input(shape=(ahead, 1)),
    layers.LSTM(12),
    layers.Dense(1),
])
model.compile(loss="mse", optimizer="adam")
history = model.fit(x_train, y_train, epochs=4, batch_size=8, validation_data=(x_test, y_test), shuffle=False, verbose=0)
print(history.history["loss"], history.history["val_loss"])
predicted = model.predict(x_test, verbose=0)
print((y_test - predicted).flatten()[:5])
