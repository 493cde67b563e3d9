"""The curves of a training, the digits that a small network gets wrong, and its confusion matrix, as figures."""
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

SIZE = 8
CLASSES = 4

rng = np.random.default_rng(3)
patterns = rng.uniform(0.0, 1.0, size=(CLASSES, SIZE, SIZE))
labels = rng.integers(0, CLASSES, size=240)
images = patterns[labels] + rng.normal(0.0, 0.45, size=(240, SIZE, SIZE))
images = images.astype("float32")[..., np.newaxis]
x_train, x_test = images[:200], images[200:]
y_train, y_test = labels[:200], labels[200:]

# A look at the first images
plt.figure(figsize=(6, 3))
for i in range(8):
    plt.subplot(240 + 1 + i)
    plt.imshow(x_train[i, :, :, 0], cmap="gray")
    plt.title(f"class {y_train[i]}", fontsize=9)
    plt.axis("off")
plt.tight_layout()
plt.savefig("digits.png")
plt.close()

model = keras.Sequential([
    keras.Input(shape=(SIZE, SIZE, 1)),
    layers.Conv2D(4, 3, activation="relu"),
    layers.MaxPooling2D(2),
    layers.Flatten(),
    layers.Dense(CLASSES, activation="softmax"),
])
model.compile(optimizer=keras.optimizers.Adam(0.02), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, epochs=6, batch_size=25, validation_data=(x_test, y_test), verbose=0)
print("loss:", ["%.3f" % value for value in history.history["loss"]])

# The curves
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
epochs = range(1, len(history.history["loss"]) + 1)
left.plot(epochs, history.history["loss"], "bo-", label="training")
left.plot(epochs, history.history["val_loss"], "r--", label="validation")
left.set_xlabel("epoch")
left.set_ylabel("loss")
left.legend()
right.plot(epochs, history.history["accuracy"], label="training")
right.plot(epochs, history.history["val_accuracy"], label="validation")
right.set_title("accuracy")
right.set_ylim(0, 1)
right.grid(True)
right.legend(loc="lower right")
fig.suptitle("A small network")
fig.savefig("curves.png")

# What it gets wrong
probabilities = model.predict(x_test, verbose=0)
predicted = np.argmax(probabilities, axis=1)
wrong = np.where(predicted != y_test)[0]
print(f"{len(wrong)} of {len(x_test)} are wrong")
fig, axes = plt.subplots(2, 3, figsize=(6, 4))
for ax, index in zip(axes.flat, wrong[:6]):
    ax.imshow(x_test[index, :, :, 0], cmap="viridis")
    ax.set_title(f"{y_test[index]} as {predicted[index]}")
    ax.set_axis_off()
plt.savefig("wrong.png")

matrix = np.zeros((CLASSES, CLASSES), dtype=int)
for true, guess in zip(y_test, predicted):
    matrix[true, guess] += 1
print(matrix)
fig, ax = plt.subplots()
ax.imshow(matrix, cmap="Blues")
for i in range(CLASSES):
    for j in range(CLASSES):
        ax.text(j, i, str(matrix[i, j]), ha="center", va="center")
ax.set_xticks(range(CLASSES))
ax.set_xlabel("predicted")
ax.set_ylabel("true")
ax.get_yaxis().set_visible(False)
plt.show()
