# Cleans small texts, counts words, builds a vocabulary, and trains a sentiment model on it.
import string
from collections import Counter

import numpy as np
from tensorflow import keras
from tensorflow.keras.preprocessing.sequence import pad_sequences
from tensorflow.keras.models import Sequential
from tensorflow.keras.layers import Embedding, GlobalAveragePooling1D, Dense

np.random.seed(6)
keras.utils.set_random_seed(6)

REVIEWS = [
    ("What a wonderful, wonderful film!", 1),
    ("The plot was dull and the actors were worse.", 0),
    ("I loved the music; the ending was great.", 1),
    ("Boring. I left before the ending...", 0),
    ("A great story, and a clever script!", 1),
    ("It's a weak script with dull jokes.", 0),
    ("Clever, funny and never boring.", 1),
    ("The worst two hours of my year.", 0),
    ("My year needed this funny film.", 1),
    ("Weak music, weak actors, weak plot.", 0),
]
STOP_WORDS = {"a", "the", "and", "i", "my", "of", "it's", "its", "was", "were", "this", "with"}
MAX_LEN = 6


def clean(text):
    """Lower case, without punctuation and stop words."""
    text = text.lower().replace("'", "")
    table = str.maketrans("", "", string.punctuation)
    words = text.translate(table).split()
    return [word for word in words if word not in STOP_WORDS and len(word) > 1]


documents = [clean(text) for text, _ in REVIEWS]
labels = np.array([label for _, label in REVIEWS])

counts = Counter()
for document in documents:
    counts.update(document)
print("distinct words:", len(counts), "of", sum(counts.values()))
for word, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:6]:
    print(f"{word:>10} {'*' * count}")

by_class = {0: set(), 1: set()}
for document, label in zip(documents, labels):
    by_class[int(label)].update(document)
both = by_class[0] & by_class[1]
print("in both classes:", sorted(both))
print("only positive:", len(by_class[1] - by_class[0]), "only negative:", len(by_class[0] - by_class[1]))

vocabulary = sorted(w for w, c in counts.items() if c >= 2)
word_index = {word: i for i, word in enumerate(vocabulary, start=2)}
print("vocabulary:", ", ".join(vocabulary))
longest = max(documents, key=len)
print("longest document:", " ".join(longest))

sequences = [[word_index.get(word, 1) for word in document] for document in documents]
padded = pad_sequences(sequences, maxlen=MAX_LEN, padding="post", truncating="post")
for row in padded[:3]:
    print(row)

model = Sequential()
model.add(Embedding(len(word_index) + 2, 8))
model.add(GlobalAveragePooling1D())
model.add(Dense(8, activation="relu"))
model.add(Dense(1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(0.05), metrics=["accuracy"])
history = model.fit(padded, labels, epochs=10, batch_size=5, verbose=0)
for epoch, loss in enumerate(history.history["loss"]):
    if epoch % 3 == 0:
        print("epoch", epoch, "loss", round(loss, 4))
loss, accuracy = model.evaluate(padded, labels, verbose=0)
print("Accuracy: %d%%" % (100 * accuracy))

for text in ["A funny, clever script", "dull plot, weak ending"]:
    encoded = pad_sequences([[word_index.get(w, 1) for w in clean(text)]], maxlen=MAX_LEN, padding="post")
    p = model.predict(encoded, verbose=0)[0][0]
    print("{!r} -> {} ({:.3f})".format(text, "positive" if p > 0.5 else "negative", p))
