"""Dropout of inputs and states in recurrent layers, and dropout outside of a training: how sure is a model?"""
import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(5)
rng = np.random.RandomState(5)
x = rng.randn(48, 7, 3).astype("float32")
y = (x[:, :, 0].sum(axis=1) > 0).astype("float32")


def train(name, layer):
    model = keras.Sequential([layers.Input(shape=(7, 3)), layer, layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, epochs=2, batch_size=16, verbose=0)
    print(name, "loss", ["%.5f" % loss for loss in history.history["loss"]])
    print(model.predict(x[:3], verbose=0).round(4).flatten())


# The state is dropped too: each gate has a mask of its own.
train("lstm", layers.LSTM(4, dropout=0.2, recurrent_dropout=0.3))
train("lstm without input dropout", layers.LSTM(4, recurrent_dropout=0.5))
train("gru", layers.GRU(4, dropout=0.2, recurrent_dropout=0.3))
train("gru that resets before", layers.GRU(4, recurrent_dropout=0.3, reset_after=False))
train("bidirectional", layers.Bidirectional(layers.LSTM(3, dropout=0.1, recurrent_dropout=0.2)))
# Here all gates drop the same.
train("lstm with input dropout", layers.LSTM(4, dropout=0.4))
train("simple rnn", layers.SimpleRNN(4, dropout=0.2, recurrent_dropout=0.3))

# A model that starts with another model, and drops behind a convolution and a pooling.
encoder = keras.Sequential(
    [
        layers.Input(shape=(10, 10, 1)),
        layers.Conv2D(4, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Dropout(0.5),
        layers.Flatten(),
    ]
)
classifier = keras.Sequential([encoder, layers.Dense(2, activation="softmax")])
print("parameters:", classifier.count_params())
images = rng.rand(6, 10, 10, 1).astype("float32")
samples = np.stack([classifier(images, training=True).numpy() for _ in range(10)])
print("mean:", samples.mean(axis=0)[:, 0].round(4))
print("spread:", samples.std(axis=0)[:, 0].round(4))
