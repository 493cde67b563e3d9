"""A classifier with an input for each feature of a table, all of them kept in a dict."""

import numpy as np
import keras
from keras import layers

keras.utils.set_random_seed(8)

NUMERIC_FEATURES = ["age", "weight", "height"]
CATEGORIES = {"color": 4, "shape": 3}
FEATURE_NAMES = NUMERIC_FEATURES + list(CATEGORIES.keys())


def create_model_inputs():
    inputs = {}
    for feature_name in FEATURE_NAMES:
        if feature_name in CATEGORIES:
            inputs[feature_name] = layers.Input(name=feature_name, shape=(1,), dtype="int32")
        else:
            inputs[feature_name] = layers.Input(name=feature_name, shape=(1,), dtype="float32")
    return inputs


def encode_inputs(inputs):
    encoded = []
    for feature_name in inputs:
        if feature_name in CATEGORIES:
            embedding = layers.Embedding(CATEGORIES[feature_name], 2)
            encoded.append(layers.Flatten()(embedding(inputs[feature_name])))
        else:
            encoded.append(inputs[feature_name])
    return layers.concatenate(encoded)


class Classifier(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.dense_1 = layers.Dense(units, activation="relu")
        self.dense_2 = layers.Dense(1, activation="sigmoid")

    def call(self, inputs):
        features = layers.concatenate(list(inputs.values()))
        return self.dense_2(self.dense_1(features))


inputs = create_model_inputs()
features = encode_inputs(inputs)
x = layers.Dense(8, activation="relu")(features)
outputs = layers.Dense(1, activation="sigmoid")(x)
model = keras.Model(inputs=inputs, outputs=outputs)

rng = np.random.RandomState(2)
data = {name: rng.normal(size=(128, 1)).astype("float32") for name in NUMERIC_FEATURES}
for name, count in CATEGORIES.items():
    data[name] = rng.randint(0, count, size=(128, 1))
labels = (data["age"] + data["weight"] > 0).astype("float32")

model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
history = model.fit(data, labels, batch_size=32, epochs=3, verbose=0)
print("losses:", history.history["loss"])
print("evaluated:", model.evaluate(data, labels, verbose=0))
sample = {name: values[:3] for name, values in data.items()}
print("predicted:", model.predict(sample, verbose=0)[:, 0])

numeric = {name: keras.Input((1,), name=name) for name in NUMERIC_FEATURES}
small = keras.Model(numeric, Classifier(4)(numeric))
small.compile(optimizer="sgd", loss="mse")
own = {name: data[name] for name in NUMERIC_FEATURES}
history = small.fit(own, labels, batch_size=32, epochs=2, verbose=0)
print("losses:", history.history["loss"])
print("predicted:", small.predict(own, verbose=0)[:3, 0])
