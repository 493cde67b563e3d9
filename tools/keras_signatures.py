"""Writes crates/port/src/keras.json: the signatures of the public names of real Keras, from which scripts are translated.

usage: python tools/keras_signatures.py        (needs keras and jax; run from the repository's root)

"args" are in their order, without self, "only" can be given by name only; "=" is behind a name that has a default. "args_star" and
"kwargs" stand for `*args` and `**kwargs`. A name that stands for the same object as another has nothing but "is". Of the classes in BASES
all methods are listed, of the others those that no base has, and the `call` of layers that have more arguments than inputs and training.
"""
import inspect
import json
import os

os.environ["KERAS_BACKEND"] = "jax"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
from keras.src.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import BaseImagePreprocessingLayer
from keras.src.models.functional import Functional

PATH = os.path.join("crates", "port", "src", "keras.json")
LEFT_OUT = {"src", "legacy"}
BASES = [keras.Model, keras.Sequential, keras.Layer, keras.Optimizer, keras.Loss, keras.Metric, keras.callbacks.Callback]
# Model itself takes `*args` and makes one of these of them.
INSTEAD = {keras.Model: Functional}


def names(module, path):
    """The public names with their objects, of a module and the modules in it."""
    for name, item in vars(module).items():
        if name.startswith("_") or name in LEFT_OUT:
            continue
        if inspect.ismodule(item):
            yield from names(item, f"{path}.{name}")
        elif inspect.isclass(item) or inspect.isroutine(item):
            yield f"{path}.{name}", item


def signature(function, bound):
    """`bound`: the first argument is self. `None` if there is no signature to read."""
    try:
        found = list(inspect.signature(function).parameters.values())[bound:]
    except (TypeError, ValueError):
        return None

    def of(*kinds):
        return [p.name + ("" if p.default is p.empty else "=") for p in found if p.kind in kinds]

    p = inspect.Parameter
    entry = {"args": of(p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)}
    if of(p.KEYWORD_ONLY):
        entry["only"] = of(p.KEYWORD_ONLY)
    if of(p.VAR_POSITIONAL):
        entry["args_star"] = True
    if of(p.VAR_KEYWORD):
        entry["kwargs"] = True
    return entry


def methods(cls):
    """The public methods with their signatures. What a class of BASES has from another one of them is left out."""
    listed = cls in BASES
    others = {part for base in BASES if base is not cls and issubclass(cls, base) for part in base.__mro__}
    known = {name for part in [*others, *BaseImagePreprocessingLayer.__mro__] for name in vars(part)}
    for name in dir(cls):
        owner = next(part for part in cls.__mro__ if name in vars(part))
        item = vars(owner)[name]
        if owner is object or owner in others or name.startswith("_") and not (listed and name == "__call__"):
            continue
        if isinstance(item, (classmethod, staticmethod)):
            entry = signature(getattr(cls, name), False)
        elif inspect.isfunction(item):
            entry = signature(item, True)
        else:
            continue
        layer_call = name == "call" and issubclass(cls, keras.Layer) and entry and {*entry["args"][1:]} - {"training="}
        if entry and (listed or name not in known or layer_call):
            yield name, entry


# The first name is the one with the fewest parts, of those the shortest.
found = {}
for path, item in names(keras, "keras"):
    found.setdefault(id(item), (item, []))[1].append(path)

entries = {}
for item, paths in found.values():
    paths.sort(key=lambda path: (path.rpartition(".")[2] != item.__name__, path.count("."), len(path), path))
    entry = signature(INSTEAD.get(item, item).__init__, True) if inspect.isclass(item) else signature(item, False)
    if entry is None:
        print("without a signature:", *paths)
        continue
    entries[paths[0]] = entry
    entries |= {path: {"is": paths[0]} for path in paths[1:]}
    if inspect.isclass(item):
        entries |= {f"{paths[0]}.{name}": entry for name, entry in methods(item)}

with open(PATH, "w") as out:
    lines = (f"{json.dumps(name)}:{json.dumps(entry, separators=(',', ':'))}" for name, entry in sorted(entries.items()))
    out.write("{\n" + ",\n".join(lines) + "\n}\n")
print(f"Keras {keras.__version__}: {len(entries)} names")
