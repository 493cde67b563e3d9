"""Data augmentation of a batch of 32 x 224 x 224 x 3 here and in Keras (JAX, TensorFlow; each in a compiled function), alternating, in milliseconds.

usage: python benches/augmentation.py BINARY [--rounds N]      (BINARY: what `cargo bench --bench augmentation --no-run` has built)
"""
import json
import os
import subprocess
import sys
import time

LAYERS = ("flip", "rotation", "zoom", "contrast", "all")


def peer(backend):
    os.environ["KERAS_BACKEND"] = backend
    import keras
    import numpy as np
    L = keras.layers
    x = (np.random.default_rng(0).random((32, 224, 224, 3)) * 255).astype("float32")
    made = [L.RandomFlip(), L.RandomRotation(0.1), L.RandomZoom(0.2), L.RandomContrast(0.3)]
    figures = {}
    for name, layers in zip(LAYERS, [[layer] for layer in made] + [made]):
        model = keras.Sequential(layers)
        model.build(x.shape)
        if backend == "jax":
            import jax
            given = jax.numpy.asarray(x)
            function = jax.jit(lambda v, s: model.stateless_call([], s, v, training=True))
            state = [v.value for v in model.non_trainable_variables]

            def run():
                nonlocal state
                y, state = function(given, state)
                y.block_until_ready()
        else:
            import tensorflow as tf
            given = tf.constant(x)
            compiled = tf.function(lambda v: model(v, training=True))
            run = lambda: compiled(given)[0, 0, 0, 0].numpy()
        run()
        times = []
        for _ in range(5):
            start = time.perf_counter()
            run()
            times.append((time.perf_counter() - start) * 1e3)
        figures[name] = min(times)
    print(json.dumps(figures))


def main():
    rounds = int(sys.argv[sys.argv.index("--rounds") + 1]) if "--rounds" in sys.argv else 3
    commands = {"here": [sys.argv[1], "--bench"], "keras-jax": [sys.executable, __file__, "--peer", "jax"],
                "keras-tensorflow": [sys.executable, __file__, "--peer", "tensorflow"]}
    best = {}
    for _ in range(rounds):
        for name, command in commands.items():
            result = subprocess.run(command, capture_output=True, text=True)
            if result.returncode:
                print(f"{name}: {result.stderr[-400:]}", file=sys.stderr)
                continue
            for layer, ms in json.loads(result.stdout.strip().splitlines()[-1]).items():
                best.setdefault(layer, {}).setdefault(name, []).append(ms)
    print(f"{'':10}" + "".join(f"{name:>18}" for name in commands) + f"{'ratio':>8}")
    for layer in LAYERS:
        figures = {name: min(best[layer][name]) for name in commands if name in best[layer]}
        peers = [ms for name, ms in figures.items() if name != "here"]
        ratio = f"{figures['here'] / min(peers):8.2f}" if peers else ""
        print(f"{layer:10}" + "".join(f"{figures.get(name, float('nan')):18.1f}" for name in commands) + ratio)


if __name__ == "__main__":
    peer(sys.argv[2]) if sys.argv[1] == "--peer" else main()
