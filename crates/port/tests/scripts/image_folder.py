"""Images of shapes in folders: one for each class."""

import os

import keras
import numpy as np
import tensorflow as tf
from keras import layers

FOLDER = "shapes"
IMAGE_SIZE = (24, 24)
BATCH_SIZE = 16

# Bright squares and dark bars, drawn with some noise.
np.random.seed(7)
for name in ["bars", "squares"]:
    os.makedirs(os.path.join(FOLDER, name), exist_ok=True)

for i in range(60):
    image = np.random.uniform(0, 60, (28, 28, 3))
    row, column = np.random.randint(2, 14), np.random.randint(2, 14)
    if i % 2 == 0:
        image[row : row + 9, column : column + 9, 0] += 150
        path = os.path.join(FOLDER, "squares", f"{i}.png")
    else:
        image[row : row + 3, 2:26, 1] += 120
        path = os.path.join(FOLDER, "bars", f"{i}.png")
    keras.utils.save_img(path, image, scale=False)

train_ds = keras.utils.image_dataset_from_directory(
    FOLDER,
    validation_split=0.25,
    subset="training",
    seed=1337,
    image_size=IMAGE_SIZE,
    batch_size=BATCH_SIZE,
)
val_ds = tf.keras.preprocessing.image_dataset_from_directory(
    FOLDER,
    validation_split=0.25,
    subset="validation",
    seed=1337,
    image_size=IMAGE_SIZE,
    batch_size=BATCH_SIZE,
)

class_names = train_ds.class_names
num_classes = len(class_names)
print(class_names, num_classes)

for images, labels in train_ds.take(1):
    print(images.shape, labels.shape)
    print(float(tf.reduce_mean(images)))

# Scaled before they are cached.
AUTOTUNE = tf.data.AUTOTUNE
train_ds = train_ds.map(lambda x, y: (x / 255.0, y), num_parallel_calls=AUTOTUNE)
val_ds = val_ds.map(lambda x, y: (x / 255.0, y))
train_ds = train_ds.prefetch(buffer_size=AUTOTUNE)
val_ds = val_ds.cache().prefetch(buffer_size=AUTOTUNE)

model = keras.Sequential(
    [
        keras.Input(shape=IMAGE_SIZE + (3,)),
        layers.Conv2D(8, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(16, 3, activation="relu"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(num_classes, activation="softmax"),
    ]
)
model.compile(
    optimizer=keras.optimizers.Adam(0.01),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
history = model.fit(train_ds, validation_data=val_ds, epochs=3, verbose=0)
print(history.history["loss"])
print(history.history["val_accuracy"])

loss, accuracy = model.evaluate(val_ds, verbose=0)
print(f"validation: {loss:.4f} {accuracy:.4f}")

# One of the files.
img = keras.utils.load_img(os.path.join(FOLDER, "squares", "0.png"), target_size=IMAGE_SIZE)
img_array = keras.utils.img_to_array(img)
img_array = tf.expand_dims(img_array, 0)  # A batch of one.
predictions = model.predict(img_array / 255.0, verbose=0)
score = predictions[0]
print(f"This is {class_names[np.argmax(score)]}: {100 * np.max(score):.2f} percent.")
