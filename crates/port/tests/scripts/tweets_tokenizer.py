"""Moods of short messages, with the Tokenizer of Keras 2 and vectors of words from a file."""

import numpy as np
from tensorflow import keras
from tensorflow.keras.layers import LSTM, Dense, Dropout, Embedding
from tensorflow.keras.models import Sequential
from tensorflow.keras.preprocessing.sequence import pad_sequences
from tensorflow.keras.preprocessing.text import Tokenizer, text_to_word_sequence

np.random.seed(12)

happy = ["sunny", "great", "love", "cheerful", "won", "holiday"]
sad = ["rainy", "awful", "miss", "gloomy", "lost", "monday"]
others = ["the", "day", "was", "so", "and", "my", "team", "we"]

# A file as that of GloVe: a word a line, and its numbers.
EMBEDDING_DIM = 6
with open("vectors.txt", "w") as f:
    for kind, words in enumerate([happy, sad, others]):
        center = np.random.normal(kind - 1.0, 1.0, EMBEDDING_DIM)
        for word in words[:-1]:
            numbers = center + np.random.normal(0.0, 0.3, EMBEDDING_DIM)
            f.write(word + " " + " ".join("%.4f" % number for number in numbers) + "\n")

texts = []
labels = []
for i in range(160):
    label = i % 2
    words = [others[j] for j in np.random.randint(0, len(others), size=4)]
    if label == 1:
        words.append(happy[np.random.randint(0, len(happy))])
    else:
        words.append(sad[np.random.randint(0, len(sad))])
    texts.append(" ".join(words).capitalize() + "!")
    labels.append(label)
labels = np.array(labels)
print(texts[0], "|", texts[1])
print(text_to_word_sequence(texts[2]))

MAX_NUM_WORDS = 15
MAX_SEQUENCE_LENGTH = 6

tokenizer = Tokenizer(num_words=MAX_NUM_WORDS, oov_token="<OOV>")
tokenizer.fit_on_texts(texts[:120])
word_index = tokenizer.word_index
print("Found %s unique tokens." % len(word_index))
print(word_index["<OOV>"], list(word_index.items())[:4])
print(tokenizer.document_count, tokenizer.word_counts["team"], tokenizer.index_word[3])

train_sequences = tokenizer.texts_to_sequences(texts[:120])
test_sequences = tokenizer.texts_to_sequences(texts[120:])
print(train_sequences[:2])
print(tokenizer.sequences_to_texts(train_sequences[:2]))
x_train = pad_sequences(train_sequences, maxlen=MAX_SEQUENCE_LENGTH, padding="post", truncating="post")
x_test = pad_sequences(test_sequences, maxlen=MAX_SEQUENCE_LENGTH, padding="post", truncating="post")
y_train, y_test = labels[:120], labels[120:]
print("Shape of data tensor:", x_train.shape)

# Words as vectors.
embeddings_index = {}
with open("vectors.txt") as f:
    for line in f:
        word, coefs = line.split(maxsplit=1)
        coefs = np.fromstring(coefs, "f", sep=" ")
        embeddings_index[word] = coefs
print("Found %d word vectors." % len(embeddings_index))

vocab_size = min(MAX_NUM_WORDS, len(tokenizer.word_index) + 1)
embedding_matrix = np.zeros((vocab_size, EMBEDDING_DIM))
for word, i in tokenizer.word_index.items():
    if i >= vocab_size:
        continue
    embedding_vector = embeddings_index.get(word)
    if embedding_vector is not None:
        # Words that are not in the file stay zeros.
        embedding_matrix[i] = embedding_vector
print(embedding_matrix[2], embedding_matrix.sum())

model = Sequential()
model.add(
    Embedding(
        vocab_size,
        EMBEDDING_DIM,
        embeddings_initializer=keras.initializers.Constant(embedding_matrix),
        trainable=False,
    )
)
model.add(LSTM(8))
model.add(Dropout(0.2))
model.add(Dense(1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(0.01), metrics=["accuracy"])
history = model.fit(x_train, y_train, epochs=4, batch_size=16, validation_data=(x_test, y_test), verbose=0)
print(history.history["loss"])
print(history.history["val_accuracy"])

new = pad_sequences(tokenizer.texts_to_sequences(["My sunny day", "the gloomy team lost"]), MAX_SEQUENCE_LENGTH, padding="post")
print(model.predict(new, verbose=0)[:, 0])

# The same texts as rows of words, for a model without an order of words.
bag = Tokenizer(num_words=20)
bag.fit_on_texts(texts[:120])
for mode in ["binary", "count", "freq", "tfidf"]:
    matrix = bag.texts_to_matrix(texts[:120], mode=mode)
    print(mode, matrix.shape, matrix.sum(), matrix[0, :5])
rows_train = bag.texts_to_matrix(texts[:120], mode="tfidf")
rows_test = bag.sequences_to_matrix(bag.texts_to_sequences(texts[120:]), mode="tfidf")
small = Sequential([Dense(8, activation="relu", input_shape=(20,)), Dense(1, activation="sigmoid")])
small.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
small.fit(rows_train, y_train, epochs=3, batch_size=16, verbose=0)
print(small.evaluate(rows_test, y_test, verbose=0))

# Characters in place of words.
characters = Tokenizer(char_level=True, lower=False, filters="")
characters.fit_on_texts(texts)
print(len(characters.word_index), characters.texts_to_sequences(["We won"]))
