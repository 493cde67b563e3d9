"""Rows of a table by their places and numbers, and files of tables."""
import numpy as np
import pandas as pd

df = pd.DataFrame({"a": [3, 1, 2, 5], "b": ["x", "y", "x", "z"]})
keep = [2, 0]
print(df.iloc[keep])
print(df.iloc[[1, 3]]["b"].tolist())
for i in range(len(df)):
    if df["b"][i] == "x":
        print(i, df["a"][i] + 1, df.iloc[i]["a"] - 1)
part = df[df["a"] > 1]
for i in part.index:
    print(i, part["b"][i])
for c in df.columns:
    df[c + "_copy"] = df[c]
print(df.columns.tolist())
vocab = sorted(set(df["b"]))
index = {w: i for i, w in enumerate(vocab)}
df["b"] = [index[w] for w in df["b"]]
print(df["b"].values)
text = ""
for w in vocab:
    text += w
print(text)
df.to_csv("more.csv")
again = pd.read_csv("more.csv")
print(again)
df["a"] = df["a"].shift(1)
print(df["a"].isnull().sum(), df.dropna().shape)
low, high = df["b"].min(), df["b"].max()
print([(v - low) / (high - low) for v in df["b"]])
print([v // 2 for v in df["b"]], [v % 2 for v in df["b"]])
price = again["a"].iloc[1]
print(100 // price, 100 % price, price // 0.3)
