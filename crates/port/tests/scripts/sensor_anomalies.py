"""Anomalies of a sensor: a convolutional autoencoder on windows of a time series with dates."""
import numpy as np
import pandas as pd
from tensorflow import keras
from tensorflow.keras import layers

np.random.seed(11)
keras.utils.set_random_seed(11)

STEPS = 16


def write_series(path, count, jump):
    """A file of five-minute values; the jump is where the sensor fails."""
    noise = np.random.normal(0.0, 0.5, count)
    with open(path, "w") as file:
        file.write("timestamp,value,station\n")
        for i in range(count):
            minute = i * 5
            value = 20.0 + 5.0 * np.sin(i / 6.0) + noise[i]
            if jump <= i < jump + 6:
                value = value + 15.0
            file.write(f"2014-04-{1 + minute // 1440:02d} {minute % 1440 // 60:02d}:{minute % 60:02d}:00,{value:.4f},A\n")


write_series("normal.csv", 320, 10000)
write_series("broken.csv", 160, 90)

df_normal = pd.read_csv("normal.csv", parse_dates=True, index_col="timestamp", usecols=["timestamp", "value"])
df_broken = pd.read_csv("broken.csv", parse_dates=True, index_col="timestamp", on_bad_lines="skip")
del df_broken["station"]
print(df_normal.head())
print(df_broken.tail(3))
print(df_normal.shape, df_broken.shape)

smooth = df_normal["value"].rolling(window=12).mean()
print("smoothed:", smooth.min(), smooth.max())

training_mean = df_normal["value"].mean()
training_std = df_normal["value"].std()
values = (df_normal["value"] - training_mean) / training_std
print("samples:", len(values), training_mean, training_std)


def create_sequences(values, time_steps=STEPS):
    output = []
    for i in range(len(values) - time_steps + 1):
        output.append(values[i : (i + time_steps)])
    return np.stack(output)


x_train = create_sequences(np.array(values).reshape(-1, 1))
print("windows:", x_train.shape)

model = keras.Sequential(
    [
        layers.Input(shape=(STEPS, 1)),
        layers.Conv1D(8, 5, padding="same", strides=2, activation="relu"),
        layers.Conv1D(4, 5, padding="same", strides=2, activation="relu"),
        layers.Conv1DTranspose(8, 5, padding="same", strides=2, activation="relu"),
        layers.Conv1DTranspose(1, 5, padding="same", strides=2),
    ]
)
model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.01), loss="mse")
history = model.fit(x_train, x_train, epochs=6, batch_size=32, validation_split=0.1, verbose=0)
log = pd.DataFrame(history.history)
log["epoch"] = range(1, 7)
for row in log.itertuples():
    print(f"epoch {row.epoch}: {row.loss:.4f}, {row.val_loss:.4f}")

train_loss = np.mean(np.abs(model.predict(x_train, verbose=0) - x_train), axis=1)
threshold = np.max(train_loss)
print("threshold:", threshold)

test = (df_broken["value"] - training_mean) / training_std
x_test = create_sequences(np.array(test).reshape(-1, 1))
test_loss = np.mean(np.abs(model.predict(x_test, verbose=0) - x_test), axis=1).flatten()
anomalies = test_loss > threshold
print("anomalies:", np.sum(anomalies))
first = int(np.argmax(test_loss))
print("worst window:", first)
print(df_broken.iloc[first : first + 3])
