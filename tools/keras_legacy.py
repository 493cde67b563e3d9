"""Writes tests/keras/legacy: files of Keras's older formats, and malicious files.

usage: python tools/keras_legacy.py        (needs keras, jax, h5py and numpy; run from the repository's root)
"""
import json
import os
import warnings

os.environ["KERAS_BACKEND"] = "jax"
warnings.simplefilter("ignore")

import h5py
import keras
import numpy as np
from keras import Model, Sequential, layers as L

ROOT = os.path.join("tests", "keras", "legacy")
os.makedirs(ROOT, exist_ok=True)
path = lambda name: os.path.join(ROOT, name)
rng = np.random.default_rng(0)
floats = lambda *shape: rng.standard_normal(shape).astype("float32")


def answers(name, model, x, y=None):
    """Writes the predictions, and the losses of further training, next to a whole model."""
    data = {f"x{i}": v for i, v in enumerate(x)} | {"prediction": model.predict(x, verbose=0)}
    if y is not None:
        data |= {"y": y, "losses": np.array(model.fit(x, y, epochs=2, batch_size=4, shuffle=False, verbose=0).history["loss"])}
    np.savez(path(name + ".npz"), **data)


keras.utils.set_random_seed(1)
a, b = L.Input((2,), name="a"), L.Input((3,), name="b")
inner = Sequential([L.Input((3,)), L.Dense(4, activation="relu"), L.Dense(4)], name="inner")
model = Model([a, b], L.Dense(1)(L.Add()([L.Flatten()(L.Embedding(7, 2)(a)), inner(b)])))
model.compile(keras.optimizers.Adam(0.01), "mse", metrics=["mae"])
x, y = [rng.integers(0, 7, (8, 2)).astype("float32"), floats(8, 3)], floats(8, 1)
model.fit(x, y, verbose=0)
model.save(path("functional.h5"))
answers("functional", model, x, y)

model = Sequential([L.Input((5,)), L.Dense(3, activation="tanh", name="first"), L.Dense(2, name="second")])
model.save(path("sequential.h5"))
answers("sequential", model, [floats(6, 5)])

# Its weights with the groups of Keras 2.13, and as early versions wrote them on Windows.
model.save_weights(path("sequential.weights.h5"))
for name, rename in [
    ("keras2_13", lambda layer: f"_layer_checkpoint_dependencies/{layer}"),
    ("windows", lambda layer: f"layers\\{layer}"),
    ("keras2_13_windows", lambda layer: f"_layer_checkpoint_dependencies\\{layer}"),
]:
    with h5py.File(path("sequential.weights.h5")) as old, h5py.File(path(f"{name}.weights.h5"), "w") as f:
        for layer in old["layers"]:
            old.copy(f"layers/{layer}", f, rename(layer))
os.remove(path("sequential.weights.h5"))

# Weights alone, by name, as Keras 2 wrote them.
with h5py.File(path("by_name.h5"), "w") as f:
    f.attrs["layer_names"] = [b"second", b"other"]
    f.attrs["keras_version"] = b"2.9.0"
    second = f.create_group("second")
    second.attrs["weight_names"] = [b"second/kernel:0", b"second/bias:0"]
    second["second/kernel:0"], second["second/bias:0"] = np.full((3, 2), 2, "float32"), np.full((2,), 3, "float32")
    f.create_group("other").attrs["weight_names"] = np.array([], "float64")

# A whole model of Keras 2.
with h5py.File(path("keras2.h5"), "w") as f:
    layer = lambda class_name, name, **config: {"class_name": class_name, "config": {"name": name, "trainable": True, "dtype": "float32"} | config, "name": name}
    glorot = {"class_name": "VarianceScaling", "config": {"scale": 1.0, "mode": "fan_avg", "distribution": "uniform", "seed": None}}
    dense = layer("Dense", "dense_1", units=2, activation="relu", use_bias=True, kernel_initializer=glorot, bias_initializer={"class_name": "Zeros", "config": {}},
                  kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None, kernel_constraint=None, bias_constraint=None)
    config = {"name": "model_1", "layers": [
        {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 3], "dtype": "float32", "sparse": False, "ragged": False, "name": "input_1"}, "name": "input_1", "inbound_nodes": []},
        dense | {"inbound_nodes": [[["input_1", 0, 0, {}]]]},
        layer("Concatenate", "concatenate_1", axis=-1) | {"inbound_nodes": [[["input_1", 0, 0, {}], ["dense_1", 0, 0, {}]]]},
    ], "input_layers": [["input_1", 0, 0]], "output_layers": [["concatenate_1", 0, 0]]}
    f.attrs["keras_version"], f.attrs["backend"] = b"2.2.4", b"tensorflow"
    f.attrs["model_config"] = json.dumps({"class_name": "Model", "config": config}).encode()
    f.attrs["training_config"] = json.dumps({
        "optimizer_config": {"class_name": "Adam", "config": {"lr": 0.005, "beta_1": 0.9, "beta_2": 0.999, "decay": 0.0, "epsilon": 1e-07, "amsgrad": False}},
        "loss": "mean_squared_error", "metrics": ["mae"], "sample_weight_mode": None, "loss_weights": None}).encode()
    weights = f.create_group("model_weights")
    weights.attrs["layer_names"] = [b"input_1", b"dense_1", b"concatenate_1"]
    for name in ("input_1", "concatenate_1"):
        weights.create_group(name).attrs["weight_names"] = np.array([], "float64")
    group = weights.create_group("dense_1")
    group.attrs["weight_names"] = [b"dense_1/kernel:0", b"dense_1/bias:0"]
    group["dense_1/kernel:0"] = np.array([[1, -1], [2, 0], [0, 1]], "float32")
    group["dense_1/bias:0"] = np.array([0.5, -0.5], "float32")

# Files that libhdf5 can read and Keras does not write.
with h5py.File(path("chunked.weights.h5"), "w", libver="latest") as f:
    group = f.create_group("layers/dense/vars")
    group.attrs["name"] = "dense"
    group.create_dataset("0", data=np.arange(6, dtype=">f8").reshape(2, 3), chunks=(1, 3), compression="gzip", shuffle=True)
    group.create_dataset("1", data=np.array([1, 2, 3], "f2"))
for name, target in [("external_link", h5py.ExternalLink("chunked.weights.h5", "/layers/dense/vars")), ("soft_link", h5py.SoftLink("/elsewhere"))]:
    with h5py.File(path(f"{name}.weights.h5"), "w") as f:
        f["elsewhere/0"], f["elsewhere/1"] = np.ones((2, 3), "f4"), np.ones((3,), "f4")
        f.create_group("layers/dense")["vars"] = target
with h5py.File(path("external_data.weights.h5"), "w") as f:
    group = f.create_group("layers/dense/vars")
    group.create_dataset("0", shape=(2, 3), dtype="f4", external=[("/etc/passwd", 0, 24)])
    group["1"] = np.ones((3,), "f4")
with h5py.File(path("loop.weights.h5"), "w") as f:
    group = f.create_group("layers")
    group["layers"] = group
with h5py.File(path("huge.weights.h5"), "w") as f:
    group = f.create_group("layers/dense/vars")
    group.create_dataset("0", shape=(1 << 20, 1 << 20), chunks=(1 << 10, 1 << 10), compression="gzip", dtype="f4")
    group["1"] = np.ones((3,), "f4")
# Groups that each have two links to the next: 2^40 paths in a few kilobytes.
with h5py.File(path("hard_links.weights.h5"), "w") as f:
    groups = [f.create_group(f"layers/{i}") for i in range(40)]
    for group, following in zip(groups, groups[1:]):
        group["a" * 100] = group["b" * 100] = following
# Weights of other dtypes.
with h5py.File(path("dtypes.weights.h5"), "w") as f:
    group = f.create_group("layers/dense/vars")
    group["0"] = np.arange(6).reshape(2, 3).astype("i8")
    bits = (np.array([1.5, -2, 3], "f4").view("u4") >> 16).astype("u2").view(np.dtype("V2"))
    group.create_dataset("1", data=bits).attrs["dtype"] = "bfloat16"
print("written for keras", keras.__version__)
