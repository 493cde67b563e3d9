#!/usr/bin/env python3
"""Word vectors of this project beside those of gensim and of fastText's own program: speed, memory and quality, in turns in one run.

    python benches/word_vectors.py --text corpus.txt --seeds 3

Needs Python with gensim 4.4, and fasttext for its rows (fasttext-wheel on PyPI); the three evaluation sets are those that gensim brings along. The text has a
sentence a line and words between spaces; without --text it is made of the Debian packages dict-gcide and wordnet-base, if they are
installed. Every program trains in a process of its own, on the same text with the same settings and two threads, and all vectors are scored by
gensim. Words a second are those of the text times the epochs, over the whole time of the process but for what Python takes to start.
"""

import argparse
import gzip
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WORKERS = 2
DIM = 100

# What is trained: the arguments of the command, and what a peer does for it.
WORKS = {
    "skipgram": (["--model", "skipgram", "--alpha", "0.025"], "gensim"),
    "cbow": (["--model", "cbow", "--alpha", "0.025"], "gensim"),
    "fasttext": (["--model", "fasttext", "--alpha", "0.05", "--sample", "0.001"], "fasttext"),
}


def make_corpus(path):
    """Definitions and glosses of two dictionaries, a line each, in small letters, shuffled."""
    word = re.compile(r"[a-z]+(?:'[a-z]+)?")
    texts = []
    with gzip.open("/usr/share/dictd/gcide.dict.dz") as file:
        text = file.read().decode("utf8", "replace")
    text = re.sub(r"\[[^\[\]]{1,400}\]|\\[^\\\n]{1,60}\\|[{}]", " ", text)
    texts += re.split(r"\n\s*\n", text)
    for kind in ("noun", "verb", "adj", "adv"):
        with open(f"/usr/share/wordnet/data.{kind}", encoding="utf8") as file:
            texts += [line.split("| ", 1)[1] for line in file if "| " in line]
    lines = [" ".join(word.findall(text.lower())) for text in texts]
    lines = [line for line in lines if " " in line]
    random.Random(0).shuffle(lines)
    with open(path, "w") as file:
        file.write("\n".join(lines) + "\n")


def peer(name, work, text, out, seed, epochs):
    """Trains with another program, in a process of its own; prints the seconds of the training alone."""
    start = time.time()
    if name == "gensim":
        from gensim.models import Word2Vec

        start = time.time()
        model = Word2Vec(
            corpus_file=text, vector_size=DIM, window=5, min_count=5, negative=5, sample=1e-3, alpha=0.025,
            sg=int(work == "skipgram"), epochs=epochs, workers=WORKERS, seed=seed,
        )
        seconds = time.time() - start
        model.wv.save_word2vec_format(out, binary=True)
    else:
        import fasttext
        import numpy
        from gensim.models import KeyedVectors

        start = time.time()
        model = fasttext.train_unsupervised(
            text, model="skipgram", dim=DIM, ws=5, minCount=5, neg=5, t=1e-3, lr=0.05, epoch=epochs, thread=WORKERS, verbose=0,
        )
        seconds = time.time() - start
        words = [word for word in model.words if word != "</s>"]
        vectors = KeyedVectors(DIM)
        vectors.add_vectors(words, numpy.array([model.get_word_vector(word) for word in words], "f4"))
        vectors.save_word2vec_format(out, binary=True)
    print(json.dumps({"seconds": seconds}))


def measured(command):
    """Runs a command; gives its seconds, its peak memory in MB and what it printed."""
    with tempfile.TemporaryFile("w+") as output:
        start = time.time()
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.time() - start
        output.seek(0)
        printed = output.read()
    if status != 0:
        sys.exit(f"{' '.join(command)} failed:\n{printed}")
    return seconds, usage.ru_maxrss / 1024, printed


def scores(path):
    """WordSim-353, SimLex-999 and the analogies, by gensim."""
    from gensim.models import KeyedVectors
    from gensim.test.utils import datapath

    vectors = KeyedVectors.load_word2vec_format(path, binary=True)
    pairs = [vectors.evaluate_word_pairs(datapath(name))[1][0] for name in ("wordsim353.tsv", "simlex999.txt")]
    return [*pairs, 100 * vectors.evaluate_word_analogies(datapath("questions-words.txt"))[0]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("works", nargs="*", default=list(WORKS), help=f"default: {' '.join(WORKS)}")
    parser.add_argument("--text", help="a sentence a line")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--no-scores", action="store_true", help="speed alone")
    parser.add_argument("--peer", nargs=5, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peer:
        name, work, text, out, seed = args.peer
        return peer(name, work, text, out, int(seed), args.epochs)

    subprocess.run(["cargo", "build", "--release", "-q", "-p", "candle-keras-cli"], cwd=ROOT, check=True)
    command = os.path.join(os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target")), "release", "candle-keras")
    folder = tempfile.mkdtemp()
    text = args.text or os.path.join(folder, "corpus.txt")
    if not args.text:
        make_corpus(text)
    with open(text) as file:
        words = sum(len(line.split()) for line in file)
    print(f"{words:,} words, {args.epochs} epochs, {WORKERS} threads, {DIM} numbers a word")

    rows = {}
    for seed in range(1, args.seeds + 1):
        for work in args.works:
            arguments, name = WORKS[work]
            ours, theirs = os.path.join(folder, "ours.bin"), os.path.join(folder, "theirs.bin")
            # A model of fastText is a .bin too; the vectors of its words are what is scored.
            saved = os.path.join(folder, "ours.safetensors") if work == "fasttext" else ours
            seconds, memory, _ = measured(
                [command, "--seed", str(seed), "vectors", "train", "--text", text, "--tokenize", "whitespace", "--keep-case",
                 *arguments, "--dim", str(DIM), "--epochs", str(args.epochs), "--workers", str(WORKERS), "--save", saved]
            )
            if saved != ours:
                subprocess.run([command, "vectors", "convert", saved, ours], check=True)
            row = [words * args.epochs / seconds, seconds, memory]
            rows.setdefault((work, "candle-keras"), []).append(row + ([] if args.no_scores else scores(ours)))
            _, memory, printed = measured(
                [sys.executable, __file__, "--epochs", str(args.epochs), "--peer", name, work, text, theirs, str(seed)]
            )
            seconds = json.loads(printed.strip().splitlines()[-1])["seconds"]
            row = [words * args.epochs / seconds, seconds, memory]
            rows.setdefault((work, name), []).append(row + ([] if args.no_scores else scores(theirs)))

    print("\n| work | program | words/s | seconds | peak MB | WordSim-353 | SimLex-999 | analogies % |\n|---|---|---|---|---|---|---|---|")
    for (work, name), runs in rows.items():
        columns = list(zip(*runs))
        speed = [f"{statistics.median(columns[0]):,.0f}", f"{statistics.median(columns[1]):.1f}", f"{max(columns[2]):.0f}"]
        quality = [f"{min(column):.3f} to {max(column):.3f}" for column in columns[3:]]
        print("| " + " | ".join([work, name, *speed, *quality]) + " |")
    for work in args.works:
        ratios = [a[0] / b[0] for a, b in zip(rows[work, "candle-keras"], rows[work, WORKS[work][1]])]
        print(f"{work}: {min(ratios):.1f} to {max(ratios):.1f} times the speed of {WORKS[work][1]}")


if __name__ == "__main__":
    main()
