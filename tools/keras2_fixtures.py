"""Writes tests/keras/keras2: models saved by Keras 2, data, and Keras 2's results, for tests/fixtures.rs.

usage: python tools/keras2_fixtures.py [NAME ...]        (needs tf-keras, tensorflow and numpy; run from the repository's root)

The folders are those of tools/keras_fixtures.py, with model.h5 in place of model.keras where Keras 2 wrote HDF5. Slots of optimizers are in the files, so that the
training after loading shows whether they are read.
"""
import json
import os
import shutil
import sys

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf
import tf_keras as keras
from tf_keras import Model, Sequential, layers as L, losses, optimizers as O

ROOT = os.path.join("tests", "keras", "keras2")
CASES = {}


def case(make):
    CASES[make.__name__] = make
    return make


def floats(rng, *shape):
    return rng.standard_normal(shape).astype(np.float32)


def listed(x):
    return list(x) if isinstance(x, (list, tuple)) else [x]


def trained(model, rng, optimizer="sgd", loss="mse", samples=8, **compile):
    model.compile(optimizer, loss, **compile)
    return model, [floats(rng, samples, *output.shape[1:]) for output in model.outputs]


def data_for(model, rng):
    of = lambda t: rng.integers(0, 6, (8, *t.shape[1:])) if "int" in t.dtype.name else floats(rng, 8, *t.shape[1:])
    return [of(t) for t in model.inputs]


# Layers -----------------------------------------------------------------------------------------------------------------------------------


@case
def hard_sigmoid(rng):
    x = L.Input((5, 3))
    y = L.LSTM(4, recurrent_activation="hard_sigmoid", return_sequences=True)(x)
    y = L.Bidirectional(L.GRU(3, recurrent_activation="hard_sigmoid", reset_after=False))(y)
    return trained(Model(x, L.Dense(2, activation="hard_sigmoid")(y)), rng)


@case
def images(rng):  # ranges of one number leave nothing to chance
    layers = [L.Resizing(9, 9, crop_to_aspect_ratio=True), L.Resizing(8, 5, "bicubic"), L.CenterCrop(6, 5), L.RandomRotation((0.1, 0.1)),
              L.RandomZoom((0.2, 0.2), (0.1, 0.1)), L.RandomTranslation((0.1, 0.1), (-0.2, -0.2), fill_mode="wrap"),
              L.RandomBrightness((0.1, 0.1), value_range=(-3, 3))]
    return trained(Sequential([L.Input((7, 6, 3)), *layers, L.Flatten(), L.Dense(2)]), rng)


# Training ---------------------------------------------------------------------------------------------------------------------------------


@case
def metrics(rng):
    x = L.Input((3,))
    model = Model(x, [L.Dense(1, name="p")(x), L.Dense(2, activation="softmax", name="q")(x)])
    smooth = losses.CategoricalCrossentropy(label_smoothing=0.1)
    model.compile("sgd", {"p": "mse", "q": smooth}, metrics={"q": ["accuracy"], "p": ["mae", keras.metrics.MeanSquaredError(name="square")]}, loss_weights={"p": 0.5, "q": 2.0})
    return model, [floats(rng, 8, 1), np.eye(2, dtype=np.float32)[rng.integers(0, 2, 8)]]


OPTIMIZERS = {  # Nadam's product of momenta is not in the files of Keras 2, which starts it over
    "adam": lambda: O.Adam(0.01), "adam_amsgrad": lambda: O.Adam(0.01, amsgrad=True), "sgd": lambda: O.SGD(0.01), "sgd_momentum": lambda: O.SGD(0.01, momentum=0.9, nesterov=True),
    "rmsprop": lambda: O.RMSprop(0.01), "rmsprop_all": lambda: O.RMSprop(0.01, momentum=0.5, centered=True), "adagrad": lambda: O.Adagrad(0.1), "adamax": lambda: O.Adamax(0.01),
    "adamw": lambda: O.AdamW(0.01, weight_decay=0.1),
}
LEGACY = {
    "adam": lambda: O.legacy.Adam(0.01, decay=0.1), "sgd": lambda: O.legacy.SGD(0.01, momentum=0.9, decay=0.2), "rmsprop": lambda: O.legacy.RMSprop(0.01, momentum=0.5, centered=True),
    "adagrad": lambda: O.legacy.Adagrad(0.1), "adamax": lambda: O.legacy.Adamax(0.01), "adam_amsgrad": lambda: O.legacy.Adam(0.01, amsgrad=True),
}
for prefix, optimizers in (("optimizer_", OPTIMIZERS), ("legacy_optimizer_", LEGACY)):
    for name, optimizer in optimizers.items():
        def make(rng, optimizer=optimizer):
            return trained(Sequential([L.Input((3,)), L.Dense(4, activation="tanh"), L.Dense(2)]), rng, optimizer())
        CASES[prefix + name] = make


def write(name, suffix):
    keras.backend.clear_session()
    keras.utils.set_random_seed(sum(map(ord, name)))
    rng = np.random.default_rng(sum(map(ord, name)))
    model, y = CASES[name](rng)
    x = data_for(model, rng)
    single = lambda v: v[0] if len(v) == 1 else v
    model.fit(single(x), single(y), shuffle=False, verbose=0, epochs=1, batch_size=4)
    folder = os.path.join(ROOT, name + ("_v3" if suffix == ".keras" else ""))
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    file = os.path.join(folder, "model" + suffix)
    model.save(file)
    # As it is after loading: a metric that is chosen by the shapes, for example, may be another one.
    model = keras.models.load_model(file)
    without = lambda name: name.replace("/", "_")
    inputs, outputs = [without(n) for n in model.input_names], [without(n) for n in model.output_names]
    predict = lambda: listed(model.predict(single(x), batch_size=4, verbose=0))
    arrays = {f"x/{n}": v for n, v in zip(inputs, x)} | {f"y/{n}": v for n, v in zip(outputs, y)}
    arrays |= {f"prediction/{n}": v for n, v in zip(outputs, predict())}
    fit = {"epochs": 2, "batch_size": 3}
    evaluation = model.evaluate(single(x), single(y), batch_size=3, verbose=0, return_dict=True)
    history = model.fit(single(x), single(y), shuffle=False, verbose=0, **fit).history
    arrays |= {f"after/{n}": v for n, v in zip(outputs, predict())}
    np.savez(os.path.join(folder, "data.npz"), **{k: np.ascontiguousarray(v) for k, v in arrays.items()})
    answer = {"fit": fit, "evaluate": {k: float(v) for k, v in evaluation.items()}, "history": {k: [float(v) for v in vs] for k, vs in history.items()}}
    with open(os.path.join(folder, "case.json"), "w") as f:
        json.dump(answer, f, indent=1, sort_keys=True)
        f.write("\n")


if __name__ == "__main__":
    for name in sys.argv[1:] or CASES:
        write(name, ".h5")
        # Keras 2.13 and later also wrote the format of Keras 3.
        if name in ("hard_sigmoid", "nested", "optimizer_adam"):
            write(name, ".keras")
    print(f"{len(sys.argv[1:] or CASES)} fixtures for tf-keras {keras.__version__}")
