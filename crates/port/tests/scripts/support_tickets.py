"""Tickets of a help desk from a CSV file: texts are cleaned column by column, and classified as bags of words."""

import os
import re

import numpy as np
import pandas as pd
import tensorflow as tf
from tensorflow.keras.layers import Dense, Dropout, Input
from tensorflow.keras.models import Model
from tensorflow.keras.preprocessing.text import Tokenizer
from tensorflow.keras.utils import to_categorical

np.random.seed(17)

topics = {
    "billing": ["invoice", "refund", "payment", "price"],
    "network": ["wifi", "router", "slow", "cable"],
    "account": ["password", "login", "email", "locked"],
}
names = list(topics.keys())
openings = ["Hello,", "Hi there!", "Dear team,", "HELP!!"]

rows = []
for i in range(120):
    topic = names[i % 3]
    words = topics[topic]
    first, second = np.random.randint(0, 4), np.random.randint(0, 4)
    opening = openings[np.random.randint(0, 4)]
    text = f"{opening} my {words[first]} and the {words[second]} (see https://help.me/{i}) again"
    rows.append(f'"{text}",{topic},{np.random.randint(1, 6)}')
os.makedirs("tickets", exist_ok=True)
with open(os.path.join("tickets", "tickets.csv"), "w") as f:
    f.write("Text,Topic,Priority\n" + "\n".join(rows) + "\n")

for folder, _, files in os.walk("tickets"):
    for file in files:
        print(os.path.join(folder, file))

df = pd.read_csv("tickets/tickets.csv")
print(df.shape, df["Priority"].mean())


def remove_links(text):
    text = re.sub(r"https?://\S+", " ", text)
    return text.replace("(see ", " ").strip()


df["Text"] = df["Text"].apply(remove_links)
df["Text"] = df["Text"].apply(lambda x: re.sub(r"[^a-zA-Z ]+", " ", x))
df["Text"] = df["Text"].str.lower()
df["length"] = df["Text"].apply(lambda x: len(x.split()))
df["urgent"] = df["Priority"].apply(lambda p: 1 if p >= 4 else 0)
df["share"] = df["Priority"].apply(lambda p: (p - 1) / 4)
print(df["length"].sum(), df["urgent"].sum(), round(df["share"].mean(), 4))

counts = {}
for text in df["Text"]:
    for word in text.split():
        counts[word] = counts.get(word, 0) + 1
print(len(counts), counts["my"])

train_df = df.sample(frac=0.75, random_state=3)
test_df = df.drop(train_df.index)

tokenizer = Tokenizer(num_words=30, oov_token="<unk>")
tokenizer.fit_on_texts(train_df["Text"].values)
print(len(tokenizer.word_index), tokenizer.word_index["my"])
x_train = tokenizer.texts_to_matrix(train_df["Text"], mode="binary")
x_test = tokenizer.texts_to_matrix(test_df["Text"], mode="binary")

labels = {"billing": 0, "network": 1, "account": 2}
y_train = to_categorical(train_df["Topic"].map(labels), 3)
y_test = to_categorical(test_df["Topic"].map(labels), 3)
extra_train = train_df[["length", "urgent", "share"]].values
extra_test = test_df[["length", "urgent", "share"]].values
print(x_train.shape, y_train.sum(axis=0), extra_test.mean())

words = Input(shape=(30,), name="words")
extra = Input(shape=(3,), name="extra")
x = tf.keras.layers.concatenate([words, extra])
x = Dense(16, activation="relu")(x)
x = Dropout(0.3)(x)
output = Dense(3, activation="softmax")(x)
model = Model(inputs=[words, extra], outputs=output)
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
history = model.fit([x_train, extra_train], y_train, epochs=5, batch_size=16, verbose=0)
print(history.history["loss"])
print(model.evaluate([x_test, extra_test], y_test, verbose=0))

texts = ["my refund and the invoice", "the router is slow"]
probabilities = model.predict([tokenizer.texts_to_matrix(texts), extra_test[:2]], verbose=0)
for text, row in zip(texts, probabilities):
    print(text[0].upper() + text[1:], "->", names[np.argmax(row)], "%.3f" % row.max())
