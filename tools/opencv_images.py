"""Writes tests/opencv: what OpenCV makes of small images, for crates/data/src/cv2/tests.rs.

usage: python tools/opencv_images.py        (needs opencv-python-headless, pillow and numpy; run from the repository's root)

images.npz    in/NAME: the images; FUNCTION/ARGUMENTS/NAME: what the function makes of them
*.png, *.bmp  files for imread; imread/color/FILE and imread/gray/FILE are what it reads
"""
import os

import cv2
import numpy as np
from PIL import Image

FOLDER = os.path.join("tests", "opencv")
os.makedirs(FOLDER, exist_ok=True)
rng = np.random.RandomState(5)
arrays = {}

images = {
    "color": rng.randint(0, 256, (17, 23, 3)).astype(np.uint8),
    "gray": rng.randint(0, 256, (24, 16)).astype(np.uint8),
    "opaque": rng.randint(0, 256, (6, 5, 4)).astype(np.uint8),
    "row": rng.randint(0, 256, (1, 7, 3)).astype(np.uint8),
}
images["fractions"] = (images["color"] / 255).astype(np.float32)
images["double"] = images["gray"] / 255
for name, image in images.items():
    arrays[f"in/{name}"] = image

for name, image in images.items():
    height, width = image.shape[:2]
    for how in ["nearest", "linear", "area"]:
        code = getattr(cv2, f"INTER_{how.upper()}")
        sizes = [(10, 6), (31, 40), (28, 28), (width * 2, height * 2), (8, 30), (30, 8), (1, 1), (width, height)]
        if height % 2 == 0 and width % 2 == 0:
            sizes.append((width // 2, height // 2))
        if height % 3 == 0:
            sizes.append((width, height // 3))
        if height == 24:
            sizes.append((4, 4))
        for size in sizes:
            arrays[f"resize/{how},{size[0]},{size[1]}/{name}"] = cv2.resize(image, size, interpolation=code)
        for fx, fy in [(2, 2), (0.5, 0.5), (0.3, 1.7)]:
            if height > 3:
                arrays[f"resize_by/{how},{fx},{fy}/{name}"] = cv2.resize(image, None, fx=fx, fy=fy, interpolation=code)
    for code in [0, 1, -1]:
        arrays[f"flip/{code}/{name}"] = cv2.flip(image, code)
    for border in ["constant", "replicate", "reflect", "reflect101", "wrap"]:
        code = getattr(cv2, f"BORDER_{border.upper()}")
        arrays[f"border/{border}/{name}"] = cv2.copyMakeBorder(image, 2, 3, 1, 4, code, value=(9, 8, 7, 6))
    for kind in ["binary", "binary_inv", "trunc", "tozero", "tozero_inv"]:
        code = getattr(cv2, f"THRESH_{kind.upper()}")
        for least, most in [(127, 255), (100.5, 1), (0.5, 0.7), (-3, 300), (260, 90)]:
            found, result = cv2.threshold(image, least, most, code)
            arrays[f"threshold/{kind},{least},{most}/{name}"] = result
            arrays[f"threshold_of/{kind},{least},{most}/{name}"] = np.array(found)
    if image.dtype == np.uint8:
        for window in [3, 5, 7, 9]:
            arrays[f"blur/{window}/{name}"] = cv2.GaussianBlur(image, (window, window), 0)
    if image.ndim == 3 and image.shape[2] == 3:
        for color in ["BGR2RGB", "RGB2BGR", "BGR2GRAY", "RGB2GRAY"]:
            arrays[f"color/{color}/{name}"] = cv2.cvtColor(image, getattr(cv2, f"COLOR_{color}"))
    if image.ndim == 2 and image.dtype == np.uint8:
        for color in ["GRAY2BGR", "GRAY2RGB"]:
            arrays[f"color/{color}/{name}"] = cv2.cvtColor(image, getattr(cv2, f"COLOR_{color}"))
        for kind in ["binary", "binary_inv"]:
            found, result = cv2.threshold(image, 0, 200, getattr(cv2, f"THRESH_{kind.upper()}") + cv2.THRESH_OTSU)
            arrays[f"otsu/{kind}/{name}"] = result
            arrays[f"otsu_of/{kind}/{name}"] = np.array(found)

wide = rng.randint(0, 65536, (7, 9, 3)).astype(np.uint16)
files = {
    "rgb.png": Image.fromarray(images["color"]),
    "rgb.bmp": Image.fromarray(images["color"]),
    "gray.png": Image.fromarray(images["gray"]),
    "rgba.png": Image.fromarray(images["opaque"]),
    "la.png": Image.fromarray(np.ascontiguousarray(images["opaque"][..., :2]), "LA"),
    "palette.png": Image.fromarray(images["color"]).quantize(20),
}
for name, image in files.items():
    image.save(os.path.join(FOLDER, name))
cv2.imwrite(os.path.join(FOLDER, "wide.png"), wide)
cv2.imwrite(os.path.join(FOLDER, "wide_gray.png"), wide[..., 0])
for name in [*files, "wide.png", "wide_gray.png"]:
    path = os.path.join(FOLDER, name)
    arrays[f"imread/color/{name}"] = cv2.imread(path)
    arrays[f"imread/gray/{name}"] = cv2.imread(path, cv2.IMREAD_GRAYSCALE)

np.savez_compressed(os.path.join(FOLDER, "images.npz"), **arrays)
print(len(arrays), "arrays of OpenCV", cv2.__version__)
