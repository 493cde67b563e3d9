"""Two groups of layers: learn the first classes, freeze the features, learn other classes with them."""

import numpy as np
import keras
from keras import layers
from keras.models import Sequential

keras.utils.set_random_seed(21)
np.random.seed(21)

SIDE = 10


def make_images(labels):
    """Stripes whose direction and distance say the class."""
    images = np.random.uniform(0.0, 0.3, size=(len(labels), SIDE, SIDE, 1))
    for i, label in enumerate(labels):
        step = 2 + label // 2
        if label % 2 == 0:
            images[i, ::step, :, :] += 0.6
        else:
            images[i, :, ::step, :] += 0.6
    return images.astype("float32")


labels = np.random.randint(0, 6, size=180)
images = make_images(labels)
is_first = labels < 3
x_first, y_first = images[is_first], labels[is_first]
x_second, y_second = images[labels >= 3], labels[labels >= 3] - 3

# Define two groups of layers: features and classification
feature_layers = [
    layers.Conv2D(6, 3, padding="valid", input_shape=(SIDE, SIDE, 1)),
    layers.Activation("relu"),
    layers.Conv2D(6, 3),
    layers.Activation("relu"),
    layers.MaxPooling2D(pool_size=2),
    layers.Dropout(0.25),
    layers.Flatten(),
]
classification_layers = [
    layers.Dense(16),
    layers.Activation("relu"),
    layers.Dropout(0.3),
    layers.Dense(3),
    layers.Activation("softmax"),
]
model = Sequential(feature_layers + classification_layers)
print("layers:", len(model.layers), "parameters:", model.count_params())


def train(model, x, y):
    model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    history = model.fit(x, y, batch_size=16, epochs=3, verbose=0)
    print(" ".join(f"{loss:.4f}" for loss in history.history["loss"]))
    score = model.evaluate(x, y, verbose=0)
    print("score: %.4f" % score[0])


train(model, x_first, y_first)

# Freeze the features, and learn the other classes
for layer in feature_layers:
    layer.trainable = False
print("trainable:", len(model.trainable_weights))
train(model, x_second, y_second)

# The features of the trained model
code = model.get_layer(index=6)
features = keras.Model(model.inputs, code.output)
print("features:", features.output_shape, np.round(features.predict(x_second[:2], verbose=0).sum(axis=1), 3))

# Another head on the same features
headless = Sequential(feature_layers)
headless.add(layers.Dense(1))
headless.pop()
headless.add(layers.Dense(2, activation="tanh"))
print("head:", headless.predict(x_second[:2], verbose=0))
