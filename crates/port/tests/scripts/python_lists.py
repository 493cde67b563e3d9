"""Lists, tuples and dicts: what is copied, what is changed where it is, and in which order it comes."""


# -- a function changes the list that it gets --------------------------------
def note(log, value):
    log.append(value)


losses = [2.0]
for epoch in range(4):
    note(losses, 1.0 / (epoch + 1))
print(losses, min(losses), max(losses), sum(losses) / len(losses), losses[-1], losses.index(min(losses)))


# -- a function makes a new one -------------------------------------------------
def smoothed(points, factor):
    out = []
    last = points[0]
    for point in points:
        last = last * factor + point * (1 - factor)
        out.append(last)
    return out


print(smoothed([1.0, 2.0, 4.0], 0.5), smoothed(losses, 0.9)[-1])


def extended(rows, row):
    rows = rows + [row]
    return rows


rows = [1, 2]
more = extended(rows, 3)
print(rows, more)

# -- copies -------------------------------------------------------------------------
first = [3, 1, 2]
second = first[:]
third = list(first)
second.sort()
third.append(9)
print(first, second, third, sorted(first, reverse=True), first[::-1])

grid = [[0] * 3 for _ in range(2)]
grid[1][2] = 5
grid[0][0] += 1
print(grid, [sum(row) for row in grid], [row[2] for row in grid])

rows = []
for i in range(3):
    row = [0, 0]
    row[i % 2] = i
    rows.append(row)
print(rows)

# -- parts that end where the list ends ------------------------------------------------
values = [10, 20, 30, 40, 50]
print(values[1:3], values[:10], values[-2:], values[:-1], values[::2], values[7:])
for i in range(len(values)):
    window = values[max(0, i - 1):i + 2]
    print(i, window, sum(window) / len(window))

# -- several values at once ---------------------------------------------------------------
a, b = 1, 2
a, b = b, a
pairs = list(zip([1, 2, 3], ['x', 'y', 'z']))
print(a, b, pairs)
for i, (number, letter) in enumerate(pairs, 1):
    print(i, number * i, letter)

# -- the order of equal ones ---------------------------------------------------------------
words = ['pear', 'fig', 'plum', 'kiwi', 'nut']
print(sorted(words, key=len), sorted(words, key=len, reverse=True), max(words, key=len), min(words, key=len))
print(sorted([3, -1, 2], key=abs), sorted([2, 3, 1], key=lambda n: -n))

# -- dicts --------------------------------------------------------------------------------------
history = {'loss': [], 'accuracy': []}
for epoch in range(3):
    history['loss'].append(0.5 / (epoch + 1))
    history['accuracy'].append(epoch / 4)
for name in history:
    print(name, history[name], len(history[name]))

totals = {'train': {'seen': 1}, 'test': {'seen': 2}}
totals['train']['seen'] += 5
print(totals['train']['seen'], sum(part['seen'] for part in totals.values()))

sizes = {'b': 1, 'a': 2}
sizes['c'] = 0
sizes['b'] = 7
print(sizes, list(sizes.keys()), sizes.get('z', 3), 'a' in sizes)
copy = sizes.copy()
copy['a'] = 100
print(sizes['a'], copy['a'], max(sizes.values()))
print({value: key for key, value in sizes.items()}, [x * y for x in [1, 2] for y in [3, 4] if x != y - 2])
