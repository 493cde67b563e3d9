"""How far a car goes on a litre: a table of numbers between spaces, with missing ones, and a network on normalized columns."""
import numpy as np
import pandas as pd
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(11)

# A file as measuring stations write them
rng = np.random.default_rng(5)
with open("cars.data", "w") as f:
    for i in range(120):
        weight = rng.uniform(700, 2200)
        power = 40 + weight / 20 + rng.normal(0, 8)
        origin = i % 3 + 1
        km = 26 - weight / 150 - power / 30 + origin + rng.normal(0, 0.4)
        shown = "?" if i % 17 == 5 else f"{power:.1f}"
        f.write(f"{km:5.2f}   {weight:7.1f}   {shown}   {origin}\t# car {i}\n")

column_names = ["Km", "Weight", "Power", "Origin"]
raw_dataset = pd.read_csv("cars.data", names=column_names, na_values="?", comment="\t", sep=" ", skipinitialspace=True)
print(len(raw_dataset), "rows")
again = pd.read_csv("cars.data", sep=r"\s+", header=None, usecols=[0, 1, 2, 3], na_values="?", comment="#")
print("the same:", again.shape)

dataset = raw_dataset.dropna()
print(len(dataset), "without missing values")
dataset["Origin"] = dataset["Origin"].map({1: "USA", 2: "Europe", 3: "Japan"})
dataset = pd.get_dummies(dataset, columns=["Origin"], prefix="", prefix_sep="")
train_dataset = dataset.sample(frac=0.8, random_state=0)
test_dataset = dataset.drop(train_dataset.index)
train_labels = train_dataset.pop("Km")
test_labels = test_dataset.pop("Km")

x_train = train_dataset.values.astype("float32")
x_test = test_dataset.values.astype("float32")
mean = x_train.mean(axis=0)
std = x_train.std(axis=0)
print("mean:", mean)
x_train = (x_train - mean) / std
x_test = (x_test - mean) / std


def build_model():
    model = keras.Sequential([
        layers.Dense(16, activation="relu", input_shape=(x_train.shape[1],)),
        layers.Dense(8, activation="relu"),
        layers.Dense(1),
    ])
    model.compile(loss="mse", optimizer=keras.optimizers.RMSprop(0.01), metrics=["mae", "mse"])
    return model


model = build_model()
early_stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=4)
history = model.fit(x_train, train_labels.values, epochs=40, validation_split=0.2, verbose=0, callbacks=[early_stop])
print("epochs:", len(history.history["loss"]))
print("last validation error: {:.4f}".format(history.history["val_mae"][-1]))
loss, mae, mse = model.evaluate(x_test, test_labels.values, verbose=0)
print("test error: {:5.3f} km, {:.3f} squared".format(mae, mse))
predictions = model.predict(x_test, verbose=0).flatten()
error = predictions - test_labels.values
print("errors from %.3f to %.3f" % (error.min(), error.max()))
