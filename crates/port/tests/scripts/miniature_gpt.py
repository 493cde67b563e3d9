"""A miniature GPT that learns a periodic language of small numbers."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
from keras import layers
from keras import ops

keras.utils.set_random_seed(1337)
np.random.seed(1337)

VOCAB = 12
SEQ_LEN = 10
EMBED = 16
HEADS = 2
FF = 32


def causal_attention_mask(batch_size, n_dest, n_src, dtype):
    """Masks the upper half of the dot product matrix in self attention."""
    i = ops.arange(n_dest)[:, None]
    j = ops.arange(n_src)
    m = i >= j - n_src + n_dest
    mask = ops.cast(m, dtype)
    mask = ops.reshape(mask, [1, n_dest, n_src])
    return ops.tile(mask, [batch_size, 1, 1])


class GPTBlock(layers.Layer):
    def __init__(self, embed_dim, num_heads, ff_dim, rate=0.1):
        super().__init__()
        self.att = layers.MultiHeadAttention(num_heads, embed_dim)
        self.ffn = keras.Sequential([layers.Dense(ff_dim, activation="relu"), layers.Dense(embed_dim)])
        self.norm1 = layers.LayerNormalization(epsilon=1e-6)
        self.norm2 = layers.LayerNormalization(epsilon=1e-6)
        self.drop1 = layers.Dropout(rate)
        self.drop2 = layers.Dropout(rate)

    def call(self, inputs):
        input_shape = ops.shape(inputs)
        batch_size, seq_len = input_shape[0], input_shape[1]
        causal_mask = causal_attention_mask(batch_size, seq_len, seq_len, "bool")
        attention = self.drop1(self.att(inputs, inputs, attention_mask=causal_mask))
        out1 = self.norm1(inputs + attention)
        return self.norm2(out1 + self.drop2(self.ffn(out1)))


class Embed(layers.Layer):
    def __init__(self, maxlen, vocab_size, embed_dim):
        super().__init__()
        self.tokens = layers.Embedding(vocab_size, embed_dim)
        self.places = layers.Embedding(maxlen, embed_dim)

    def call(self, x):
        return self.tokens(x) + self.places(ops.arange(0, ops.shape(x)[-1], 1))


# Each sequence counts up by a step of 1, 2 or 3, modulo the size of the vocabulary.
sequences = []
for _ in range(96):
    start = np.random.randint(0, VOCAB)
    step = np.random.randint(1, 4)
    sequences.append([(start + step * k) % VOCAB for k in range(SEQ_LEN + 1)])
data = np.array(sequences)
x, y = data[:, :-1], data[:, 1:]

inputs = layers.Input(shape=(SEQ_LEN,), dtype="int32")
h = Embed(SEQ_LEN, VOCAB, EMBED)(inputs)
h = GPTBlock(EMBED, HEADS, FF)(h)
outputs = layers.Dense(VOCAB)(h)
model = keras.Model(inputs, outputs)
model.compile("adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
history = model.fit(x, y, batch_size=16, epochs=6, verbose=0)
for epoch, loss in enumerate(history.history["loss"]):
    print(f"epoch {epoch + 1:2d} loss {loss:.5f}")

# Generate greedily
prompt = [3, 5, 7]
while len(prompt) < SEQ_LEN:
    padded = prompt + [0] * (SEQ_LEN - len(prompt))
    logits = model.predict(np.array([padded]), verbose=0)
    prompt.append(int(np.argmax(logits[0][len(prompt) - 1])))
print("generated:", " ".join(str(token) for token in prompt))
