"""What OpenCV reads, and what it does not: files of several sizes, and one that is no image."""
import os

import cv2
import numpy as np

FOLDER = "photos"
os.makedirs(FOLDER, exist_ok=True)
for i in range(4):
    cv2.imwrite("%s/%d.png" % (FOLDER, i), np.full((4 + i, 5), 50 * i, dtype=np.uint8))
with open(FOLDER + "/9.png", "w") as f:
    f.write("not an image")

brightness = 0.0
for name in sorted(os.listdir(FOLDER)):
    image = cv2.imread(os.path.join(FOLDER, name), 0)
    if image is None:
        print("skipped", name)
        continue
    image = cv2.resize(image, (3, 3))
    brightness += image.mean()
print("brightness", brightness)


def mean_of(path):
    picture = cv2.imread(path)
    if picture is None:
        raise ValueError("no image: " + path)
    return picture.mean()


print(mean_of(FOLDER + "/2.png"))

for name in sorted(os.listdir(FOLDER)):
    image = cv2.imread(FOLDER + "/" + name, cv2.IMREAD_COLOR)
    if image is not None:
        h, w, c = image.shape
        image = image.astype("float32") / 255
        print(h, w, c, image.max())

# Elements are bytes: sums begin again at 0.
gray = cv2.imread(FOLDER + "/3.png", 0)
print(255 - gray[0], gray[0] + 200, gray[0] * 2, gray[0] - 151)
gray[1:3, 1:3] = 7
gray[0, 0] += 1
print(gray.sum(), (gray > 100).sum())

color = cv2.imread(FOLDER + "/2.png")
print(color[..., :2].shape, color[::-1, ::-1].shape, color[:, :, ::-1][0, 0])
print(cv2.imread("none.png") is None, cv2.imwrite("nowhere/a.png", gray))
