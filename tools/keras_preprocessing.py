"""Writes what real Keras computes of categories and text: tests/keras/preprocessing.json, for tests/preprocessing.rs, and fixtures of models with text, for tests/fixtures.rs.

usage: python tools/keras_preprocessing.py [--speed]       (needs keras, tensorflow and numpy; run from the repository's root)

Keras runs layers of text on TensorFlow alone, so that tools/keras_fixtures.py, which uses JAX, has only those of numbers. A case of the table is a layer, the data that it adapts
to, an input and its output. A fixture is a folder as there; text is bytes with one more axis, padded with zeros. --speed times adaptation to a million values instead, as the ignored test of tests/preprocessing.rs does.
"""
import json
import os
import shutil
import sys
import time

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tensorflow as tf
from keras import Model, layers as L

ROOT = os.path.join("tests", "keras")
WORDS = [["b", "a", "c"], ["a", "b", "d"], ["a", "", "[UNK]"], ["ä", "zz", "a"]]
NEW = [["a", "x", ""], ["zz", "other words", "b"], ["[UNK]", "ä", "c"]]
NUMBERS = [[3, 7, 3], [-5, 7, 3], [100, 0, -1]]
TEXTS = ["The cat sat on the mat.", "A dog, a cat: and another DOG!", "", "Ä cat's  tail\tis a tail"]
TABLE = []


def case(layer, data=None, batches=None, x=None, dtype=None, **arguments):
    """What `layer(**arguments)` makes of `x`, adapted to `data`, or to batches."""
    made = getattr(L, layer)(**arguments)
    if data is not None:
        made.adapt(np.array(data))
    if batches is not None:
        batches = [np.array(batch, dtype=dtype) for batch in batches]
        signature = tf.TensorSpec([None, *batches[0].shape[1:]], "string" if batches[0].dtype.kind == "U" else batches[0].dtype)
        made.adapt(tf.data.Dataset.from_generator(lambda: iter(batches), output_signature=signature))
    given = [tf.constant(each) for each in x] if layer == "HashedCrossing" else tf.constant(x, dtype=dtype)
    y = made(given)
    y = y.to_tensor() if isinstance(y, tf.RaggedTensor) else y
    y = np.asarray(y)
    y = np.vectorize(lambda b: b.decode())(y) if y.dtype == object else y
    answer = {"layer": layer, "arguments": arguments, "x": x, "y": y.tolist()}
    answer |= {"floats": True} if dtype == "float32" else {}
    answer |= {"data": data} if data is not None else {}
    answer |= {"batches": [batch.tolist() for batch in batches]} if batches is not None else {}
    if hasattr(made, "get_vocabulary"):
        answer["vocabulary"] = [term if isinstance(term, str) else int(term) for term in made.get_vocabulary()]
    if layer == "Discretization":
        answer["boundaries"] = made.bin_boundaries
    if layer == "Normalization" and made.input_mean is None:
        answer["moments"] = [np.asarray(made.mean).ravel().tolist(), np.asarray(made.variance).ravel().tolist()]
    TABLE.append(answer)


def lookups():
    for mode in ("int", "one_hot", "multi_hot", "count", "tf_idf"):
        case("StringLookup", data=WORDS, x=NEW, output_mode=mode)
        case("StringLookup", data=WORDS, x=NEW, output_mode=mode, mask_token="", num_oov_indices=2, max_tokens=6)
        case("IntegerLookup", data=NUMBERS, x=[[3, 8, -5], [0, 100, 6]], output_mode=mode, mask_token=0)
    for mode in ("multi_hot", "count", "tf_idf"):
        case("StringLookup", data=WORDS, x=NEW, output_mode=mode, max_tokens=12, pad_to_max_tokens=True)
    case("StringLookup", batches=[WORDS[:2], WORDS[2:]], x=NEW, output_mode="tf_idf")
    case("StringLookup", batches=[["b", "a"], ["a", "c", "a"]], x=NEW, output_mode="tf_idf")
    case("StringLookup", data=["b", "a", "a"], x=["a", "q"], output_mode="tf_idf")
    case("StringLookup", data=["b", "a", "a"], x=[["a"], ["q"]], output_mode="one_hot")
    case("StringLookup", vocabulary=["a", "b"], idf_weights=[0.5, 2.0], x=NEW, output_mode="tf_idf")
    case("StringLookup", vocabulary=["a", "b"], idf_weights=[0.5, 2.0], x=NEW, output_mode="tf_idf", max_tokens=5, pad_to_max_tokens=True)
    case("StringLookup", vocabulary=["", "[UNK]", "a", "b"], mask_token="", x=NEW)
    case("StringLookup", vocabulary=["a", "b"], num_oov_indices=3, salt=133, x=NEW)
    case("StringLookup", vocabulary=["a", "b"], num_oov_indices=3, salt=[133, 137], x=NEW)
    case("StringLookup", vocabulary=["a", "b"], num_oov_indices=0, x=[["a", "b"]])
    case("StringLookup", vocabulary=["a", "b"], oov_token="?", mask_token="-", invert=True, x=[[0, 1, 2], [3, 4, -1]])
    case("IntegerLookup", vocabulary=[5, -3], invert=True, mask_token=0, num_oov_indices=2, x=[[0, 1, 2], [3, 4, 5]])
    for method in ("floormod", "farmhash"):
        case("IntegerLookup", vocabulary=[5, -3], num_oov_indices=4, oov_method=method, x=[[5, -3, 7], [-7, 8, 123456789]])
    case("IntegerLookup", vocabulary=[5, -3], num_oov_indices=4, oov_method="farmhash", salt=[1, 2], x=[[5, -3, 7], [-7, 8, 123456789]])


def hashes():
    words = [["A", "B", ""], ["a longer text of more than sixty-four bytes, which is hashed in another way than short ones", "ä", "B"]]
    for arguments in ({}, {"mask_value": ""}, {"salt": 133}, {"salt": [133, 137]}, {"output_mode": "one_hot"}, {"output_mode": "multi_hot"}, {"output_mode": "count", "mask_value": "B"}):
        case("Hashing", num_bins=5, x=words, **arguments)
    for arguments in ({}, {"mask_value": 7}, {"salt": 3}, {"output_mode": "count"}):
        case("Hashing", num_bins=5, x=[[7, -1], [0, 123456789012]], **arguments)
    case("Hashing", num_bins=5, output_mode="one_hot", x=[["A"], ["C"]])
    case("Hashing", num_bins=1, mask_value=7, x=[[7, 8]])
    case("HashedCrossing", num_bins=7, x=[["A", "B", "A"], [101, 101, 102]])
    case("HashedCrossing", num_bins=7, output_mode="one_hot", x=[[["A"], ["B"]], [["x"], ["y"]], [[-1], [2]]])
    case("HashedCrossing", num_bins=1000003, x=[[1, 2], [3, 4]])


def numbers():
    for mode in ("one_hot", "multi_hot", "count"):
        case("CategoryEncoding", num_tokens=4, output_mode=mode, x=[[0, 2, 2], [3, 1, 0]])
        case("CategoryEncoding", num_tokens=4, output_mode=mode, x=[[0], [3]])
        case("CategoryEncoding", num_tokens=4, output_mode=mode, x=[0, 3, 3])
    rng = np.random.default_rng(1)
    data = np.round(rng.lognormal(size=(40, 3)), 3).tolist()
    x = np.round(rng.lognormal(size=(4, 3)), 3).tolist()
    for mode in ("int", "one_hot", "multi_hot", "count"):
        case("Discretization", bin_boundaries=[0.0, 0.5, 2.0], output_mode=mode, x=x, dtype="float32")
        case("Discretization", num_bins=4, output_mode=mode, data=data, x=x, dtype="float32")
    case("Discretization", bin_boundaries=[0.5, 2.0], output_mode="count", x=[x, x], dtype="float32")
    for bins, epsilon in ((3, 0.01), (7, 0.05), (10, 0.2), (49, 0.01), (300, 0.01), (1, 0.1)):
        case("Discretization", num_bins=bins, epsilon=epsilon, data=data, x=x, dtype="float32")
        case("Discretization", num_bins=bins, epsilon=epsilon, batches=[data[:7], data[7:8], data[8:]], x=x, dtype="float32")
    for axis in (-1, [0, 1][1:], [1, 2], None):
        cube = [data[:4], data[4:8], data[8:12]]
        case("Normalization", axis=axis, data=cube, x=cube[:2], dtype="float32")
        case("Normalization", axis=axis, batches=[cube[:1], cube[1:]], x=cube[:2], dtype="float32")
    case("Normalization", data=data, x=x, invert=True, dtype="float32")
    case("Normalization", mean=[0.5, 1.0, 2.0], variance=[1.0, 0.25, 0.0], x=x, dtype="float32")
    case("Normalization", mean=0.5, variance=4.0, invert=True, x=x, dtype="float32")
    case("Normalization", axis=[1, 2], mean=[0.5, 1.0, 2.0], variance=[1.0, 0.25, 4.0], x=[data[:4]], dtype="float32")


def texts():
    for arguments in ({}, {"output_sequence_length": 4}, {"max_tokens": 5}, {"standardize": None}, {"standardize": "lower"}, {"standardize": "strip_punctuation"},
                      {"split": "character"}, {"split": None}, {"ngrams": 2}, {"ngrams": (1, 3)}, {"ngrams": (2,), "output_mode": "count"},
                      {"output_mode": "multi_hot"}, {"output_mode": "count"}, {"output_mode": "tf_idf"}, {"output_mode": "multi_hot", "max_tokens": 30, "pad_to_max_tokens": True},
                      {"output_mode": "tf_idf", "split": "character", "max_tokens": 9}):
        batched = [[text] for text in TEXTS[::-1]]
        case("TextVectorization", data=TEXTS, x=batched, **arguments)
    case("TextVectorization", data=TEXTS, x=TEXTS)
    case("TextVectorization", batches=[TEXTS[:3], TEXTS[3:]], x=TEXTS, output_mode="tf_idf")
    case("TextVectorization", vocabulary=["cat", "dog"], x=TEXTS)
    case("TextVectorization", vocabulary=["cat", "dog"], idf_weights=[0.5, 2.0], output_mode="tf_idf", x=TEXTS)
    case("TextVectorization", vocabulary=["a b", "c"], split=None, output_sequence_length=3, x=[["a b", "c"], ["q", "a b"]])
    case("TextVectorization", vocabulary=["a b", "c"], split=None, ngrams=2, x=[["a", "b"], ["c", "a"]])


def feature_space():
    data = {"age": [20.0, 31.5, 44.0, 44.0], "size": [1.0, 2.0, 3.5, 9.0], "weight": [0.5, 1.5, 2.5, 3.5], "height": [5.0, 6.0, 7.0, 8.0],
            "year": [2024, 2025, 2024, 1999], "city": ["Rome", "Oslo", "Rome", "Bonn"], "id": [7, 123456789, -1, 0], "street": ["a", "b", "", "ä"]}
    x = {name: values[::-1][1:] for name, values in data.items()} | {"city": ["Paris", "Oslo", "Bonn"], "year": [1, 2025, 2024]}
    features = {"age": "float_normalized", "size": "float", "weight": "float_rescaled", "height": "float_discretized", "year": "integer_categorical",
                "city": "string_categorical", "id": "integer_hashed", "street": "string_hashed"}
    arguments = {"features": features, "crosses": [["city", "year"], ["street", "height"]], "crossing_dim": 5, "hashing_dim": 4, "num_discretization_bins": 3}
    space = keras.utils.FeatureSpace(**arguments)
    space.adapt({name: np.array(values) for name, values in data.items()})
    y = space({name: np.array(values) for name, values in x.items()})
    TABLE.append({"layer": "FeatureSpace", "arguments": arguments, "data": data, "x": x, "y": np.asarray(y).tolist()})


FIXTURES = {}


def fixture(make):
    FIXTURES[make.__name__] = make
    return make


@fixture
def text_lookups(rng):
    x = L.Input((3,), dtype="string", name="words")
    outs = []
    for i, mode in enumerate(("multi_hot", "count", "tf_idf", "one_hot")):
        lookup = L.StringLookup(output_mode=mode, mask_token="" if i % 2 else None)
        lookup.adapt(np.array(WORDS) if i % 2 else np.array(WORDS[:2]))  # Keras cannot open its file if an empty word is the last term
        outs.append(L.Dense(2)(lookup(x)))
    lookup = L.StringLookup(mask_token="", num_oov_indices=2)
    lookup.adapt(np.array(WORDS))
    outs.append(L.Embedding(lookup.vocabulary_size(), 2)(lookup(x)))
    given = L.StringLookup(vocabulary=["a", "b"], idf_weights=[0.5, 2.0], output_mode="tf_idf", max_tokens=6, pad_to_max_tokens=True)
    outs.append(L.Dense(2)(given(x)))
    outs.append(L.Dense(2)(L.Hashing(4, salt=7, output_mode="multi_hot")(x)))
    return Model(x, outs), np.array(NEW)


@fixture
def text_vectorization(rng):
    x = L.Input((1,), dtype="string", name="text")
    outs = []
    for arguments in ({"output_sequence_length": 5}, {"output_sequence_length": 7, "split": "character", "max_tokens": 9}):
        vectorize = L.TextVectorization(**arguments)
        vectorize.adapt(TEXTS)
        outs.append(L.GlobalAveragePooling1D()(L.Embedding(vectorize.vocabulary_size(), 2, mask_zero=True)(vectorize(x))))
    for arguments in ({"output_mode": "tf_idf"}, {"output_mode": "count", "ngrams": (1, 2), "standardize": "lower"}, {"output_mode": "multi_hot", "standardize": None}):
        vectorize = L.TextVectorization(**arguments)
        vectorize.adapt(TEXTS)
        outs.append(L.Dense(2)(L.Reshape((vectorize.vocabulary_size(),))(vectorize(x))))
    given = L.TextVectorization(vocabulary=["cat", "dog"], output_sequence_length=4)
    outs.append(L.Embedding(4, 2)(given(x)))
    return Model(x, outs), np.array([[text or "the"] for text in TEXTS[::-1]])  # without words, the mean of vectors is not a number


def write(name):
    keras.utils.clear_session()
    keras.utils.set_random_seed(sum(map(ord, name)))
    model, x = FIXTURES[name](np.random.default_rng(0))
    folder = os.path.join(ROOT, "fixtures", name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    model.save(os.path.join(folder, "model.keras"))
    encoded = np.char.encode(x, "utf-8")
    arrays = {f"x/{model.inputs[0].name}": np.ascontiguousarray(encoded).view(np.uint8).reshape(*x.shape, -1)}
    with tf.GradientTape() as tape:
        outputs = model(tf.constant(x))
        total = tf.add_n([tf.reduce_sum(o * np.cos(np.arange(tf.size(o), dtype="float32")).reshape(o.shape)) for o in outputs])
    names = []
    for output in model.outputs:
        base = output._keras_history.operation.name
        names.append(next(n for n in [base] + [f"{base}_{i}" for i in range(1, 99)] if n not in names))
    arrays |= {f"prediction/{n}": np.asarray(o) for n, o in zip(names, outputs)}
    gradients = tape.gradient(total, [v.value for v in model.trainable_variables])
    arrays |= {f"gradient/{i}": np.asarray(tf.convert_to_tensor(g)) for i, g in enumerate(gradients)}
    np.savez(os.path.join(folder, "data.npz"), **{k: np.ascontiguousarray(v) for k, v in arrays.items()})
    with open(os.path.join(folder, "case.json"), "w") as f:
        f.write("{}\n")


def speed():
    i = np.arange(1_000_000) * 7919 % 1_000_003
    x, ids = i.astype("float32").reshape(-1, 10), i % 20_000
    words = np.array([f"word{k}" for k in ids])
    texts = [" ".join(words[k:k + 10]) for k in range(0, len(words), 10)]
    for name, function in {"numpy.mean and var": lambda: (x.mean(0), x.var(0)), "numpy.sort": lambda: np.sort(x.ravel()), "numpy.unique of words": lambda: np.unique(words, return_counts=True),
                           "numpy.unique of numbers": lambda: np.unique(ids, return_counts=True), "Normalization": lambda: L.Normalization().adapt(x),
                           "Discretization": lambda: L.Discretization(num_bins=10).adapt(x), "StringLookup": lambda: L.StringLookup().adapt(words),
                           "IntegerLookup": lambda: L.IntegerLookup().adapt(ids), "TextVectorization": lambda: L.TextVectorization().adapt(texts)}.items():
        times = []
        for _ in range(3):
            start = time.perf_counter()
            function()
            times.append(time.perf_counter() - start)
        print(f"{name}: {min(times) * 1e3:.1f} ms")


if __name__ == "__main__":
    if sys.argv[1:] == ["--speed"]:
        sys.exit(speed())
    for make in (lookups, hashes, numbers, texts, feature_space):
        make()
    with open(os.path.join(ROOT, "preprocessing.json"), "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(case, ensure_ascii=False) for case in TABLE) + "\n]\n")
    for name in FIXTURES:
        write(name)
    print(f"{len(TABLE)} cases and {len(FIXTURES)} fixtures for keras {keras.__version__}")
