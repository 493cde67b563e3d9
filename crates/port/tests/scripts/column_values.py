"""Columns of a table as lists, keys and texts."""
import os
import numpy as np
import pandas as pd

df = pd.DataFrame({
    "id": [7, 3, 9, 3, 5],
    "name": ["ann", "bob", "cid", "bob", "eve"],
    "x": [0.5, 1.25, -2.0, 4.0, 8.5],
    "flag": [1, 0, 1, 1, 0],
})
pairs = {}
for a, b in zip(df["id"], df["name"]):
    pairs[a] = b
print(pairs)
lookup = dict(zip(df["name"], df["x"]))
print(lookup["bob"], len(lookup))
print(len(set(df["name"])), sorted(set(df["id"])))
rows = []
labels = []
for i, row in df.iterrows():
    if row["flag"] == 1 and row["x"] > 0:
        rows.append([row["id"], row["x"]])
        labels.append(row["flag"])
    print(i, str(row["id"]) + ".jpg", os.path.join("images", row["name"]), f"{row['x']:.2f}", row["id"] * 2, row["x"] / 2, int(row["x"]))
rows = np.array(rows)
labels = np.array(labels)
print(rows, rows.shape, labels)
for i, v in enumerate(df["x"]):
    if v < 0:
        print("negative", i, v)
total = 0
for v in df["flag"]:
    if v == 1:
        total += 1
print(total)
doubled = [v * 2 for v in df["id"]]
print(doubled)
squares = [float(v) ** 2 for v in df["x"]]
print(squares)
print([n for n in df["name"] if n.startswith("b")])
print([n for n in df["name"] if n != "bob"])
known = ["ann", "eve"]
print(df[df["name"].isin(known)].shape, df["name"].isin(known).sum())
print(max(df["x"].tolist()), min(df["id"].tolist()))
ids = df["id"].values.tolist()
print(ids, ids.count(3))
numbers = df["id"].unique()
print(len(numbers), numbers)
best = ""
for n in df["name"]:
    if n > best:
        best = n
print(best)
print(df["x"].iloc[0], df["x"].iloc[-1], df["name"].iloc[1])
print(" ".join(df["name"].tolist()))
lengths = [len(n) for n in df["name"]]
print(lengths)
df["y"] = df["x"].map(lambda v: v * 2 + 1)
print(df["y"].sum())
for k in df["name"].unique():
    part = df[df["name"] == k]
    print(k, len(part), part["x"].mean())
codes = {name: i for i, name in enumerate(sorted(df["name"].unique()))}
df["code"] = df["name"].map(codes)
print(df["code"].tolist(), codes["eve"])
print(df)
