"""Writes tests/pillow: what Pillow and Keras's load_img make of small images, for crates/data/src/images/tests.rs.

usage: python tools/pillow_images.py        (needs keras, pillow and numpy; run from the repository's root)

images.npz  in/NAME: the images; FUNCTION/ARGUMENTS/NAME: what the function makes of them
rgb.png     the file of load/ARGUMENTS/rgb.png
"""
import os

os.environ["KERAS_BACKEND"] = "jax"

import keras
import numpy as np
import PIL
from PIL import Image

FOLDER = os.path.join("tests", "pillow")
os.makedirs(FOLDER, exist_ok=True)
rng = np.random.RandomState(6)
arrays = {}

images = {
    "L": rng.randint(0, 256, (24, 16)).astype(np.uint8),
    "RGB": rng.randint(0, 256, (17, 23, 3)).astype(np.uint8),
    "RGBA": rng.randint(0, 256, (12, 9, 4)).astype(np.uint8),
}
images["RGBA"][:2, :, 3] = [[0], [255]]
for name, array in images.items():
    arrays[f"in/{name}"] = array
    image = Image.fromarray(array)
    for how in ["nearest", "box", "bilinear", "bicubic", "lanczos"]:
        for size in [(10, 6), (31, 40), (28, 28), (8, 30), (30, 8), (30, 20), (1, 1), (23, 9), (9, 16)]:
            arrays[f"resize/{how},{size[1]},{size[0]}/{name}"] = np.array(image.resize(size, Image.Resampling[how.upper()]))
    for box in [(2, 3, 7, 9), (-2, -3, 5, 4), (4, 5, 40, 30)]:
        arrays[f"crop/{','.join(map(str, box))}/{name}"] = np.array(image.crop(box))
    for mode in ["L", "RGB", "RGBA", "YCbCr"]:
        arrays[f"convert/{mode}/{name}"] = np.array(image.convert(mode))
    for at in [(2, 3), (-3, -2), (8, 20)]:
        own = Image.new("RGB", (20, 21), (1, 2, 3))
        own.paste(image.convert("RGB"), at)
        arrays[f"paste/{at[0]},{at[1]}/{name}"] = np.array(own)
colors = np.array(np.meshgrid(*[range(0, 256, 15)] * 3)).reshape(3, -1).T.reshape(1, -1, 3).astype(np.uint8)
arrays["in/colors"] = colors
arrays["convert/YCbCr/colors"] = np.array(Image.fromarray(colors).convert("YCbCr"))
arrays["back/RGB/colors"] = np.array(Image.merge("YCbCr", Image.fromarray(colors).split()).convert("RGB"))

path = os.path.join(FOLDER, "rgb.png")
Image.fromarray(images["RGB"]).save(path)
for how in ["nearest", "box", "bilinear", "bicubic", "lanczos"]:
    for keep in [False, True]:
        for size in [(8, 30), (12, 12), (20, 31), (5, 4)]:
            loaded = keras.utils.load_img(path, target_size=size, interpolation=how, keep_aspect_ratio=keep)
            arrays[f"load/{how},{int(keep)},{size[0]},{size[1]}/rgb.png"] = np.array(loaded)

np.savez_compressed(os.path.join(FOLDER, "images.npz"), **arrays)
print(len(arrays), "arrays of Pillow", PIL.__version__)
