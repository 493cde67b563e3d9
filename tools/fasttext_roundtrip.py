"""Compares results of fastText's own program and of this project for the same models, and loads the copies that it writes in fasttext and gensim.

usage: python tools/fasttext_roundtrip.py TEXT       (needs fasttext 0.9.2, gensim and numpy; run from the repository's root)

TEXT is any text with a sentence on a line; its first 20,000 lines are used. Build the example first: cargo build -p candle-keras-word-vectors
--example fasttext_answers. FASTTEXT_ANSWERS names it if it is elsewhere than in target/debug.
"""
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile

import fasttext
import gensim
import numpy as np

EXAMPLE = os.environ.get("FASTTEXT_ANSWERS", os.path.join("target", "debug", "examples", "fasttext_answers"))
LABELS = ["Größe", "море", "数学", "animal", "plant", "water", "stone"]
FOREIGN = ["Straße", "naïve", "каша", "水木", "Ωmega", "été"]
UNSEEN = ["misspeling", "Straßenbahn", "кашалот", "水", "x", "", "😀", "</s>", "e\u0301te\u0301"]
COMMON = {"thread": 1, "dim": 20, "bucket": 2000, "epoch": 1, "verbose": 0}


def texts(path, folder):
    draw = random.Random(3)

    def foreign(line):
        return [draw.choice(FOREIGN) if draw.random() < 0.03 else word for word in line.split()]

    def labelled(words):
        label = draw.choice(LABELS) if draw.random() < 0.2 else LABELS[(len(words[0]) + len(words)) % len(LABELS)]
        labels = [label] + ([draw.choice(LABELS)] if draw.random() < 0.1 else [])
        return " ".join([f"__label__{label}" for label in labels] + words)

    with open(path) as file:
        lines = [words for words in map(foreign, itertools.islice(file, 20_000)) if words]
    plain, named = [" ".join(words) for words in lines], [labelled(words) for words in lines]
    for name, content in [("plain", plain), ("train", named[:-1000]), ("test", named[-1000:])]:
        with open(os.path.join(folder, name), "w") as file:
            file.write("\n".join(content) + "\n")
    return [os.path.join(folder, name) for name in ("plain", "train", "test")]


def models(plain, train):
    for kind, loss in itertools.product(["skipgram", "cbow"], ["ns", "hs"]):
        yield f"{kind}-{loss}", fasttext.train_unsupervised(plain, kind, loss=loss, **COMMON)
    for loss, words in itertools.product(["softmax", "ns", "hs", "ova"], [1, 2]):
        yield f"{loss}-{words}", fasttext.train_supervised(train, loss=loss, wordNgrams=words, **COMMON)
    for name, trained, quantized in [
        ("plain.ftz", {}, {}),
        ("norms.ftz", {"wordNgrams": 2}, {"qnorm": True}),
        ("cutoff.ftz", {"wordNgrams": 2, "loss": "hs"}, {"qnorm": True, "cutoff": 1500, "retrain": True}),
        ("parts.ftz", {"minn": 2, "maxn": 4, "dim": 21, "loss": "ova"}, {"dsub": 4}),
    ]:
        model = fasttext.train_supervised(train, **{**COMMON, **trained})
        model.quantize(input=train, **quantized)
        yield name, model


def apart(what, found, expected, tolerance=2e-6):
    found, expected = np.asarray(found, "float64"), np.asarray(expected, "float64")
    assert found.shape == expected.shape, f"{what}: {found.shape} for {expected.shape}"
    scale = np.maximum(np.abs(expected).max(initial=0), 1e-3)
    worst = (np.abs(found - expected) / scale).max(initial=0)
    assert worst <= tolerance, f"{what}: {worst:.2g} apart"
    return worst


def compare(model, answers, questions, test):
    words = model.get_words()
    assert answers["words"] == words
    worst = [apart("vectors", answers["vectors"], [model.get_word_vector(word) for word in questions["words"]])]
    worst.append(apart("all", answers["all"], np.concatenate([model.get_word_vector(word) for word in words])))
    worst.append(apart("lines", answers["sentences"], [model.get_sentence_vector(line) for line in questions["lines"]]))
    for word, found in zip(questions["words"], answers["subwords"]):
        names, ids = model.get_subwords(word)
        assert [row for _, row in found] == list(ids), word
        # For a pruned model, the program lists n-grams that it has no rows for.
        assert len(names) != len(ids) or [name for name, _ in found] == names, word
    if "predictions" not in answers:
        return worst, 0
    labels = 0
    for line, found in zip(questions["lines"], answers["predictions"], strict=True):
        expected = model.f.predict(line + "\n", 3, 0.0, "strict")
        assert [label for label, _ in found] == [label for _, label in expected], f"{line}: {found} for {expected}"
        worst.append(apart(line, [p for _, p in found], [p for p, _ in expected]))
        labels += len(found)
    apart("test", answers["test"], model.test(test, 2, 0.1), 1e-12)
    # The program does not count the true labels: the recall of each is nan.
    for label, scores in model.test_label(test, 2, 0.1).items():
        found = np.nan if answers["labels"][label][0] is None else answers["labels"][label][0]
        assert np.isclose(found, scores["precision"], 1e-12, equal_nan=True), f"{label}: {found} for {scores['precision']}"
    return worst, labels


def gensim_agrees(copy, model):
    """gensim reads models without labels; its files are read here in turn."""
    opened = gensim.models.fasttext.load_facebook_model(copy)
    # Not `</s>`, which has no n-grams in fastText but has some in gensim.
    words = [word for word in model.get_words() if word != "</s>"][:500] + [word for word in UNSEEN if word not in ("", "</s>")]
    apart("gensim", [opened.wv[word] for word in words], [model.get_word_vector(word) for word in words], 1e-5)
    gensim.models.fasttext.save_facebook_model(opened, copy + ".gensim")
    ask(copy + ".gensim", copy + ".again", {"words": words, "lines": []})
    with open(copy + ".gensim", "rb") as a, open(copy + ".again", "rb") as b:
        assert a.read() == b.read(), "a file of gensim is written otherwise"


def ask(path, copy, questions):
    done = subprocess.run([EXAMPLE, path, copy], input=json.dumps(questions), capture_output=True, text=True)
    assert not done.returncode, done.stderr
    return json.loads(done.stdout)


def main():
    with tempfile.TemporaryDirectory() as folder:
        plain, train, test = texts(sys.argv[1], folder)
        with open(test) as file:
            tests = file.read().splitlines()
        lines = [" ".join(word for word in line.split() if not word.startswith("__label__")) for line in tests]
        for name, model in models(plain, train):
            path, copy = os.path.join(folder, name), os.path.join(folder, "copy")
            model.save_model(path)
            model = fasttext.load_model(path)
            words = model.get_words()
            asked = words[::20] + UNSEEN + FOREIGN
            questions = {"words": asked, "lines": lines + ["", "x", "каша\tnaïve"], "tests": tests, "all": True}
            worst, labels = compare(model, ask(path, copy, questions), questions, test)
            with open(path, "rb") as a, open(copy, "rb") as b:
                assert a.read() == b.read(), f"{name}: the copy differs"
            again = fasttext.load_model(copy)
            apart(name, [again.get_word_vector(w) for w in words[:100]], [model.get_word_vector(w) for w in words[:100]], 0)
            if not labels:
                gensim_agrees(copy, model)
            print(f"{name:12} {len(words)} words, {labels} labels predicted; at most {max(worst):.1e} apart")


if __name__ == "__main__":
    main()
