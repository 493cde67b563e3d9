"""Two kinds of pictures in folders, read by generators."""

import os

import numpy as np
from tensorflow.keras.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from tensorflow.keras.models import Sequential
from tensorflow.keras.preprocessing.image import ImageDataGenerator, array_to_img, img_to_array, load_img

np.random.seed(5)
img_width, img_height = 20, 20

for split, samples in [("train", 40), ("validation", 20)]:
    for kind in ["horizontal", "vertical"]:
        os.makedirs(os.path.join("stripes", split, kind), exist_ok=True)
    for i in range(samples):
        pixels = np.random.randint(0, 80, (24, 22, 3)).astype("float32")
        if i % 2 == 0:
            pixels[::4, :, :] += 120
            kind = "horizontal"
        else:
            pixels[:, ::4, :] += 120
            kind = "vertical"
        array_to_img(pixels, scale=False).save(os.path.join("stripes", split, kind, "%03d.png" % i))

train_datagen = ImageDataGenerator(
    rescale=1.0 / 255,
    shear_range=0.2,
    zoom_range=0.2,
    rotation_range=20,
    width_shift_range=0.2,
    height_shift_range=0.2,
    horizontal_flip=True,
    fill_mode="nearest",
    validation_split=0.25,
)
test_datagen = ImageDataGenerator(rescale=1.0 / 255)

train_generator = train_datagen.flow_from_directory(
    "stripes/train",
    target_size=(img_height, img_width),
    batch_size=8,
    class_mode="binary",
    subset="training",
)
validation_generator = train_datagen.flow_from_directory(
    "stripes/train",
    target_size=(img_height, img_width),
    batch_size=8,
    class_mode="binary",
    subset="validation",
)
test_generator = test_datagen.flow_from_directory(
    "stripes/validation",
    target_size=(img_height, img_width),
    batch_size=8,
    class_mode="binary",
    shuffle=False,
)
print("Class indices:", train_generator.class_indices)
print(f"Train samples: {train_generator.samples}")
print(f"Validation samples: {validation_generator.samples}")

for x_first, y_first in test_generator:
    print(x_first.shape, x_first.mean(), x_first.std(), y_first)
    break
test_generator.reset()

model = Sequential()
model.add(Conv2D(8, (3, 3), activation="relu", input_shape=(img_height, img_width, 3)))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Flatten())
model.add(Dense(16, activation="relu"))
model.add(Dropout(0.2))
model.add(Dense(1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer="rmsprop", metrics=["accuracy"])

history = model.fit(
    train_generator,
    epochs=2,
    steps_per_epoch=len(train_generator),
    validation_data=validation_generator,
    validation_steps=len(validation_generator),
    verbose=0,
)
print(history.history["loss"], history.history["val_loss"])

print(model.evaluate(test_generator, verbose=0))
test_generator.reset()
probabilities = model.predict(test_generator, verbose=0)
predicted = (probabilities.flatten() > 0.5).astype("int32")
print(probabilities[:3].flatten())
print("right:", np.sum(predicted == test_generator.classes), "of", test_generator.samples)

# One image.
image = load_img("stripes/validation/vertical/001.png", target_size=(img_height, img_width))
array = img_to_array(image) / 255.0
array = np.expand_dims(array, axis=0)
prediction = model.predict(array, verbose=0)[0][0]
result = "vertical" if prediction > 0.5 else "horizontal"
print(f"{result} ({prediction:.4f})")
