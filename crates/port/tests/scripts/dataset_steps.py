"""Steps of tf.data: functions with parameters and methods, filters, and elements as arrays of NumPy."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

np.random.seed(5)

IMG_SIZE = 8
images = np.random.randint(0, 255, size=(90, 10, 10, 3)).astype("float32")
labels = np.random.randint(0, 3, size=90)
for i in range(90):
    images[i, :, :, labels[i]] += 60.0


class Preprocessor:
    """Scales pixels, and draws the images smaller."""

    def __init__(self, size, scale):
        self.size = size
        self.scale = scale

    def prepare(self, image, label):
        image = tf.image.resize(image, (self.size, self.size))
        return image * self.scale, label


def brighten(image, label, delta):
    return tf.image.adjust_brightness(image, delta), label


def mirror(image, label):
    return tf.image.flip_up_down(image), label


def make_dataset(images, labels, batch_size, is_training, seed=None):
    ds = tf.data.Dataset.from_tensor_slices((images, labels))
    if is_training:
        ds = ds.shuffle(len(images), seed=seed)
    preprocessor = Preprocessor(IMG_SIZE, 1.0 / 255)
    ds = ds.map(preprocessor.prepare, num_parallel_calls=tf.data.AUTOTUNE)
    ds = ds.map(lambda x, y: brighten(x, y, 0.05))
    return ds.batch(batch_size)


train_ds = make_dataset(images[:60], labels[:60], 12, True, seed=3)
test_ds = make_dataset(images[60:], labels[60:], 12, False)
print(len(train_ds), len(test_ds))

for image, label in test_ds.take(1):
    print(image.shape, image[0, 0, 0].numpy(), label.numpy())

# More of the same, upside down.
train_ds = train_ds.concatenate(train_ds.map(mirror))
print("batches:", int(train_ds.cardinality()))

# Only the classes 0 and 1.
numbers = tf.data.Dataset.from_tensor_slices((images, labels)).filter(lambda x, y: y < 2)
kept = [int(y) for x, y in numbers]
print(len(kept), sum(kept))

squares = tf.data.Dataset.range(5).map(lambda x: x * x)
for number in squares:
    print(number.numpy(), end=" ")
print()
print(sum(int(number) for number in squares.as_numpy_iterator()))
for pair in tf.data.Dataset.from_tensor_slices([1.5, 2.5, 3.5, 4.5, 5.5]).batch(2).as_numpy_iterator():
    print(pair)

model = keras.Sequential(
    [
        keras.Input(shape=(IMG_SIZE, IMG_SIZE, 3)),
        layers.Conv2D(6, 3, activation="relu"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(3, activation="softmax"),
    ]
)
model.compile(optimizer=keras.optimizers.Adam(0.02), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(train_ds, epochs=3, validation_data=test_ds, verbose=0)
print(history.history["loss"])
print(history.history["val_loss"])
repeated = test_ds.repeat()
print(model.evaluate(repeated, steps=2, verbose=0))
predictions = model.predict(test_ds.map(lambda x, y: x), verbose=0)
print(predictions.shape, predictions[:2])
