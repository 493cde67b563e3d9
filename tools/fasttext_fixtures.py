"""Writes crates/word_vectors/tests/fixtures/fasttext: small models of fastText's own program, and its results.

usage: python tools/fasttext_fixtures.py       (needs fasttext 0.9.2 and numpy; run from the repository's root)

The text is generated here. Next to each model, a file with its name and `.json` has vectors, subwords, predictions and the figures of `test`.
"""
import json
import os
import random

import fasttext

ROOT = os.path.join("crates", "word_vectors", "tests", "fixtures", "fasttext")
SUBJECTS = {
    "küche": "Brot Käse Suppe Äpfel kochen backen Löffel Kräuter süß würzig".split(),
    "море": "волна парус лодка рыба берег шторм маяк соль".split(),
    "garden": "rose hedge soil spade bloom seed compost pruning naïve orchard".split(),
    "数学": "数 和 積 証明 定理 集合 関数".split(),
}
COMMON = "the of and near under with und в は".split()
UNSEEN = ["Käsebrot", "rosebud", "定理集", "x", "zzz", "</s>"]


def sentence(draw, words):
    return " ".join(draw.choice(words if draw.random() < 0.7 else COMMON) for _ in range(draw.randint(3, 9)))


def labelled(draw, count):
    lines = []
    for _ in range(count):
        label, words = draw.choice(list(SUBJECTS.items()))
        second = draw.choice(list(SUBJECTS)) if draw.random() < 0.2 else None
        labels = " ".join(f"__label__{name}" for name in [label, second] if name)
        lines.append(f"{labels} {sentence(draw, words)}")
    return lines


def numbered(draw, count):
    """A text of many labels: only an output of 256 rows and more can be quantized."""
    return [f"__label__{i % 260} w{i % 260} w{(7 * i) % 260} {sentence(draw, COMMON)}" for i in range(count)]


def bare(line):
    return " ".join(word for word in line.split() if not word.startswith("__label__"))


def written(path, lines):
    with open(path, "w") as file:
        file.write("\n".join(lines) + "\n")
    return path


def floats(vector):
    return [float(f"{x:.8g}") for x in vector]


def figures(test):
    # Not NaN, which is not JSON.
    return [None if x != x else x for x in test]


def predicted(model, text, k, threshold):
    # Not by `model.predict`, which fails with NumPy 2.
    found = model.f.predict(text + "\n", k, threshold, "strict")
    return {"text": text, "k": k, "threshold": threshold, "labels": [[label, *floats([p])] for p, label in found]}


def answers(model, tests):
    words = model.get_words()
    asked = words[:3] + words[-2:] + UNSEEN
    texts = ["the rose und Käsebrot", "", "定理 は море"] + [bare(line) for line in tests[:3]]
    answer = {
        "dim": model.get_dimension(),
        "words": len(words),
        "vectors": {word: floats(model.get_word_vector(word)) for word in asked},
        "subwords": {word: [int(i) for i in model.get_subwords(word)[1]] for word in asked},
        "sentences": {text: floats(model.get_sentence_vector(text)) for text in texts},
    }
    if model.f.getArgs().model == fasttext.FastText.model_name.supervised:
        path = written(os.path.join(ROOT, "test.txt"), tests)
        answer["labels"] = len(model.get_labels())
        answer["predictions"] = [predicted(model, text, *how) for text in texts for how in [(1, 0.0), (3, 0.0), (4, 0.3)]]
        answer["test"] = {"lines": tests, "k2": figures(model.test(path, 2)), "above": figures(model.test(path, 3, 0.3))}
        os.remove(path)
    else:
        answer["neighbors"] = {word: [[name, *floats([score])] for score, name in model.get_nearest_neighbors(word, 3)] for word in asked}
    return answer


def main():
    os.makedirs(ROOT, exist_ok=True)
    draw = random.Random(1)
    tests = labelled(draw, 12) + ["__label__nobody the rose", "no label here"]
    plain = written("/tmp/plain.txt", [bare(line) for line in labelled(draw, 200)])
    classes = written("/tmp/classes.txt", labelled(draw, 200))
    many = written("/tmp/many.txt", numbered(draw, 1040))
    common = {"thread": 1, "dim": 5, "epoch": 20, "verbose": 0}

    def supervised(path=classes, **options):
        return fasttext.train_supervised(path, **{**common, "lr": 0.5, **options})

    def quantized(model, **options):
        model.quantize(**options)
        return model

    models = {
        "skipgram.bin": fasttext.train_unsupervised(plain, minCount=1, minn=2, maxn=4, bucket=60, lr=0.3, **common),
        "cbow.bin": fasttext.train_unsupervised(plain, "cbow", minCount=2, minn=1, maxn=3, bucket=40, loss="hs", lr=0.3, **common),
        "softmax.bin": supervised(wordNgrams=2, bucket=50),
        "hs.bin": supervised(loss="hs", minn=2, maxn=3, bucket=70),
        "ns.bin": supervised(loss="ns"),
        "ova.bin": supervised(loss="ova", wordNgrams=3, minn=1, maxn=2, bucket=30),
        "cutoff.ftz": quantized(supervised(wordNgrams=2, bucket=600), cutoff=300, qnorm=True),
        "words.ftz": quantized(supervised(many), cutoff=256, dsub=3),
        "output.ftz": quantized(supervised(many, loss="hs", minn=2, maxn=3, bucket=100), qout=True, qnorm=True),
    }
    for name, model in models.items():
        path = os.path.join(ROOT, name)
        model.save_model(path)
        assert os.path.getsize(path) < 30_000, name
        asked = numbered(draw, 12) if name in ("words.ftz", "output.ftz") else tests
        # As after loading the file.
        found = answers(fasttext.load_model(path), asked)
        with open(path + ".json", "w") as file:
            file.write("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in found.items()) + "\n}\n")


if __name__ == "__main__":
    main()
