"""Letters drawn as Pillow images: resized, cropped and pasted, and an autoencoder for them."""
import os

import numpy as np
from PIL import Image
from tensorflow import keras
from tensorflow.keras import layers

np.random.seed(3)
os.makedirs("letters", exist_ok=True)


def letter(kind, size):
    """An L or a T, as bytes."""
    pixels = np.zeros((size, size), dtype=np.uint8)
    width = size // 5
    if kind == 0:
        pixels[:, :width] = 255
        pixels[size - width:, :] = 200
    else:
        pixels[:width, :] = 255
        pixels[:, size // 2:size // 2 + width] = 200
    return pixels


for i in range(12):
    image = Image.fromarray(letter(i % 2, 20 + i))
    image.save(f"letters/{i:02d}.png")

images = []
for name in sorted(os.listdir("letters")):
    image = Image.open(os.path.join("letters", name)).convert("L")
    image = image.resize((16, 16), Image.LANCZOS)
    images.append(np.array(image))
x = np.array(images).astype("float32") / 255.0
print(x.shape, x.mean())

first = Image.open("letters/00.png")
print(first.size, first.width, first.height, first.mode)
small = first.resize((8, 6))
print(np.array(small).sum(), np.array(small)[3])
color = first.convert("RGB")
array = np.asarray(color, dtype="float32")
print(array.shape, array.mean())
part = color.crop((2, 3, 12, 9))
print(part.size)
y, cb, cr = color.convert("YCbCr").split()
back = Image.merge("YCbCr", (y, cb, cr)).convert("RGB")
print(np.array(back).mean(), np.array(cb).max())

loaded = keras.utils.load_img("letters/01.png", target_size=(12, 10), interpolation="bicubic")
print(loaded.size, keras.utils.img_to_array(loaded).mean())
half = loaded.resize((loaded.size[0] // 2, loaded.size[1] // 2), Image.BILINEAR)
print(half.size, keras.utils.img_to_array(half).sum())
print(keras.utils.img_to_array(np.array(half)).shape)

encoder = keras.Sequential([
    keras.Input(shape=(16, 16)),
    layers.Flatten(),
    layers.Dense(8, activation="relu"),
    layers.Dense(256, activation="sigmoid"),
    layers.Reshape((16, 16)),
])
encoder.compile(optimizer="adam", loss="mse")
history = encoder.fit(x, x, epochs=4, batch_size=4, verbose=0)
print(history.history["loss"])


def save_images(pictures, name):
    big = Image.new("L", (16 * 4, 16 * 3))
    index = 0
    for i in range(0, 16 * 3, 16):
        for j in range(0, 16 * 4, 16):
            one = Image.fromarray(pictures[index], mode="L")
            big.paste(one, (j, i))
            index += 1
    big.save(name)


predicted = (encoder.predict(x, verbose=0) * 255.0).astype(np.uint8)
save_images(predicted, "predicted.png")
page = Image.open("predicted.png")
print(page.size, np.array(page).shape)
