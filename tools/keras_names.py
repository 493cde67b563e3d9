"""Writes tests/keras/names.txt: the names of real Keras by module, from which tests/coverage.rs makes a table in README.md.

usage: python tools/keras_names.py        (needs keras and jax; run from the repository's root)

A name that stands for the same object as another is left out, and so are base classes.
"""
import inspect
import os
import textwrap

os.environ["KERAS_BACKEND"] = "jax"

import keras
from keras.src.callbacks.callback_list import CallbackList
from keras.src.losses.losses import LossFunctionWrapper
from keras.src.metrics.reduction_metrics import MeanMetricWrapper

BASES = {CallbackList, LossFunctionWrapper, MeanMetricWrapper, keras.layers.Wrapper}
HELPERS = {"get", "serialize", "deserialize"}


def classes(module, base):
    def wanted(item):
        return inspect.isclass(item) and issubclass(item, base) and item is not base and item not in BASES

    return names(module, wanted)


def functions(module):
    return names(module, lambda item: callable(item) and not inspect.isclass(item))


def names(module, wanted):
    """One name for each object: its `__name__`, if the module has it."""
    found = {}
    for name, item in sorted(vars(module).items()):
        if name.startswith("_") or name in HELPERS or not wanted(item):
            continue
        if id(item) not in found or item.__name__ == name:
            found[id(item)] = name
    return sorted(found.values(), key=str.lower)


MODULES = {
    "layers": classes(keras.layers, keras.layers.Layer),
    "activations": functions(keras.activations),
    "initializers": classes(keras.initializers, keras.initializers.Initializer),
    "regularizers": classes(keras.regularizers, keras.regularizers.Regularizer),
    "constraints": classes(keras.constraints, keras.constraints.Constraint),
    "losses": classes(keras.losses, keras.losses.Loss),
    "metrics": classes(keras.metrics, keras.metrics.Metric),
    "optimizers": classes(keras.optimizers, keras.optimizers.Optimizer),
    "optimizers.schedules": classes(keras.optimizers.schedules, keras.optimizers.schedules.LearningRateSchedule),
    "callbacks": classes(keras.callbacks, keras.callbacks.Callback),
    "ops": functions(keras.ops),
    "random": names(keras.random, callable),
    "config": names(keras.config, callable),
    "utils": names(keras.utils, callable),
}

with open("tests/keras/names.txt", "w") as out:
    out.write(f"# Keras {keras.__version__}, by tools/keras_names.py\n")
    for module, found in MODULES.items():
        out.write(f"\n{module}:\n" + textwrap.fill(" ".join(found), 120, break_on_hyphens=False) + "\n")
        print(module, len(found))
