"""Writes tests/keras/keras2: models saved by Keras 2, data, and Keras 2's results, for tests/fixtures.rs.

usage: python tools/keras2_fixtures.py [NAME ...]        (needs tf-keras, tensorflow and numpy; run from the repository's root)

The folders are those of tools/keras_fixtures.py, with model.h5 in place of model.keras where Keras 2 wrote HDF5. Slots of optimizers are in the files, so that the
training after loading shows whether they are read.
"""
import json
import os
import shutil
import sys

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf
import tf_keras as keras
from tf_keras import Model, Sequential, layers as L, losses, optimizers as O

ROOT = os.path.join("tests", "keras", "keras2")
CASES = {}


def case(make):
    CASES[make.__name__] = make
    return make


def floats(rng, *shape):
    return rng.standard_normal(shape).astype(np.float32)


def listed(x):
    return list(x) if isinstance(x, (list, tuple)) else [x]


def trained(model, rng, optimizer="sgd", loss="mse", samples=8, **compile):
    model.compile(optimizer, loss, **compile)
    return model, [floats(rng, samples, *output.shape[1:]) for output in model.outputs]


def data_for(model, rng):
    of = lambda t: rng.integers(0, 6, (8, *t.shape[1:])) if "int" in t.dtype.name else floats(rng, 8, *t.shape[1:])
    return [of(t) for t in model.inputs]


# Layers -----------------------------------------------------------------------------------------------------------------------------------


@case
def hard_sigmoid(rng):
    x = L.Input((5, 3))
    y = L.LSTM(4, recurrent_activation="hard_sigmoid", return_sequences=True)(x)
    y = L.Bidirectional(L.GRU(3, recurrent_activation="hard_sigmoid", reset_after=False))(y)
    return trained(Model(x, L.Dense(2, activation="hard_sigmoid")(y)), rng)


@case
def images(rng):
    # In training, TensorFlow estimates the moving variance of images from n - 1 pixels, Keras 3 from n.
    return trained(Sequential([
        L.Input((8, 8, 3)), L.Conv2D(4, 3, padding="same"), L.BatchNormalization(trainable=False), L.SeparableConv2D(5, 3, depth_multiplier=2),
        L.DepthwiseConv2D(2), L.Conv2DTranspose(3, 2, strides=2), L.MaxPooling2D(), L.ZeroPadding2D(1), L.Flatten(), L.Dense(2)]), rng)


@case
def augmentation(rng):  # ranges of one number leave nothing to chance
    layers = [L.Resizing(9, 9, crop_to_aspect_ratio=True), L.Resizing(8, 5, "nearest"), L.CenterCrop(6, 5), L.RandomRotation((0.1, 0.1)),
              L.RandomZoom((0.2, 0.2), (0.1, 0.1)), L.RandomTranslation((0.1, 0.1), (-0.2, -0.2)),
              L.RandomBrightness((0.1, 0.1), value_range=(-3, 3))]
    return trained(Sequential([L.Input((7, 6, 3)), *layers, L.Flatten(), L.Dense(2)]), rng)


@case
def locally_connected(rng):
    x = L.Input((6, 3))
    y = L.LocallyConnected1D(2, 3, strides=2, activation="relu")(x)
    z = L.LocallyConnected1D(3, 2, padding="same", implementation=2)(x)
    z = L.LocallyConnected1D(2, 3, padding="same", strides=2, implementation=3, use_bias=False)(z)
    first = L.LocallyConnected1D(2, 2, data_format="channels_first", implementation=1)(x)
    first = L.LocallyConnected1D(2, 1, data_format="channels_first", implementation=3)(first)
    return trained(Model(x, L.Dense(2)(L.Concatenate()([L.Flatten()(a) for a in (y, z, first)]))), rng)


@case
def locally_connected_images(rng):
    x = L.Input((4, 5, 2))
    y = L.LocallyConnected2D(2, (2, 3), strides=(1, 2))(x)
    z = L.LocallyConnected2D(2, 3, padding="same", strides=2, implementation=2)(x)
    w = L.LocallyConnected2D(2, 2, padding="same", implementation=3, activation="tanh")(x)
    first = L.LocallyConnected2D(2, (2, 1), data_format="channels_first", implementation=3)(x)
    return trained(Model(x, L.Dense(2)(L.Concatenate()([L.Flatten()(a) for a in (y, z, w, first)]))), rng)


@case
def masks(rng):
    # In Keras 2 a mask also reaches a layer with an initial state.
    x, h = L.Input((5,), dtype="int32", name="x"), L.Input((3,), name="h")
    e = L.Embedding(6, 2, mask_zero=True)(x)
    y = L.GRU(3, return_sequences=True)(e, initial_state=h)
    return trained(Model([x, h], [L.LSTM(2)(y), L.SimpleRNN(3)(e, initial_state=[h])]), rng)


@case
def arguments_of_calls(rng):
    x = L.Input((3,))
    y = L.BatchNormalization(momentum=0.5)(L.Dense(4)(x), training=False)
    return trained(Model(x, L.Dense(2)(L.BatchNormalization()(y, training=True))), rng)


@case
def nested(rng):
    inner = Sequential([L.Dense(4, activation="relu"), L.BatchNormalization(momentum=0.5)], name="stack")
    a = L.Input((3,))
    functional = Model(a, L.Dense(4, name="first")(L.Dense(5, name="second")(a)), name="inner")
    x = L.Input((3,))
    y = L.Add()([functional(x) * 2.0, functional(L.Dense(3)(x))])
    return trained(Model(x, L.Dense(2)(L.Concatenate()([inner(x), y]))), rng)


@case
def frozen(rng):
    inner = Sequential([L.Input((3,)), L.Dense(3), L.BatchNormalization(), L.Dense(3)], name="inner")
    inner.trainable = False
    inner.layers[2].trainable = True
    x = L.Input((3,))
    first = L.Dense(3)
    y = first(x)
    first.trainable = False
    return trained(Model(x, L.Dense(2)(inner(y))), rng)


@case
def names_with_slashes(rng):
    x = L.Input((3,), name="in/put")
    return trained(Model(x, L.Dense(1, name="a/b")(L.Dense(2, name="a/c")(x))), rng)


@case
def operations(rng):
    x, z = L.Input((4,), name="x"), L.Input((4,), name="z")
    y = L.Dense(4)(x) * 2.0 + z - 0.5
    y = tf.concat([y, 1.0 - z / 2.0], axis=-1)[:, 1:7]
    y = tf.nn.relu(y) + tf.sigmoid(y) * tf.abs(y) + tf.square(tf.tanh(y))
    y = tf.transpose(tf.reshape(y, [-1, 2, 3]), [0, 2, 1])
    y = tf.matmul(y, tf.stack([z[:, :2], z[:, 2:]], axis=1)) + tf.expand_dims(tf.reduce_mean(y, axis=1), 1)
    return trained(Model([x, z], [tf.reduce_sum(tf.clip_by_value(y, -1.0, 1.0), axis=[1, 2], keepdims=False)[:, tf.newaxis]]), rng)


@case
def small_layers(rng):
    x = L.Input((4, 3))
    layers = [L.ReLU(6.0), L.ReLU(max_value=0.8, negative_slope=0.2, threshold=0.3), L.LeakyReLU(0.1), L.PReLU(shared_axes=[1]), L.ELU(0.5), L.ThresholdedReLU(0.3),
              L.Softmax(axis=1), L.Dense(3, activation=L.LeakyReLU(0.2)), L.UnitNormalization(axis=[1, 2]), L.Permute((2, 1)), L.ActivityRegularization(l1=0.01, l2=0.02),
              L.SpatialDropout1D(0.0), L.GaussianNoise(0.0), L.GaussianDropout(0.0), L.AlphaDropout(0.0), L.LSTM(2)]
    outs = [layer(L.Dense(3)(x)) for layer in layers]
    outs.append(L.LSTM(2)(L.Masking(-1.0)(L.ReLU()(x) - 1.0)))  # about one step in eight has no number above 0
    outs.append(L.RepeatVector(2)(L.Flatten()(outs[0])))
    return trained(Model(x, outs), rng)


@case
def attention(rng):
    x = L.Input((4, 6))
    return trained(Model(x, L.Dense(1)(L.LayerNormalization()(x + L.MultiHeadAttention(2, 3)(x, x)))), rng)


@case
def attention_without_heads(rng):
    q, v = L.Input((4,), dtype="int32", name="q"), L.Input((5,), dtype="int32", name="v")
    a, b = L.Embedding(6, 3, mask_zero=True)(q), L.Embedding(6, 3, mask_zero=True)(v)
    outs = [L.Attention(use_scale=True)([a, b]), L.AdditiveAttention()([a, b]), L.Attention(score_mode="concat")([a, b])]
    return trained(Model([q, v], L.Add()([L.GlobalAveragePooling1D()(y) for y in outs])), rng)


@case
def conv_lstm(rng):
    x = L.Input((3, 4, 3, 2))
    y = L.ConvLSTM2D(2, 2, padding="same", return_sequences=True)(x)  # hard_sigmoid
    y = L.Bidirectional(L.ConvLSTM2D(1, 2, return_sequences=True))(y)
    return trained(Model(x, [y, L.ConvLSTM1D(2, 2)(L.Reshape((3, 6, 2))(y))]), rng)


# Training ---------------------------------------------------------------------------------------------------------------------------------


@case
def metrics(rng):
    x = L.Input((3,))
    model = Model(x, [L.Dense(1, name="p")(x), L.Dense(2, activation="softmax", name="q")(x)])
    smooth = losses.CategoricalCrossentropy(label_smoothing=0.1)
    model.compile("sgd", {"p": "mse", "q": smooth}, metrics={"q": ["accuracy"], "p": ["mae", keras.metrics.MeanSquaredError(name="square")]}, loss_weights={"p": 0.5, "q": 2.0})
    return model, [floats(rng, 8, 1), np.eye(2, dtype=np.float32)[rng.integers(0, 2, 8)]]


OPTIMIZERS = {  # Nadam's product of momenta is not in the files of Keras 2, which starts it over
    "adam": lambda: O.Adam(0.01), "adam_amsgrad": lambda: O.Adam(0.01, amsgrad=True), "sgd": lambda: O.SGD(0.01), "sgd_momentum": lambda: O.SGD(0.01, momentum=0.9, nesterov=True),
    "rmsprop": lambda: O.RMSprop(0.01), "rmsprop_all": lambda: O.RMSprop(0.01, momentum=0.5, centered=True), "adagrad": lambda: O.Adagrad(0.1), "adamax": lambda: O.Adamax(0.01),
    "adamw": lambda: O.AdamW(0.01, weight_decay=0.1),
}
LEGACY = {
    "adam": lambda: O.legacy.Adam(0.01, decay=0.1), "sgd": lambda: O.legacy.SGD(0.01, momentum=0.9, decay=0.2), "rmsprop": lambda: O.legacy.RMSprop(0.01, momentum=0.5, centered=True),
    "adagrad": lambda: O.legacy.Adagrad(0.1), "adamax": lambda: O.legacy.Adamax(0.01), "adam_amsgrad": lambda: O.legacy.Adam(0.01, amsgrad=True),
}
for prefix, optimizers in (("optimizer_", OPTIMIZERS), ("legacy_optimizer_", LEGACY)):
    for name, optimizer in optimizers.items():
        def make(rng, optimizer=optimizer):
            return trained(Sequential([L.Input((3,)), L.Dense(4, activation="tanh"), L.Dense(2)]), rng, optimizer())
        CASES[prefix + name] = make


def write(name, suffix):
    keras.backend.clear_session()
    keras.utils.set_random_seed(sum(map(ord, name)))
    rng = np.random.default_rng(sum(map(ord, name)))
    model, y = CASES[name](rng)
    x = data_for(model, rng)
    single = lambda v: v[0] if len(v) == 1 else v
    model.fit(single(x), single(y), shuffle=False, verbose=0, epochs=1, batch_size=4)
    folder = os.path.join(ROOT, name + ("_v3" if suffix == ".keras" else ""))
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    file = os.path.join(folder, "model" + suffix)
    model.save(file)
    # As it is after loading: a metric that is chosen by the shapes, for example, may be another one.
    model = keras.models.load_model(file)
    without = lambda name: name.replace("/", "_")
    inputs, outputs = [without(n) for n in model.input_names], [without(n) for n in model.output_names]
    predict = lambda: listed(model.predict(single(x), batch_size=4, verbose=0))
    arrays = {f"x/{n}": v for n, v in zip(inputs, x)} | {f"y/{n}": v for n, v in zip(outputs, y)}
    arrays |= {f"prediction/{n}": v for n, v in zip(outputs, predict())}
    fit = {"epochs": 2, "batch_size": 3}
    evaluation = model.evaluate(single(x), single(y), batch_size=3, verbose=0, return_dict=True)
    history = model.fit(single(x), single(y), shuffle=False, verbose=0, **fit).history
    arrays |= {f"after/{n}": v for n, v in zip(outputs, predict())}
    np.savez(os.path.join(folder, "data.npz"), **{k: np.ascontiguousarray(v) for k, v in arrays.items()})
    answer = {"fit": fit, "evaluate": {k: float(v) for k, v in evaluation.items()}, "history": {k: [float(v) for v in vs] for k, vs in history.items()}}
    with open(os.path.join(folder, "case.json"), "w") as f:
        json.dump(answer, f, indent=1, sort_keys=True)
        f.write("\n")


if __name__ == "__main__":
    for name in sys.argv[1:] or CASES:
        write(name, ".h5")
        # Keras 2.13 and later also wrote the format of Keras 3.
        if name in ("hard_sigmoid", "nested", "optimizer_adam"):
            write(name, ".keras")
    print(f"{len(sys.argv[1:] or CASES)} fixtures for tf-keras {keras.__version__}")
