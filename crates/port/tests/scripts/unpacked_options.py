"""Options in dicts, sizes of arrays in shapes, and formats in variables: what `*` and `**` take apart."""
import collections
import io

import numpy as np
import tensorflow as tf
import keras
from keras import layers

rng = np.random.RandomState(0)
x_train = rng.rand(6, 4, 5, 5, 1).astype("float32")
y_train = rng.rand(6, 4, 5, 5, 1).astype("float32")

inp = layers.Input(shape=(None, *x_train.shape[2:]))
conv_args = {"activation": "relu", "padding": "same"}
x = layers.ConvLSTM2D(2, 3, return_sequences=True, **conv_args)(inp)
options = dict(activation="sigmoid", padding="same", kernel_size=(3, 3, 3))
x = layers.Conv3D(filters=1, **options)(x)
model = keras.Model(inp, x)
model.compile(loss="mse", optimizer="adam")
history = model.fit(x_train, y_train, batch_size=3, epochs=2, verbose=0, shuffle=False)
for loss in history.history["loss"]:
    print("%.4f" % loss)

frames = x_train[0]
predictions = np.zeros((3, *frames[0].shape))
for i in range(3):
    predictions[i] = model.predict(frames[None], verbose=0)[0, -1] + i
print(np.round(predictions.mean(), 4), predictions.shape)
print("%d frames of %d by %d pixels, %d channels" % frames.shape)

with tf.io.gfile.GFile("words.txt", "w") as f:
    f.write("a b a c b a\n")
with tf.io.gfile.GFile("words.txt", "r") as f:
    data = f.read().replace("\n", " <eos>").split()
counter = collections.Counter(data)
count_pairs = sorted(counter.items(), key=lambda x: (-x[1], x[0]))
words, counts = list(zip(*count_pairs))
print(list(words), list(counts))
word_to_id = dict(zip(words, range(len(words))))
print(word_to_id)

ROW = "{0:<12s} | {1:.3f} | {2:.3f}"
for epoch in range(2):
    row_format = "{0:<10s} | {1:.2f} | {2:.2f}"
    rows = np.array([[0.5, 0.25], [0.75, 1.0]]) * (epoch + 1)
    print(row_format.format("first", *rows[0]))
    print(ROW.format("last", *rows[-1]))
settings = dict(units=3, rate=0.5)
print(settings["units"], settings["rate"])
