"""Forecasts the sales of small shops, and writes what it found as JSON and CSV."""
import csv
import json
import os
from collections import Counter, OrderedDict, defaultdict, deque

import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

np.random.seed(4)
keras.utils.set_random_seed(4)

SHOPS = ["north", "south", "east"]
GOODS = ["tea", "coffee", "bread", "milk"]
WINDOW = 5


def write_sales(path, days):
    """A table with one sale a row."""
    rows = []
    for day in range(days):
        for s, shop in enumerate(SHOPS):
            for g, item in enumerate(GOODS):
                amount = 10 + 3 * s + 2 * g + int(5 * np.sin(day / 3.0 + g)) + np.random.randint(0, 3)
                rows.append([str(day), shop, item, str(amount)])
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["day", "shop", "item", "amount"])
        for row in rows:
            writer.writerow(row)
    return len(rows)


count = write_sales("sales.csv", 40)
print("rows written:", count)

by_shop = defaultdict(list)
per_item = defaultdict(int)
sold = Counter()
with open("sales.csv") as file:
    for row in csv.DictReader(file):
        amount = int(row["amount"])
        by_shop[row["shop"]].append(amount)
        per_item[row["item"]] += amount
        sold[row["shop"], row["item"]] += amount

for shop, amounts in by_shop.items():
    print(shop, len(amounts), sum(amounts), max(amounts))
for item in sorted(per_item, key=per_item.get):
    print(item, per_item[item])
for pair, total in sold.most_common(3):
    print(pair[0], pair[1], total)

# The first column is the day, and so on.
with open("sales.csv") as file:
    reader = csv.reader(file)
    header = next(reader)
    days = [int(row[0]) for row in reader]
print(header, days[-1], len(days))

totals = np.zeros(40)
with open("sales.csv") as file:
    for row in csv.DictReader(file):
        totals[int(row["day"])] += float(row["amount"])
print("first totals:", totals[:3], "last:", totals[-1])

recent = deque(maxlen=WINDOW)
samples, targets = [], []
for value in totals / 200.0:
    if len(recent) == WINDOW:
        samples.append(list(recent))
        targets.append(value)
    recent.append(value)
x = np.array(samples, dtype="float32")
y = np.array(targets, dtype="float32")
print(x.shape, y.shape, "%.4f" % x.mean())

model = keras.Sequential([
    keras.Input(shape=(WINDOW,)),
    layers.Dense(16, activation="tanh"),
    layers.Dense(1),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse", metrics=["mae"])
history = model.fit(x, y, epochs=8, batch_size=7, verbose=0)
results = model.evaluate(x, y, verbose=0)

report = {
    "shops": SHOPS,
    "window": WINDOW,
    "loss": round(float(results[0]), 3),
    "best": {"shop": "east", "score": 0.5},
    "final": True,
}
with open("report.json", "w") as file:
    json.dump(report, file, indent=2)
with open("history.json", "w") as file:
    json.dump(history.history, file)
print(json.dumps(report))
print(os.path.getsize("report.json") > 100, sorted(os.listdir("."))[:2])

with open("history.json") as file:
    saved = json.load(file)
print(sorted(saved.keys()), len(saved["loss"]), round(saved["loss"][0], 3))

order = OrderedDict()
order["b"] = 2
order["a"] = 1
for name, place in order.items():
    print(name, place)
print("Done with %i epochs, loss %.5f" % (len(history.history["loss"]), history.history["loss"][-1]))
