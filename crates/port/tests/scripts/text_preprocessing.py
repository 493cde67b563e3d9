"""From raw messages to sequences of numbers: cleaning, a vocabulary, padding by hand, and a small model."""
import re
import string

import numpy as np
import keras
from keras import layers

keras.utils.set_random_seed(8)

MESSAGES = """spam\tWIN a FREE phone now!!! Call 0800-123 today
ham\tHi Anna, are we still on for lunch at 12?
spam\tFree entry: text WIN to 80800 & claim your prize
ham\tI'll call you later, the meeting is at 3
ham\tDon't forget the milk... and bread :)
spam\tUrgent! Your free prize of 500 is waiting, call now
ham\tLunch was great, thanks for the call
spam\tClaim a free ticket now: http://win.example/now
ham\tSee you at the meeting today
spam\tYou WIN! Text YES to claim 100 free texts
"""
NUMBER = re.compile(r"\d+")
MAX_LEN = 8


def clean(text):
    text = text.lower()
    text = re.sub(r"https?://\S+", "link", text)
    text = NUMBER.sub("number", text)
    text = re.sub("[%s]" % re.escape(string.punctuation), " ", text)
    return text.strip()


def tokenize(text):
    return re.findall(r"\w+", text)


def encode(tokens, vocabulary):
    ids = [vocabulary.get(token, 1) for token in tokens]
    # Cut, or filled up with zeros.
    return ids[:MAX_LEN] + [0] * (MAX_LEN - len(ids[:MAX_LEN]))


labels, documents = [], []
for line in MESSAGES.strip().split("\n"):
    kind, text = line.split("\t")
    labels.append(1 if kind == "spam" else 0)
    documents.append(tokenize(clean(text)))
print(documents[0])
print("lengths:", [len(document) for document in documents], "spam:", sum(labels))

frequency = {}
for document in documents:
    for token in document:
        frequency[token] = frequency.get(token, 0) + 1
kept = [token for token, count in sorted(frequency.items(), key=lambda item: (-item[1], item[0])) if count > 1]
vocabulary = {token: i + 2 for i, token in enumerate(kept)}
print("vocabulary:", len(vocabulary), kept[:5], kept[-2:], "|".join(kept[5:8]))
print("call" in vocabulary, "zebra" not in vocabulary, vocabulary["free"])

x = np.array([encode(document, vocabulary) for document in documents])
y = np.array(labels, dtype="float32")
print(x.shape, x[0], x[-1][:4])

masked = x == 1
print("unknown: %d of %d, %s" % (masked.sum(), (x > 0).sum(), "".join(c for c in "a-b_c!" if c.isalpha())))

model = keras.Sequential()
model.add(keras.Input(shape=(MAX_LEN,)))
model.add(layers.Embedding(len(vocabulary) + 2, 6))
model.add(layers.GlobalAveragePooling1D())
model.add(layers.Dense(1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(0.05), metrics=["accuracy"])
history = model.fit(x, y, epochs=8, batch_size=4, verbose=0)
for epoch in range(0, 8, 3):
    print("epoch {:>2}: loss {:.4f}".format(epoch + 1, history.history["loss"][epoch]))

for message in ("Free prize, call now!", "Lunch at the meeting?"):
    row = np.array([encode(tokenize(clean(message)), vocabulary)])
    score = float(model.predict(row, verbose=0)[0][0])
    verdict = "spam" if score > 0.5 else "ham"
    print(f"{message!r:<28} {verdict.upper():>5} {score:.3f}")
first = MESSAGES.split("\n")[0]
print(first[:4], first[5:8], first[-5:], first.count("!"), first.upper()[:9])
