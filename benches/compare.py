"""Runs the reference models here, in Keras (JAX, TensorFlow), PyTorch and ONNX Runtime, alternating, and prints tables with ratios.

usage: python benches/compare.py [--rounds N] [--peers NAME,...] [--device cuda] [--zoo BINARY] [--json FILE] [WORK ...]
       (needs keras, jax, tensorflow-cpu, torch, numpy; onnxruntime, onnx, tf2onnx; a peer that is not installed is skipped)

Each round runs every model on every peer once, one after another, so that other load of the machine affects all of them; a figure is the
minimum of the rounds, in milliseconds per step of fit, per batch of predict, and per call with 32 samples and with one: here and in Keras
predict_on_batch, in PyTorch the module, in ONNX Runtime a session (of OMP_NUM_THREADS threads, or two) with the model that Keras exports. The ratio is to the fastest
peer: below 1 is faster. On a GPU, PyTorch has its
data on the host too, and moves it batch by batch; Keras is on the GPU if its backend finds one. A binary of the benchmark that was built elsewhere is
given with --zoo. With --json, figures are added to those in a file, and the tables are of all of them.
"""
import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time

WORD_DISTANCE = {  # vocabulary, dimension, batch, pairs
    "word_distance_10k_64_b32": (10_000, 64, 32, 32_000), "word_distance_10k_64_b1024": (10_000, 64, 1024, 200_000),
    "word_distance_100k_128_b32": (100_000, 128, 32, 3_200), "word_distance_100k_128_b1024": (100_000, 128, 1024, 100_000),
}
SKIPGRAM = (53_000, 100)  # vocabulary, dimension
OTHERS = {"mlp": (128, 60), "text_sequential": (32, 100), "cnn": (128, 20), "lstm": (32, 30), "bilstm": (32, 8), "transformer": (32, 30), "skipgram": (1024, 400),
          "resnet": (32, 20), "text_cnn": (32, 10), "masked_gru": (32, 30), "mobile_block": (16, 8), "unet": (16, 8), "conv_lstm": (8, 8), "autoencoder": (128, 60), "conv3d": (8, 10), "recommender": (256, 400)}  # batch, steps
LAZY = {*WORD_DISTANCE, "skipgram", "recommender"}  # works whose gradients are rows of tables
TEXTS = {"text_sequential": (10_000, 100), "lstm": (20_000, 80), "bilstm": (20_000, 200), "transformer": (20_000, 200), "text_cnn": (20_000, 400), "masked_gru": (20_000, 80)}  # vocabulary, words
IMAGES = {"mlp": (784,), "cnn": (28, 28, 1), "resnet": (32, 32, 3), "mobile_block": (56, 56, 64), "conv3d": (16, 32, 32, 1)}  # with one of ten classes
RATINGS = (100_000, 50_000, 32)  # users, items, dimension
PEERS = ["keras-jax", "keras-tensorflow", "torch", "torch-lazy", "onnx"]
WHAT = {"fit_ms": "step of fit", "predict_ms": "batch of predict", "batch32_ms": "prediction of 32 samples", "one_ms": "prediction of one sample"}


def zipf(np, vocabulary, count):
    p = 1 / np.arange(1, vocabulary + 1)
    return np.random.default_rng(0).choice(vocabulary, size=count, p=p / p.sum())


def data(np, work):
    rng, (batch, steps) = np.random.default_rng(0), OTHERS[work]
    if work == "skipgram":  # one pair in six stood side by side
        words = zipf(np, SKIPGRAM[0], 2 * batch * steps)[:, None].astype("int32")
        return np.split(words, 2), (np.arange(batch * steps) % 6 == 0).astype("float32")[:, None], batch, steps
    numbers = lambda *shape: rng.random((batch * steps, *shape), "float32")
    if work == "recommender":
        return [rng.integers(0, count, (batch * steps, 1)).astype("int32") for count in RATINGS[:2]], numbers(1), batch, steps
    if work == "autoencoder":
        x = numbers(784)
        return x, x, batch, steps
    if work == "unet":
        return numbers(64, 64, 3), numbers(64, 64, 1).round(), batch, steps
    if work == "conv_lstm":
        return numbers(10, 32, 32, 1), numbers(32, 32, 1), batch, steps
    if work in IMAGES:
        return numbers(*IMAGES[work]), rng.integers(0, 10, batch * steps), batch, steps
    vocabulary, words = TEXTS[work]
    if work == "masked_gru":  # texts of 20 to 80 words, padded
        lengths = rng.integers(20, words + 1, (batch * steps, 1))
        return rng.integers(1, vocabulary, (batch * steps, words)) * (np.arange(words) < lengths), rng.integers(0, 2, batch * steps), batch, steps
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
    elif work == "recommender":
        users, items, dim = RATINGS
        a, b = keras.Input((1,), dtype="int32"), keras.Input((1,), dtype="int32")
        m = keras.Model([a, b], L.Dot(1)([L.Flatten()(L.Embedding(users, dim)(a)), L.Flatten()(L.Embedding(items, dim)(b))]))
        m.compile("adam", "mse")
    elif work == "resnet":
        conv = lambda filters, stride, x: L.BatchNormalization()(L.Conv2D(filters, 3, stride, "same", use_bias=False)(x))
        i = L.Input((32, 32, 3))
        h = L.ReLU()(conv(16, 1, i))
        for filters, stride in [(16, 1), (32, 2), (64, 2)]:
            inner = conv(filters, 1, L.ReLU()(conv(filters, stride, h)))
            h = L.ReLU()(inner + (L.Conv2D(filters, 1, stride, use_bias=False)(h) if stride > 1 else h))
        m = keras.Model(i, L.Dense(10, "softmax")(L.GlobalAveragePooling2D()(h)))
        m.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    elif work == "mobile_block":
        m = keras.Sequential([L.Input((56, 56, 64)), L.DepthwiseConv2D(3, padding="same", use_bias=False), L.BatchNormalization(), L.ReLU(),
                              L.Conv2D(128, 1, use_bias=False), L.BatchNormalization(), L.ReLU(), L.GlobalAveragePooling2D(), L.Dense(10, "softmax")])
        m.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    elif work == "unet":
        conv = lambda filters: L.Conv2D(filters, 3, padding="same", activation="relu")
        i = L.Input((64, 64, 3))
        before = conv(32)(i)
        up = L.Conv2DTranspose(32, 3, 2, "same", activation="relu")(conv(64)(L.MaxPooling2D(2)(before)))
        m = keras.Model(i, L.Conv2D(1, 1, activation="sigmoid")(conv(32)(L.Concatenate()([before, up]))))
        m.compile("adam", "binary_crossentropy")
    elif work == "conv_lstm":
        m = keras.Sequential([L.Input((10, 32, 32, 1)), L.ConvLSTM2D(16, 3, padding="same"), L.Conv2D(1, 3, padding="same", activation="sigmoid")])
        m.compile("adam", "binary_crossentropy")
    elif work == "autoencoder":
        m = keras.Sequential([L.Input((784,)), L.Dense(128, "relu"), L.Dense(64, "relu"), L.Dense(128, "relu"), L.Dense(784, "sigmoid")])
        m.compile("adam", "binary_crossentropy")
    elif work == "conv3d":
        m = keras.Sequential([L.Input((16, 32, 32, 1)), L.Conv3D(16, 3, activation="relu"), L.MaxPooling3D(2), L.Conv3D(32, 3, activation="relu"),
                              L.MaxPooling3D(2), L.Flatten(), L.Dense(10, "softmax")])
        m.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
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
        middle = {"text_sequential": lambda: [L.Flatten(), L.Dense(32, "relu")], "lstm": lambda: [L.LSTM(128)], "masked_gru": lambda: [L.GRU(128)],
                  "text_cnn": lambda: [L.Conv1D(128, 5, activation="relu"), L.MaxPooling1D(5), L.Conv1D(128, 5, activation="relu"),
                                       L.GlobalMaxPooling1D(), L.Dense(128, "relu"), L.Dropout(0.5)],
                  "bilstm": lambda: [L.Bidirectional(L.LSTM(64, return_sequences=True)), L.Bidirectional(L.LSTM(64))]}[work]()
        m = keras.Sequential([L.Input((words,)), L.Embedding(vocabulary, 100 if work == "text_sequential" else 128, mask_zero=work == "masked_gru"), *middle, L.Dense(1, "sigmoid")])
        m.compile("rmsprop" if work == "text_sequential" else "adam", "binary_crossentropy", metrics=["accuracy"])
    return m


def call_ms(call):
    """Milliseconds of a call, over about half a second of calls."""
    count = 5
    for _ in range(2):
        start = time.perf_counter()
        for _ in range(count):
            call()
        ms = (time.perf_counter() - start) * 1e3 / count
        count = max(3, min(20_000, int(500 / ms)))
    return ms


def keras_and_data(backend, work):
    os.environ |= {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    import keras
    import numpy as np

    m = keras_model(keras, work)
    if work in WORD_DISTANCE:
        vocabulary, _, batch, pairs = WORD_DISTANCE[work]
        t, steps = zipf(np, vocabulary, pairs + 1)[:, None].astype("int32"), -(-pairs // batch)
        x, y = [t[:-1], t[1:]], np.zeros((pairs, 1), "float32")
    else:
        x, y, batch, steps = data(np, work)
    return m, (lambda n: [v[:n] for v in x] if isinstance(x, list) else x[:n]), x, y, batch, steps


def run_onnx(work):
    """Predictions of the model that Keras on TensorFlow exports, in a session with two threads."""
    import onnxruntime

    m, samples, x, _, batch, steps = keras_and_data("tensorflow", work)
    m.predict_on_batch(samples(2))
    with tempfile.TemporaryDirectory() as folder:
        m.export(f"{folder}/model.onnx", format="onnx", verbose=False)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = int(os.environ.get("OMP_NUM_THREADS", 2)), 1
        session = onnxruntime.InferenceSession(f"{folder}/model.onnx", options, providers=["CPUExecutionProvider"])
    types = {"tensor(float)": "float32", "tensor(int32)": "int32", "tensor(int64)": "int64"}
    whole = [v.astype(types[i.type]) for i, v in zip(session.get_inputs(), x if isinstance(x, list) else [x])]
    names = [i.name for i in session.get_inputs()]
    run = lambda begin, end: session.run(None, {name: v[begin:end] for name, v in zip(names, whole)})
    close = abs(run(0, 8)[0] - m.predict_on_batch(samples(8))).max()
    assert close < 1e-4, f"{work}: {close}"

    def predict():
        for step in range(steps):
            run(step * batch, (step + 1) * batch)

    predict()
    start = time.perf_counter()
    predict()
    return {"predict_ms": (time.perf_counter() - start) * 1e3 / steps, "one_ms": call_ms(lambda: run(0, 1)), "batch32_ms": call_ms(lambda: run(0, 32))}


def run_keras(peer, work):
    m, samples, x, y, batch, steps = keras_and_data(peer.split("-")[1], work)
    first = lambda n: samples(batch * n)
    timed = lambda run: (time.perf_counter(), run(), time.perf_counter())
    m.fit(first(8), y[: batch * 8], batch_size=batch, verbose=0)
    start, _, end = timed(lambda: m.fit(x, y, batch_size=batch, verbose=0))
    m.predict(first(2), batch_size=batch, verbose=0)
    begin, _, done = timed(lambda: m.predict(x, batch_size=batch, verbose=0))
    calls = {name: call_ms(lambda: m.predict_on_batch(samples(n))) for name, n in (("one_ms", 1), ("batch32_ms", 32))}
    return {"fit_ms": (end - start) * 1e3 / steps, "predict_ms": (done - begin) * 1e3 / steps, **calls}


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

    class Block(nn.Module):
        """A residual block of two convolutions."""

        def __init__(self, channels, filters, stride):
            super().__init__()
            conv = lambda channels, stride: nn.Conv2d(channels, filters, 3, stride, 1, bias=False)
            self.inner = nn.Sequential(conv(channels, stride), nn.BatchNorm2d(filters), nn.ReLU(), conv(filters, 1), nn.BatchNorm2d(filters))
            self.short = nn.Conv2d(channels, filters, 1, stride, bias=False) if stride > 1 else nn.Identity()

        def forward(self, x):
            return (self.inner(x) + self.short(x)).relu()

    class UNet(nn.Module):
        def __init__(self):
            super().__init__()
            conv = lambda channels, filters: nn.Sequential(nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU())
            self.before, self.below, self.after = conv(3, 32), nn.Sequential(nn.MaxPool2d(2), conv(32, 64)), nn.Sequential(conv(64, 32), nn.Conv2d(32, 1, 1))
            self.up = nn.Sequential(nn.ConvTranspose2d(64, 32, 3, 2, 1, 1), nn.ReLU())

        def forward(self, x):
            x = self.before(x)
            return self.after(torch.cat([x, self.up(self.below(x))], 1))

    class ConvLSTM(nn.Module):
        def __init__(self):
            super().__init__()
            self.x, self.h, self.y = nn.Conv2d(1, 64, 3, padding=1), nn.Conv2d(16, 64, 3, padding=1, bias=False), nn.Conv2d(16, 1, 3, padding=1)

        def forward(self, x):
            given = self.x(x.flatten(0, 1)).unflatten(0, x.shape[:2])
            h = c = x.new_zeros(len(x), 16, *x.shape[3:])
            for t in range(x.shape[1]):
                i, f, g, o = (given[:, t] + self.h(h)).chunk(4, 1)
                c = f.sigmoid() * c + i.sigmoid() * g.tanh()
                h = o.sigmoid() * c.tanh()
            return self.y(h)

    class TextCNN(nn.Module):
        def __init__(self):
            super().__init__()
            self.e = nn.Embedding(20_000, 128)
            self.c = nn.Sequential(nn.Conv1d(128, 128, 5), nn.ReLU(), nn.MaxPool1d(5), nn.Conv1d(128, 128, 5), nn.ReLU())
            self.d = nn.Sequential(nn.Linear(128, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 1))

        def forward(self, x):
            return self.d(self.c(self.e(x).transpose(1, 2)).amax(2))

    class MaskedGRU(nn.Module):
        def __init__(self):
            super().__init__()
            self.e, self.g, self.d = nn.Embedding(20_000, 128), nn.GRU(128, 128, batch_first=True), nn.Linear(128, 1)

        def forward(self, x):
            lengths = (x != 0).sum(1).cpu()
            packed = nn.utils.rnn.pack_padded_sequence(self.e(x), lengths, batch_first=True, enforce_sorted=False)
            return self.d(self.g(packed)[1][0])

    lazy = peer == "torch-lazy"
    if work in ("skipgram", "recommender"):
        words, y, batch, steps = data(np, work)
        (a, b), y = map(torch.from_numpy, words), torch.from_numpy(y)
        counts = (SKIPGRAM[0],) * 2 if work == "skipgram" else RATINGS[:2]
        dim, lossf = (SKIPGRAM[1], bce) if work == "skipgram" else (RATINGS[2], nn.functional.mse_loss)
        model = nn.ModuleList(nn.Embedding(count, dim, sparse=lazy) for count in counts).to(device)
        optimizer = (torch.optim.SparseAdam if lazy else adam)(model.parameters(), lr=1e-3)
        forward = lambda i, n: (model[0](a[i : i + n].to(device)) * model[1](b[i : i + n].to(device))).sum(-1)
        loss = lambda i: lossf(forward(i, batch).squeeze(-1), y[i : i + batch, 0].to(device))
    elif work in WORD_DISTANCE:
        vocabulary, dim, batch, pairs = WORD_DISTANCE[work]
        t, steps = torch.from_numpy(zipf(np, vocabulary, pairs + 1)), pairs // batch
        e = nn.Embedding(vocabulary, dim, sparse=lazy).to(device)
        optimizer = (torch.optim.SparseAdam if lazy else adam)(e.parameters(), lr=1e-3)
        forward = lambda i, n: (e(t[i : i + n].to(device)) - e(t[i + 1 : i + n + 1].to(device))).mean(-1)
        loss, model = lambda i: forward(i, batch).square().mean(), e
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
            x = x.movedim(-1, 1).contiguous()
            model = nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.5), nn.Linear(1600, 10))
            lossf = cross_entropy
        elif work == "transformer":
            model, lossf = Transformer(), cross_entropy
        elif work == "resnet":
            x, lossf = x.movedim(-1, 1).contiguous(), cross_entropy
            blocks = [Block(16, 16, 1), Block(16, 32, 2), Block(32, 64, 2)]
            model = nn.Sequential(nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
        elif work == "mobile_block":
            x, lossf = x.movedim(-1, 1).contiguous(), cross_entropy
            layers = [nn.Conv2d(64, 64, 3, padding=1, groups=64, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.Conv2d(64, 128, 1, bias=False), nn.BatchNorm2d(128), nn.ReLU()]
            model = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 10))
        elif work == "conv3d":
            x, lossf = x.movedim(-1, 1).contiguous(), cross_entropy
            layers = [nn.Conv3d(1, 16, 3), nn.ReLU(), nn.MaxPool3d(2), nn.Conv3d(16, 32, 3), nn.ReLU(), nn.MaxPool3d(2)]
            model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(32 * 2 * 6 * 6, 10))
        elif work in ("unet", "conv_lstm"):
            x, y = (v.movedim(-1, -3).contiguous() for v in (x, y))
            model, lossf = UNet() if work == "unet" else ConvLSTM(), nn.functional.binary_cross_entropy_with_logits
        elif work == "autoencoder":
            sizes = [784, 128, 64, 128, 784]
            layers = [layer for a, b in zip(sizes, sizes[1:]) for layer in (nn.Linear(a, b), nn.ReLU())]
            model, lossf = nn.Sequential(*layers[:-1]), nn.functional.binary_cross_entropy_with_logits
        elif work in ("text_cnn", "masked_gru"):
            model = TextCNN() if work == "text_cnn" else MaskedGRU()
        else:
            model = Last(20_000, *((128, 1) if work == "lstm" else (64, 2)))
        model = model.to(device)
        optimizer = optimizer(model.parameters(), lr=1e-3)
        forward = lambda i, n: model(x[i : i + n].to(device))
        loss = lambda i: lossf(forward(i, batch), y[i : i + batch].to(device))

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
                forward(step * batch, batch)

    figures, done = {}, torch.cuda.synchronize if device != "cpu" else lambda: None
    for name, run in (("fit_ms", fit), ("predict_ms", predict)):
        run(min(8, steps))
        done()
        start = time.perf_counter()
        run(steps)
        done()
        figures[name] = (time.perf_counter() - start) * 1e3 / steps
    with torch.no_grad():
        return figures | {name: call_ms(lambda: (forward(0, n), done())) for name, n in (("one_ms", 1), ("batch32_ms", 32))}


def measure(command):
    """The figures that a command prints, by model; empty if it fails."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        print(f"{' '.join(command[:4])} ...: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {line["work"]: line for line in lines}


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
    arguments.add_argument("--json", help="a file of figures to add to")
    arguments.add_argument("--peer", help=argparse.SUPPRESS)
    arguments = arguments.parse_args()
    if arguments.peer:
        [work] = arguments.works
        peer = arguments.peer
        figures = run_onnx(work) if peer == "onnx" else run_keras(peer, work) if peer.startswith("keras") else run_torch(peer, work, arguments.device)
        print(json.dumps({"work": work, **figures}))
        return
    works = arguments.works or [*WORD_DISTANCE, *OTHERS]
    needs = {"keras-jax": "jax", "keras-tensorflow": "tensorflow", "torch": "torch", "torch-lazy": "torch", "onnx": "onnxruntime"}
    peers = [p for p in arguments.peers.split(",") if p and importlib.util.find_spec(needs[p])]
    zoo, device, figures = arguments.zoo or built(), arguments.device, []
    if arguments.json and os.path.exists(arguments.json):
        with open(arguments.json) as file:
            figures = json.load(file)
    for _ in range(arguments.rounds):
        for work in works:
            runs = {"floor": [zoo, "--json", "--floor", work]} if work in WORD_DISTANCE else {}
            runs["candle-keras"] = [zoo, "--json", f"--device={device}", work]
            runs |= {peer: [sys.executable, __file__, "--peer", peer, "--device", device, work] for peer in peers if peer != "torch-lazy" or work in LAZY}
            for peer, command in runs.items():
                figure = measure(command).get(work, {})
                figures += [[what, work, peer, figure[what]] for what in WHAT if figure.get(what) is not None]
            if arguments.json:
                with open(arguments.json, "w") as file:
                    json.dump(figures, file)
    least = {}
    for *key, value in figures:
        key = tuple(key)
        least[key] = min(value, least.get(key, value))
    for what, title in WHAT.items():
        table(title, {key[1:]: value for key, value in least.items() if key[0] == what})


def table(title, least):
    columns = [peer for peer in ("floor", "candle-keras", *PEERS) if any(key[1] == peer for key in least)]
    print(f"\nmilliseconds per {title}, minimum of the rounds\n")
    print(f"| work | {' | '.join(columns)} | ratio |\n|---{'|---' * (len(columns) + 1)}|")
    for work in dict.fromkeys(key[0] for key in least):
        ours = least.get((work, "candle-keras"))
        best = min((least[work, peer] for peer in PEERS if (work, peer) in least), default=None)
        ratio = f"{ours / best:.2f}" if best and ours else ""
        print(f"| {work} | {' | '.join(f'{least[work, p]:.3g}' if (work, p) in least else '' for p in columns)} | {ratio} |")


if __name__ == "__main__":
    main()
