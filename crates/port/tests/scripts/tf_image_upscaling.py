"""Small images made large: brightness alone, by the functions of tf.image."""
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

np.random.seed(1)
images = np.random.rand(24, 12, 12, 3).astype("float32")


def process_input(image, size):
    image = tf.image.rgb_to_yuv(image)
    y, u, v = tf.split(image, 3, axis=-1)
    return tf.image.resize(y, [size, size], method="area")


def process_target(image):
    image = tf.image.rgb_to_yuv(image)
    y, u, v = tf.split(image, 3, axis=-1)
    return y


dataset = tf.data.Dataset.from_tensor_slices(images).batch(8)
dataset = dataset.map(lambda x: (process_input(x, 4), process_target(x)))
for low, high in dataset.take(1):
    print(low.shape, high.shape)
    print(np.mean(low), np.mean(high))

model = keras.Sequential([
    keras.Input(shape=(4, 4, 1)),
    layers.Conv2D(9, 3, padding="same", activation="relu"),
    layers.UpSampling2D(3),
    layers.Conv2D(1, 3, padding="same"),
])
model.compile(optimizer="adam", loss="mse")
history = model.fit(dataset, epochs=2, verbose=0)
print(history.history["loss"])

first = images[0]
print("yuv back", np.abs(tf.image.yuv_to_rgb(tf.image.rgb_to_yuv(first)).numpy() - first).max() < 1e-5)
print(tf.image.central_crop(first, 0.5).shape)
noisy = (first + 0.1 * np.random.rand(12, 12, 3).astype("float32")).clip(0, 1)
print("PSNR %.4f" % tf.image.psnr(first, noisy, max_val=1.0))
total = 0.0
total += tf.image.psnr(np.uint8(first * 255), np.uint8(noisy * 255), max_val=255)
print("total %.3f" % total)
shown = tf.image.convert_image_dtype(np.uint8(first * 255), tf.float32)
print(np.mean(shown))
gray = tf.image.rgb_to_grayscale(first)
print(gray.shape, np.mean(tf.image.flip_left_right(gray)[:, 0]))
