"""What NumPy does around a small network: grids, masks, places, norms, and printing."""
import numpy as np
import keras
from keras import layers

np.set_printoptions(precision=3, suppress=True)
np.random.seed(11)
keras.utils.set_random_seed(11)

EPS = np.finfo(np.float32).eps
print("eps", EPS)

# A grid of points, and which of them are in a ring.
axis = np.linspace(-1, 1, 9)
gx, gy = np.meshgrid(axis, axis)
points = np.stack([gx.ravel(), gy.ravel()], axis=1)
radius = np.linalg.norm(points, axis=1)
ring = (radius > 0.5) & (radius < 1.0)
print(points.shape, int(ring.sum()), radius[:4])
rows, columns = np.where(np.reshape(ring, (9, 9)))
print("first places", rows[:3], columns[:3], len(rows))

ys, xs = np.mgrid[0:3, 0:4]
print(ys.shape, (ys * 10 + xs)[2])

# Labels that are one where the point is in the ring.
labels = np.zeros(len(points))
labels[ring] = 1
one_hot = np.zeros((len(points), 2))
one_hot[np.arange(len(points)), labels.astype("int64")] = 1.0
print(one_hot.sum(axis=0), labels[:5])

order = np.argsort(-radius)
far = points[order[:5]]
print("farthest", far[0], radius[order][:3])
shuffled = np.random.permutation(len(points))
points, labels = points[shuffled], labels[shuffled]

# Images whose upper rows are brighter in one class.
images = np.zeros((20, 6, 6))
kinds = np.array([0, 1] * 10)
images += np.random.uniform(0, 0.1, size=images.shape)
images[kinds == 1, :3, ::2] += 1.0
images[kinds == 0, 5] = 0.5
print("means", images[kinds == 1].mean(), images[kinds == 0].mean())
padded = np.pad(images, ((0, 0), (1, 1), (1, 1)), mode="constant")
print(padded.shape, np.clip(images, 0.05, 0.9).max(), np.diff(images[0, 0])[:2])

steps = np.cumsum(np.ones(5)) ** 2
print(steps, np.diff(steps), np.median(steps), np.percentile(steps, 25))
print(np.vstack([steps, steps[::-1]]).shape, np.hstack([steps[:2], steps[3:]]))
print(np.array_equal(steps, steps), np.allclose(steps, steps + 1e-9), np.any(steps > 20), np.all(steps > 0))

rng = np.random.RandomState(3)
noise = rng.normal(0, 0.1, size=(4, 3))
print(noise)
generator = np.random.default_rng(5)
print(generator.integers(0, 10, size=5), generator.random(), generator.normal(size=2))


def jitter(x, rng, scale=0.01):
    return x + rng.normal(0, scale, size=x.shape)


points = jitter(points, generator)

model = keras.Sequential([
    keras.Input(shape=(2,)),
    layers.Dense(12, activation="tanh"),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(0.02), loss="binary_crossentropy", metrics=["accuracy"])
history = model.fit(points, labels, epochs=6, batch_size=9, verbose=0)
p = model.predict(points, verbose=0).flatten()
wrong = np.where((p > 0.5) != (labels > 0.5))[0]
print("loss", round(history.history["loss"][-1], 4), "wrong", len(wrong))
print(p[:4], np.abs(p - labels).max())
