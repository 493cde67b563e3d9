#!/usr/bin/env python3
"""Compares word vectors of this project with gensim and fastText's own program: speed, memory and quality, alternating in one run.

    python benches/word_vectors.py                                     # everything, three seeds: half an hour
    python benches/word_vectors.py skipgram --text corpus.txt --seeds 1

Needs Python with gensim 4.4, and fasttext for its rows (fasttext-wheel on PyPI); the three evaluation sets are included in gensim. The text has one
sentence per line and words separated by spaces; without --text it is generated from the Debian packages dict-gcide and wordnet-base (--dictionaries is their
folder), which `supervised` always needs: its examples are the glosses of WordNet, and its labels their 45 lexicographer files. Every program trains in a separate
process, on the same text with the same settings and two threads, and all vectors are scored by gensim. Seconds are those of the whole training call, including the first pass over the
text, but not saving, which for fastText's files of 840 MB depends on the disk. Words per second are those of the text times the epochs, divided by these seconds. fastText takes no
seed for word vectors: its runs always differ. There is no GloVe on PyPI: its row has only this project.
"""

import argparse
import collections
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

Work = collections.namedtuple("Work", "arguments peer")

# The trained models: the arguments of the command, and the other programs that train them.
WORKS = {
    "skipgram": Work(["train", "--model", "skipgram", "--alpha", "0.025"], "gensim"),
    # With alpha's default, 0.05: gensim's is 0.025, but with several workers on a file its rate decays more slowly, by the progress of each worker alone.
    "cbow": Work(["train", "--model", "cbow"], "gensim"),
    "fasttext": Work(["train", "--model", "fasttext", "--alpha", "0.05", "--sample", "0.001"], "fasttext"),
    "supervised": Work(["classify", "train", "--alpha", "0.5", "--word-ngrams", "2"], "fasttext"),
    "glove": Work(["train", "--model", "glove", "--window", "10", "--x-max", "10"], None),
}


def words_of(text):
    return re.findall(r"[a-z]+(?:'[a-z]+)?", text.lower())


def glosses(dictionaries):
    """The glosses of WordNet, and the lexicographer file number of each."""
    for kind in ("noun", "verb", "adj", "adv"):
        with open(f"{dictionaries}/wordnet/data.{kind}", encoding="utf8") as file:
            for line in file:
                if "| " in line:
                    data, gloss = line.split("| ", 1)
                    yield words_of(gloss), data.split()[1]


def make_corpus(dictionaries, path):
    """Definitions and glosses of two dictionaries, one per line, in lower case, shuffled."""
    with gzip.open(f"{dictionaries}/dictd/gcide.dict.dz") as file:
        text = file.read().decode("utf8", "replace")
    text = re.sub(r"\[[^\[\]]{1,400}\]|\\[^\\\n]{1,60}\\|[{}]", " ", text)
    lines = [words_of(entry) for entry in re.split(r"\n\s*\n", text)]
    lines += [words for words, _ in glosses(dictionaries)]
    lines = [" ".join(words) for words in lines if len(words) > 1]
    random.Random(0).shuffle(lines)
    with open(path, "w") as file:
        file.write("\n".join(lines) + "\n")


def make_examples(dictionaries, train, test):
    """Labeled glosses: one in ten for the test."""
    lines = [f"__label__{field} {' '.join(words)}" for words, field in glosses(dictionaries) if words]
    random.Random(0).shuffle(lines)
    for path, part in ((train, lines[len(lines) // 10 :]), (test, lines[: len(lines) // 10])):
        with open(path, "w") as file:
            file.write("\n".join(part) + "\n")


def peer(name, work, text, out, seed, epochs):
    """Trains with another program, in a separate process, and saves; prints the seconds of the training."""
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

        start = time.time()
        common = {"dim": DIM, "epoch": epochs, "thread": WORKERS, "verbose": 0}
        if work == "supervised":
            model = fasttext.train_supervised(text, lr=0.5, wordNgrams=2, seed=seed, **common)
        else:
            model = fasttext.train_unsupervised(text, model="skipgram", ws=5, minCount=5, neg=5, t=1e-3, lr=0.05, **common)
        seconds = time.time() - start
        model.save_model(out)
    print(json.dumps({"seconds": seconds}))


def measured(command):
    """Runs a command; returns its peak memory in MB and its output."""
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        output.seek(0)
        printed = output.read()
    if status != 0:
        sys.exit(f"{' '.join(command)} failed:\n{printed}")
    return usage.ru_maxrss / 1024, printed


def scores(vectors):
    """WordSim-353, SimLex-999 and the accuracy on analogies, by gensim."""
    from gensim.test.utils import datapath

    pairs = [vectors.evaluate_word_pairs(datapath(name))[1][0] for name in ("wordsim353.tsv", "simlex999.txt")]
    return {"WordSim-353": pairs[0], "SimLex-999": pairs[1], "analogies": vectors.evaluate_word_analogies(datapath("questions-words.txt"))[0]}


def quality(work, path, test):
    """The scores of trained vectors. In a separate process: the peak memory of a child is never below that of the parent."""
    command = [sys.executable, __file__, "--score", work, path, test]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip().splitlines()[-1])


def score(work, path, test):
    if work == "supervised":
        import fasttext

        fasttext.FastText.eprint = lambda *_: None
        return {"precision": fasttext.load_model(path).test(test)[1]}
    if work == "fasttext":
        from gensim.models.fasttext import load_facebook_vectors

        return scores(load_facebook_vectors(path))
    from gensim.models import KeyedVectors

    return scores(KeyedVectors.load_word2vec_format(path, binary=True))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("works", nargs="*", default=list(WORKS), help=f"default: {' '.join(WORKS)}")
    parser.add_argument("--text", help="a text file, one sentence per line")
    parser.add_argument("--dictionaries", default="/usr/share", help="the folder with dictd/gcide.dict.dz and wordnet/")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--no-scores", action="store_true", help="only speed")
    parser.add_argument("--peer", nargs=5, help=argparse.SUPPRESS)
    parser.add_argument("--score", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peer:
        name, work, text, out, seed = args.peer
        return peer(name, work, text, out, int(seed), args.epochs)
    if args.score:
        return print(json.dumps(score(*args.score)))

    subprocess.run(["cargo", "build", "--release", "-q", "-p", "candle-keras-cli"], cwd=ROOT, check=True)
    command = os.path.join(os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target")), "release", "candle-keras")
    folder = tempfile.TemporaryDirectory()
    corpus, examples, test = args.text, os.path.join(folder.name, "train.txt"), os.path.join(folder.name, "test.txt")
    if not corpus and set(args.works) != {"supervised"}:
        corpus = os.path.join(folder.name, "corpus.txt")
        make_corpus(args.dictionaries, corpus)
    if "supervised" in args.works:
        make_examples(args.dictionaries, examples, test)

    def run(work, program, text, out, seed):
        """Trains; returns seconds, peak memory and quality."""
        if program == "candle-keras":
            arguments = WORKS[work].arguments + ["--text", text, "--dim", str(DIM), "--epochs", str(args.epochs), "--workers", str(WORKERS)]
            if work != "supervised":
                arguments += ["--tokenize", "whitespace", "--keep-case"]
            memory, printed = measured([command, "--seed", str(seed), "--verbose", "2", "vectors", *arguments, "--save", out])
            seconds = float(re.search(r"trained in ([0-9.]+) s", printed)[1])
        else:
            memory, printed = measured([sys.executable, __file__, "--epochs", str(args.epochs), "--peer", program, work, text, out, str(seed)])
            seconds = json.loads(printed.strip().splitlines()[-1])["seconds"]
        return seconds, memory, {} if args.no_scores else quality(work, out, test)

    print("| work | program | words/s | seconds | peak MB | quality, minimum to maximum |\n|---|---|---|---|---|---|")
    ratios = []
    for work in args.works:
        text = examples if work == "supervised" else corpus
        with open(text) as file:
            words = sum(len(line.split()) for line in file)
        programs = ["candle-keras"] + [WORKS[work].peer] * (WORKS[work].peer is not None)
        runs = {program: [] for program in programs}
        for seed in range(1, args.seeds + 1):
            for program in programs:
                runs[program].append(run(work, program, text, os.path.join(folder.name, f"{program}.bin"), seed))
        for program, row in runs.items():
            seconds, memory = statistics.median(run[0] for run in row), max(run[1] for run in row)
            each = {name: [run[2][name] for run in row] for name in row[0][2]}
            said = ", ".join(f"{name} {min(values):.3f} to {max(values):.3f}" for name, values in each.items())
            print(f"| {work} | {program} | {words * args.epochs / seconds:,.0f} | {seconds:.1f} | {memory:.0f} | {said} |", flush=True)
        if len(programs) == 2:
            pairs = [theirs[0] / ours[0] for ours, theirs in zip(*runs.values())]
            ratios.append(f"{work}: {min(pairs):.1f} to {max(pairs):.1f} times the speed of {programs[1]}")
    print("\n" + "\n".join(ratios))


if __name__ == "__main__":
    main()
