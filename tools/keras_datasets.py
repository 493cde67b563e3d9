"""Writes tests/keras/datasets: small files in the formats of Keras's data sets, and what Keras reads of them.

    KERAS_BACKEND=jax python tools/keras_datasets.py
"""

import gzip
import io
import json
import pathlib
import pickle
import zipfile
from unittest import mock

import keras
import numpy as np
from keras.src.datasets import boston_housing, cifar, fashion_mnist, imdb, mnist, reuters

FOLDER = pathlib.Path(__file__).parent.parent / "tests/keras/datasets"
rng = np.random.default_rng(5)


def arrays(values):
    (x_train, y_train), (x_test, y_test) = values
    return [{"shape": list(a.shape), "values": np.asarray(a).ravel().tolist()} for a in (x_train, y_train, x_test, y_test)]


def texts(values):
    return [[[list(map(int, text)) for text in x], list(map(int, y))] for x, y in values]


def read(module, path, **arguments):
    """What `load_data` makes of this file or folder."""
    with mock.patch.object(module, "get_file", lambda *a, **k: str(path)):
        return module.load_data(**arguments)


def sequences(count):
    # Lengths, and numbers of all widths that a pickle has.
    return [rng.integers(1, [9, 200, 40000, 90000][i % 4], rng.integers(1, 9)).tolist() for i in range(count)]


def save_objects(path, protocol, **given):
    """As numpy.savez, with a pickle of this protocol."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in given.items():
            file = io.BytesIO()
            if isinstance(value, list):
                value = np.fromiter(value, dtype=object, count=len(value))
                np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(value))
                pickle.dump(value, file, protocol=protocol)
            else:
                np.lib.format.write_array(file, value)
            archive.writestr(name + ".npy", file.getvalue())


def python2(images, **lists):
    """A dict as Python 2's cPickle writes it: byte strings, protocol 2."""
    def string(text):
        return b"U" + bytes([len(text)]) + text if len(text) < 256 else b"T" + len(text).to_bytes(4, "little") + text

    out = b"\x80\x02}q\x01(" + string(b"batch_label") + b"q\x02" + string(b"testing batch") + b"q\x03"
    for name, values in lists.items():
        out += string(name.encode()) + b"]q\x05(" + b"".join(b"K" + bytes([v]) for v in values) + b"e"
    dtype = b"cnumpy\ndtype\nq\x0a" + string(b"u1") + b"K\x00K\x01\x87R(K\x03" + string(b"|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    out += string(b"data") + b"cnumpy.core.multiarray\n_reconstruct\nq\x08cnumpy\nndarray\nq\x09K\x00\x85"
    out += string(b"b") + b"\x87R(K\x01K" + bytes([len(images)]) + b"M\x00\x0c\x86" + dtype + b"\x89" + string(images.tobytes()) + b"tb"
    return out + b"u."


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    cases = {}

    def images(count):
        return rng.integers(0, 256, (count, 4, 3)).astype("uint8"), rng.integers(0, 10, count).astype("uint8")

    (x_train, y_train), (x_test, y_test) = images(3), images(2)
    np.savez_compressed(FOLDER / "mnist.npz", x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    cases["mnist"] = arrays(read(mnist, FOLDER / "mnist.npz"))

    fashion = FOLDER / "fashion-mnist"
    fashion.mkdir(exist_ok=True)
    for part, count in [("train", 2), ("t10k", 1)]:
        x = rng.integers(0, 256, (count, 28, 28)).astype("uint8")
        y = rng.integers(0, 10, count).astype("uint8")
        for kind, a in [("images-idx3", x), ("labels-idx1", y)]:
            head = bytes([0, 0, 8, a.ndim]) + b"".join(size.to_bytes(4, "big") for size in a.shape)
            (fashion / f"{part}-{kind}-ubyte.gz").write_bytes(gzip.compress(head + a.tobytes(), mtime=0))
    with mock.patch.object(fashion_mnist, "get_file", lambda name, **k: str(fashion / name)):
        cases["fashion_mnist"] = arrays(fashion_mnist.load_data())

    # Python 2's files hold a few images here; Keras's load_data wants 10,000 in each.
    def batch(path, **lists):
        path.parent.mkdir(exist_ok=True)
        count = len(next(iter(lists.values())))
        data = np.repeat(rng.integers(0, 256, (count, 12)).astype("uint8"), 256, axis=1)
        path.write_bytes(python2(data, **lists))

    def loaded(paths, key, dtype):
        parts = [cifar.load_batch(str(path), label_key=key) for path in paths]
        x = np.concatenate([part[0] for part in parts]).transpose(0, 2, 3, 1)
        return x, np.concatenate([part[1] for part in parts]).astype(dtype).reshape(-1, 1)

    ten = FOLDER / "cifar-10-batches-py"
    names = [f"data_batch_{i}" for i in range(1, 6)]
    for i, name in enumerate(names):
        batch(ten / name, labels=[i])
    batch(ten / "test_batch", labels=[9, 3])
    cases["cifar10"] = arrays((loaded([ten / name for name in names], "labels", "uint8"), loaded([ten / "test_batch"], "labels", "uint8")))
    hundred = FOLDER / "cifar-100-python"
    batch(hundred / "train", fine_labels=[99, 0], coarse_labels=[19, 1])
    batch(hundred / "test", fine_labels=[50], coarse_labels=[7])
    for mode in ["fine", "coarse"]:
        cases[mode] = arrays(tuple(loaded([hundred / part], f"{mode}_labels", "int64") for part in ["train", "test"]))

    np.savez(FOLDER / "housing.npz", x=rng.standard_normal((23, 3)), y=rng.standard_normal(23))
    cases["housing"] = [
        {"test_split": split, "seed": seed, "expected": arrays(read(boston_housing, FOLDER / "housing.npz", test_split=split, seed=seed))}
        for split, seed in [(0.2, 113), (0.0, 1), (0.5, 0)]
    ]

    given = dict(x_train=sequences(16), y_train=rng.integers(0, 2, 16), x_test=sequences(12), y_test=rng.integers(0, 2, 12))
    save_objects(FOLDER / "imdb.npz", 3, **given)
    save_objects(FOLDER / "imdb_4.npz", 4, **given)
    variants = [{}, {"num_words": 500}, {"num_words": 500, "oov_char": None}, {"skip_top": 20, "maxlen": 7},
                {"start_char": None, "index_from": 0, "seed": 1}, {"start_char": 5, "index_from": 9, "oov_char": 6, "num_words": 100}]
    cases["imdb"] = [{"arguments": v, "expected": texts(read(imdb, FOLDER / "imdb.npz", **v))} for v in variants]
    save_objects(FOLDER / "reuters.npz", 3, x=sequences(15), y=rng.integers(0, 46, 15))
    variants.append({"test_split": 0.5})
    cases["reuters"] = [{"arguments": v, "expected": texts(read(reuters, FOLDER / "reuters.npz", **v))} for v in variants]
    (FOLDER / "cases.json").write_text(json.dumps(cases, separators=(",", ":")).replace('{"arguments', '\n{"arguments') + "\n")


main()
