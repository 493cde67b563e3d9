"""Writes tests/keras/anchors.json: results of real Keras, for the comparison in tests/keras_anchors.rs.

usage: python tools/keras_anchors.py        (needs keras, jax and numpy; run from the repository's root)
"""
import json
import os
import warnings

os.environ["KERAS_BACKEND"] = "jax"
warnings.simplefilter("ignore")

import keras
import numpy as np
from keras import Model, Sequential, layers as L, ops as K

rng = np.random.default_rng(0)


def numbers(x):
    x = np.asarray(x)
    if x.dtype.kind == "f":
        return [float(f"{v:.8g}") for v in x.ravel()]
    return [int(v) for v in x.ravel()]


def array(x):
    x = np.asarray(x)
    return {"shape": list(x.shape), "values": numbers(x)}


def floats(*shape, scale=1.0):
    return (rng.standard_normal(shape) * scale).astype(np.float32)


def losses():
    y = np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0]], np.float32)
    classes = np.array([1, 2, 0, 1], np.int64)
    probs = np.array([[0.05, 0.95, 0], [0.1, 0.8, 0.1], [0.4, 0.3, 0.3], [1, 0, 0]], np.float32)
    logits = floats(4, 3, scale=2)
    weight = np.array([0.3, 0.7, 0, 2], np.float32)
    cases = [
        ("mse", keras.losses.MeanSquaredError, {}, y, probs),
        ("mae", keras.losses.MeanAbsoluteError, {}, y, probs),
        ("bce", keras.losses.BinaryCrossentropy, {}, y, probs),
        ("bce_logits_smooth", keras.losses.BinaryCrossentropy, {"from_logits": True, "label_smoothing": 0.1}, y, logits),
        ("cce", keras.losses.CategoricalCrossentropy, {}, y, probs),
        ("cce_smooth", keras.losses.CategoricalCrossentropy, {"label_smoothing": 0.1}, y, probs),
        ("cce_logits_smooth", keras.losses.CategoricalCrossentropy, {"from_logits": True, "label_smoothing": 0.1}, y, logits),
        ("scce", keras.losses.SparseCategoricalCrossentropy, {}, classes, probs),
        ("scce_logits_ignore", keras.losses.SparseCategoricalCrossentropy, {"from_logits": True, "ignore_class": 2}, classes, logits),
    ]
    out = []
    for name, cls, kw, a, b in cases:
        call = lambda r, w=None: numbers(cls(reduction=r, **kw)(a, b, sample_weight=w))
        out.append({
            "loss": name, "y_true": array(a), "y_pred": array(b), "weight": array(weight),
            "none": call("none"), "mean": call("sum_over_batch_size"), "sum": call("sum"),
            "weighted": call("sum_over_batch_size", weight), "mean_with_sample_weight": call("mean_with_sample_weight", weight),
        })
    # ranks that Keras adjusts, and a mask
    for name, a, b in [("mse", floats(5), floats(5, 1)), ("mse", floats(5, 1), floats(5)), ("mse", floats(2, 3, 1), floats(2, 3))]:
        out.append({"loss": name, "y_true": array(a), "y_pred": array(b), "mean": numbers(keras.losses.MeanSquaredError()(a, b))})
    return out


def metrics():
    out = []
    y2, p2 = np.array([[0], [1], [1], [0], [1]], np.float32), np.array([[0.1], [0.9], [0.4], [0.6], [0.5]], np.float32)
    y3, p3 = np.eye(3, dtype=np.float32)[[0, 2, 1, 1]], np.abs(floats(4, 3)) + 0.1
    p3 /= p3.sum(-1, keepdims=True)
    classes = np.array([0, 2, 1, 1])
    for name, y, p in [
        ("binary_accuracy", y2, p2), ("mse", y2, p2), ("mae", y2, p2), ("binary_crossentropy", y2, p2),
        ("categorical_accuracy", y3, p3), ("categorical_crossentropy", y3, p3),
        ("sparse_categorical_accuracy", classes, p3), ("sparse_categorical_crossentropy", classes, p3),
    ]:
        weight = np.arange(1, len(y) + 1, dtype=np.float32)
        metric = keras.metrics.get(name)
        metric.update_state(y, p)
        plain = numbers(metric.result())[0]
        metric.reset_state()
        metric.update_state(y[:2], p[:2], sample_weight=weight[:2])
        metric.update_state(y[2:], p[2:], sample_weight=weight[2:])
        out.append({"metric": name, "y_true": array(y), "y_pred": array(p), "weight": array(weight),
                    "value": plain, "weighted": numbers(metric.result())[0]})
    return out


def optimizers():
    out = []
    for name, opt in [
        ("sgd", keras.optimizers.SGD()), ("sgd_momentum", keras.optimizers.SGD(0.1, momentum=0.9)),
        ("sgd_nesterov", keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True)),
        ("rmsprop", keras.optimizers.RMSprop()), ("rmsprop_centered", keras.optimizers.RMSprop(0.01, momentum=0.5, centered=True)),
        ("adam", keras.optimizers.Adam()), ("adam_amsgrad", keras.optimizers.Adam(0.01, amsgrad=True)),
    ]:
        w = keras.Variable(floats(4, 3))
        start, grads, after = array(w), [floats(4, 3, scale=10.0 ** -i) for i in range(6)], []
        for g in grads:
            opt.apply([K.convert_to_tensor(g)], [w])
            after.append(numbers(w))
        out.append({"optimizer": name, "start": start, "gradients": [numbers(g) for g in grads], "after": after})
    return out


def activations():
    # away from kinks, where Keras's backends differ, except 0
    x = np.array([-7, -3.5, -0.9, -0.4, -1e-3, 0, 1e-3, 0.4, 0.9, 3.5, 7], np.float32)
    import jax
    out = []
    for name in ("linear relu relu6 leaky_relu elu selu celu gelu silu softplus softsign sigmoid hard_sigmoid hard_silu hard_tanh tanh "
                 "exponential mish log_sigmoid softmax log_softmax squareplus tanh_shrink soft_shrink hard_shrink sparse_plus "
                 "sparse_sigmoid sparsemax").split():
        f = keras.activations.get(name)
        inner = x[None] if "max" in name else x
        w = np.linspace(0.5, 1.5, len(x), dtype=np.float32)
        grad = jax.grad(lambda x: K.sum(f(x) * w))(inner)
        out.append({"activation": name, "x": array(inner), "y": numbers(f(inner)), "weights": numbers(w), "gradient": numbers(grad)})
    return out


def trained(name, model, x, y, **fit):
    """Start weights, history and end weights of a training without shuffling, and predictions before it."""
    xs = x if isinstance(x, list) else [x]
    ys = y if isinstance(y, list) else [y]
    start, prediction = [array(w) for w in model.get_weights()], model.predict(x, verbose=0)
    before = model.evaluate(x, y, verbose=0, return_dict=True, batch_size=fit.get("batch_size", 32))
    history = model.fit(x, y, shuffle=False, verbose=0, **fit).history
    prediction = prediction if isinstance(prediction, list) else [prediction]
    return {"model": name, "x": [array(v) for v in xs], "y": [array(v) for v in ys], "start": start,
            "prediction": [array(p) for p in prediction], "evaluate": {k: float(v) for k, v in before.items()},
            "history": {k: [float(v) for v in vs] for k, vs in history.items()},
            "end": [array(w) for w in model.get_weights()]}


def models():
    keras.utils.set_random_seed(1)
    out = []

    text = np.minimum(rng.zipf(1.3, 60), 19)
    for optimizer, loss in [("adam", "mse"), ("sgd", "mae"), ("rmsprop", "mse")]:
        a, b = L.Input((1,)), L.Input((1,))
        e = L.Embedding(20, 6)
        d = L.Lambda(lambda x: K.mean(x, axis=-1))(L.Subtract()([e(a), e(b)]))
        m = Model([a, b], d)
        m.compile(optimizer, loss)
        out.append(trained(f"word_distance_{optimizer}_{loss}", m, [text[:-1], text[1:]], np.zeros(59, np.float32), epochs=4, batch_size=8))

    def text_sequential(**kw):
        m = Sequential([L.Input((5,)), L.Embedding(30, 4), L.Flatten(), L.Dense(8, activation="relu"), L.Dense(1, activation="sigmoid")])
        m.compile("rmsprop", "binary_crossentropy", metrics=["acc", "mse"], **kw)
        return m

    x = rng.integers(0, 30, (50, 5))
    y = (x[:, 0] > x[:, 1]).astype(np.int64)
    out.append(trained("text_sequential_validation_split", text_sequential(), x, y, epochs=3, batch_size=16, validation_split=0.25))
    out.append(trained("text_sequential_class_weight", text_sequential(), x, y, epochs=2, batch_size=16, class_weight={0: 0.5, 1: 2.0}))
    w = np.linspace(0, 2, 50).astype(np.float32)
    r = trained("text_sequential_sample_weight", text_sequential(weighted_metrics=["mae"]), x, y, epochs=2, batch_size=16, sample_weight=w)
    out.append(r | {"sample_weight": array(w)})

    i = L.Input((4,), name="numbers")
    h = L.Dense(6, activation="tanh", kernel_regularizer=keras.regularizers.L2(0.05), bias_regularizer="l1", bias_initializer="normal",
                activity_regularizer=keras.regularizers.L2(0.01), name="hidden")(i)
    o1 = L.Dense(1, name="price")(h)
    o2 = L.Dense(3, activation="softmax", kernel_constraint=keras.constraints.MaxNorm(0.7), name="kind")(h)
    m = Model(i, [o1, o2])
    m.compile(keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True), ["mae", "sparse_categorical_crossentropy"], loss_weights=[1.0, 0.5],
              metrics=["mse", "acc"])
    x = floats(20, 4)
    out.append(trained("two_outputs", m, x, [x.sum(1), rng.integers(0, 3, 20)], epochs=3, batch_size=8))

    i = L.Input((6,))
    h = L.GlobalAveragePooling1D()(L.Embedding(12, 4, mask_zero=True)(i))
    m = Model(i, L.Dense(3)(h))
    m.compile("adam", keras.losses.CategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    x = rng.integers(1, 12, (18, 6)) * (np.arange(6) < rng.integers(1, 7, (18, 1)))
    out.append(trained("masked_mean", m, x, np.eye(3, dtype=np.float32)[x[:, 0] % 3], epochs=3, batch_size=7))

    i = L.Input((6,))
    m = Model(i, L.Dense(1)(L.Embedding(12, 4, mask_zero=True)(i)))
    m.compile(keras.optimizers.SGD(0.5), "mse", metrics=["mae"])
    out.append(trained("masked_loss", m, x, floats(18, 6, 1), epochs=3, batch_size=7))

    a, b = L.Input((3,)), L.Input((3,))
    shared = Sequential([L.Input((3,)), L.Dense(4, activation="relu")], name="shared")
    ha, hb = shared(a), shared(b)
    parts = [L.Add()([ha, hb]), L.Multiply()([ha, hb]), L.Average()([ha, hb]), L.Maximum()([ha, hb]), L.Minimum()([ha, hb]), L.Dot(1)([ha, hb])]
    m = Model([a, b], L.Dense(2, activation="softplus")(L.Concatenate()(parts)))
    m.compile("adam", "mae")
    out.append(trained("merging", m, [floats(12, 3), floats(12, 3)], np.abs(floats(12, 2)), epochs=3, batch_size=5))

    i = L.Input((6,))
    h = L.GlobalMaxPooling1D()(L.Reshape((3, 2))(i))
    m = Model(i, L.Activation("tanh")(L.Dense(1, kernel_constraint="non_neg")(h)))
    m.compile(keras.optimizers.RMSprop(0.01, momentum=0.9, centered=True), "mse")
    out.append(trained("pooling", m, floats(10, 6), floats(10, 1), epochs=4, batch_size=4))
    return out


def lora():
    """A Dense, an Embedding and a Conv1D with adapted kernels: the weights at the start, a prediction, and the weights after two steps."""
    local, out = np.random.default_rng(21), []
    numbers_of = lambda *shape: local.standard_normal(shape).astype(np.float32)
    for layer, x in [(L.Dense(3), numbers_of(6, 4)), (L.EinsumDense("abc,cde->abde", (2, 2, 2)), numbers_of(6, 2, 3)),
                     (L.Conv1D(3, 2, kernel_regularizer="l2"), numbers_of(6, 4, 2)), (L.Embedding(5, 3), local.integers(0, 5, (6, 2)))]:
        i = L.Input(x.shape[1:], dtype=str(x.dtype))
        m = Model(i, layer(i))
        layer.enable_lora(2, lora_alpha=3)
        m.set_weights([numbers_of(*w.shape) for w in m.get_weights()])
        m.compile(keras.optimizers.SGD(0.05), "mse")
        y = numbers_of(6, *m.output_shape[1:])
        start, prediction = [array(w) for w in m.get_weights()], array(m.predict(x, verbose=0))
        m.fit(x, y, shuffle=False, verbose=0, epochs=1, batch_size=3)
        out.append({"layer": type(layer).__name__, "x": array(x), "y": array(y), "start": start, "prediction": prediction,
                    "end": [array(w) for w in m.get_weights()]})
    return out


with open("tests/keras/anchors.json", "w") as f:
    json.dump({"keras": keras.__version__, "losses": losses(), "metrics": metrics(), "optimizers": optimizers(),
               "activations": activations(), "models": models(), "lora": lora()}, f, separators=(",", ":"))
    f.write("\n")
