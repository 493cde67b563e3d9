"""Arithmetic of masks, bytes and whole numbers beside numbers, and quotients that are exact."""

import numpy as np
import tensorflow as tf
from keras import ops

# Truth values count as 0 and 1.
x = np.array([-1.0, 2.0, 3.0])
positive = x > 0
print(1 - positive, positive * 2 - 1, positive * -1, positive * 300, 2 * (x > 0) - 1)
print(positive / 2, positive * 1.0 - 0.5, positive * x, positive.sum() - 5, positive**2)
print((x > 0).astype(int) * 2 - 1, 1 - (x > 0).astype("uint8"), -(x > 0).astype(int))
print(np.any(x.reshape(3, 1) > 2, axis=1), np.all(x.reshape(1, 3) > 0, axis=1))

# Bytes begin again at 0 behind 255.
image = np.array([[0, 100], [200, 255]], dtype=np.uint8)
inverted = 255 - image
print(inverted, (255 - image) / 255.0, image - 1, image * 2, image + 100, -image)
print(image / 127.5 - 1, image * 0.5, 255.0 - image, image // 3, image % 7, image**2)
print(image.astype("float32") / 255, 255 - image.astype(int), (image > 128) * 255)
image += 100
print(image)

# Quotients are not products with reciprocals.
steps = np.arange(0.0, 500.0, 49.0)
print((steps / 49).astype(int), np.floor(steps / 49), steps / 49 % 1)
print(np.mean(np.ones(49)) == 1.0, np.mean(np.arange(49) >= 0) == 1.0, np.mean([1, 2, 4]), np.std([1, 2, 4]))
print(np.ones((49, 2)).mean(axis=0) == 1.0, (49.0 / np.array([49.0, 98.0])) * 2)
scores = np.array([10.0, 49.0])
scores /= 49
print(scores[1] == 1, int(scores[1]), scores.max() == 1.0)

# Rows, as TensorFlow gathers them.
table = np.arange(12.0).reshape(6, 2)
print(tf.gather(table, np.array([3, 1])).numpy(), tf.gather(tf.constant([5, 6, 7]), [2, 0]).numpy())

# Whole numbers stay whole beside whole numbers.
n = ops.convert_to_tensor([7, -8, 9], dtype="int32")
print(ops.floor_divide(n, 2).numpy(), ops.maximum(n, 0).numpy(), ops.power(n, 2).numpy(), ops.mod(n, 4).numpy())
t = tf.constant([3, 5, 8])
print(tf.math.floordiv(t, 2).numpy(), tf.maximum(t, 4).numpy(), tf.divide(t, 3).numpy(), tf.reduce_sum(t).numpy())
print(tf.equal(t, 5).numpy(), ops.logical_not(ops.greater(n, 8)).numpy(), ops.any(ops.greater(n, 8)).numpy())
guesses = np.array([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2]], dtype="float32")
print(ops.in_top_k(np.array([2, 0]), guesses, k=1).numpy(), tf.reduce_mean(tf.cast(tf.equal(t, 5), tf.float32)).numpy())

# Lists of lists.
grid = np.array([[1.0, 2.5], [3.0, 1e-7]])
print(grid.tolist(), (255 - image).tolist(), f"{np.arange(3).tolist()}")
