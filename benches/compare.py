"""Runs the reference models here, in Keras (JAX, TensorFlow) and in PyTorch, alternating, and prints a table with ratios.

usage: python benches/compare.py [--rounds N] [--peers NAME,...] [--device cuda] [--zoo BINARY] [WORK ...]
       (needs keras, jax, tensorflow-cpu, torch, numpy; a peer that is not installed is skipped)

Each round runs every model on every peer once, one after another, so that other load of the machine affects all of them; a figure is the
minimum of the rounds, in milliseconds per step of fit (or per batch of predict). The ratio is to the fastest peer: below 1 is faster. On a GPU, PyTorch has its
data on the host too, and moves it batch by batch; Keras is on the GPU if its backend finds one. A binary of the benchmark that was built elsewhere is
given with --zoo.
"""
import argparse
import importlib.util
import json
import os
import subprocess
import sys
import time

WORD_DISTANCE = {  # vocabulary, dimension, batch, pairs
    "word_distance_10k_64_b32": (10_000, 64, 32, 32_000), "word_distance_10k_64_b1024": (10_000, 64, 1024, 200_000),
    "word_distance_100k_128_b32": (100_000, 128, 32, 3_200), "word_distance_100k_128_b1024": (100_000, 128, 1024, 100_000),
}
SKIPGRAM = (53_000, 100)  # vocabulary, dimension
OTHERS = {"mlp": (128, 60), "text_sequential": (32, 100), "cnn": (128, 20), "lstm": (32, 30), "bilstm": (32, 8), "transformer": (32, 30), "skipgram": (1024, 400)}  # batch, steps
LAZY = {*WORD_DISTANCE, "skipgram"}  # works whose gradients are rows of tables
TEXTS = {"text_sequential": (10_000, 100), "lstm": (20_000, 80), "bilstm": (20_000, 200), "transformer": (20_000, 200)}  # vocabulary, words
PEERS = ["keras-jax", "keras-tensorflow", "torch", "torch-lazy"]


def zipf(np, vocabulary, count):
    p = 1 / np.arange(1, vocabulary + 1)
    return np.random.default_rng(0).choice(vocabulary, size=count, p=p / p.sum())


def data(np, work):
    rng, (batch, steps) = np.random.default_rng(0), OTHERS[work]
    if work == "skipgram":  # one pair in six stood side by side
        words = zipf(np, SKIPGRAM[0], 2 * batch * steps)[:, None].astype("int32")
        return np.split(words, 2), (np.arange(batch * steps) % 6 == 0).astype("float32")[:, None], batch, steps
    shape = {"mlp": (784,), "cnn": (28, 28, 1)}.get(work)
    if shape:
        return rng.random((batch * steps, *shape), "float32"), rng.integers(0, 10, batch * steps), batch, steps
    vocabulary, words = TEXTS[work]
    return rng.integers(0, vocabulary, (batch * steps, words)), rng.integers(0, 2, batch * steps), batch, steps


def keras_model(keras, work):
    L = keras.layers
    if work in WORD_DISTANCE:
        vocabulary, dim, *_ = WORD_DISTANCE[work]
        a, b, e = keras.Input((1,), dtype="int32"), keras.Input((1,), dtype="int32"), L.Embedding(vocabulary, dim)
        m = keras.Model([a, b], L.Lambda(lambda x: keras.ops.mean(x, axis=-1))(L.Subtract()([e(a), e(b)])))
        m.compile("adam", "mse")
    elif work == "skipgram":
        a, b = keras.Input((1,), dtype="int32"), keras.Input((1,), dtype="int32")
        dot = L.Flatten()(L.Dot(2)([L.Embedding(*SKIPGRAM)(a), L.Embedding(*SKIPGRAM)(b)]))
        m = keras.Model([a, b], L.Activation("sigmoid")(dot))
        m.compile("adam", "binary_crossentropy")
    elif work == "mlp":
        m = keras.Sequential([L.Input((784,)), L.Dense(512, "relu"), L.Dropout(0.2), L.Dense(512, "relu"), L.Dropout(0.2), L.Dense(10, "softmax")])
        m.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    elif work == "cnn":
        m = keras.Sequential([L.Input((28, 28, 1)), L.Conv2D(32, 3, activation="relu"), L.MaxPooling2D(2), L.Conv2D(64, 3, activation="relu"),
                              L.MaxPooling2D(2), L.Flatten(), L.Dropout(0.5), L.Dense(10, "softmax")])
        m.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    elif work == "transformer":
        i = L.Input((200,))
        h = L.Embedding(20_000, 32)(i)
        h = L.LayerNormalization(epsilon=1e-6)(h + L.MultiHeadAttention(2, 32)(h, h))
        h = L.LayerNormalization(epsilon=1e-6)(h + L.Dense(32)(L.Dense(32, "relu")(h)))
        m = keras.Model(i, L.Dense(2, "softmax")(L.Dense(20, "relu")(L.Dropout(0.1)(L.GlobalAveragePooling1D()(h)))))
        m.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    else:
        vocabulary, words = TEXTS[work]
        middle = {"text_sequential": lambda: [L.Flatten(), L.Dense(32, "relu")], "lstm": lambda: [L.LSTM(128)],
                  "bilstm": lambda: [L.Bidirectional(L.LSTM(64, return_sequences=True)), L.Bidirectional(L.LSTM(64))]}[work]()
        m = keras.Sequential([L.Input((words,)), L.Embedding(vocabulary, 100 if work == "text_sequential" else 128), *middle, L.Dense(1, "sigmoid")])
        m.compile("rmsprop" if work == "text_sequential" else "adam", "binary_crossentropy", metrics=["accuracy"])
    return m


def run_keras(peer, work):
    os.environ |= {"KERAS_BACKEND": peer.split("-")[1], "TF_CPP_MIN_LOG_LEVEL": "3"}
    import keras
    import numpy as np

    m = keras_model(keras, work)
    if work in WORD_DISTANCE:
        vocabulary, _, batch, pairs = WORD_DISTANCE[work]
        t, steps = zipf(np, vocabulary, pairs + 1)[:, None].astype("int32"), -(-pairs // batch)
        x, y = [t[:-1], t[1:]], np.zeros((pairs, 1), "float32")
    else:
        x, y, batch, steps = data(np, work)
    first = lambda n: [v[: batch * n] for v in x] if isinstance(x, list) else x[: batch * n]
    timed = lambda run: (time.perf_counter(), run(), time.perf_counter())
    m.fit(first(8), y[: batch * 8], batch_size=batch, verbose=0)
    start, _, end = timed(lambda: m.fit(x, y, batch_size=batch, verbose=0))
    m.predict(first(2), batch_size=batch, verbose=0)
    begin, _, done = timed(lambda: m.predict(x, batch_size=batch, verbose=0))
    return (end - start) / steps, (done - begin) / steps


def run_torch(peer, work, device):
    import numpy as np
    import torch
    from torch import nn

    bce = lambda p, y: nn.functional.binary_cross_entropy_with_logits(p.squeeze(-1), y.float())
    cross_entropy, adam = nn.functional.cross_entropy, torch.optim.Adam

    class Last(nn.Module):
        def __init__(self, vocabulary, units, layers):
            super().__init__()
            self.e, self.d = nn.Embedding(vocabulary, 128), nn.Linear(128, 1)
            self.l = nn.LSTM(128, units, layers, batch_first=True, bidirectional=layers > 1)

        def forward(self, x):
            return self.d(self.l(self.e(x))[0][:, -1])

    class Transformer(nn.Module):
        def __init__(self):
            super().__init__()
            self.e, self.a = nn.Embedding(20_000, 32), nn.MultiheadAttention(32, 2, batch_first=True)
            self.m, self.n = nn.LayerNorm(32), nn.LayerNorm(32)
            self.f = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 32))
            self.h = nn.Sequential(nn.Dropout(0.1), nn.Linear(32, 20), nn.ReLU(), nn.Linear(20, 2))

        def forward(self, x):
            x = self.e(x)
            x = self.m(x + self.a(x, x, x, need_weights=False)[0])
            return self.h(self.n(x + self.f(x)).mean(1))

    if work == "skipgram":
        words, y, batch, steps = data(np, work)
        (a, b), y, lazy = map(torch.from_numpy, words), torch.from_numpy(y), peer == "torch-lazy"
        model = nn.ModuleList(nn.Embedding(*SKIPGRAM, sparse=lazy) for _ in range(2)).to(device)
        optimizer = (torch.optim.SparseAdam if lazy else adam)(model.parameters(), lr=1e-3)
        forward = lambda i: (model[0](a[i : i + batch].to(device)) * model[1](b[i : i + batch].to(device))).sum(-1)
        loss = lambda i: bce(forward(i), y[i : i + batch, 0].to(device))
    elif work in WORD_DISTANCE:
        vocabulary, dim, batch, pairs = WORD_DISTANCE[work]
        t, steps, lazy = torch.from_numpy(zipf(np, vocabulary, pairs + 1)), pairs // batch, peer == "torch-lazy"
        e = nn.Embedding(vocabulary, dim, sparse=lazy).to(device)
        optimizer = (torch.optim.SparseAdam if lazy else adam)(e.parameters(), lr=1e-3)
        distance = lambda i: (e(t[i : i + batch].to(device)) - e(t[i + 1 : i + batch + 1].to(device))).mean(-1)
        forward, loss, model = distance, lambda i: distance(i).square().mean(), e
    else:
        x, y, batch, steps = data(np, work)
        x, y = torch.from_numpy(x), torch.from_numpy(y)
        optimizer, lossf = adam, bce
        if work == "mlp":
            layers = [nn.Linear(784, 512), nn.ReLU(), nn.Dropout(0.2), nn.Linear(512, 512), nn.ReLU(), nn.Dropout(0.2), nn.Linear(512, 10)]
            model, optimizer, lossf = nn.Sequential(*layers), torch.optim.RMSprop, cross_entropy
        elif work == "text_sequential":
            model, optimizer = nn.Sequential(nn.Embedding(10_000, 100), nn.Flatten(), nn.Linear(10_000, 32), nn.ReLU(), nn.Linear(32, 1)), torch.optim.RMSprop
        elif work == "cnn":
            x = x.permute(0, 3, 1, 2).contiguous()
            model = nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.5), nn.Linear(1600, 10))
            lossf = cross_entropy
        elif work == "transformer":
            model, lossf = Transformer(), cross_entropy
        else:
            model = Last(20_000, *((128, 1) if work == "lstm" else (64, 2)))
        model = model.to(device)
        optimizer = optimizer(model.parameters(), lr=1e-3)
        forward = lambda i: model(x[i : i + batch].to(device))
        loss = lambda i: lossf(forward(i), y[i : i + batch].to(device))

    def fit(count):
        model.train()
        for step in range(count):
            value = loss(step * batch)
            optimizer.zero_grad(set_to_none=True)
            value.backward()
            optimizer.step()

    def predict(count):
        model.eval()
        with torch.no_grad():
            for step in range(count):
                forward(step * batch)

    figures, done = [], torch.cuda.synchronize if device != "cpu" else lambda: None
    for run in (fit, predict):
        run(min(8, steps))
        done()
        start = time.perf_counter()
        run(steps)
        done()
        figures.append((time.perf_counter() - start) / steps)
    return figures


def measure(command):
    """The figures that a command prints, by model; empty if it fails."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        print(f"{' '.join(command[:4])} ...: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {line["work"]: (line["fit_ms"], line["predict_ms"]) for line in lines}


def built():
    """The benchmark's binary, rebuilt if necessary."""
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    command = ["cargo", "bench", "--bench", "zoo", "--no-run", "--message-format=json"]
    done = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, text=True, check=True)
    artifacts = [json.loads(line) for line in done.stdout.splitlines()]
    return next(a["executable"] for a in artifacts if a.get("target", {}).get("name") == "zoo" and a.get("executable"))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("works", nargs="*", metavar="WORK", help="default: all")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--peers", default=",".join(PEERS))
    arguments.add_argument("--device", default="cpu")
    arguments.add_argument("--zoo", help="a prebuilt binary of the benchmark")
    arguments.add_argument("--peer", help=argparse.SUPPRESS)
    arguments = arguments.parse_args()
    if arguments.peer:
        [work] = arguments.works
        keras = arguments.peer.startswith("keras")
        fit, predict = run_keras(arguments.peer, work) if keras else run_torch(arguments.peer, work, arguments.device)
        print(json.dumps({"work": work, "fit_ms": fit * 1e3, "predict_ms": predict * 1e3}))
        return
    works = arguments.works or [*WORD_DISTANCE, *OTHERS]
    needs = {"keras-jax": "jax", "keras-tensorflow": "tensorflow", "torch": "torch", "torch-lazy": "torch"}
    peers = [p for p in arguments.peers.split(",") if importlib.util.find_spec(needs[p])]
    zoo, figures, device = arguments.zoo or built(), {}, arguments.device
    for _ in range(arguments.rounds):
        for work in works:
            runs = {"floor": [zoo, "--json", "--floor", work]} if work in WORD_DISTANCE else {}
            runs["candle-keras"] = [zoo, "--json", f"--device={device}", work]
            runs |= {peer: [sys.executable, __file__, "--peer", peer, "--device", device, work] for peer in peers if peer != "torch-lazy" or work in LAZY}
            for peer, command in runs.items():
                figure = measure(command).get(work)
                for what, value in zip(("step of fit", "batch of predict"), figure or ()):
                    if value is not None:
                        figures.setdefault((what, work, peer), []).append(value)
    for what in ("step of fit", "batch of predict"):
        table(what, works, peers, {key[1:]: values for key, values in figures.items() if key[0] == what}, arguments.rounds)


def table(what, works, peers, figures, rounds):
    columns = ["floor", "candle-keras", *peers]
    print(f"\nmilliseconds per {what}, minimum of {rounds} rounds\n")
    print(f"| work | {' | '.join(columns)} | ratio |\n|---{'|---' * (len(columns) + 1)}|")
    for work in works:
        least = {peer: min(figures[work, peer]) for peer in columns if (work, peer) in figures}
        best = min((least[peer] for peer in peers if peer in least), default=None)
        ratio = f"{least['candle-keras'] / best:.2f}" if best and "candle-keras" in least else ""
        print(f"| {work} | {' | '.join(f'{least[p]:.3g}' if p in least else '' for p in columns)} | {ratio} |")


if __name__ == "__main__":
    main()
