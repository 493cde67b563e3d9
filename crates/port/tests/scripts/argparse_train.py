"""Trains a small classifier; what it does is said on the command line."""
import argparse
import sys
import time

import numpy as np
import keras
from keras import layers


def parse_args():
    parser = argparse.ArgumentParser(description="Trains a classifier of points.")
    parser.add_argument("--epochs", type=int, default=6, help="how often all samples are seen")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--learning_rate", "-l", type=float, default=0.01, help="of Adam")
    parser.add_argument("--optimizer", choices=["adam", "sgd"], default="adam")
    parser.add_argument("--hidden", type=int, nargs="+", default=[16, 8], help="units of the hidden layers")
    parser.add_argument("--name", default="points")
    parser.add_argument("--quiet", action="store_true", help="print less")
    return parser.parse_args()


def make_data(n, seed):
    rng = np.random.RandomState(seed)
    x = rng.randn(n, 2).astype("float32")
    y = (x[:, 0] * x[:, 1] > 0).astype("int64")
    return x, y


def build_model(hidden, optimizer, learning_rate):
    if not hidden:
        raise ValueError("a model needs hidden layers")
    model = keras.Sequential([keras.Input(shape=(2,))])
    for units in hidden:
        model.add(layers.Dense(units, activation="relu"))
    model.add(layers.Dense(2, activation="softmax"))
    if optimizer == "adam":
        chosen = keras.optimizers.Adam(learning_rate)
        model.compile(optimizer=chosen, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    else:
        model.compile(optimizer=keras.optimizers.SGD(learning_rate), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main():
    args = parse_args()
    if args.epochs < 1:
        print("nothing to do", file=sys.stderr)
        sys.exit(1)
    keras.utils.set_random_seed(2)
    x, y = make_data(120, seed=7)
    print("%s: %d samples, batches of %i" % (args.name, len(x), args.batch_size))
    start = time.time()
    model = build_model(args.hidden, args.optimizer, args.learning_rate)
    history = model.fit(x, y, epochs=args.epochs, batch_size=args.batch_size, verbose=0)
    if not args.quiet:
        for epoch, (loss, accuracy) in enumerate(zip(history.history["loss"], history.history["accuracy"]), start=1):
            print(f"epoch {epoch:2d}: loss {loss:.4f}, accuracy {accuracy:.4f}")
    elapsed = time.time() - start
    assert elapsed > 0, "time goes on"
    loss, accuracy = model.evaluate(x, y, verbose=0)
    print("loss {0:.4f} accuracy {1:.4f} ({0:8.3f}|{name:>10})".format(loss, accuracy, name=args.name))
    print(*[round(float(p), 4) for p in model.predict(x[:3], verbose=0)[:, 1]], sep=", ")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("stopped")
