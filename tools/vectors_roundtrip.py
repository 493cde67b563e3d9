"""Round trips of word vector files between gensim, NumPy, safetensors and `candle-keras vectors convert`, compared number by number.

usage: python tools/vectors_roundtrip.py [FILE ...]     (needs gensim, numpy and safetensors; run from the repository's root)

The same vectors are written by each reference in its format, converted to every format by the command, and read by the reference
of that one: words, their order and the bits of all numbers must be the same. Each FILE, word2vec's text or binary, is converted too
and compared with what gensim reads of it.
"""
import contextlib
import gzip
import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile

import numpy as np
from gensim.models import KeyedVectors
from gensim.scripts.word2vec2tensor import word2vec2tensor
from safetensors import safe_open
from safetensors.numpy import save_file

COMMAND = os.environ.get("CANDLE_KERAS", os.path.join("target", "debug", "candle-keras"))


def convert(source, target):
    done = subprocess.run([COMMAND, "vectors", "convert", source, target], capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(done.stderr.strip())


def example():
    """Words of several scripts, and numbers of all magnitudes."""
    rng = np.random.default_rng(7)
    words = ["</s>", "the", "größe", "日本語", "a_b", "it's", "1984", "no\u00a0break", "nan", "👩‍🚀"] + [f"word{i}" for i in range(990)]
    vectors = (rng.standard_normal((len(words), 37)) * 10.0 ** rng.integers(-6, 3, (len(words), 1))).astype("<f4")
    vectors[3, :8] = [0, -0.0, 1, -1, 1e-45, 3.4028235e38, 16777216, 0.1]
    made = KeyedVectors(vectors.shape[1])
    made.add_vectors(words, vectors)
    return made


def floats(text):
    return np.array([[np.float32(x) for x in line.split("\t")] for line in text.splitlines()], "<f4")


def write_c(made, path):
    """The C program ends each vector with a line feed."""
    with open(path, "wb") as out:
        out.write(b"%d %d\n" % made.vectors.shape)
        for word, row in zip(made.index_to_key, made.vectors):
            out.write(word.encode() + b" " + row.tobytes() + b"\n")


def write_npy(made, path):
    np.save(path, made.vectors)
    with open(path.replace(".npy", ".words.txt"), "w") as out:
        out.writelines(word + "\n" for word in made.index_to_key)


def write_projector(made, path):
    text = path.replace("_tensor.tsv", ".txt")
    made.save_word2vec_format(text)
    with contextlib.redirect_stderr(io.StringIO()):
        word2vec2tensor(text, path.replace("_tensor.tsv", ""))


def write_gzip(made, path):
    made.save_word2vec_format(path + ".txt")
    with gzip.open(path, "wb") as out:
        out.write(open(path + ".txt", "rb").read())


def write_zip(made, path):
    made.save_word2vec_format(path + ".bin", binary=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.write(path + ".bin", "vectors.bin")


def write_safetensors(made, path):
    save_file({"embeddings": made.vectors}, path, {"vocabulary": json.dumps(made.index_to_key)})


WRITERS = {
    "gensim.txt": lambda made, path: made.save_word2vec_format(path),
    "gensim.bin": lambda made, path: made.save_word2vec_format(path, binary=True),
    "c.bin": write_c,
    "glove.txt": lambda made, path: made.save_word2vec_format(path, write_header=False),
    "numpy.npy": write_npy,
    "python.safetensors": write_safetensors,
    "script_tensor.tsv": write_projector,
    "gensim.txt.gz": write_gzip,
    "gensim.zip": write_zip,
}


def read_keyed(binary):
    def read(path):
        vectors = KeyedVectors.load_word2vec_format(path, binary=binary)
        return vectors.index_to_key, vectors.vectors
    return read


def read_npy(path):
    return open(path.replace(".npy", ".words.txt"), newline="\n").read().split("\n")[:-1], np.load(path)


def read_safetensors(path):
    with safe_open(path, "numpy") as file:
        return json.loads(file.metadata()["vocabulary"]), file.get_tensor("embeddings")


def read_projector(path):
    words = open(path.replace(".tsv", "_metadata.tsv"), newline="\n").read().split("\n")[:-1]
    return words, floats(open(path, newline="\n").read())


READERS = {
    ".txt": read_keyed(False),
    ".vec": read_keyed(False),
    ".bin": read_keyed(True),
    ".npy": read_npy,
    ".safetensors": read_safetensors,
    ".tsv": read_projector,
}


def check(source, words, vectors, out, name):
    for ending, read in READERS.items():
        target = out + ending
        convert(source, target)
        found, numbers = read(target)
        assert list(found) == list(words), f"{name} to {ending}: other words"
        same = numbers.astype("<f4").tobytes() == np.ascontiguousarray(vectors, "<f4").tobytes()
        assert same, f"{name} to {ending}: other numbers"


def main():
    made, failures = example(), 0
    with tempfile.TemporaryDirectory() as folder:
        jobs = []
        for name, write in WRITERS.items():
            path = os.path.join(folder, name)
            write(made, path)
            jobs.append((path, made.index_to_key, made.vectors, name))
        for path in sys.argv[1:]:
            words, vectors = read_keyed(path.endswith(".bin"))(path)
            jobs.append((path, words, vectors, os.path.basename(path)))
        for number, (path, words, vectors, name) in enumerate(jobs):
            try:
                check(path, words, vectors, os.path.join(folder, f"out{number}"), name)
                print(f"{name}: the same in {len(READERS)} formats")
            except Exception as error:
                failures += 1
                print(f"{name}: {type(error).__name__}: {str(error)[:600]}")
    return failures > 0


if __name__ == "__main__":
    sys.exit(main())
