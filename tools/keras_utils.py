"""Writes tests/keras/utils.json: what real Keras prints for progress bars and summaries, and computes in keras.utils.

usage: python tools/keras_utils.py        (needs keras and jax; run from the repository's root)
"""
import json
import os
import re

os.environ["KERAS_BACKEND"] = "jax"
os.environ["COLUMNS"] = "300"

import keras
import numpy as np
from keras import layers
from keras.src.utils import io_utils, progbar


def bars():
    """Messages at given times, with the colors of a terminal."""
    cases = []
    wanted = [
        dict(target=3, steps=[(1, [("loss", 2.0)], 0.5), (2, [("loss", 1.0)], 0.75), (3, [("loss", 0.0005)], 1.25)]),
        dict(target=1200, stateful_metrics=["acc"], steps=[
            (10, [("loss", 0.5), ("acc", 0.1)], 12.0), (20, [("loss", 1.5), ("acc", 0.2)], 24.5),
            (20, [("loss", 1.5)], 24.51), (600, [("loss", 1e-5), ("acc", 0.25)], 400.0), (1200, [("loss", 0.25), ("acc", 0.3)], 800.0)]),
        dict(target=100000, stateless_metrics=["loss"], steps=[(1, [("loss", 1.0), ("lr", 0.01)], 1.0), (3, [("loss", 3.0), ("lr", 0.001)], 3.0)]),
        dict(target=None, unit_name="sample", steps=[(5, [], 0.002), (9, [("mae", -0.25)], 4.0)]),
        dict(target=12, width=7, steps=[(1, [], 0.0), (6, [], 3.0), (12, [], 6.0)]),
        dict(target=20, verbose=2, steps=[(10, [("loss", 2.0)], 1.0), (20, [("loss", 4.0)], 3.0)]),
        dict(target=10, verbose=0, steps=[(10, [("loss", 2.0)], 1.0)]),
    ]
    for case in wanted:
        case = {"width": 20, "verbose": 1, "stateful_metrics": None, "stateless_metrics": None, "unit_name": "step", **case}
        now, printed = [1000.0], []
        progbar.time.time = lambda: now[0]
        progbar.io_utils.print_msg = lambda message, line_break=True: printed.append(message)
        arguments = {key: value for key, value in case.items() if key != "steps"}
        bar = keras.utils.Progbar(**arguments)
        bar._dynamic_display = True
        steps = []
        for current, values, time in case["steps"]:
            now[0] = 1000.0 + time
            printed.clear()
            bar.update(current, values)
            last = case["target"] is not None and current >= case["target"]
            text = re.sub("^\b*\r", "", "".join(printed))
            steps.append(dict(current=current, values=values, time=time, finalize=last, text=text))
        cases.append({**case, "steps": steps})
    return cases


def models():
    x = keras.Input((8,), name="x")
    chain = keras.Model(x, layers.Dense(4, name="head")(layers.Dense(16, activation="relu", name="hidden")(x)), name="chain")

    a, b = keras.Input((20,), name="a"), keras.Input((20,), name="b")
    embedding = layers.Embedding(1000, 32, name="words")
    merged = layers.Concatenate(name="both_of_them_together_in_one")([embedding(a), embedding(b)])
    two = keras.Model([a, b], layers.Dense(1, name="out")(layers.LSTM(8, name="lstm")(merged)), name="two")

    inner_x = keras.Input((6,), name="inner_x")
    inner = keras.Model(inner_x, layers.Dense(6, name="inner_dense")(inner_x), name="inner")
    stack = keras.Sequential([keras.Input((6,)), layers.Dense(6, name="s1"), layers.BatchNormalization(name="s2"), inner], name="stack")
    y = keras.Input((6,), name="y")
    nested = keras.Model(y, layers.Dense(3, name="last")(stack(y)), name="nested")
    stack.layers[0].trainable = False

    flat = keras.Sequential([keras.Input((6,)), layers.Dense(2048, name="d1"), layers.Dropout(0.5, name="drop"), layers.Dense(1, name="d2")], name="flat")
    flat.layers[0].trainable = False
    return [chain, two, nested, flat]


ARGUMENTS = [
    {},
    {"show_trainable": True},
    {"expand_nested": True},
    {"expand_nested": True, "show_trainable": True, "line_length": 70},
    {"line_length": 60},
    {"line_length": 120},
    {"positions": [0.4, 0.6, 0.8, 1.0]},
    {"positions": [0.3, 0.5, 0.9], "line_length": 80},
    {"line_length": 40},
    {"line_length": 9},
    {"layer_range": ["hidden", "hidden"]},
    {"layer_range": ["d1", "d.*"]},
    {"layer_range": ["d2", "d1"]},
    {"layer_range": ["nothing", "d1"]},
]


def summaries():
    cases = []
    for model in models():
        printed = []
        for arguments in ARGUMENTS:
            lines = []
            try:
                model.summary(print_fn=lambda text, line_break=True: lines.append(text), **arguments)
                printed.append({"arguments": arguments, "text": "".join(lines)})
            except (ValueError, IndexError) as error:
                printed.append({"arguments": arguments, "error": str(error)})
            except AssertionError as error:
                printed.append({"arguments": arguments, "error": "assertion"})
        frozen = [l.name for l in model._flatten_layers() if not l.trainable]
        cases.append({"model": json.loads(model.to_json()), "frozen": frozen, "printed": printed})
    return cases


def normalized():
    cases = []
    for x in [np.array([[3.0, 4.0], [0.0, 0.0], [-1.0, 1e-9]]), np.arange(24.0).reshape(2, 3, 4)]:
        for axis in [-1, 0, 1]:
            for order in [1, 2, 3]:
                if x.ndim == 3 and order == 3 and False:
                    continue
                try:
                    y = keras.utils.normalize(x, axis, order)
                except ValueError:
                    continue
                cases.append(dict(x=x.tolist(), axis=axis, order=order, y=np.asarray(y).tolist()))
    return cases


def splits():
    cases = []
    for left in [None, 0.5, 0.25, 3, 0, 10, 11, 1.0, 0.0, 1.5, -1, 0.04]:
        for right in [None, 0.5, 0.3, 4, 10, 0]:
            if left is None and right is None:
                continue
            from keras.src.utils.dataset_utils import _rescale_dataset_split_sizes
            try:
                sizes = list(map(int, _rescale_dataset_split_sizes(left, right, 10)))
            except (ValueError, TypeError):
                sizes = None
            cases.append(dict(left=left, right=right, sizes=sizes))
    return cases


found = {"keras": keras.__version__, "summaries": summaries(), "normalize": normalized(), "splits": splits(), "progbar": bars()}
with open("tests/keras/utils.json", "w") as out:
    json.dump(found, out, indent=1, ensure_ascii=False)
    out.write("\n")
