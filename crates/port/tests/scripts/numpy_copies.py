"""Arrays that change where they are, and arrays that are new."""
import numpy as np


# -- a function that scales its own copy -----------------------------------
def preprocess(images):
    images = images.astype('float32')
    images /= 255.0
    images -= 0.5
    return images


pixels = np.array([[0, 255], [51, 102]])
scaled = preprocess(pixels)
print(pixels, scaled)


# -- a function that changes what it gets; the result has the same name ----
def centred(x):
    x -= x.mean()
    return x


series = np.array([1.0, 2.0, 6.0])
series = centred(series)
print(series)

# -- parts that do not overlap ------------------------------------------------
table = np.arange(12).reshape(6, 2) * 1.0
n_train = 4
train, test = table[:n_train], table[n_train:]
mean, std = train.mean(axis=0), train.std(axis=0)
train -= mean
train /= std
test -= mean
test /= std
print(train, test)

# -- copies that change alone -----------------------------------------------------
first = np.zeros(4)
second = first.copy()
second[1] = 5
second[-1] += 2
second[:2] *= 3
print(first, second)

history = []
weights = np.zeros(2)
for i in range(3):
    weights += i + 0.5
    history.append(weights.copy())
print(np.array(history), weights)

rows = []
row = np.ones(3)
for i in range(3):
    row = row * (i + 1)
    rows.append(row)
print(np.array(rows))

# -- elements, rows and places ------------------------------------------------------
grid = np.zeros((3, 4))
grid[0, 1] = 5
grid[1] = [1, 2, 3, 4]
grid[:, 2] = 7
grid[2, :2] += grid[1, 0]
grid[-1, -1] = -1
print(grid, grid.sum(axis=0), grid[grid > 4])
grid[0] = grid[1]
grid[0] += grid[2]
print(grid)

around = np.zeros(5)
for i in range(-2, 3):
    around[i] += i
print(around)

clipped = np.array([1.0, -2.0, 3.0])
clipped[clipped < 0] = 0
print(clipped)

labels = np.array([0, 2, 1])
one_hot = np.zeros((3, 3))
one_hot[np.arange(3), labels] = 1
print(one_hot)

confusion = np.zeros((2, 2), dtype=int)
for truth, guess in zip([0, 1, 1, 0], [0, 1, 0, 0]):
    confusion[truth, guess] += 1
print(confusion, confusion.sum(axis=1))

# -- the order of a shuffle stays ------------------------------------------------------
np.random.seed(0)
order = np.arange(6)
for epoch in range(3):
    np.random.shuffle(order)
    print(order)
print(order, np.arange(6)[order])
