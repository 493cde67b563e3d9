"""Digits as a competition gives them: a table with a label and pixels, and a file of predictions to hand in."""
import numpy as np
import pandas as pd
import matplotlib.pyplot as plt
import keras
from keras import layers
from sklearn.model_selection import train_test_split

# Each digit is a stripe at its own place, with noise.
rng = np.random.RandomState(11)
size = 8


def draw(count):
    labels = rng.randint(0, 4, count)
    pixels = rng.randint(0, 60, (count, size * size))
    rows = []
    for i in range(count):
        stripe = np.zeros((size, size), dtype="int64")
        stripe[labels[i] * 2:labels[i] * 2 + 2] = 180
        rows.append(pixels[i] + stripe.reshape(-1))
    return labels, np.array(rows)


names = ["pixel" + str(i) for i in range(size * size)]
labels, pixels = draw(240)
train = pd.DataFrame(pixels, columns=names)
train["label"] = labels
train.to_csv("train.csv", index=False)
_, pixels = draw(30)
pd.DataFrame(pixels, columns=names).to_csv("test.csv", index=False)

train = pd.read_csv("train.csv", encoding="latin1")
test = pd.read_csv("test.csv", encoding="ISO-8859-1")
print(train.shape, test.shape)
print(train.head())
print("missing:", train.isnull().sum().sum(), "duplicates:", train.duplicated().sum())

# Some samples of each digit.
np.random.seed(2)
for digit in range(4):
    sample = train[(train.label == digit)].sample(n=3, replace=False).index
    for place, row in enumerate(sample):
        image = train.drop(columns=["label"]).values[row].reshape(size, size)
        plt.subplot(4, 3, digit * 3 + place + 1)
        plt.imshow(image, cmap="gray_r")
        plt.axis("off")
    print(digit, list(sample), int(image.sum()))
plt.savefig("digits.svg")
picked = train["label"].sample(1, random_state=3).iloc[0]
print("picked:", picked, train.sample(frac=0.02, random_state=1).index.tolist())
again = train.sample(n=5, replace=True, random_state=4)
print(again["label"].values, again.index.tolist())

y_train = train["label"]
x_train = train.drop(labels=["label"], axis=1)
x_train = x_train / 255.0
x_train = x_train.values.reshape(-1, size, size, 1)
x_test = test / 255.0
x_test = x_test.values.reshape(-1, size, size, 1)
x_train, x_val, y_train, y_val = train_test_split(x_train, y_train, test_size=0.1, random_state=35)

model = keras.models.Sequential(
    [
        keras.Input(shape=(size, size, 1)),
        layers.Conv2D(8, (3, 3), activation="relu"),
        layers.MaxPooling2D(2, 2),
        layers.Flatten(),
        layers.Dense(4, activation="softmax"),
    ]
)
model.compile(loss="sparse_categorical_crossentropy", optimizer="rmsprop", metrics=["accuracy"])
history = model.fit(x_train, y_train, epochs=3, batch_size=16, validation_data=(x_val, y_val), verbose=0)
print([round(loss, 4) for loss in history.history["val_loss"]])
plt.clf()
plt.plot(history.history["loss"], "bx-")
plt.plot(train["pixel0"], "r")
plt.plot([1, 2, 3])
plt.savefig("losses.svg")

predictions = np.argmax(model.predict(x_test, verbose=0), axis=1)
predictions = pd.Series(predictions, name="Label")
print(len(predictions), predictions.value_counts().sum())
submission = pd.concat([pd.Series(range(1, 31), name="ImageId"), predictions], axis=1)
submission.to_csv("submission.csv", index=False)
print(submission.head(10))
ids = pd.DataFrame(submission["ImageId"])
ids["target"] = predictions
print(ids.tail(3))
both = pd.concat([submission["ImageId"], ids["target"]], axis=1)
print(both.columns.tolist(), both.corr())
frames = []
for digit in range(4):
    frames.append(train[train["label"] == digit].head(2)[["label", "pixel0"]])
print(pd.concat(frames), pd.concat(frames, ignore_index=True).drop_duplicates().shape)
