"""Photographs of circles and squares: written, read, prepared with OpenCV, and classified."""
import os

import cv2
import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

IMG_SIZE = 16
FOLDER = "shapes"
CLASSES = ["circle", "square"]

np.random.seed(7)


def draw(kind, size):
    """An image of noise, with a bright shape in it."""
    image = np.random.randint(0, 90, (size, size, 3)).astype(np.uint8)
    rows, columns = np.meshgrid(np.arange(size), np.arange(size), indexing="ij")
    middle, radius = size // 2, size // 3
    if kind == 0:
        inside = (rows - middle) ** 2 + (columns - middle) ** 2 < radius ** 2
    else:
        inside = np.maximum(np.abs(rows - middle), np.abs(columns - middle)) < radius
    bright = np.random.randint(150, 256, (size, size, 3)).astype(np.uint8)
    return np.where(np.expand_dims(inside, -1), bright, image).astype(np.uint8)


for label, name in enumerate(CLASSES):
    os.makedirs(os.path.join(FOLDER, name), exist_ok=True)
    for i in range(20):
        path = os.path.join(FOLDER, name, f"{i:02d}.png")
        cv2.imwrite(path, draw(label, 24 + i))

with open(os.path.join(FOLDER, "circle", "notes.txt"), "w") as f:
    f.write("not an image")


def load_images(folder):
    images, labels = [], []
    for label, name in enumerate(CLASSES):
        for filename in sorted(os.listdir(os.path.join(folder, name))):
            img = cv2.imread(os.path.join(folder, name, filename))
            if img is not None:
                img = cv2.cvtColor(img, cv2.COLOR_BGR2RGB)
                img = cv2.resize(img, (IMG_SIZE, IMG_SIZE), interpolation=cv2.INTER_AREA)
                images.append(img)
                labels.append(label)
    return np.array(images), np.array(labels)


x, y = load_images(FOLDER)
print(x.shape, y.shape)
print("mean", x.mean(), "first pixel", x[0, 0, 0])

gray = cv2.imread(os.path.join(FOLDER, "circle", "00.png"), cv2.IMREAD_GRAYSCALE)
print(gray.shape, gray.sum())
inverted = 255 - gray
print(inverted.sum(), inverted[0, :4])
_, binary = cv2.threshold(gray, 127, 255, cv2.THRESH_BINARY)
level, otsu = cv2.threshold(gray, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
print(binary.sum(), level, otsu.sum())
blurred = cv2.GaussianBlur(gray, (5, 5), 0)
print(blurred.sum(), blurred[3, 3:7])
height, width = gray.shape[:2]
wide = cv2.copyMakeBorder(gray, 0, 0, 4, 4, cv2.BORDER_CONSTANT, value=[0, 0, 0])
print(height, width, wide.shape, cv2.flip(gray, 1)[0, :3])
double = cv2.resize(gray, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
print(double.shape, double.mean())

x = x.astype("float32") / 255.0
order = np.random.permutation(len(x))
x, y = x[order], y[order]

model = keras.Sequential([
    keras.Input(shape=(IMG_SIZE, IMG_SIZE, 3)),
    layers.Conv2D(8, 3, activation="relu"),
    layers.MaxPooling2D(),
    layers.Flatten(),
    layers.Dense(2, activation="softmax"),
])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x, y, batch_size=8, epochs=3, verbose=0)
print("loss", history.history["loss"])

test = cv2.imread(os.path.join(FOLDER, "square", "05.png"))
if test is None:
    raise FileNotFoundError("square 05")
test = cv2.resize(cv2.cvtColor(test, cv2.COLOR_BGR2RGB), (IMG_SIZE, IMG_SIZE))
prediction = model.predict(np.expand_dims(test, 0) / 255.0, verbose=0)
print(prediction[0])
