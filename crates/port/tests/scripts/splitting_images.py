"""Images in one folder are sorted into folders for training and tests; their features go through files of several kinds."""

import glob
import os
import pathlib
import shutil
import warnings

import numpy as np
import pandas as pd
from tensorflow import keras
from tensorflow.keras import layers, regularizers
from tensorflow.keras.preprocessing.image import ImageDataGenerator, array_to_img, img_to_array, load_img

warnings.filterwarnings("ignore")
np.random.seed(8)

# All images in one folder, with the class in the name.
raw_dir = "raw"
os.makedirs(raw_dir, exist_ok=True)
for i in range(48):
    pixels = np.random.randint(0, 90, (14, 14, 3)).astype("float32")
    kind = "dot" if i % 3 == 0 else "line"
    if kind == "dot":
        pixels[5:9, 5:9, :] += 150
    else:
        pixels[6:8, :, :] += 100
    array_to_img(pixels, scale=False).save(os.path.join(raw_dir, kind + "_%02d.png" % i))

paths = sorted(glob.glob(os.path.join(raw_dir, "*.png")))
print(len(paths), paths[0], paths[-1])

base_dir = pathlib.Path("sorted")
for split in ["train", "test"]:
    for kind in ["dot", "line"]:
        (base_dir / split / kind).mkdir(parents=True, exist_ok=True)
for number, path in enumerate(paths):
    name = os.path.basename(path)
    kind = name.split("_")[0]
    split = "test" if number % 4 == 0 else "train"
    shutil.copy(path, os.path.join("sorted", split, kind, name))

train_dir = base_dir / "train"
print(len(list(train_dir.glob("*/*.png"))), len(list(base_dir.glob("test/*/*.png"))))
first = sorted(train_dir.glob("dot/*"))[0]
print(first.name, first.stem, first.suffix, first.parent.name)

log = open("log.txt", "w")
for kind in ["dot", "line"]:
    log.write(kind + ": " + str(len(os.listdir(os.path.join("sorted", "train", kind)))) + "\n")
log.close()
print(open("log.txt").read().strip())

generator = ImageDataGenerator(rescale=1.0 / 255)
train = generator.flow_from_directory(
    "sorted/train", target_size=(12, 12), batch_size=6, class_mode="binary", shuffle=False
)
test = generator.flow_from_directory(
    "sorted/test", target_size=(12, 12), batch_size=6, class_mode="binary", shuffle=False
)
print(train.class_indices, train.samples, test.samples)

# What the convolutions see of each image, in files.
extractor = keras.Sequential(
    [
        keras.Input(shape=(12, 12, 3)),
        layers.Conv2D(4, 3, activation="relu"),
        layers.GlobalAveragePooling2D(),
    ]
)
train_features = extractor.predict(train, verbose=0)
test_features = extractor.predict(test, verbose=0)
np.savez("features.npz", train=train_features, test=test_features)
np.savetxt("train.csv", train_features, delimiter=",", fmt="%.6f")
data = np.load("features.npz")
x_train, x_test = data["train"], data["test"]
print(x_train.shape, x_test.shape, x_train.mean(), np.loadtxt("train.csv", delimiter=",").sum())

# The same as tables.
train_table = pd.DataFrame(x_train)
train_table["label"] = train.classes
test_table = pd.DataFrame(x_test)
test_table["label"] = test.classes
table = pd.concat([train_table, test_table], ignore_index=True)
table.to_csv("features.csv", index=False)
labels = pd.read_csv("features.csv", usecols=[4])
print(table.shape, labels.shape, labels["label"].sum())
y = np.append(train.classes, test.classes)
print(len(y), y.sum())

model = keras.Sequential(
    [
        keras.Input(shape=(4,)),
        layers.Dense(8, activation="relu", kernel_regularizer=regularizers.l2(0.01)),
        layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(optimizer=keras.optimizers.Adam(0.05), loss="binary_crossentropy", metrics=["accuracy"])
y_train, y_test = y[: train.samples], y[train.samples :]
history = model.fit(x_train, y_train, epochs=4, batch_size=12, validation_data=(x_test, y_test), verbose=0)
print(history.history["loss"])
print(history.history["val_loss"])

image = img_to_array(load_img(paths[0], target_size=(12, 12))) / 255.0
print(model.predict(extractor.predict(np.expand_dims(image, axis=0), verbose=0), verbose=0))
