"""Input pipelines of tf.data: slices, shuffle, map, batch, take and skip."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

BATCH_SIZE = 16
BUFFER_SIZE = 200
AUTOTUNE = tf.data.AUTOTUNE
NUM_CLASSES = 4

np.random.seed(64)

# Images of one channel; the class is the brightest quarter, by rows.
images = np.random.randint(0, 150, size=(140, 8, 8)).astype("float32")
labels = np.random.randint(0, NUM_CLASSES, size=140)
for i in range(len(images)):
    row = labels[i] * 2
    images[i, row : row + 2, :] += 100


def normalize(image, label):
    """Numbers up to 1, with a channel."""
    image = tf.cast(image, tf.float32) / 255.0
    return tf.expand_dims(image, -1), label


def flip(image, label):
    return tf.image.flip_left_right(image), label


ds = tf.data.Dataset.from_tensor_slices((images, labels))
print("elements:", len(ds))
train_raw = ds.take(100)
rest = ds.skip(100)
val_raw = rest.take(20)
test_raw = rest.skip(20)

train_ds = (
    train_raw.map(normalize, num_parallel_calls=AUTOTUNE)
    .cache()
    .shuffle(BUFFER_SIZE)
    .map(flip, num_parallel_calls=AUTOTUNE)
    .batch(BATCH_SIZE)
    .prefetch(AUTOTUNE)
)
val_ds = val_raw.map(normalize).batch(BATCH_SIZE).prefetch(AUTOTUNE)
test_ds = test_raw.map(normalize).batch(BATCH_SIZE, drop_remainder=False)

for batch_images, batch_labels in val_ds.take(1):
    print("batch:", batch_images.shape, batch_labels.shape)
    print("range: %.3f to %.3f" % (np.min(batch_images), np.max(batch_images)))
print("batches:", train_ds.cardinality().numpy(), len(val_ds), len(test_ds))

first_images, first_labels = next(iter(test_ds))
print(first_images[0, :3, 0, 0].numpy(), first_labels.numpy())

model = keras.Sequential(
    [
        layers.Input(shape=(8, 8, 1)),
        layers.Conv2D(8, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(16, activation="relu"),
        layers.Dense(NUM_CLASSES, activation="softmax"),
    ]
)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(train_ds, validation_data=val_ds, epochs=5, verbose=0)

acc = history.history["accuracy"]
val_acc = history.history["val_accuracy"]
for epoch, loss in enumerate(history.history["loss"]):
    print(f"epoch {epoch + 1}: loss {loss:.4f} acc {acc[epoch]:.4f} val_acc {val_acc[epoch]:.4f}")

loss, accuracy = model.evaluate(test_ds, verbose=0)
print("test loss {:.4f}, test accuracy {:.4f}".format(loss, accuracy))
predictions = model.predict(test_ds, verbose=0)
print("predictions:", predictions.shape)
true_labels = np.concatenate([y for _, y in test_ds], axis=0)
print("first classes:", np.argmax(predictions, axis=1)[:8], "true:", true_labels[:8])
print("images of the test:", sum(len(x) for x, _ in test_ds))
