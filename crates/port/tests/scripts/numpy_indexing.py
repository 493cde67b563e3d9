"""Parts of arrays: by places from both ends, by conditions, by lists, with new axes; and what comes out of them."""
import numpy as np

a = np.arange(12).reshape(3, 4)
print(a[0], a[-1], a[1, 2], a[-1, -2], a[:, -1], a[1:, 1:3], a[-2:], a[:, :-1])
print(a[::2], a[::-1], a[:2].shape, a[..., 0], a[0, ...])

v = np.arange(10)
k = 3
print(v[:k], v[k:], v[-k:], v[:-k], v[k:-k], v[::2], v[1::3], v[::-1])
for i in range(0, len(v), 4):
    batch = v[i:i + 4]
    print(batch, len(batch), batch.mean())
for place in range(-2, 2):
    print(place, v[place])

# -- conditions -----------------------------------------------------------------
x = np.array([1, 5, 3, 8])
print(x > 2, x == 3, ~(x > 2), (x > 1) & (x < 8), (x == 1) | (x == 8))
print(x[x > 2], x[x % 2 == 1], a[a > 6], a[a[:, 0] > 1])
print((x > 2).sum(), (x > 2).mean(), np.sum(x == 5), np.all(x > 0), np.any(x > 9))
mask = np.array([True, False, True, False])
print(mask, x[mask], ~mask, mask.dtype, (x / 2).dtype)
print(np.where(x > 2, x, 0), np.where(x > 2)[0], np.where(x > 2, 1.0, -1.0))
print(np.isnan(np.array([1.0, np.nan])), np.array([np.inf, -1.0]))

# -- places ---------------------------------------------------------------------------
order = np.argsort(-x)
print(order, x[order], np.argsort(x)[::-1], np.argmax(x), x.argmin(), a[np.array([0, 2])])
labels = np.array([0, 2, 1])
print(np.eye(3)[labels])

# -- new axes and shapes ------------------------------------------------------------
print(v[:, np.newaxis].shape, v[None, :].shape, a.reshape(-1).shape, a.reshape(2, -1), a.T.shape, a.ravel()[5])
print(np.expand_dims(a, 0).shape, a.reshape(len(a), 2, 2)[1], a.reshape(a.shape[0], -1).shape)

# -- along axes --------------------------------------------------------------------
print(a.sum(), a.sum(axis=0), a.mean(axis=1), np.max(a, axis=1), a.min(axis=0), np.cumsum(x))
print(np.sum(a, axis=1, keepdims=True), a.std(), np.argmax(a, axis=1), np.median(x))
m = np.array([[1.0, 2.0], [3.0, 6.0]])
print((m - m.mean(axis=0)) / m.std(axis=0), m / m.sum(axis=1, keepdims=True), m @ m, np.dot(m, m))

# -- integers and fractions -----------------------------------------------------
whole = np.array([7, -7, 8])
print(whole / 2, whole // 2, whole % 3, whole ** 2, -whole, whole * 1.5, whole - 10)
print(np.array([-1.5, 2.7]).astype(int), np.array([0, 2]).astype(bool), np.round([0.5, 1.5, 2.5]))

# -- joined and repeated -----------------------------------------------------------
print(np.concatenate([x, [9]]), np.vstack([x, x]).shape, np.stack([x, x * 2], axis=1), np.tile(x, 2), np.repeat(x, 2))
left, right = np.split(a, 2, axis=1)
print(left, right)
