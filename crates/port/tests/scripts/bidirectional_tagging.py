"""Tags each token of a sentence of a made-up language with its part of speech."""
import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(23)
np.random.seed(23)

WORDS = {
    "DET": ["the", "a"],
    "ADJ": ["red", "old", "light"],
    "NOUN": ["cat", "dog", "house", "light"],
    "VERB": ["sees", "likes", "finds"],
}
PATTERNS = [
    ["DET", "NOUN", "VERB", "DET", "NOUN"],
    ["DET", "ADJ", "NOUN", "VERB", "DET", "NOUN"],
    ["DET", "NOUN", "VERB", "DET", "ADJ", "NOUN"],
    ["DET", "NOUN", "VERB"],
]
MAX_LEN = 6


def make_sentence():
    pattern = PATTERNS[np.random.randint(len(PATTERNS))]
    words = []
    for tag in pattern:
        choices = WORDS[tag]
        words.append(choices[np.random.randint(len(choices))])
    return words, pattern


sentences, tag_sequences = [], []
for _ in range(120):
    words, tags = make_sentence()
    sentences.append(words)
    tag_sequences.append(tags)

word_set = sorted(set(w for s in sentences for w in s))
tag_set = sorted({t for ts in tag_sequences for t in ts})
word2index = {w: i + 2 for i, w in enumerate(word_set)}
word2index["-PAD-"] = 0  # The special value used for padding
word2index["-OOV-"] = 1  # The special value used for unknown words
tag2index = {t: i + 1 for i, t in enumerate(tag_set)}
tag2index["-PAD-"] = 0
index2tag = {i: t for t, i in tag2index.items()}
print("words:", len(word2index), "tags:", tag2index)


def encode(words):
    return [word2index.get(w, word2index["-OOV-"]) for w in words]


X = keras.utils.pad_sequences([encode(s) for s in sentences], maxlen=MAX_LEN, padding="post")
Y = keras.utils.pad_sequences([[tag2index[t] for t in ts] for ts in tag_sequences], maxlen=MAX_LEN, padding="post")
X_train, X_test, Y_train, Y_test = X[:96], X[96:], Y[:96], Y[96:]
print(X_train[0], Y_train[0])

model = keras.Sequential()
model.add(layers.Input(shape=(MAX_LEN,)))
model.add(layers.Embedding(len(word2index), 12, mask_zero=True))
model.add(layers.Bidirectional(layers.LSTM(12, return_sequences=True)))
model.add(layers.TimeDistributed(layers.Dense(len(tag2index), activation="softmax")))
model.compile(loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.Adam(0.01), metrics=["accuracy"])

history = model.fit(X_train, Y_train, batch_size=16, epochs=4, validation_split=0.2, verbose=0)
for epoch, loss in enumerate(history.history["loss"]):
    print(f"Epoch {epoch + 1}: loss {loss:.4f}, val_accuracy {history.history['val_accuracy'][epoch]:.4f}")
loss, accuracy = model.evaluate(X_test, Y_test, verbose=0)
print(f"Test: {loss:.4f} {accuracy:.4f}")

# "light" is an adjective or a noun, and "zebra" is not known at all
for text in ["the light cat sees a house", "a light likes the zebra"]:
    words = text.split()
    padded = keras.utils.pad_sequences([encode(words)], maxlen=MAX_LEN, padding="post")
    best = model.predict(padded, verbose=0)[0].argmax(axis=-1)
    print(" ".join(f"{word}/{index2tag[int(i)]}" for word, i in zip(words, best)))
