"""A tagger of words whose own loss and metric leave out the padding: targets are indices, predictions rows of classes."""
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

np.random.seed(5)
WORDS, TAGS, LENGTH = 12, 4, 6
sentences = np.random.randint(1, WORDS, (48, LENGTH))
for i in range(48):
    sentences[i, 3 + i % 4:] = 0
tags = np.where(sentences > 0, sentences % (TAGS - 1) + 1, 0)


def masked_loss(y_true, y_pred):
    loss = keras.losses.sparse_categorical_crossentropy(y_true, y_pred)
    mask = tf.cast(tf.not_equal(y_true, 0), tf.float32)
    return tf.reduce_sum(loss * mask) / tf.reduce_sum(mask)


inputs = keras.Input((LENGTH,))
x = layers.Embedding(WORDS, 8)(inputs)
x = layers.LSTM(8, return_sequences=True)(x)
outputs = layers.Dense(TAGS, activation="softmax")(x)
model = keras.Model(inputs, outputs)
model.compile(optimizer=keras.optimizers.Adam(0.02), loss=masked_loss)
history = model.fit(sentences, tags, batch_size=12, epochs=4, verbose=0)
print("loss:", [round(value, 4) for value in history.history["loss"]])
print("evaluated: %.4f" % model.evaluate(sentences, tags, verbose=0))
found = np.argmax(model.predict(sentences, verbose=0), axis=-1)
mask = sentences > 0
print("right:", np.sum((found == tags) & mask), "of", np.sum(mask))
