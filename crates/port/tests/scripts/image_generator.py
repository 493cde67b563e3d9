"""Digits of seven segments, with augmentation while the model trains."""

import numpy as np
from tensorflow import keras
from tensorflow.keras import layers
from tensorflow.keras.preprocessing.image import ImageDataGenerator

np.random.seed(42)

# Three kinds of images: a bar at the top, one on the left, and both.
count, size, num_classes = 120, 16, 3
x = np.random.rand(count, size, size, 1) * 0.2
labels = np.random.randint(0, num_classes, count)
for i in range(count):
    if labels[i] != 1:
        x[i, 2:5, 2:14, 0] += 0.7
    if labels[i] != 0:
        x[i, 2:14, 2:5, 0] += 0.7
x = x.astype("float32")
y = keras.utils.to_categorical(labels, num_classes)
x_train, y_train = x[:90], y[:90]
x_test, y_test = x[90:], y[90:]

datagen = ImageDataGenerator(
    featurewise_center=True,  # set input mean to 0 over the dataset
    featurewise_std_normalization=True,  # divide inputs by std of the dataset
    rotation_range=10,  # degrees
    width_shift_range=0.1,
    height_shift_range=0.1,
    shear_range=5.0,
    zoom_range=[0.9, 1.2],
    horizontal_flip=False,
    fill_mode="constant",
    cval=0.0,
)
datagen.fit(x_train)

test_datagen = ImageDataGenerator(featurewise_center=True, featurewise_std_normalization=True)
test_datagen.fit(x_train)

# What a batch looks like.
preview = datagen.flow(x_train, y_train, batch_size=4, seed=1)
x_batch, y_batch = next(preview)
print(x_batch.shape, y_batch.shape)
print(x_batch.mean(axis=(1, 2, 3)))
print(x_batch[0, 3, :, 0])

model = keras.Sequential(
    [
        keras.Input(shape=(size, size, 1)),
        layers.Conv2D(8, (3, 3), activation="relu"),
        layers.MaxPooling2D((2, 2)),
        layers.Flatten(),
        layers.Dense(16, activation="relu"),
        layers.Dense(num_classes, activation="softmax"),
    ]
)
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])

batch_size = 32
train_flow = datagen.flow(x_train, y_train, batch_size=batch_size)
test_flow = test_datagen.flow(x_test, y_test, batch_size=batch_size, shuffle=False)
print("Batches:", len(train_flow), "images:", train_flow.n)
history = model.fit(
    train_flow,
    steps_per_epoch=len(train_flow),
    epochs=3,
    validation_data=test_flow,
    verbose=0,
)
print(history.history["loss"])
print(history.history["val_loss"])

scores = model.evaluate(test_flow, verbose=0)
print("Test loss: %.4f, test accuracy: %.4f" % (scores[0], scores[1]))
predictions = model.predict(test_flow, verbose=0)
print(np.argmax(predictions, axis=1)[:10])

# Other transformations, some batches of them.
noisy = ImageDataGenerator(
    rescale=2.0,
    vertical_flip=True,
    horizontal_flip=True,
    width_shift_range=3,
    channel_shift_range=0.1,
    brightness_range=(0.5, 1.5),
    samplewise_center=True,
    samplewise_std_normalization=True,
    fill_mode="reflect",
)
batches = 0
for images, targets in noisy.flow(x_test * 255, y_test, batch_size=16):
    print(images.max(), images.min(), images[0, 2, 3, 0], targets[0])
    batches += 1
    if batches >= 3:
        # The flow has no end.
        break
