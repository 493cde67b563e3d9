"""Ratings of films: rows of a table, columns as lists, and vocabularies made of them."""
import os

import numpy as np
import pandas as pd
from tensorflow import keras
from tensorflow.keras import layers

np.random.seed(3)
keras.utils.set_random_seed(3)

with open("ratings.csv", "w") as file:
    file.write("user,film,genre,minutes,stars\n")
    users = np.random.randint(100, 112, 240)
    films = np.random.randint(0, 9, 240)
    for i in range(240):
        stars = 1 + (users[i] * 3 + films[i]) % 5
        genre = "drama" if films[i] % 3 == 0 else "comedy"
        file.write(f"{users[i]},f{films[i]},{genre},{80 + 7.5 * films[i]},{stars}\n")

df = pd.read_csv("ratings.csv")
print(df.head())

# Ids that are not from 0 on become places.
user_ids = df["user"].unique().tolist()
user_to_index = {x: i for i, x in enumerate(user_ids)}
index_to_user = {i: x for i, x in enumerate(user_ids)}
film_ids = list(df.film.unique())
film_to_index = {film: place for place, film in enumerate(film_ids)}
df["user_index"] = df["user"].map(user_to_index)
df["film_index"] = df["film"].map(film_to_index)
print(len(user_to_index), len(film_to_index), user_ids)
print(sorted(df.film.unique()))
print(index_to_user[3], film_to_index["f4"])
print(f"first {user_ids[0]}, sorted {sorted(user_ids)[:3]}")

low = min(df["stars"])
high = max(df["stars"])
print("stars from", low, "to", high)

# Every film once, with its genre.
genre_of = {}
lengths = []
for _, row in df.iterrows():
    film = row["film"]
    if film not in genre_of:
        genre_of[film] = row["genre"]
        lengths.append(row["minutes"])
print(len(genre_of), genre_of["f3"])
lengths = np.array(lengths)
print(lengths.shape, lengths.mean())

total = 0.0
dramas = 0
for row in df.itertuples():
    if row.genre == "drama":
        dramas += 1
    total = total + row.stars / 2
print("dramas:", dramas, "half stars:", total)

for i in range(3):
    print(i, df["film"][i], df["stars"][i], df.iloc[i]["genre"])

names = []
for film in df["film"]:
    names.append(film.upper() + "!")
print(names[:4], len(names))
first_letters = [genre[0] for genre in df["genre"]]
print(len(first_letters), first_letters.count("d"))

liked = df[df["stars"].isin([4, 5])]
others = df[~df["film"].isin(film_ids[:4])]
print(len(liked), len(others))

counts = df["genre"].value_counts()
print(list(counts.index), counts.values)
for genre, count in counts.items():
    print(f"{genre}: {count}")
vocabulary = list(counts.keys())

df["label"] = df["user"].apply(lambda x: f"user_{x}")
df["long"] = df["minutes"].apply(lambda x: int(x > 100.0))
df["title"] = df.apply(lambda row: row["film"] + ", " + row["genre"], axis=1)
print(df["label"].tolist()[:3], df["title"].tolist()[:2])
del df["label"]
print(list(df.columns))

# Two embeddings, and a model of both.
x_user = df["user_index"].values
x_film = df["film_index"].values
y = (df["stars"].values - low) / (high - low)
user_in = keras.Input(shape=(1,))
film_in = keras.Input(shape=(1,))
a = layers.Flatten()(layers.Embedding(len(user_ids), 8)(user_in))
b = layers.Flatten()(layers.Embedding(len(film_ids), 8)(film_in))
h = layers.Concatenate()([a, b])
h = layers.Dense(16, activation="relu")(h)
out = layers.Dense(1, activation="sigmoid")(h)
model = keras.Model([user_in, film_in], out)
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
history = model.fit([x_user, x_film], y, epochs=5, batch_size=32, verbose=0)
print("loss:", history.history["loss"])

log = pd.DataFrame(history.history)
log.to_csv("log.csv", sep=";", index=False)
log.to_csv("log.csv", sep=";", index=False, header=False, mode="a")
again = pd.read_csv("log.csv", sep=";")
print(again.shape, again["loss"].max())

predicted = model.predict([x_user[:4], x_film[:4]], verbose=0).flatten()
print(predicted)
os.remove("log.csv")
os.remove("ratings.csv")
