"""
A small text classifier made of one transformer encoder block.

The "reviews" are sequences of token ids. A review is positive when it has more
tokens of the upper half of the vocabulary than of the lower half.
"""

import numpy as np
import keras
from keras import ops
from keras import layers

keras.utils.set_random_seed(42)
np.random.seed(42)

vocab_size = 50
maxlen = 12
embed_dim = 16  # Embedding size for each token
num_heads = 2  # Number of attention heads
ff_dim = 24  # Hidden layer size in the feed forward network


class TransformerBlock(layers.Layer):
    def __init__(self, embed_dim, num_heads, ff_dim, rate=0.1):
        super().__init__()
        self.att = layers.MultiHeadAttention(num_heads=num_heads, key_dim=embed_dim)
        self.ffn = keras.Sequential(
            [
                layers.Dense(ff_dim, activation="relu"),
                layers.Dense(embed_dim),
            ]
        )
        self.layernorm1 = layers.LayerNormalization(epsilon=1e-6)
        self.layernorm2 = layers.LayerNormalization(epsilon=1e-6)
        self.dropout1 = layers.Dropout(rate)
        self.dropout2 = layers.Dropout(rate)

    def call(self, inputs, training=False):
        attn_output = self.att(inputs, inputs)
        attn_output = self.dropout1(attn_output, training=training)
        out1 = self.layernorm1(inputs + attn_output)
        ffn_output = self.ffn(out1)
        ffn_output = self.dropout2(ffn_output, training=training)
        return self.layernorm2(out1 + ffn_output)


class TokenAndPositionEmbedding(layers.Layer):
    def __init__(self, maxlen, vocab_size, embed_dim):
        super().__init__()
        self.token_emb = layers.Embedding(input_dim=vocab_size, output_dim=embed_dim)
        self.pos_emb = layers.Embedding(input_dim=maxlen, output_dim=embed_dim)

    def call(self, x):
        maxlen = ops.shape(x)[-1]
        positions = ops.arange(start=0, stop=maxlen, step=1)
        positions = self.pos_emb(positions)
        x = self.token_emb(x)
        return x + positions


x = np.random.randint(1, vocab_size, size=(160, maxlen))
y = (np.mean(x, axis=1) > vocab_size / 2).astype("int32")
x_train, y_train = x[:128], y[:128]
x_val, y_val = x[128:], y[128:]
print(len(x_train), "Training sequences")
print(len(x_val), "Validation sequences")

inputs = layers.Input(shape=(maxlen,))
x = TokenAndPositionEmbedding(maxlen, vocab_size, embed_dim)(inputs)
x = TransformerBlock(embed_dim, num_heads, ff_dim)(x)
x = layers.GlobalAveragePooling1D()(x)
x = layers.Dropout(0.1)(x)
x = layers.Dense(20, activation="relu")(x)
x = layers.Dropout(0.1)(x)
outputs = layers.Dense(2, activation="softmax")(x)

model = keras.Model(inputs=inputs, outputs=outputs)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(
    x_train, y_train, batch_size=32, epochs=3, validation_data=(x_val, y_val), verbose=0
)
for epoch, (loss, val_loss) in enumerate(zip(history.history["loss"], history.history["val_loss"])):
    print(f"epoch {epoch + 1}: loss={loss:.4f} val_loss={val_loss:.4f}")

score = model.evaluate(x_val, y_val, verbose=0)
print("Validation loss: %.4f, accuracy: %.4f" % (score[0], score[1]))
print(model.predict(x_val[:3], verbose=0))
