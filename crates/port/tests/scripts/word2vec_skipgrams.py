"""word2vec with skip-grams and negative sampling on a tiny corpus."""
import re
import string
from collections import Counter

import numpy as np
from keras.layers import Input, Embedding, Dot, Flatten, Activation
from keras.models import Model
from keras.utils import set_random_seed

set_random_seed(27)
np.random.seed(27)

WINDOW_SIZE = 2
NEGATIVE_SAMPLES = 3
EMBEDDING_DIM = 8

corpus = """
The king rules the land. The queen rules the land. The king and the queen live in a castle.
The farmer ploughs the field. The farmer feeds the cow. The cow lives in the field.
A knight serves the king, and a knight guards the castle. The dog guards the field!
"""


def tokenize(text):
    text = text.lower().strip()
    text = re.sub("[%s]" % re.escape(string.punctuation), "", text)
    return text.split()


sentences = [tokenize(line) for line in corpus.strip().split("\n")]
counter = Counter(word for sentence in sentences for word in sentence)
vocab = ["<pad>"] + [word for word, count in counter.most_common() if count > 0]
word2id = {word: i for i, word in enumerate(vocab)}
id2word = {i: word for word, i in word2id.items()}
vocab_size = len(word2id)
print("Vocabulary size:", vocab_size)
print("Most common:", counter.most_common(3))


def generate_training_data(sequences, window_size, num_ns):
    """(target, context) pairs with label 1 for neighbours and 0 for random words."""
    couples, labels = [], []
    for sequence in sequences:
        for i, target in enumerate(sequence):
            window_start = max(0, i - window_size)
            window_end = min(len(sequence), i + window_size + 1)
            for j in range(window_start, window_end):
                if j == i:
                    continue
                couples.append([target, sequence[j]])
                labels.append(1)
                for _ in range(num_ns):
                    couples.append([target, np.random.randint(1, vocab_size)])
                    labels.append(0)
    return np.array(couples), np.array(labels)


sequences = [[word2id[word] for word in sentence] for sentence in sentences]
couples, labels = generate_training_data(sequences, WINDOW_SIZE, NEGATIVE_SAMPLES)
word_target, word_context = couples[:, 0], couples[:, 1]
print("pairs:", couples.shape, "positive:", labels.sum())
for i in range(3):
    print("(%s, %s) -> %d" % (id2word[couples[i, 0]], id2word[couples[i, 1]], labels[i]))

# two embeddings, and the sigmoid of their dot product
input_target = Input((1,))
input_context = Input((1,))
target = Embedding(vocab_size, EMBEDDING_DIM, name="word_vectors")(input_target)
context = Embedding(vocab_size, EMBEDDING_DIM)(input_context)
dot_product = Dot(axes=2)([target, context])
output = Activation("sigmoid")(Flatten()(dot_product))
model = Model(inputs=[input_target, input_context], outputs=output)
model.compile(loss="binary_crossentropy", optimizer="adam")

history = model.fit([word_target, word_context], labels, epochs=5, batch_size=32, verbose=0)
for epoch, loss in enumerate(history.history["loss"]):
    print("epoch: %d, loss: %.5f" % (epoch + 1, loss))
print("evaluation: %.5f" % model.evaluate([word_target, word_context], labels, verbose=0))

# the nearest words by cosine similarity
weights = model.get_layer("word_vectors").get_weights()[0]
weights = weights / np.linalg.norm(weights, axis=1, keepdims=True)
similarity = weights @ weights.T
for word in ["king", "field"]:
    nearest = np.argsort(-similarity[word2id[word]])[1:4]
    print(word, "->", ", ".join(id2word[n] for n in nearest), np.round(similarity[word2id[word]][nearest], 3))
