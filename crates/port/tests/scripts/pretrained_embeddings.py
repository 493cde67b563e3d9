"""Text classification that starts from given word vectors."""
import numpy as np
import keras
from keras import layers
from keras.initializers import Constant

EMBEDDING_DIM = 10
MAX_WORDS = 40
MAX_LEN = 8

keras.utils.set_random_seed(5)
np.random.seed(5)

animals = ["cat", "dog", "horse", "cow", "goose", "mouse"]
tools = ["hammer", "saw", "drill", "wrench", "nail", "screw"]
fillers = ["the", "a", "and", "with", "my", "old", "big", "small"]

# A file of vectors has one word a line; the lines are made up here.
lines = []
for number, words in enumerate([animals, tools, fillers]):
    centre = np.random.normal(size=EMBEDDING_DIM)
    for word in words[:-1]:
        vector = centre + 0.3 * np.random.normal(size=EMBEDDING_DIM)
        lines.append(word + " " + " ".join("%.4f" % v for v in vector))

embeddings_index = {}
for line in lines:
    values = line.split()
    word = values[0]
    coefs = np.asarray(values[1:], dtype="float32")
    embeddings_index[word] = coefs
print("Found %s word vectors." % len(embeddings_index))

# Sentences, with the label 0 for animals and 1 for tools
texts = []
labels = []
for i in range(120):
    label = i % 2
    subject = animals if label == 0 else tools
    words = [fillers[j] for j in np.random.randint(0, len(fillers), size=4)]
    words.insert(np.random.randint(0, 4), subject[np.random.randint(0, len(subject))])
    texts.append(" ".join(words))
    labels.append(label)
print(texts[0], "|", texts[1])

word_index = {}
for text in texts:
    for word in text.split():
        if word not in word_index:
            word_index[word] = len(word_index) + 1
print("Found %d unique tokens." % len(word_index))

data = np.zeros((len(texts), MAX_LEN), dtype="int32")
for i, text in enumerate(texts):
    for j, word in enumerate(text.split()):
        data[i, j] = word_index[word]
labels = np.asarray(labels)

# prepare embedding matrix
num_words = min(MAX_WORDS, len(word_index) + 1)
hits = 0
misses = 0
embedding_matrix = np.zeros((num_words, EMBEDDING_DIM))
for word, i in word_index.items():
    if i >= num_words:
        continue
    embedding_vector = embeddings_index.get(word)
    if embedding_vector is not None:
        embedding_matrix[i] = embedding_vector
        hits += 1
    else:
        misses += 1
print("Converted %d words (%d misses)" % (hits, misses))

embedding_layer = layers.Embedding(num_words, EMBEDDING_DIM,
                                   embeddings_initializer=Constant(embedding_matrix),
                                   trainable=False)
int_sequences_input = keras.Input(shape=(MAX_LEN,), dtype="int64")
embedded = embedding_layer(int_sequences_input)
x = layers.Conv1D(16, 3, activation="relu")(embedded)
x = layers.GlobalMaxPooling1D()(x)
preds = layers.Dense(2, activation="softmax")(x)
model = keras.Model(int_sequences_input, preds)

model.compile(loss="sparse_categorical_crossentropy", optimizer="rmsprop", metrics=["acc"])
history = model.fit(data[:96], labels[:96], batch_size=16, epochs=4, verbose=0, validation_data=(data[96:], labels[96:]))
for epoch, loss in enumerate(history.history["loss"]):
    print("epoch", epoch + 1, "loss %.4f acc %.4f" % (loss, history.history["acc"][epoch]))
print("validation:", model.evaluate(data[96:], labels[96:], verbose=0))
print(model.predict(data[96:99], verbose=0))
