"""Writes tests/keras/fixtures: models saved by real Keras, data, and Keras's results, for tests/fixtures.rs.

usage: python tools/keras_fixtures.py [NAME ...]        (needs keras, jax and numpy; run from the repository's root)

A fixture is a folder with
  model.keras    the model, trained a little if it is compiled
  data.npz       x/INPUT, y/OUTPUT, sample_weight; prediction/OUTPUT; gradient/I: of sum(output * cos(index)), for the I-th trainable weight
                 after/OUTPUT: the predictions after the training below
                 exact/gradient/I: the gradients of the same model in float32, for models of 16 bits
  case.json      {"call": the arguments of a direct call that gave the predictions, "tolerance" if numbers differ by more than rounding in float32, "evaluate": {...}, "fit": {epochs, batch_size, ...}, "history": {...}} for a compiled model
A new layer, loss, metric or optimizer gets a line here; the test fails if it has none.
"""
import json
import os
import shutil
import sys
import warnings

os.environ["KERAS_BACKEND"] = "jax"
warnings.simplefilter("ignore")

import jax
import keras
import numpy as np
from keras import Model, Sequential, layers as L, losses, metrics, ops as K, optimizers as O

ROOT = os.path.join("tests", "keras", "fixtures")
CASES = {}


def case(name):
    def register(make):
        assert name not in CASES, name
        CASES[name] = make
        return make
    return register


def floats(rng, *shape):
    return rng.standard_normal(shape).astype(np.float32)


def listed(x):
    return list(x) if isinstance(x, (list, tuple)) else list(x.values()) if isinstance(x, dict) else [x]


def input_names(model):
    return [t._keras_history.operation.name for t in model.inputs]


def output_names(model):
    """Their layers' names, with a number if not unique."""
    names = []
    for name in [t._keras_history.operation.name for t in getattr(model, "_functional", model).outputs]:
        names.append(next(n for n in [name] + [f"{name}_{i}" for i in range(1, 99)] if n not in names))
    return names


def data_for(model, rng, ids):
    """Integers below `ids` for inputs of an integer dtype, normally distributed numbers for the others."""
    data = []
    for t in model.inputs:
        shape = (8 if t.shape[0] is None else t.shape[0],) + tuple(4 if n is None else n for n in t.shape[1:])
        whole = "int" in str(t.dtype)
        data.append(rng.integers(0, ids, shape).astype(str(t.dtype)) if whole else floats(rng, *shape))
    return data


def packed(model, x):
    """The inputs in the form of the model: one, a list, or a dictionary."""
    struct = getattr(model, "_inputs_struct", None)
    if isinstance(struct, dict):
        return {name: x[[t is tensor for t in model.inputs].index(True)] for name, tensor in struct.items()}
    return x[0] if len(x) == 1 else x


def gradients(model, x):
    trainable = [v.value for v in model.trainable_variables]
    rest = [v.value for v in model.non_trainable_variables]

    def total(trainable):
        outputs, _ = model.stateless_call(trainable, rest, packed(model, x), training=False)
        terms = [K.sum(K.cast(o, "float32") * K.reshape(K.cos(K.arange(o.size, dtype="float32")), o.shape)) for o in listed(outputs)]
        return sum(terms)

    return [np.asarray(g) for g in jax.grad(total)(trainable)]


def write(name):
    keras.utils.clear_session()
    keras.utils.set_random_seed(sum(map(ord, name)))
    rng = np.random.default_rng(sum(map(ord, name)))
    made = CASES[name](rng)
    model, y, options = made if isinstance(made, tuple) else (made, None, {})
    x = options.pop("x", None) or data_for(model, rng, options.pop("ids", 6))
    single = lambda v: v[0] if len(v) == 1 else v
    arrays, answer = {}, {}
    if y is not None:
        given = y if isinstance(y, dict) else single(listed(y))
        y = listed(y)
        weight = {"sample_weight": options.pop("sample_weight")} if "sample_weight" in options else {}
        before = options.pop("before", {"epochs": 1, "batch_size": 4})
        if before:
            model.fit(packed(model, x), given, shuffle=False, verbose=0, **before, **weight)
    if "tolerance" in options:
        answer["tolerance"] = options.pop("tolerance")
    folder = os.path.join(ROOT, name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    model.save(os.path.join(folder, "model.keras"))
    arrays |= {f"x/{n}": v for n, v in zip(input_names(model), x)}
    predict = lambda: listed(model.predict(packed(model, x), batch_size=4, verbose=0))
    call = options.pop("call", None)  # arguments of a direct call, in place of predict
    if call is not None:
        predict = lambda: [np.concatenate([model(x[0][i:i + 4], **call) for i in range(0, len(x[0]), 4)])]
        answer["call"] = call
    arrays |= {f"prediction/{n}": v for n, v in zip(output_names(model), predict())}
    if options.pop("differentiable", True):
        arrays |= {f"gradient/{i}": g for i, g in enumerate(gradients(model, x))}
    if options.pop("narrow", False):
        config = model.to_json()
        for policy in ("mixed_bfloat16", "mixed_float16", "bfloat16"):
            config = config.replace(f'"{policy}"', '"float32"')
        wide = keras.models.model_from_json(config)
        wide.set_weights(model.get_weights())
        arrays |= {f"exact/gradient/{i}": g for i, g in enumerate(gradients(wide, x))}
    if y is not None:
        arrays |= {f"y/{n}": v for n, v in zip(output_names(model), y)} | weight
        fit = {"epochs": 2, "batch_size": 3} | options
        answer["evaluate"] = {k: float(v) for k, v in model.evaluate(packed(model, x), given, batch_size=3, verbose=0, return_dict=True, **weight).items()}
        history = model.fit(packed(model, x), given, shuffle=False, verbose=0, **fit, **weight).history
        answer |= {"fit": fit, "history": {k: [float(v) for v in vs] for k, vs in history.items()}}
        arrays |= {f"after/{n}": v for n, v in zip(output_names(model), predict())}
    # NumPy's files have no bfloat16.
    stored = lambda v: np.asarray(v, "float32" if v.dtype.name == "bfloat16" else None, order="C")
    np.savez(os.path.join(folder, "data.npz"), **{k: stored(np.asarray(v)) for k, v in arrays.items()})
    with open(os.path.join(folder, "case.json"), "w") as f:
        json.dump(answer, f, indent=1, sort_keys=True)
        f.write("\n")


# Layers ---------------------------------------------------------------------------------------------------------------------------------

ACTIVATIONS = ("linear relu relu6 leaky_relu elu selu celu gelu silu softplus softsign sigmoid hard_sigmoid hard_silu hard_tanh tanh "
               "exponential mish log_sigmoid softmax log_softmax squareplus tanh_shrink soft_shrink hard_shrink sparse_plus "
               "sparse_sigmoid").split()  # sparsemax is wrong in keras 3.15.1: its rows do not add up to 1 where more than one element is not 0
INITIALIZERS = ("zeros ones random_normal random_uniform truncated_normal variance_scaling glorot_normal glorot_uniform "
                "he_normal he_uniform lecun_normal lecun_uniform orthogonal identity").split()


def sequential(*layers, shape=(5,), dtype="float32"):
    return Sequential([L.Input(shape, dtype=dtype), *layers])


CASES |= {
    "dense": lambda rng: sequential(L.Dense(3)),
    "dense_no_bias": lambda rng: sequential(L.Dense(3, use_bias=False)),
    "dense_of_sequences": lambda rng: sequential(L.Dense(3, activation="tanh"), shape=(4, 2)),
    "dense_of_any_length": lambda rng: sequential(L.Dense(3), L.GlobalMaxPooling1D(), shape=(None, 2)),
    "dropout": lambda rng: sequential(L.Dropout(0.5), L.Dense(2), L.Dropout(0.25, noise_shape=(None, 1), seed=3)),
    "flatten": lambda rng: sequential(L.Dense(2), L.Flatten(), L.Dense(1), shape=(3, 2, 2)),
    "flatten_channels_first": lambda rng: sequential(L.Dense(2), L.Flatten(data_format="channels_first"), L.Dense(1), shape=(3, 2, 2)),
    "reshape": lambda rng: sequential(L.Dense(6), L.Reshape((-1, 2)), L.Dense(2), L.Reshape((6, 1))),
    "embedding": lambda rng: sequential(L.Embedding(6, 3), L.Flatten(), L.Dense(1), shape=(4,), dtype="int32"),
    "embedding_float_ids": lambda rng: (sequential(L.Embedding(6, 3), shape=(4,)), None, {"x": [rng.integers(0, 6, (8, 4)).astype(np.float32)]}),
    "embedding_int64": lambda rng: sequential(L.Embedding(6, 3, embeddings_regularizer="l2", embeddings_constraint="unit_norm"), shape=(4,), dtype="int64"),
    "embedding_masked": lambda rng: sequential(L.Embedding(6, 3, mask_zero=True), L.GlobalAveragePooling1D(), L.Dense(1), shape=(4,), dtype="int32"),
    "without_input": lambda rng: built(Sequential([L.Dense(3), L.Dense(1)]), (None, 4)),
    "lambda": lambda rng: sequential(L.Dense(3), L.Lambda(lambda x: x * x, name="square"), L.Dense(1)),
    "fixed_batch": lambda rng: Sequential([L.InputLayer(batch_shape=(8, 3)), L.Dense(2)]),
}
for pooling in ("Average", "Max"):
    for data_format in ("channels_last", "channels_first"):
        for keepdims in (False, True):
            CASES[f"global_{pooling.lower()}_{data_format}_{'keepdims' if keepdims else 'plain'}"] = (
                lambda rng, p=pooling, d=data_format, k=keepdims: sequential(
                    L.Dense(3), getattr(L, f"Global{p}Pooling1D")(data_format=d, keepdims=k), shape=(4, 2)))


def built(model, shape):
    model.build(shape)
    return model


@case("activations")
def _(rng):
    x = L.Input((5,))
    wide = L.Dense(4, kernel_initializer=keras.initializers.RandomNormal(stddev=1.5), name="wide")(x)
    return Model(x, [L.Activation(a, name=f"of_{a}")(wide) for a in ACTIVATIONS] + [L.Dense(2, activation=a, name=f"dense_{a}")(x) for a in ACTIVATIONS])


@case("activations_of_other_forms")
def _(rng):
    # Layers in place of functions, the second names of functions, and glu, which halves the axis.
    x = L.Input((4,))
    outs = [L.Dense(3, activation=layer)(x) for layer in (L.LeakyReLU(negative_slope=0.2), L.ReLU(max_value=0.5, threshold=0.1), L.ELU(alpha=0.3), L.Softmax())]
    return Model(x, outs + [L.Activation("glu")(L.Dense(6)(x)), L.Activation("swish")(L.Dense(2)(x)), L.Dense(2, activation="hard_swish")(x)])


@case("initializers")
def _(rng):
    x = L.Input((3,))
    return Model(x, [L.Dense(3, kernel_initializer=i, bias_initializer=keras.initializers.Constant(0.5), name=i)(x) for i in INITIALIZERS])


@case("initializer_stft")
def _(rng):
    x, i = L.Input((6, 1)), keras.initializers
    window = np.array([0.1, 0.7, 0.9, 0.2], "float32").tolist()
    kernels = [i.STFT(), i.STFT("imag", window="hamming", scaling="spectrum", periodic=True), i.STFT(window=None), i.STFT(window=window, scaling=None)]
    return Model(x, [L.Conv1D(3, 4, kernel_initializer=kernel, use_bias=False)(x) for kernel in kernels])


@case("regularizers_and_constraints")
def _(rng):
    x, r, c = L.Input((3,)), keras.regularizers, keras.constraints
    outs = [L.Dense(2, kernel_regularizer=reg, bias_regularizer=reg)(x) for reg in (r.L1(0.02), r.L2(0.03), r.L1L2(0.01, 0.02))]
    outs += [L.Dense(3, kernel_regularizer=r.OrthogonalRegularizer(0.01, mode="columns"))(x)]
    outs += [L.Dense(2, kernel_constraint=con)(x) for con in (c.NonNeg(), c.MaxNorm(0.5), c.UnitNorm(axis=1), c.MinMaxNorm(0.2, 0.9, rate=0.5))]
    total = L.Dense(1, activity_regularizer="l2")(L.Concatenate()(outs))
    model = Model(x, total)
    model.compile("sgd", "mse")
    return model, floats(rng, 8, 1), {}


MERGES = {"add": L.Add, "average": L.Average, "maximum": L.Maximum, "minimum": L.Minimum, "multiply": L.Multiply, "subtract": L.Subtract}
for name, merge in MERGES.items():
    @case(f"merge_{name}")
    def _(rng, merge=merge):
        a, b = L.Input((4, 3), name="a"), L.Input((1, 3), name="b")
        a2, b2 = L.Dense(2)(a), L.Dense(2)(b)
        outs = [merge()([a2, b2]), merge(name="again")([b2, a2])]
        if merge is not L.Subtract:
            outs.append(merge(name="three")([a2, b2, a2]))
        return Model([a, b], outs)


@case("merge_masked")
def _(rng):
    a, b = L.Input((4,), dtype="int32", name="a"), L.Input((4,), dtype="int32", name="b")
    e = L.Embedding(6, 3, mask_zero=True)
    pooled = [L.GlobalAveragePooling1D()(m([e(a), e(b)])) for m in (L.Add(), L.Multiply(), L.Maximum(), L.Concatenate(axis=1), L.Concatenate())]
    return Model([a, b], pooled)


@case("concatenate")
def _(rng):
    a, b = L.Input((4, 3), name="a"), L.Input((4, 3), name="b")
    a2, b2 = L.Dense(2)(a), L.Dense(2)(b)
    return Model([a, b], [L.Concatenate()([a2, b2]), L.Concatenate(axis=1)([a2, b2]), L.Concatenate(axis=-2)([a2, b2, a2])])


@case("dot")
def _(rng):
    a, b = L.Input((4, 3), name="a"), L.Input((5, 3), name="b")
    a2, b2 = L.Dense(2)(a), L.Dense(2)(b)
    f = [L.Flatten()(L.Dense(1)(t)) for t in (a, a)]
    return Model([a, b], [L.Dot(2)([a2, b2]), L.Dot((2, 2), normalize=True)([a2, b2]), L.Dot(1)(f), L.Dot(-1, normalize=True)(f)])


# Operations -----------------------------------------------------------------------------------------------------------------------------

def sums(x, outputs):
    """The sums of the outputs of many operations, a column for each: so that files have them, whatever their shapes."""
    flat = [y for output in outputs for y in listed(output)]
    return K.stack([K.sum(K.cast(y, "float32")) for y in flat]) + x[:, :1] * 0


@case("ops_elementwise")
def _(rng):
    x = keras.Input((4,), name="x")
    u = K.sigmoid(x) * 0.9 + 0.05
    w = K.cast(K.floor(u * 9), "int32")
    plain = ("absolute angle arcsin arccos arcsinh arctan arctanh cbrt ceil conj copy cos cosh deg2rad erf erfc erfinv exp exp2 expm1 fabs "
             "floor i0 imag isfinite isinf isnan isneginf isposinf isreal log log10 log1p log2 logical_not negative rad2deg real reciprocal "
             "rsqrt sign signbit sin sinc sinh sqrt square tan tanh trunc relu sigmoid softplus celu elu gelu hard_shrink hard_sigmoid "
             "hard_silu hard_tanh leaky_relu log_sigmoid relu6 selu silu soft_shrink softsign sparse_plus sparse_sigmoid squareplus "
             "tanh_shrink softmax log_softmax glu").split()
    both = ("add arctan2 divide divide_no_nan equal floor_divide fmax fmin fmod greater greater_equal heaviside hypot isclose less "
            "less_equal logaddexp logaddexp2 logical_and logical_or logical_xor maximum minimum mod multiply nextafter not_equal power "
            "subtract true_divide").split()
    whole = ("bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift gcd lcm left_shift right_shift").split()
    outputs = [getattr(K, name)(u) for name in plain] + [getattr(K, name)(u, x) for name in both]
    outputs += [getattr(K, name)(w, K.flip(w, 1)) for name in whole]
    outputs += [K.arccosh(u + 1), K.bitwise_invert(w), K.bitwise_not(w), K.ldexp(x, w), K.clip(x, -0.5, 0.5), K.round(u, 2)]
    outputs += [K.nan_to_num(u, nan=1.0), K.threshold(x, 0.1, -1.0), K.where(x > 0, x, u), K.cast(u, "int32"), K.stop_gradient(x)]
    outputs += [K.elu(x, 0.5), K.gelu(x, approximate=False), K.isclose(x, u, rtol=0.5, equal_nan=True), K.maximum(x, 0.25)]
    return keras.Model(x, sums(x, outputs))


@case("ops_over_axes")
def _(rng):
    x = keras.Input((3, 4), name="x")
    u = K.sigmoid(x)
    names = ("all amax amin any argmax argmin cumprod cumsum logsumexp max mean median min nanargmax nanargmin nancumprod nancumsum "
             "nanmax nanmean nanmedian nanmin nanprod nanstd nansum nanvar prod ptp std sum var").split()
    outputs = [getattr(K, name)(u, axis=1) for name in names]
    outputs += [K.count_nonzero(x, axis=1), K.average(x, axis=2, weights=u), K.max(x, axis=(1, 2), keepdims=True)]
    outputs += [K.moments(x, axes=[1]), K.normalize(x, axis=1), K.prod(u, axis=(0, 1)), K.cumsum(x), K.sum(x)]
    for name in "percentile quantile nanpercentile nanquantile".split():
        outputs.append(getattr(K, name)(x, 0.3))
    return keras.Model(x, sums(x[:, 0], outputs))


@case("ops_of_shapes")
def _(rng):
    x = keras.Input((3, 4), name="x")
    y = K.reshape(x, (-1, 6, 2))
    outputs = [
        K.append(x, x, axis=1), K.array_split(x, 3, axis=2), K.broadcast_to(x[:1, :1, :1], (4, 2, 2)), K.concatenate([x, x], axis=1),
        K.diag(x[0, 0], k=1), K.diagflat(x[0], k=-1), K.diagonal(x, offset=1, axis1=1, axis2=2), K.diff(x, n=2, axis=2), K.dsplit(x, 2),
        K.dstack([x, x]), K.expand_dims(x, (1, 2)), K.flip(x, axis=1), K.fliplr(x), K.flipud(x), K.full_like(x, 2), K.hsplit(x, [1]),
        K.hstack([x, x]), K.meshgrid(x[0, 0], x[0, :, 0], indexing="ij"), K.moveaxis(x, [1], [2]), K.ones_like(x), K.zeros_like(x, "int32"),
        K.pad(x, [[0, 0], [1, 2], [0, 3]], constant_values=2), K.pad(x, 1, mode="reflect"), K.ravel(x), K.repeat(x, 2, axis=1),
        K.reshape(x, (-1, 12)), K.roll(x, 2, axis=1), K.rot90(x, k=3, axes=(1, 2)), K.split(x, [1, 2], axis=1), K.squeeze(x[:, :1], 1),
        K.stack([x, x], axis=1), K.swapaxes(x, 1, 2), K.tile(x, (1, 2, 1)), K.trace(x, axis1=1, axis2=2), K.transpose(x, (0, 2, 1)),
        K.trapezoid(x, axis=1), K.trapezoid(x, dx=0.5), K.tril(x), K.triu(x, k=1), K.vsplit(x, 2), K.vstack([x, x]),
    ]
    return keras.Model(x, sums(x[:, 0], outputs + [y]))


@case("ops_of_products")
def _(rng):
    x = keras.Input((3,), name="x")
    outputs = [K.cross(x, K.flip(x, 1)), K.dot(x, K.transpose(x)), K.inner(x, x), K.kron(x, x), K.matmul(x, K.transpose(x)), K.outer(x, x)]
    outputs += [K.tensordot(x, x, axes=[[0, 1], [0, 1]]), K.tensordot(x, K.transpose(x), axes=1), K.vdot(x, x)]
    return keras.Model(x, sums(x, outputs))


@case("ops_of_selection")
def _(rng):
    x = keras.Input((5,), name="x")
    w = K.cast(K.floor(K.sigmoid(x) * 4.99), "int32")
    outputs = [
        K.argpartition(x, 2) * 0, K.argsort(x, axis=1), K.digitize(x, np.array([-1.0, 0.0, 0.5], "float32")), K.in_top_k(w[:, 0], x, k=2),
        K.isin(w, np.array([1, 3], "int32")), K.multi_hot(w, 5), K.one_hot(w, 5), K.one_hot(w, 5, axis=1, dtype="int32"),
        K.searchsorted(K.sort(x[0]), x), K.sort(x, axis=1), K.take(x, w, axis=1), K.take(x, w),
        K.take_along_axis(x, w, axis=1), K.top_k(x, 3), K.unravel_index(w, (3, 4)),
    ]
    return keras.Model(x, sums(x, outputs))


@case("ops_of_networks")
def _(rng):
    x = keras.Input((6, 4), name="x")
    u, kernel = K.sigmoid(x), lambda *shape: floats(rng, *shape)
    image = K.reshape(x, (-1, 3, 2, 4))
    heads = K.reshape(x, (-1, 6, 2, 2))
    outputs = [
        K.average_pool(x, 2, strides=2), K.max_pool(x, 2, strides=1, padding="same"), K.conv(x, kernel(3, 4, 2), padding="same"),
        K.adaptive_average_pool(x, (4,)), K.adaptive_max_pool(x, (4,)), K.depthwise_conv(x, kernel(3, 4, 2)),
        K.separable_conv(x, kernel(3, 4, 2), kernel(1, 8, 3)), K.depth_to_space(image, 2), K.space_to_depth(K.reshape(x, (-1, 2, 2, 6)), 2),
        K.batch_normalization(x, kernel(4), np.abs(kernel(4)), axis=-1, scale=kernel(4)), K.layer_normalization(x, kernel(4), kernel(4)),
        K.layer_normalization(x, axis=1), K.rms_normalization(x, kernel(4)), K.dot_product_attention(heads, heads, heads, is_causal=True),
        K.dot_product_attention(heads, heads, heads, scale=0.3, mask=np.tril(np.ones((1, 1, 6, 6), bool))), K.psnr(x, u, 2.0),
        K.binary_crossentropy(u, u), K.categorical_crossentropy(u, x, from_logits=True),
        K.sparse_categorical_crossentropy(K.argmax(x, axis=-1), u), K.sparsemax(u * 0.01 + K.one_hot(K.argmax(x, axis=-1), 4) * 9),
    ]
    return keras.Model(x, sums(x[:, 0], outputs))


@case("ops_of_matrices")
def _(rng):
    x = keras.Input((3, 3), name="x")
    u = K.sigmoid(x) * 0.3 + np.eye(3, dtype="float32")
    definite = K.matmul(u, K.transpose(u, (0, 2, 1)))
    outputs = [K.cholesky(definite), K.cholesky_inverse(K.tril(u[0])), K.det(u), K.inv(u), K.lu_factor(u), K.norm(x, axis=(1,)), K.norm(x, ord=1, axis=(1, 2))]
    outputs += [K.qr(u), K.solve(u, x), K.solve_triangular(u, x, lower=True), K.logdet(definite), K.slogdet(u)]
    return keras.Model(x, sums(x[:, 0], outputs))


@case("ops_of_signals")
def _(rng):
    x = keras.Input((6,), name="x")
    ids = K.cast(K.floor(K.sigmoid(x[:, 0]) * 3), "int32")
    y = K.reshape(x, (-1, 2, 3))
    outputs = [getattr(K, f"segment_{name}")(x, ids * 0, num_segments=1) for name in "sum max min prod".split()]
    outputs += [K.cdist(x, x), K.extract_sequences(x, 3, 2), K.fft((x, x)), K.fft2((y, y)), K.ifft2((y, y)), K.rfft(x, 5), K.irfft((x, x))]
    return keras.Model(x, sums(x, outputs))


@case("ops_of_decompositions")
def _(rng):
    x = keras.Input((3, 3), name="x")
    u = K.sigmoid(x) * 0.3 + np.diag([0.5, 1.0, 2.0]).astype("float32")
    # Vectors are right with both signs.
    values, vectors = K.eigh(u)
    left, singular, right = K.svd(u, full_matrices=False)
    outputs = [values, K.abs(vectors), K.abs(left), singular, K.abs(right), K.svd(u, compute_uv=False), K.pinv(u[:, :2]), K.pinv(u, rcond=0.6)]
    outputs += [K.lstsq(u[0, :, :2], x[0]), K.matrix_rank(u), K.matrix_rank(u, tol=1.0)]
    return keras.Model(x, sums(x[:, 0], outputs))


@case("ops_of_frames_and_labels")
def _(rng):
    x = keras.Input((5, 4), name="x")
    signal = K.reshape(x, (-1, 20))
    image = K.reshape(x, (-1, 1, 5, 4))
    steps = K.cast(K.floor(x[:, 0, 0] * 0.0) + 4.0, "int32")
    labels = K.cast(K.argmax(x[:, :2], axis=-1), "int32") // 2 + 1
    real, imaginary = K.stft(signal, 3, 2, 4)
    columns = K.unfold(image, (2, 3), dilation=(2, 1), padding=(0, 1))
    outputs = [real, imaginary, K.stft(signal, 4, 3, 5, window="hamming", center=False), K.istft((real, imaginary), 3, 2, 4), K.istft((real, imaginary), 3, 2, 4, length=7, window=None)]
    outputs += [columns, K.fold(columns, (5, 4), (2, 3), dilation=(2, 1), padding=(0, 1)), K.ctc_loss(labels, x, steps // 2, steps, mask_index=3)]
    outputs += [K.ctc_decode(x, steps), K.ctc_decode(x, steps, strategy="beam_search", beam_width=4, top_paths=2, mask_index=3)]
    return keras.Model(x, sums(x[:, 0], outputs))


@case("ops_of_vectors")
def _(rng):
    x = keras.Input((4,), name="x")
    outputs = [K.corrcoef(x), K.correlate(x[0], x[1], mode="same"), K.correlate(x[0], x[1, :2]), K.vander(x[0]), K.vander(x[0], 3, increasing=True)]
    outputs += [K.allclose(x, x + 1e-7), K.array(x), K.saturate_cast(x * 200, "uint8"), K.cast(K.view(x, "int32"), "float32") * 0.0]
    return keras.Model(x, sums(x, outputs))


@case("operations_of_one")
def _(rng):
    x = L.Input((4,), name="x")
    y = L.Dense(3, name="y")(x)
    positive = K.exp(y)
    return Model(x, [K.abs(y), K.square(y), K.sqrt(positive), K.log(positive), K.log1p(positive), -y, K.sigmoid(y), K.tanh(y), K.relu(y),
                     K.softplus(y), K.clip(y, -0.5, 0.5), K.softmax(y), K.log_softmax(y, axis=-1), K.stop_gradient(y) + y,
                     K.cast(K.cast(y, "int32"), "float32") + y])


@case("operators")
def _(rng):
    x = L.Input((4,), name="x")
    y, z = L.Dense(3, name="y")(x), L.Dense(3, name="z")(x)
    outs = [y * 2.0 + z, 1.0 - y, 2 - y, y - z, y / (K.exp(z) + 1), 1 / (y * y + 1), y**2, K.exp(y) ** z, 2.0 ** y, K.maximum(y, 0.1), K.minimum(y, z),
            y + np.array([1.0, 2.0, 3.0], "float32"), K.where(y > 0, y, z), K.where(y <= z, y * y, 0.5),
            K.cast(K.logical_or(y > 0, z > 0), "float32") * y, K.cast(K.logical_and(y > 0, K.logical_not(z > 0)), "float32") + y,
            K.zeros_like(y) + z, K.ones_like(y) - z, K.cast(K.any(y > z, axis=-1), "float32"), K.cast(K.all(y > z, axis=-1), "float32"), K.cast(K.equal(y, y), "float32") * z, K.cast(y >= z, "float32") + y, K.cast(y < 0.0, "float32") + z,
            K.cast(K.not_equal(y, z), "float32") * y, K.divide(y, 3), K.multiply(y, z), K.add(y, z), K.subtract(z, y)]
    return Model(x, outs)


@case("operations_on_axes")
def _(rng):
    x = L.Input((4, 3), name="x")
    y = L.Dense(2, name="y")(x)
    return Model(x, [K.mean(y, axis=-1), K.mean(y, axis=(1, 2), keepdims=True), K.sum(y, 1), K.max(y, axis=1, keepdims=True), K.min(y, -1),
                     K.reshape(y, (-1, 8)), K.transpose(y, (0, 2, 1)), K.expand_dims(y, 1), K.squeeze(K.expand_dims(y, -1), -1),
                     K.concatenate([y, y * 2], axis=1), K.stack([y, y + 1], axis=-1), y[:, 0], y[:, 1:3], y[..., -1], y[:, ::2, None],
                     K.matmul(y, K.transpose(y, (0, 2, 1))), K.dot(y, np.arange(6, dtype="float32").reshape(2, 3))])


@case("operations_in_between")
def _(rng):
    ids = L.Input((4,), dtype="int32", name="ids")
    e = L.Embedding(8, 3)((ids + 1) * 1)
    model = Model(ids, L.Dense(1)(K.mean(e, axis=1) - e[:, 0] * 0.5))
    model.compile("adam", "mse")
    return model, floats(rng, 8, 1), {}


# Images and sequences -------------------------------------------------------------------------------------------------------------------

def trained(model, rng, loss="mse", optimizer="adam", **options):
    """The model compiled, with targets of its outputs' shapes, and initial weights that leave nothing at 0."""
    for layer in model._flatten_layers():
        if not isinstance(layer, keras.Model):
            for v in layer._trainable_variables + layer._non_trainable_variables:
                if "float" in str(v.dtype) and "seed" not in v.path:
                    v.assign(v.value + 0.1 * rng.random(v.shape).astype("float32"))
    model.compile(optimizer, loss)
    targets = [floats(rng, 8, *o.shape[1:]) for o in model.outputs]
    return model, targets if len(targets) > 1 else targets[0], options


def pictures(rng, *shape, high=255):
    return [rng.uniform(0, high, (8, *shape)).astype(np.float32)]


def side_by_side(x, *layers):
    """The channels of what several layers make of the same images."""
    return Model(x, L.Concatenate()([layer(x) for layer in layers]))


@case("resizing")
def _(rng):
    x = L.Input((7, 5, 3))
    last = [L.Resizing(4, 9, i, antialias=a) for i in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5") for a in (False, True)]
    last += [L.Resizing(4, 9, crop_to_aspect_ratio=True), L.Resizing(4, 9, pad_to_aspect_ratio=True, fill_value=9.0), L.CenterCrop(4, 9)]
    first = L.Input((3, 7, 5))
    of_first = L.CenterCrop(3, 2, data_format="channels_first")(L.Resizing(4, 9, data_format="channels_first")(first))
    model = Model([x, first], [L.Concatenate()([layer(x) for layer in last] + [L.Resizing(4, 9)(L.CenterCrop(4, 3)(x))]), of_first])
    return model, None, {"x": pictures(rng, 7, 5, 3) + pictures(rng, 3, 7, 5)}


@case("resizing_bytes")
def _(rng):
    model = sequential(L.Resizing(5, 8, "bicubic"), L.ContrastLimitedAdaptiveHistogramEqualization(tile_grid_size=(2, 2)), shape=(7, 6, 3), dtype="uint8")
    return model, None, {"ids": 256, "tolerance": 1e-2}


@case("augmentation_in_predictions")
def _(rng):
    x = L.Input((8, 8, 3))
    y = L.CenterCrop(8, 8)(L.AutoContrast()(x))
    for layer in (L.RandomFlip("vertical", seed=3), L.RandomTranslation(0.2, (0.1, 0.3), fill_mode="wrap"), L.RandomRotation(0.2, interpolation="nearest"),
                  L.RandomZoom((-0.2, 0.1), 0.3), L.RandomShear((0.0, 0.2), (0.1, 0.2), fill_value=3.0), L.RandomCrop(8, 8, seed=2), L.RandomContrast(0.2),
                  L.RandomBrightness(0.2, value_range=(0, 1)), L.RandomPerspective(0.3, scale=0.4), L.RandomErasing(0.3, fill_value=2.0),
                  L.RandomGaussianBlur(0.5, kernel_size=5, sigma=(0.3, 0.7)), L.RandomElasticTransform(0.4, fill_mode="mirror"), L.RandomGrayscale(0.4),
                  L.RandomHue(0.3), L.RandomSaturation(0.3), L.RandomSharpness(0.3), L.RandomPosterization(4), L.RandomInvert(0.3),
                  L.RandomColorDegeneration(0.3), L.RandomColorJitter(brightness_factor=0.2, hue_factor=(0.1, 0.2)), L.Solarization(0.1, (0.2, 0.5)),
                  L.CutMix(0.5), L.MixUp(0.3), L.AugMix(num_chains=2, all_ops=False), L.RandAugment(num_ops=3, factor=0.4),
                  L.MaxNumBoundingBoxes(5)):
        y = layer(y)
    model = Model(x, L.Dense(2)(L.Flatten()(y)))
    return model, None, {"x": pictures(rng, 8, 8, 3)}


# Ranges of one number leave nothing to chance.

@case("augmentation_places")
def _(rng):
    x = L.Input((7, 6, 3))
    layers = []
    for mode in ("reflect", "wrap", "constant", "nearest"):
        same = {"fill_mode": mode, "fill_value": 40.0}
        layers += [L.RandomTranslation((0.3, 0.3), (-0.4, -0.4), **same), L.RandomRotation((0.1, 0.1), **same), L.RandomZoom((0.3, 0.3), (-0.4, -0.4), **same)]
    layers += [L.RandomRotation((-0.2, -0.2), interpolation="nearest"), L.RandomZoom((-0.3, -0.3)), L.RandomCrop(7, 6), L.RandomShear(0.0, 0.0)]
    return side_by_side(x, *layers), None, {"x": pictures(rng, 7, 6, 3), "call": {"training": True}, "tolerance": 1e-4}


@case("augmentation_colors")
def _(rng):
    x = L.Input((7, 6, 3))
    layers = [L.RandomContrast((-0.4, 0.4)), L.RandomBrightness((0.2, 0.2)), L.RandomSaturation((0.3, 0.3)), L.RandomSharpness((0.9, 0.9)),
              L.RandomPosterization((3, 3)), L.RandomInvert((1.0, 1.0)), L.RandomColorDegeneration((0.4, 0.4)),
              L.RandomGaussianBlur((1.0, 1.0), kernel_size=(3, 5), sigma=(0.6, 0.6)), L.RandomGrayscale(1.0), L.Solarization(),
              L.RandomColorJitter(brightness_factor=(0.1, 0.1), contrast_factor=(-0.2, 0.2), saturation_factor=(0.6, 0.6)),
              L.RandomErasing((1.0, 1.0), scale=(1.0, 1.0), fill_value=7.0)]
    return side_by_side(x, *layers), None, {"x": pictures(rng, 7, 6, 3), "call": {"training": True}, "tolerance": 1e-4}


@case("equalization")  # which says that its output is its input, so that Keras makes no graph with it alone
def _(rng):
    model = sequential(L.TimeDistributed(L.Equalization(bins=64)), shape=(1, 6, 5, 3))
    return model, None, {"x": pictures(rng, 1, 6, 5, 3), "call": {"training": True}, "tolerance": 1e-4}


@case("up_sampling2d_smooth")
def _(rng):
    layers = [L.UpSampling2D((2, 3), interpolation="bicubic"), L.UpSampling2D((1, 2), interpolation="lanczos3"), L.UpSampling2D(2, interpolation="lanczos5")]
    return trained(sequential(L.Conv2D(2, 1), *layers, L.Conv2D(1, 3, strides=2), shape=(3, 2, 2)), rng)


@case("augmentation_trained")
def _(rng):
    first = {"data_format": "channels_first"}
    model = sequential(L.RandomRotation((0.1, 0.1), **first), L.RandomZoom((0.2, 0.2), **first), L.RandomContrast((-0.3, 0.3), value_range=(0, 1), **first),
                       L.RandomBrightness((0.1, 0.1), value_range=(0, 1)), L.Flatten(), L.Dense(2), shape=(3, 5, 4))
    return trained(model, rng, x=pictures(rng, 3, 5, 4, high=1))


IMAGES = {  # name: (layer, shape of the samples)
    "conv1d": (lambda: L.Conv1D(3, 2, activation="relu"), (5, 2)), "conv1d_same": (lambda: L.Conv1D(3, 4, padding="same", strides=2), (7, 2)),
    "conv1d_causal": (lambda: L.Conv1D(3, 3, padding="causal", dilation_rate=2, use_bias=False), (7, 2)),
    "conv1d_first": (lambda: L.Conv1D(4, 2, groups=2, data_format="channels_first", activation="gelu"), (2, 6)),
    "conv2d": (lambda: L.Conv2D(3, 2, activation="tanh"), (5, 4, 2)), "conv2d_same": (lambda: L.Conv2D(3, (3, 2), padding="same", strides=(2, 1)), (5, 4, 2)),
    "conv2d_dilated": (lambda: L.Conv2D(4, 2, dilation_rate=(2, 1), groups=2, kernel_regularizer="l2"), (5, 4, 2)),
    "conv2d_wide": (lambda: L.Conv2D(24, 3, padding="same", activation="tanh"), (7, 6, 16)),
    "conv2d_of_a_picture": (lambda: L.Conv2D(16, 3, strides=2, padding="same", activation="relu"), (7, 8, 3)),
    "conv2d_first": (lambda: L.Conv2D(3, 2, data_format="channels_first", padding="same"), (2, 5, 4)),
    "max_pooling1d": (lambda: L.MaxPooling1D(3, 2, padding="same"), (6, 3)), "max_pooling2d": (lambda: L.MaxPooling2D(), (5, 4, 3)),
    "max_pooling2d_same": (lambda: L.MaxPooling2D((3, 2), strides=(1, 2), padding="same"), (5, 5, 2)),
    "max_pooling2d_first": (lambda: L.MaxPooling2D(2, data_format="channels_first"), (3, 4, 5)),
    "average_pooling1d": (lambda: L.AveragePooling1D(2), (5, 3)), "average_pooling2d": (lambda: L.AveragePooling2D((2, 3), padding="same"), (5, 4, 3)),
    "average_pooling2d_strides": (lambda: L.AveragePooling2D(3, strides=1), (5, 4, 3)),
    "global_average_pooling2d": (lambda: L.GlobalAveragePooling2D(), (3, 4, 2)), "global_max_pooling2d": (lambda: L.GlobalMaxPooling2D(keepdims=True), (3, 4, 2)),
    "batch_normalization": (lambda: L.BatchNormalization(), (4,)), "batch_normalization_image": (lambda: L.BatchNormalization(momentum=0.8, scale=False), (3, 2, 4)),
    "batch_normalization_axis": (lambda: L.BatchNormalization(axis=1, epsilon=1e-2, center=False), (3, 2, 4)),
    "layer_normalization": (lambda: L.LayerNormalization(), (4, 3)), "layer_normalization_axes": (lambda: L.LayerNormalization(axis=[1, 2], epsilon=1e-6), (4, 3)),
    "layer_normalization_axis": (lambda: L.LayerNormalization(axis=1, center=False, scale=False), (4, 3)),
    "group_normalization": (lambda: L.GroupNormalization(2), (3, 2, 4)), "group_normalization_each": (lambda: L.GroupNormalization(-1, scale=False), (5, 4)),
    "rms_normalization": (lambda: L.RMSNormalization(), (3, 4)), "rms_normalization_image": (lambda: L.RMSNormalization(epsilon=1e-3), (3, 2, 4)),
}
for name, (layer, shape) in IMAGES.items():
    @case(name)
    def _(rng, layer=layer, shape=shape, name=name):
        x = L.Input(shape)
        # A bias before a normalization has a gradient of 0, whose rounding error Adam turns into steps of full size.
        return trained(Model(x, L.Dense(2)(layer()(L.Dense(shape[-1], use_bias="normalization" not in name)(x)))), rng)


@case("batch_normalization_renorm")
def _(rng):
    x = L.Input((4,))
    h = L.BatchNormalization(renorm=True, renorm_clipping={"rmax": 1.2, "rmin": 0.8, "dmax": 0.3}, momentum=0.7, renorm_momentum=0.8)(L.Dense(3, use_bias=False)(x))
    h = L.BatchNormalization(renorm=True, center=False, scale=False, momentum=0.9)(L.Dense(3, use_bias=False)(h))
    return trained(Model(x, L.Dense(2)(h)), rng, optimizer="sgd")


@case("normalizations_more")
def _(rng):
    x = L.Input((3, 4))
    h = L.Dense(4, use_bias=False)(x)
    outs = [L.GroupNormalization(3, axis=1)(h), L.GroupNormalization(3, axis=-2, center=False)(h), L.RMSNormalization(axis=[1, 2])(h),
            L.BatchNormalization(axis=-2, momentum=0.5)(h), L.LayerNormalization(axis=(-2,))(h)]
    return trained(Model(x, L.Dense(2)(L.Concatenate()(outs))), rng, optimizer="sgd")


@case("layer_normalization_rms")
def _(rng):
    x = L.Input((3, 4))
    h = L.Dense(4, use_bias=False)(x)
    outs = [L.LayerNormalization(rms_scaling=True)(h), L.LayerNormalization(axis=[1, 2], rms_scaling=True, scale=False)(h)]
    return trained(Model(x, L.Dense(2)(L.Concatenate()(outs))), rng, optimizer="sgd")


@case("normalizations_masked")
def _(rng):
    x = L.Input((5,), dtype="int32")
    e = L.Embedding(6, 4, mask_zero=True)(x)
    h = [L.LayerNormalization()(e), L.BatchNormalization(momentum=0.5)(e), L.GroupNormalization(2)(e)]
    return trained(Model(x, L.Concatenate()([L.GlobalAveragePooling1D()(t) for t in h])), rng, ids=3, optimizer="sgd")


@case("spectral_normalization")
def _(rng):
    x = L.Input((4, 3))
    h = L.SpectralNormalization(L.Conv1D(3, 2, activation="tanh"), power_iterations=2)(x)
    model = Model(x, L.SpectralNormalization(L.Dense(2))(h))
    # Keras's fit on JAX does not keep the divided kernels; a call does.
    return model, None, {"x": [floats(rng, 8, 4, 3)], "differentiable": False, "call": {"training": True}}


@case("spectral_normalization_table")
def _(rng):
    x = L.Input((4,))
    model = Model(x, L.SpectralNormalization(L.Embedding(6, 3))(x))
    return model, None, {"x": [rng.integers(0, 6, (8, 4)).astype("float32")], "differentiable": False, "call": {"training": True}}


WINDOWS = {  # name: (layer, shape of the samples); over one, two and three axes
    "conv3d": (lambda: L.Conv3D(3, 2, activation="tanh"), (3, 4, 3, 2)), "conv3d_same": (lambda: L.Conv3D(4, (2, 3, 1), strides=(2, 1, 2), padding="same", groups=2), (3, 4, 3, 2)),
    "conv3d_dilated": (lambda: L.Conv3D(2, 2, dilation_rate=(1, 2, 1), use_bias=False), (2, 4, 3, 2)),
    "conv3d_wide": (lambda: L.Conv3D(16, (3, 3, 3), padding="same", activation="relu"), (3, 5, 4, 1)),
    "conv3d_first": (lambda: L.Conv3D(3, 2, data_format="channels_first", padding="same", activation="softmax"), (2, 3, 2, 4)),
    "max_pooling3d": (lambda: L.MaxPooling3D(), (4, 3, 5, 2)), "max_pooling3d_same": (lambda: L.MaxPooling3D((3, 2, 1), strides=(1, 2, 2), padding="same"), (3, 4, 3, 2)),
    "average_pooling3d": (lambda: L.AveragePooling3D(2, padding="same"), (3, 4, 3, 2)),
    "average_pooling3d_first": (lambda: L.AveragePooling3D((1, 2, 3), strides=1, data_format="channels_first"), (2, 2, 3, 4)),
    "global_average_pooling3d": (lambda: L.GlobalAveragePooling3D(), (2, 3, 2, 3)), "global_max_pooling3d": (lambda: L.GlobalMaxPooling3D(keepdims=True), (2, 3, 2, 3)),
    "global_max_pooling3d_first": (lambda: L.GlobalMaxPooling3D(data_format="channels_first"), (2, 3, 2, 3)),
    "conv1d_transpose": (lambda: L.Conv1DTranspose(3, 4, strides=2, activation="relu"), (4, 2)), "conv1d_transpose_same": (lambda: L.Conv1DTranspose(3, 3, strides=2, padding="same"), (4, 2)),
    "conv1d_transpose_more": (lambda: L.Conv1DTranspose(2, 3, strides=3, padding="same", output_padding=1), (3, 2)),
    "conv1d_transpose_apart": (lambda: L.Conv1DTranspose(2, 2, strides=3, use_bias=False), (3, 2)),
    "conv1d_transpose_dilated": (lambda: L.Conv1DTranspose(2, 3, dilation_rate=2, padding="same", data_format="channels_first"), (2, 5)),
    "conv2d_transpose": (lambda: L.Conv2DTranspose(3, 2, activation="tanh"), (3, 4, 2)), "conv2d_transpose_same": (lambda: L.Conv2DTranspose(3, (3, 4), strides=(2, 3), padding="same"), (3, 2, 2)),
    "conv2d_transpose_more": (lambda: L.Conv2DTranspose(2, (2, 3), strides=2, output_padding=(1, 0), kernel_regularizer="l2"), (3, 2, 2)),
    "conv2d_transpose_wide": (lambda: L.Conv2DTranspose(16, 3, padding="same", activation="tanh"), (6, 7, 16)),
    "conv2d_transpose_first": (lambda: L.Conv2DTranspose(3, 2, dilation_rate=(2, 1), data_format="channels_first", activation="softmax"), (2, 3, 4)),
    "conv3d_transpose": (lambda: L.Conv3DTranspose(2, 2, strides=(2, 1, 2), activation="tanh"), (2, 3, 2, 2)),
    "conv3d_transpose_same": (lambda: L.Conv3DTranspose(2, (3, 2, 1), strides=(1, 2, 2), padding="same", output_padding=(0, 1, 0)), (2, 2, 3, 2)),
    "conv3d_transpose_first": (lambda: L.Conv3DTranspose(2, 2, dilation_rate=2, data_format="channels_first"), (2, 2, 3, 2)),
    "depthwise_conv1d": (lambda: L.DepthwiseConv1D(3, activation="relu"), (6, 3)), "depthwise_conv1d_more": (lambda: L.DepthwiseConv1D(2, depth_multiplier=3, padding="same", strides=2), (5, 2)),
    "depthwise_conv1d_first": (lambda: L.DepthwiseConv1D(2, dilation_rate=2, data_format="channels_first", use_bias=False), (2, 6)),
    "depthwise_conv2d": (lambda: L.DepthwiseConv2D(2, activation="tanh"), (4, 5, 3)), "depthwise_conv2d_more": (lambda: L.DepthwiseConv2D((3, 2), depth_multiplier=2, padding="same", strides=2), (5, 4, 3)),
    "depthwise_conv2d_wide": (lambda: L.DepthwiseConv2D(3, padding="same", depthwise_regularizer="l2"), (6, 7, 21)),
    "depthwise_conv2d_of_one": (lambda: L.DepthwiseConv2D(3, depth_multiplier=2), (4, 5, 1)),
    "depthwise_conv2d_first": (lambda: L.DepthwiseConv2D(2, dilation_rate=(1, 2), data_format="channels_first"), (2, 4, 5)),
    "separable_conv1d": (lambda: L.SeparableConv1D(4, 3, activation="relu"), (6, 3)),
    "separable_conv1d_more": (lambda: L.SeparableConv1D(3, 2, depth_multiplier=2, padding="same", strides=2, use_bias=False), (5, 2)),
    "separable_conv1d_first": (lambda: L.SeparableConv1D(3, 2, dilation_rate=2, data_format="channels_first", activation="softmax"), (2, 6)),
    "separable_conv2d": (lambda: L.SeparableConv2D(4, 2, activation="tanh", pointwise_regularizer="l2"), (4, 5, 3)),
    "separable_conv2d_more": (lambda: L.SeparableConv2D(3, (3, 2), depth_multiplier=2, padding="same", strides=2), (5, 4, 2)),
    "separable_conv2d_first": (lambda: L.SeparableConv2D(3, 2, dilation_rate=(2, 1), data_format="channels_first"), (2, 4, 5)),
    "adaptive_average_pooling1d": (lambda: L.AdaptiveAveragePooling1D(3), (7, 2)), "adaptive_max_pooling1d": (lambda: L.AdaptiveMaxPooling1D(4), (7, 2)),
    "adaptive_average_pooling2d": (lambda: L.AdaptiveAveragePooling2D((3, 2)), (5, 4, 2)), "adaptive_max_pooling2d": (lambda: L.AdaptiveMaxPooling2D(3), (4, 5, 2)),
    "adaptive_max_pooling2d_first": (lambda: L.AdaptiveMaxPooling2D((2, 5), data_format="channels_first"), (2, 4, 5)),
    "adaptive_average_pooling3d": (lambda: L.AdaptiveAveragePooling3D((2, 1, 3)), (3, 2, 5, 2)),
    "adaptive_average_pooling3d_first": (lambda: L.AdaptiveAveragePooling3D(2, data_format="channels_first"), (2, 3, 2, 3)),
    "adaptive_max_pooling3d": (lambda: L.AdaptiveMaxPooling3D((2, 3, 1)), (3, 4, 2, 2)),
    "zero_padding1d": (lambda: L.ZeroPadding1D((2, 1)), (3, 2)), "zero_padding1d_first": (lambda: L.ZeroPadding1D(data_format="channels_first"), (2, 3)),
    "zero_padding2d": (lambda: L.ZeroPadding2D(), (3, 2, 2)), "zero_padding2d_sides": (lambda: L.ZeroPadding2D((2, 1)), (3, 2, 2)),
    "zero_padding2d_first": (lambda: L.ZeroPadding2D(((1, 0), (0, 2)), data_format="channels_first"), (2, 3, 2)),
    "zero_padding3d": (lambda: L.ZeroPadding3D(), (2, 1, 2, 2)), "zero_padding3d_first": (lambda: L.ZeroPadding3D(((1, 0), (0, 2), (1, 1)), data_format="channels_first"), (2, 2, 1, 2)),
    "cropping1d": (lambda: L.Cropping1D(), (5, 2)), "cropping1d_sides": (lambda: L.Cropping1D((2, 0)), (5, 2)),
    "cropping2d": (lambda: L.Cropping2D(1), (4, 3, 2)), "cropping2d_sides": (lambda: L.Cropping2D((1, 0)), (4, 3, 2)), "cropping2d_first": (lambda: L.Cropping2D(((1, 0), (0, 2)), data_format="channels_first"), (2, 3, 4)),
    "cropping3d": (lambda: L.Cropping3D(), (4, 3, 3, 2)), "cropping3d_first": (lambda: L.Cropping3D(((1, 0), (0, 2), (0, 0)), data_format="channels_first"), (2, 3, 3, 2)),
    "up_sampling1d": (lambda: L.UpSampling1D(3), (3, 2)), "up_sampling2d": (lambda: L.UpSampling2D((2, 3)), (3, 2, 2)),
    "up_sampling2d_bilinear": (lambda: L.UpSampling2D((2, 3), interpolation="bilinear"), (3, 4, 2)),
    "up_sampling2d_first": (lambda: L.UpSampling2D(2, interpolation="bilinear", data_format="channels_first"), (2, 3, 4)),
    "up_sampling3d": (lambda: L.UpSampling3D(), (2, 1, 3, 2)), "up_sampling3d_first": (lambda: L.UpSampling3D((1, 2, 3), data_format="channels_first"), (2, 2, 1, 2)),
}
for name, (layer, shape) in WINDOWS.items():
    @case(name)
    def _(rng, layer=layer, shape=shape):
        x = L.Input(shape)
        return trained(Model(x, L.Dense(2)(layer()(L.Dense(shape[-1])(x)))), rng)

# Small layers ---------------------------------------------------------------------------------------------------------------------------

@case("activation_layers")
def _(rng):
    x = L.Input((4, 3))
    layers = [L.ReLU(), L.ReLU(max_value=1.0), L.ReLU(6.0), L.ReLU(negative_slope=0.1), L.ReLU(max_value=0.8, negative_slope=0.2, threshold=0.3), L.LeakyReLU(),
              L.LeakyReLU(negative_slope=0.01), L.ELU(), L.ELU(alpha=0.5), L.PReLU(), L.PReLU("random_uniform", "l2", "non_neg", shared_axes=[1]), L.Softmax(),
              L.Softmax(axis=1), L.Softmax(axis=[1, 2])]
    return trained(Model(x, [layer(L.Dense(3)(x)) for layer in layers]), rng)


@case("softmax_masked")
def _(rng):
    x, mask = L.Input((4, 3), name="x"), L.Input((1, 3), name="mask", dtype="int32")
    # The operation at the end drops the mask, which is none of a loss.
    outs = [L.Softmax()(L.Dense(3)(x), mask=mask) + 0.5, L.Softmax(axis=[1, 2])(L.Dense(3)(x), mask=mask) * 2.0]
    return trained(Model([x, mask], outs), rng, ids=2)


@case("masking")
def _(rng):
    x, y = L.Input((5, 2), name="x"), L.Input((5, 2), name="y")
    outs = [L.LSTM(3)(L.Masking()(x)), L.GlobalAveragePooling1D()(L.Dense(2)(L.Masking(mask_value=-1.5)(y))), L.Masking(mask_value=np.array([0.0, 1.0], "float32"))(x)]
    steps = lambda value: np.where(rng.random((8, 5, 1)) < 0.4, np.float32(value), floats(rng, 8, 5, 2)).astype("float32")
    return trained(Model([x, y], outs), rng, x=[steps([0.0, 0.0]), steps(-1.5)])


@case("moved_elements")
def _(rng):
    x = L.Input((2, 3, 4))
    h = L.Permute((3, 1, 2))(L.Dense(4)(x))
    v = L.RepeatVector(3)(L.Dense(2)(L.Flatten()(h)))
    return trained(Model(x, [h, L.Identity()(v), L.Permute((2, 1))(v), L.GRU(2)(v)]), rng)


@case("noise")
def _(rng):
    # In training, these layers draw random numbers.
    x, image, volume = L.Input((4, 3), name="x"), L.Input((3, 2, 2), name="image"), L.Input((2, 3, 2, 2), name="volume")
    h = L.AlphaDropout(0.3, noise_shape=(None, 1, 3), seed=2)(L.AlphaDropout(0.2)(L.GaussianDropout(0.3, seed=1)(L.GaussianNoise(0.5)(L.Dense(3)(x)))))
    of_images = [L.SpatialDropout2D(0.4)(L.Dense(2)(image)), L.SpatialDropout2D(0.4, data_format="channels_first", seed=3)(L.Dense(2)(image))]
    of_volumes = [L.SpatialDropout3D(0.4)(L.Dense(2)(volume)), L.SpatialDropout3D(0.4, data_format="channels_first")(L.Dense(2)(volume))]
    return Model([x, image, volume], [L.SpatialDropout1D(0.5)(h), *of_images, *of_volumes])


@case("activity_regularization")
def _(rng):
    x = L.Input((3,))
    return trained(Model(x, [L.ActivityRegularization(l1=0.02, l2=0.03)(L.Dense(4)(x)), L.Dense(1)(L.ActivityRegularization(l2=0.1)(L.Dense(2)(x)))]), rng)


@case("unit_normalization")
def _(rng):
    x = L.Input((4, 3))
    return trained(Model(x, [L.UnitNormalization()(L.Dense(3)(x)), L.UnitNormalization(axis=1)(L.Dense(3)(x)), L.UnitNormalization(axis=[1, 2])(L.Dense(3)(x))]), rng)


CELLS = {
    "lstm": lambda **k: L.LSTM(3, **k), "lstm_other": lambda **k: L.LSTM(3, activation="relu", recurrent_activation="hard_sigmoid", unit_forget_bias=False, use_bias=False, **k),
    "gru": lambda **k: L.GRU(3, **k), "gru_before": lambda **k: L.GRU(3, reset_after=False, **k), "simple_rnn": lambda **k: L.SimpleRNN(3, **k),
}
for name, cell in CELLS.items():
    @case(name)
    def _(rng, cell=cell):
        x = L.Input((5, 2))
        return trained(Model(x, cell()(cell(return_sequences=True)(x))), rng)

    @case(f"{name}_masked")
    def _(rng, cell=cell):
        x = L.Input((5,), dtype="int32")
        e = L.Embedding(6, 2, mask_zero=True)(x)
        return trained(Model(x, [cell()(e), L.GlobalAveragePooling1D()(cell(return_sequences=True, zero_output_for_mask=True)(e))]), rng)

    @case(f"{name}_states")
    def _(rng, cell=cell):
        x = L.Input((5, 2))
        y, *states = cell(return_state=True, return_sequences=True)(x)
        again = cell(go_backwards=True)(y, initial_state=states if len(states) > 1 else states[0])
        return trained(Model(x, [again, L.Add()(states) if len(states) > 1 else states[0]]), rng)

    @case(f"bidirectional_{name}")
    def _(rng, cell=cell):
        x = L.Input((5, 2))
        return trained(Model(x, L.Bidirectional(cell(), merge_mode="sum")(L.Bidirectional(cell(return_sequences=True))(x))), rng)


@case("bidirectional_masked")
def _(rng):
    x = L.Input((5,), dtype="int32")
    e = L.Embedding(6, 2, mask_zero=True)(x)
    return trained(Model(x, L.GlobalAveragePooling1D()(L.Bidirectional(L.LSTM(3, return_sequences=True), merge_mode="ave")(e))), rng)


@case("bidirectional_two_layers")
def _(rng):
    x = L.Input((5, 2))
    return trained(Model(x, L.Bidirectional(L.LSTM(3), backward_layer=L.LSTM(3, go_backwards=True, activation="sigmoid"), merge_mode="mul")(x)), rng)


@case("multi_head_attention")
def _(rng):
    x = L.Input((4, 6))
    return trained(Model(x, L.MultiHeadAttention(2, 3)(x, x)), rng)


@case("multi_head_attention_other")
def _(rng):
    q, v, k = L.Input((4, 6), name="q"), L.Input((5, 3), name="v"), L.Input((5, 2), name="k")
    return trained(Model([q, v, k], L.MultiHeadAttention(2, 3, value_dim=3, output_shape=5, use_bias=False)(q, v, k)), rng)


@case("multi_head_attention_causal")
def _(rng):
    x = L.Input((4, 6))
    return trained(Model(x, L.MultiHeadAttention(2, 3)(x, x, use_causal_mask=True)), rng)


@case("multi_head_attention_masked")
def _(rng):
    x = L.Input((5,), dtype="int32")
    e = L.Embedding(6, 6, mask_zero=True)(x)
    return trained(Model(x, L.GlobalAveragePooling1D()(L.MultiHeadAttention(2, 3)(e, e))), rng)


# Layers of core ---------------------------------------------------------------------------------------------------------------------------

@case("einsum_dense")
def _(rng):
    x = L.Input((4, 6))
    h = L.EinsumDense("abc,cde->abde", (4, 2, 3), bias_axes="de", activation="tanh")(x)
    h = L.EinsumDense("abde,dec->abc", (4, 5), bias_axes="c", activation="elu")(h)
    h = L.EinsumDense("...x,xyz->...yz", (2, 3), bias_axes="z", kernel_initializer="he_normal")(h)
    h = L.EinsumDense("ab...,bc->ac...", (3,), bias_axes="c", activation="softplus")(h)
    return trained(Model(x, L.EinsumDense("abcd,bde->acbe", (2, 3, 2), bias_axes="be")(h)), rng)


@case("einsum_dense_arguments")
def _(rng):
    x = L.Input((3,))
    h = L.EinsumDense("ab,bc->ac", 4, kernel_regularizer="l2", activity_regularizer="l1", kernel_constraint="unit_norm", kernel_initializer="orthogonal")(x)
    return trained(Model(x, L.EinsumDense("ab,bc->ac", 2, bias_axes="c", bias_regularizer="l1", bias_constraint="non_neg", bias_initializer="ones")(h)), rng, optimizer="sgd")


@case("einsum")
def _(rng):
    x, y = L.Input((3, 4), name="x"), L.Input((3, 5), name="y")
    scores = K.einsum("bij,bik->bjk", x, y)
    chain = K.einsum("bij,jk,kl->bil", x, rng.random((4, 2)).astype("float32"), rng.random((2, 5)).astype("float32"))
    diagonal = K.einsum("...ii->...", K.einsum("bij,bkj->bik", chain, y))
    return Model([x, y], [L.Dense(2)(scores), chain, diagonal, K.einsum("bij->b", y)])


@case("reversible_embedding")
def _(rng):
    x = L.Input((4,), dtype="int32")
    tied = L.ReversibleEmbedding(6, 3, logit_soft_cap=0.5, reverse_dtype="float32", embeddings_regularizer="l2")
    apart = L.ReversibleEmbedding(6, 3, tie_weights=False, mask_zero=True, embeddings_constraint="unit_norm")
    h = L.GRU(3, return_sequences=True)(apart(x))
    return trained(Model(x, [tied(L.Dense(3)(tied(x)), reverse=True), apart(h, reverse=True)]), rng, optimizer="sgd")


@case("pipeline")
def _(rng):
    inner = L.Pipeline([L.Dense(3, activation="tanh"), L.Dropout(0.0), L.Dense(3)])
    x = L.Input((4,))
    return trained(Model(x, L.Pipeline([inner, L.LayerNormalization(), L.Dense(2)], name="outer")(x)), rng)


@case("lora")
def _(rng):
    # The files have the adapted kernels; what trains them begins anew, so that there are no gradients to compare. tools/keras_anchors.py has some.
    x = L.Input((4,), dtype="int32")
    h = L.Conv1D(3, 2, groups=1)(L.Embedding(6, 4, lora_rank=2)(x))
    h = L.EinsumDense("abc,cde->abde", (3, 2, 3), bias_axes="de", lora_rank=2, lora_alpha=3)(h)
    model, y, _ = trained(Model(x, L.Dense(2)(L.Flatten()(h))), rng)
    for layer in (model.layers[2], model.layers[-1]):
        layer.enable_lora(2, lora_alpha=5)
    model.compile("sgd", "mse")
    model.fit(rng.integers(0, 6, (8, 4)), y, verbose=0)
    return model, None, {"differentiable": False}


@case("attention")
def _(rng):
    q, v, k = L.Input((4, 3), name="q"), L.Input((5, 2), name="v"), L.Input((5, 3), name="k")
    a, b = L.Dense(3, use_bias=False)(q), L.Dense(3, use_bias=False)(k)
    y, scores = L.Attention(score_mode="concat", use_scale=True)([a, v, b], return_attention_scores=True, use_causal_mask=True)
    z, weights = L.Attention()([a, b], return_attention_scores=True)
    outs = [y, z, L.Attention()([a, v, b]), L.Attention(use_scale=True)([a, b], use_causal_mask=True)]
    last = L.Attention(score_mode="concat")([b, a])
    return trained(Model([q, v, k], [L.Add()([L.Dense(2)(o) for o in outs]), L.Dense(2)(last), L.Add()([scores, weights])]), rng)


@case("additive_attention")
def _(rng):
    q, v, k = L.Input((4, 3), name="q"), L.Input((5, 2), name="v"), L.Input((5, 3), name="k")
    a, b = L.Dense(3, use_bias=False)(q), L.Dense(3, use_bias=False)(k)
    y, scores = L.AdditiveAttention()([a, v, b], return_attention_scores=True, use_causal_mask=True)
    z = L.Add()([L.Dense(2)(o) for o in (y, L.AdditiveAttention(use_scale=False)([a, b]))])
    return trained(Model([q, v, k], [z, scores]), rng)


@case("attention_masked")
def _(rng):
    q, v = L.Input((4,), dtype="int32", name="q"), L.Input((5,), dtype="int32", name="v")
    mask = L.Input((5,), dtype="int32", name="mask")
    a, b, plain = L.Embedding(6, 3, mask_zero=True)(q), L.Embedding(6, 3, mask_zero=True)(v), L.Embedding(6, 3)(v)
    layers = L.Attention(use_scale=True), L.AdditiveAttention(), L.Attention(score_mode="concat")
    outs = [L.GlobalAveragePooling1D()(layer([a, b], use_causal_mask=causal)) for layer, causal in zip(layers, (False, True, False))]
    given = L.Dense(3)(L.Attention()([L.Dense(3)(plain), plain], mask=[K.not_equal(mask, 0), K.equal(v, 1)]))
    options = {"x": [rng.integers(0, 3, (8, 4)).astype("int32"), rng.integers(0, 3, (8, 5)).astype("int32"), rng.integers(0, 2, (8, 5)).astype("int32")]}
    options["x"][1][2] = 0  # a query without keys
    return trained(Model([q, v, mask], [L.Add()(outs), given]), rng, **options)


@case("multi_head_attention_more")
def _(rng):
    q, v = L.Input((4, 6), name="q"), L.Input((5, 3), name="v")
    h = L.Dense(6, activation="tanh")(q)
    a = L.MultiHeadAttention(2, 3, use_gate=True, use_bias=False, sliding_window=2, activity_regularizer="l2")(h, v)
    b = L.MultiHeadAttention(2, 2, output_shape=(2, 3), kernel_regularizer="l1", use_bias=False)(h, h, use_causal_mask=True)
    c, _ = L.MultiHeadAttention(1, 2, value_dim=3, sliding_window=3, use_bias=False)(h, h, use_causal_mask=True, return_attention_scores=True)
    return trained(Model([q, v], [a, L.Reshape((4, 6))(b), c]), rng)


@case("multi_head_attention_axes")
def _(rng):
    q, v = L.Input((2, 3, 4), name="q"), L.Input((2, 4, 5), name="v")
    mask, pairs = L.Input((3, 4), name="mask", dtype="int32"), L.Input((3, 2, 4, 2), name="pairs", dtype="int32")
    heads = L.Input((2, 4, 4), name="heads", dtype="int32")
    rows = L.MultiHeadAttention(2, 3, attention_axes=2, use_bias=False)  # a bias of the keys has a gradient of 0, but for rounding
    a = rows(q, v, attention_mask=mask)
    b, scores = L.MultiHeadAttention(1, 2, attention_axes=(-2,), use_gate=True, use_bias=False)(q, v, return_attention_scores=True)
    c = L.MultiHeadAttention(2, 3, attention_axes=[2, 1], use_bias=False)(q, v, attention_mask=pairs)
    d = L.MultiHeadAttention(2, 3, attention_axes=(1,), use_bias=False)(q, q)
    x = L.Reshape((4, 10))(v)
    e = L.MultiHeadAttention(2, 3, use_bias=False)(x, x, attention_mask=heads)
    f, more = L.GroupQueryAttention(2, 4, 2, use_bias=False)(x, x, attention_mask=K.reshape(heads[:, 0], (-1, 4, 4)), return_attention_scores=True)
    # Keras 3.15.1 uses an attention mask as the mask of the outputs, and then cannot train on them.
    return Model([q, v, mask, pairs, heads], [a, b, c, d, e, scores, f, more]), None, {"ids": 2}


@case("multi_head_attention_values_masked")
def _(rng):
    q, v = L.Input((4, 3), name="q"), L.Input((5,), dtype="int32", name="v")
    e = L.Embedding(6, 3)(v)
    y = L.MultiHeadAttention(2, 3)(q, e, value_mask=K.not_equal(v, 0), use_causal_mask=True)
    z, _ = L.MultiHeadAttention(2, 3)(q, e, e, key_mask=K.not_equal(v, 1), return_attention_scores=True)
    options = {"x": [floats(rng, 8, 4, 3), rng.integers(0, 3, (8, 5)).astype("int32")]}
    options["x"][1][2] = 0
    return trained(Model([q, v], [y, z]), rng, **options)


@case("attention_dropout")
def _(rng):
    # Without dropout in training, which draws other numbers here.
    q, v, x = L.Input((4, 3), name="q"), L.Input((5,), dtype="int32", name="v"), L.Input((3, 4, 2), name="x")
    embedded = lambda: L.Embedding(6, 3, mask_zero=True)(v)  # MultiHeadAttention takes the mask from its input
    outs = [layer([q, embedded()]) for layer in (L.Attention(dropout=0.3, seed=1), L.AdditiveAttention(dropout=0.2))]
    outs += [L.MultiHeadAttention(2, 3, dropout=0.4, seed=2, use_bias=False)(q, embedded())]
    outs += [L.GroupQueryAttention(3, 4, 2, dropout=0.1, use_bias=False)(q, L.Embedding(6, 3)(v))]
    options = {"x": [floats(rng, 8, 4, 3), rng.integers(0, 3, (8, 5)).astype("int32"), floats(rng, 8, 3, 4, 2)]}
    options["x"][1][2] = 0  # queries without keys
    return Model([q, v, x], outs + [L.ConvLSTM1D(2, 2, dropout=0.3, recurrent_dropout=0.2, seed=3)(x)]), None, options


@case("group_query_attention")
def _(rng):
    q, v, k = L.Input((4, 6), name="q"), L.Input((5, 6), name="v"), L.Input((5, 2), name="k")
    a = L.GroupQueryAttention(3, 4, 2, use_gate=True, sliding_window=3, activity_regularizer="l2")(q, v, k)
    b = L.GroupQueryAttention(2, 4, 1, use_bias=False)(q, q, use_causal_mask=True)
    c, scores = L.GroupQueryAttention(2, 2, 2, use_bias=False)(L.Add()([a, b]), v, return_attention_scores=True)
    return trained(Model([q, v, k], [c, scores]), rng, x=[floats(rng, 8, 4, 6), floats(rng, 8, 5, 6), floats(rng, 8, 5, 2)])


@case("group_query_attention_masked")
def _(rng):
    q, v = L.Input((4,), dtype="int32", name="q"), L.Input((5,), dtype="int32", name="v")
    a, b = L.Embedding(6, 4, mask_zero=True)(q), L.Embedding(6, 4, mask_zero=True)(v)
    y = L.GroupQueryAttention(3, 4, 2)(a, b)
    z = L.GroupQueryAttention(3, 2, 1)(a, b, b, use_causal_mask=True)  # the inputs still have their masks
    options = {"x": [rng.integers(0, 3, (8, 4)).astype("int32"), rng.integers(0, 3, (8, 5)).astype("int32")]}
    options["x"][1][2] = 0
    return trained(Model([q, v], L.GlobalAveragePooling1D()(L.Add()([y, z]))), rng, **options)
# Preprocessing of numbers; tools/keras_preprocessing.py has categories and text ---------------------------------------------------------------

@case("rescaling")
def _(rng):
    x, bytes_ = L.Input((2, 3), name="x"), L.Input((4,), dtype="uint8", name="bytes")
    h = L.Rescaling([0.5, -1.0, 2.0], offset=np.array([[1.0], [0.25]], "float32"))(L.Rescaling(0.5, 1.0)(x))
    return trained(Model([x, bytes_], [L.Dense(2)(h), L.Dense(2)(L.Rescaling(1 / 255)(bytes_))]), rng)


@case("stft_spectrogram")
def _(rng):
    x, first = L.Input((13, 2), name="x"), L.Input((1, 13), name="first")
    of = lambda mode, **options: L.Flatten()(L.STFTSpectrogram(mode, 6, **options)(x))
    outputs = [of("log"), of("magnitude", frame_step=4, fft_length=9, window="hamming", scaling="spectrum"), of("psd", periodic=True, padding="same", expand_dims=True),
               of("real", scaling=None, trainable=False), of("imag", window=None), of("stft", window=[0.5, 1.0, 2.0, 1.5, 1.0, 0.25])]
    channels = [L.STFTSpectrogram("angle", 5, window="hamming", data_format="channels_first")(first), L.STFTSpectrogram("magnitude", 5, data_format="channels_first", expand_dims=True)(first)]
    return trained(Model([x, first], [L.Dense(2)(L.Concatenate()(outputs)), *(L.Dense(2)(L.Flatten()(y)) for y in channels)]), rng)


@case("mel_spectrogram")
def _(rng):
    x = L.Input((40,), name="x")
    layers = [L.MelSpectrogram(16, 5, num_mel_bins=4, sampling_rate=100), L.MelSpectrogram(8, 3, 6, "hamming", 100, 5, 5.0, 40.0, mag_exp=1.0, top_db=20.0, ref_power=2.0, min_power=1e-3),
              L.MelSpectrogram(10, 4, window=None, num_mel_bins=3, sampling_rate=50, power_to_db=False, mag_exp=1.5)]
    # Keras transforms in float32, and decibels are logarithms of numbers near 0.
    return trained(Model(x, [L.Dense(2)(L.Flatten()(layer(x))) for layer in layers]), rng, tolerance=1e-4)


@case("normalization")
def _(rng):
    x, images = L.Input((3,), name="x"), L.Input((2, 2, 3), name="images")
    layers = [L.Normalization(), L.Normalization(axis=[1, -1]), L.Normalization(axis=None, invert=True)]
    for layer, shape in zip(layers, ((9, 3), (9, 2, 2, 3), (9, 2, 2, 3))):
        layer.adapt(2 + 3 * floats(rng, *shape))
    given = L.Normalization(mean=[1.0, 2.0, 3.0], variance=[4.0, 0.25, 1.0])
    model = Model([x, images], [L.Dense(2)(layers[0](x)), *(L.Dense(2)(layer(images)) for layer in layers[1:]), L.Dense(2)(given(L.Dense(3)(x)))])
    model.compile("sgd", "mse")
    return model, [floats(rng, 8, *o.shape[1:]) for o in model.outputs], {}


@case("categories")
def _(rng):
    ids, more, x, weights = L.Input((3,), dtype="int32", name="ids"), L.Input((1,), dtype="int32", name="more"), L.Input((4,), name="x"), L.Input((3,), name="weights")
    lookup, weighted = L.IntegerLookup(output_mode="multi_hot"), L.IntegerLookup(output_mode="tf_idf")
    for layer in (lookup, weighted):
        layer.adapt(rng.integers(0, 4, (20, 3)))
    bins = [L.Discretization(num_bins=5, output_mode=mode) for mode in ("int", "count", "one_hot")]
    for layer in bins:
        layer.adapt(floats(rng, 200))
    encoded = [L.CategoryEncoding(6, output_mode=mode)(ids) for mode in ("multi_hot", "one_hot", "count")]
    encoded += [L.CategoryEncoding(6, output_mode="count")(ids, count_weights=L.Dense(3)(weights)), lookup(ids), weighted(ids)]
    encoded += [layer(x) for layer in bins[1:]] + [L.Discretization([-1.0, 0.0, 0.5], output_mode="multi_hot")(x)]
    encoded += [L.Hashing(5, output_mode="count")(ids), L.HashedCrossing(7, output_mode="one_hot")([more, L.IntegerLookup(vocabulary=[1, 2])(more)])]
    looked_up = [L.Embedding(9, 2)(numbers) for numbers in (L.IntegerLookup(vocabulary=[3, 0, 5], num_oov_indices=3)(ids), L.Hashing(5, mask_value=2)(ids), bins[0](x))]
    return Model([ids, more, x, weights], [L.Dense(2)(e) for e in encoded] + looked_up)  # Keras cannot train it on JAX


# Arguments of calls, cells, layers in layers -----------------------------------------------------------------------------------------------

@case("attention_arguments")
def _(rng):
    q, v, mask = L.Input((4, 6), name="q"), L.Input((4, 6), name="v"), L.Input((4, 4), name="mask", dtype="int32")
    attention = L.MultiHeadAttention(2, 3, use_bias=False)  # the gradient of the keys' bias is rounding
    y, scores = attention(q, v, attention_mask=mask, return_attention_scores=True)
    z = attention(q, v, use_causal_mask=True)  # the same layer, called another way
    # Keras 3.15.1 cannot train on the scores: it uses the attention mask as the mask of the output.
    return Model([q, v, mask], [y, scores, z]), None, {"ids": 2}


@case("attention_takes_masks")
def _(rng):
    x = L.Input((5,), dtype="int32")
    e = L.Embedding(6, 6, mask_zero=True)(x)
    h = L.Add()([e, L.MultiHeadAttention(2, 3)(e, e)])  # without the mask of e from here on
    return trained(Model(x, L.GlobalAveragePooling1D()(L.Dense(3)(h))), rng)


@case("training_argument")
def _(rng):
    x = L.Input((3,))
    h = L.BatchNormalization()(L.Dense(4)(x), training=False)
    # Keras's predict and fit replace the arguments in the graph; a call without the argument does not.
    model = Model(x, L.Dense(2)(L.BatchNormalization()(h, training=True)))
    return model, None, {"x": [floats(rng, 8, 3)], "differentiable": False, "call": {}}


@case("training_argument_in_fit")
def _(rng):
    x = L.Input((3,))
    y = L.BatchNormalization(momentum=0.5)(L.Dense(4)(x), training=False)
    return trained(Model(x, L.Dense(2)(L.BatchNormalization()(y, training=True))), rng, optimizer="sgd")


@case("dictionaries")
def _(rng):
    inner = Model({"b": (b := L.Input((3,), name="b")), "a": (a := L.Input((3,), name="a"))}, L.Subtract()([a, b]), name="inner")
    x, y = L.Input((3,), name="x"), L.Input((3,), name="y")
    z = inner({"a": L.Dense(3)(x), "b": L.Dense(3, use_bias=False)(y)})
    model = Model([x, y], {"price": L.Dense(1, name="zz")(z), "kind": L.Dense(4, activation="softmax", name="aa")(z)})
    model.compile("sgd", {"price": "mse", "kind": "categorical_crossentropy"}, metrics={"kind": ["acc"]}, loss_weights={"price": 1.0, "kind": 0.5})
    return model, {"kind": np.eye(4, dtype=np.float32)[rng.integers(0, 4, 8)], "price": floats(rng, 8, 1)}, {"x": [floats(rng, 8, 3), floats(rng, 8, 3)]}


@case("constant_array")
def _(rng):
    vectors = keras.initializers.Constant(floats(rng, 6, 3))
    return trained(sequential(L.Embedding(6, 3, embeddings_initializer=vectors), L.Flatten(), L.Dense(1), shape=(4,), dtype="int32"), rng)


@case("attention_over_axes")
def _(rng):
    q, v = L.Input((2, 3, 4), name="q"), L.Input((3, 2, 5), name="v")
    return trained(Model([q, v], L.MultiHeadAttention(2, 3, output_shape=4)(q, v)), rng)


@case("masked_query")
def _(rng):
    q, v = L.Input((4,), dtype="int32", name="q"), L.Input((3,), dtype="int32", name="v")
    y = L.MultiHeadAttention(2, 3)(L.Embedding(6, 5, mask_zero=True)(q), L.Embedding(6, 5)(v))
    return trained(Model([q, v], L.Dense(1)(y)), rng)


for training in (True, False):
    @case(f"called_with_training_{training}".lower())
    def _(rng, training=training):
        model, y, options = trained(sequential(L.Dense(4), L.BatchNormalization(momentum=0.5), L.Dense(2)), rng, optimizer="sgd")
        return model, y, options | {"call": {"training": training}}


@case("mask_argument")
def _(rng):
    x, ids = L.Input((5, 3), name="x"), L.Input((5,), dtype="int32", name="ids")
    return trained(Model([x, ids], L.LSTM(3)(x, mask=K.not_equal(ids, 0))), rng, ids=3)


@case("stacked_cells")
def _(rng):
    x, h = L.Input((5, 2), name="x"), L.Input((4,), name="h")
    cells = L.StackedRNNCells([L.LSTMCell(3), L.GRUCell(4), L.SimpleRNNCell(2)])
    y, *states = L.RNN(cells, return_sequences=True, return_state=True, name="stack")(x)
    z = L.RNN(L.GRUCell(4), go_backwards=True, name="after")(y, initial_state=h)
    return trained(Model([x, h], [z, L.Activation("linear", name="first")(states[0][0]), L.Activation("linear", name="last")(states[2])]), rng)


@case("stacked_cells_masked")
def _(rng):
    x = L.Input((5,), dtype="int32")
    e = L.Embedding(6, 2, mask_zero=True)(x)
    cells = lambda: [L.LSTMCell(3), L.SimpleRNNCell(2)]
    return trained(Model(x, [L.RNN(cells())(e), L.GlobalAveragePooling1D()(L.RNN(cells(), return_sequences=True, zero_output_for_mask=True)(e))]), rng)


@case("bidirectional_outputs")
def _(rng):
    x = L.Input((5, 2))
    a, b = L.Bidirectional(L.GRU(3, return_sequences=True), merge_mode=None)(x)
    y, *states = L.Bidirectional(L.LSTM(3, return_state=True))(x)
    z = L.Bidirectional(L.LSTM(3), merge_mode="mul")(L.Subtract()([a, b]), initial_state=states)
    return trained(Model(x, [y, z]), rng)


@case("masked_initial_state")
def _(rng):
    # Keras 3 loses the mask of the input beside an initial state, but the output has it.
    x, h = L.Input((5,), dtype="int32", name="x"), L.Input((3,), name="h")
    e = L.Embedding(6, 2, mask_zero=True)(x)
    y = L.GRU(3, return_sequences=True)(e, initial_state=h)
    z = L.Bidirectional(L.SimpleRNN(3))(e, initial_state=[h, h])
    return trained(Model([x, h], [L.LSTM(2)(y), z]), rng)


@case("bidirectional_cells")
def _(rng):
    x = L.Input((5, 2))
    return trained(Model(x, L.Bidirectional(L.RNN(L.LSTMCell(3)))(x)), rng)


@case("bidirectional_stacked_cells")
def _(rng):
    x = L.Input((4, 2))
    cells = L.RNN([L.LSTMCell(3), L.GRUCell(2)], return_sequences=True)
    return trained(Model(x, L.Bidirectional(cells)(x)), rng)


@case("conv_lstm1d")
def _(rng):
    x, h, c = L.Input((3, 5, 2), name="x"), L.Input((2, 4), name="h"), L.Input((2, 4), name="c")
    y = L.ConvLSTM1D(2, 3, padding="same", return_sequences=True, activation="relu", recurrent_activation="hard_sigmoid", use_bias=False)(x)
    z = L.ConvLSTM1D(2, 2, dilation_rate=2, unit_forget_bias=False)(y)
    first = L.ConvLSTM1D(2, 2, data_format="channels_first", go_backwards=True, return_state=True, return_sequences=True, kernel_regularizer="l2")
    outs = first(L.Reshape((3, 2, 5))(y), initial_state=[h, c])
    return trained(Model([x, h, c], [z, *outs]), rng)


@case("conv_lstm2d")
def _(rng):
    x = L.Input((3, 4, 3, 2))
    h, *states = L.ConvLSTM2D(2, (2, 3), padding="same", return_sequences=True, return_state=True, bias_regularizer="l1")(x)
    y = L.ConvLSTM2D(2, 2, strides=(2, 1), go_backwards=True, activation="sigmoid")(h)
    return trained(Model(x, [y, L.Subtract()(states)]), rng)


@case("bidirectional_conv_lstm2d")
def _(rng):
    x = L.Input((3, 3, 2, 1))
    first = L.Bidirectional(L.ConvLSTM2D(1, 2, data_format="channels_first", return_sequences=True), merge_mode="sum")
    layer = lambda backwards: L.ConvLSTM2D(2, (1, 2), return_sequences=True, go_backwards=backwards)
    y = L.Bidirectional(layer(True), backward_layer=layer(False))(x)
    return trained(Model(x, [L.Dense(2)(y), first(L.Reshape((3, 1, 3, 2))(x))]), rng)


@case("conv_lstm3d")
def _(rng):
    x = L.Input((2, 2, 3, 2, 1))
    h = L.ConvLSTM3D(2, (1, 2, 2), padding="same", return_sequences=True)(x)
    return trained(Model(x, L.Bidirectional(L.ConvLSTM3D(1, 2), merge_mode="mul")(h)), rng)


@case("stateful_pictures")
def _(rng):
    x = L.Input((3, 3, 2, 1), batch_size=4)
    h = L.ConvLSTM2D(2, 2, padding="same", stateful=True, return_sequences=True)(x)
    h = L.TimeDistributed(L.Flatten())(h)
    model = Model(x, L.Bidirectional(L.RNN([L.GRUCell(2), L.LSTMCell(2)], stateful=True), merge_mode="sum")(h))
    # As in "stateful", a call keeps the state.
    return model, None, {"x": [floats(rng, 8, 3, 3, 2, 1)], "differentiable": False, "call": {}}


@case("stateful")
def _(rng):
    x = L.Input((4, 2), batch_size=4)
    h = L.LSTM(3, stateful=True, return_sequences=True)(x)
    model = Model(x, L.RNN(L.SimpleRNNCell(2), stateful=True)(L.GRU(3, stateful=True, return_sequences=True)(h)))
    # Keras's predict and fit lose the state on JAX, not on TensorFlow; a call keeps it on both.
    return model, None, {"x": [floats(rng, 8, 4, 2)], "differentiable": False, "call": {}}


@case("time_distributed")
def _(rng):
    x = L.Input((3, 4, 5))
    h = L.TimeDistributed(L.Dense(4, activation="tanh"))(x)
    h = L.TimeDistributed(L.LSTM(3))(h)
    return trained(Model(x, L.TimeDistributed(L.BatchNormalization())(h)), rng)


@case("time_distributed_masked")
def _(rng):
    x = L.Input((5,), dtype="int32")
    e = L.Embedding(6, 4, mask_zero=True)(x)
    return trained(Model(x, L.GlobalAveragePooling1D()(L.TimeDistributed(L.Dense(3))(e))), rng)


@case("time_distributed_statistics_masked")
def _(rng):
    x = L.Input((5,), dtype="int32")
    e = L.Embedding(6, 4, mask_zero=True)(x)
    h = L.TimeDistributed(L.BatchNormalization(momentum=0.6))(L.Dense(3, use_bias=False)(e))
    return trained(Model(x, L.LSTM(2)(L.TimeDistributed(L.Dense(2))(h))), rng, ids=3)


@case("time_distributed_models")
def _(rng):
    one = L.Input((6,))
    functional = Model(one, L.Concatenate()([L.Dense(2, activation="relu")(one), L.Dense(3)(one)]))
    x = L.Input((4, 6))
    h = L.TimeDistributed(functional)(x)
    h = L.TimeDistributed(keras.Sequential([L.Input((5,)), L.Dense(3, activation="tanh"), L.Dense(2)]))(h)
    return trained(Model(x, L.LSTM(2)(h)), rng)


@case("frozen_composites")
def _(rng):
    x = L.Input((5, 4))
    gru, attention, both = L.GRU(4, return_sequences=True), L.MultiHeadAttention(1, 2), L.Bidirectional(L.LSTM(2, return_sequences=True))
    inner = Sequential([L.Input((5, 4)), L.Dense(3, name="thawed"), L.BatchNormalization(name="statistics")])
    h = gru(x)
    model = Model(x, L.Dense(2)(L.GlobalAveragePooling1D()(inner(both(attention(h, h))))))
    for layer in (gru, attention, both, inner):
        layer.trainable = False
    inner.layers[0].trainable = True
    return trained(model, rng)


@case("bidirectional_inner")
def _(rng):
    x = L.Input((5, 3))
    penalized = L.Bidirectional(L.LSTM(2, return_sequences=True, activity_regularizer="l2"))
    frozen = L.Bidirectional(L.GRU(2, trainable=False))
    return trained(Model(x, L.Dense(1)(frozen(penalized(x)))), rng)


@case("mixed_bfloat16")
def _(rng):
    x = L.Input((6,), dtype="int32")
    policy = {"dtype": "mixed_bfloat16"}
    h = L.Embedding(6, 8, **policy)(x)
    h = L.LayerNormalization(**policy)(h + L.MultiHeadAttention(2, 4, **policy)(h, h))
    h = L.GlobalAveragePooling1D(**policy)(L.GRU(4, return_sequences=True, **policy)(h))
    model = Model(x, L.Dense(2, dtype="float32")(L.Dropout(0.0, **policy)(L.Dense(5, activation="relu", **policy)(h))))
    model.compile(O.SGD(0.1), "mse")
    return model, floats(rng, 8, 2), {"tolerance": 0.1}


@case("mixed_float16")
def _(rng):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        x = L.Input((6, 4))
        h = L.BatchNormalization()(L.Conv1D(8, 3, activation="relu", padding="same")(x))
        h = L.LayerNormalization()(L.MaxPooling1D(2)(h) + L.Dense(8, activation="tanh")(L.AveragePooling1D(2)(x)))
        model = Model(x, L.Dense(2, dtype="float32")(L.GlobalAveragePooling1D()(L.GRU(4, return_sequences=True)(h))))
        return trained(model, rng, optimizer=O.LossScaleOptimizer(O.SGD(0.1)), tolerance=0.02)
    finally:
        keras.config.set_dtype_policy("float32")


@case("mixed_bfloat16_images")
def _(rng):
    x = L.Input((8, 8, 3))
    policy = {"dtype": "mixed_bfloat16"}
    h = L.Conv2D(8, 3, padding="same", use_bias=False, **policy)(L.Rescaling(0.5, offset=0.1, **policy)(x))
    h = L.PReLU(shared_axes=[1, 2], **policy)(L.BatchNormalization(**policy)(h))
    h = L.Add(**policy)([h, L.SeparableConv2D(8, 3, padding="same", activation="silu", **policy)(h)])
    h = L.Concatenate(**policy)([L.MaxPooling2D(2, **policy)(h), L.AveragePooling2D(2, **policy)(h)])
    h = L.GroupNormalization(4, **policy)(L.DepthwiseConv2D(3, padding="same", activation="gelu", **policy)(h))
    h = L.SpatialDropout2D(0.0, **policy)(L.Conv2DTranspose(4, 3, strides=2, padding="same", activation="elu", **policy)(h))
    h = L.Flatten(**policy)(L.GlobalMaxPooling2D(keepdims=True, **policy)(L.UpSampling2D(2, **policy)(h)))
    model = Model(x, L.Dense(3, activation="softmax", dtype="float32")(h))
    model.compile(O.SGD(0.02, momentum=0.5), "sparse_categorical_crossentropy")
    return model, rng.integers(0, 3, 8), {"tolerance": 0.1, "narrow": True}


@case("mixed_bfloat16_sequences")
def _(rng):
    x = L.Input((6, 4))
    policy = {"dtype": "mixed_bfloat16"}
    h = L.Bidirectional(L.LSTM(4, return_sequences=True, **policy), **policy)(L.Conv1D(6, 3, padding="causal", activation="tanh", **policy)(x))
    h = L.TimeDistributed(L.Dense(6, activation="relu", **policy), **policy)(h)
    h = L.Attention(use_scale=True, **policy)([h, h])
    h = L.EinsumDense("abc,cd->abd", output_shape=(None, 5), bias_axes="d", activation="sigmoid", **policy)(h)
    h = L.SimpleRNN(4, **policy)(L.UnitNormalization(**policy)(h))
    model = Model(x, L.Dense(2, dtype="float32")(L.Reshape((4,), **policy)(h)))
    model.compile(O.Adam(0.01), "mse", metrics=["mae"])
    return model, floats(rng, 8, 2), {"tolerance": 0.1, "narrow": True}


# What must not be rounded before it is used: ids, and what is normalized.
@case("mixed_bfloat16_unrounded")
def _(rng):
    policy = {"dtype": "mixed_bfloat16"}
    ids, near, nearer = L.Input((6,)), L.Input((6,)), L.Input((6,))
    h = L.Flatten(**policy)(L.Embedding(1000, 4, embeddings_initializer=keras.initializers.RandomNormal(stddev=1.0), **policy)(ids))
    normalized = [L.LayerNormalization(**policy)(near), L.GroupNormalization(2, **policy)(near), L.BatchNormalization(**policy)(nearer)]
    model = Model([ids, near, nearer], L.Dense(2, dtype="float32")(L.Concatenate(**policy)([h, *normalized])))
    model.compile(O.SGD(0.1), "mse")
    # In JAX the variance of numbers near 300 is wrong in its second digit, which the training of a BatchNormalization would show.
    spread = rng.permuted(np.tile(np.linspace(-2, 2, 8, dtype="float32")[:, None], (1, 6)), axis=0)
    x = [rng.integers(257, 1000, (8, 6)).astype("float32"), 300 + spread, 20 + spread]
    return model, floats(rng, 8, 2), {"x": x, "tolerance": 0.1, "narrow": True}


# With the optimizer that `compile` wraps by itself. JAX has no attention in float16 on the CPU.
@case("mixed_float16_sequences")
def _(rng):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        x = L.Input((6,), dtype="int32")
        h = L.Embedding(6, 8, embeddings_initializer=keras.initializers.RandomNormal(stddev=1.0))(x)
        h = L.LayerNormalization()(h + L.LSTM(8, return_sequences=True)(h))
        h = L.LayerNormalization()(h + L.Dense(8)(L.Dense(16, activation="gelu")(h)))
        model = Model(x, L.Dense(6, dtype="float32")(h))
        model.compile(O.Adam(0.01), losses.SparseCategoricalCrossentropy(from_logits=True))
        assert isinstance(model.optimizer, O.LossScaleOptimizer)
        return model, rng.integers(0, 6, (8, 6)), {"tolerance": 0.02, "narrow": True}
    finally:
        keras.config.set_dtype_policy("float32")


# All in bfloat16, the weights too; an orthogonal matrix JAX cannot make in it.
@case("bfloat16")
def _(rng):
    x = L.Input((6, 4), dtype="bfloat16")
    policy = {"dtype": "bfloat16"}
    h = L.LayerNormalization(**policy)(L.Conv1D(8, 3, activation="relu", **policy)(x))
    return Model(x, L.Dense(2, **policy)(L.GlobalAveragePooling1D(**policy)(L.GRU(4, return_sequences=True, recurrent_initializer="glorot_uniform", **policy)(h)))), None, {"tolerance": 0.1, "narrow": True}


@case("float64")
def _(rng):
    x = L.Input((3,), dtype="float64")
    return trained(Model(x, L.Dense(2, dtype="float64")(L.BatchNormalization(dtype="float64")(x) * 2.0)), rng)


@case("image_classifier")
def _(rng):
    model = sequential(L.Conv2D(4, 3, activation="relu"), L.MaxPooling2D(2), L.BatchNormalization(), L.Conv2D(4, 2), L.GlobalAveragePooling2D(), L.Dense(3, activation="softmax"), shape=(8, 8, 1))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, rng.integers(0, 3, 8), {}


@case("transformer_block")
def _(rng):
    x = L.Input((6,), dtype="int32")
    h = L.Embedding(8, 4)(x)
    h = L.LayerNormalization(epsilon=1e-6)(h + L.MultiHeadAttention(2, 4)(h, h))
    h = L.LayerNormalization(epsilon=1e-6)(h + L.Dense(4)(L.Dense(6, activation="relu")(h)))
    model = Model(x, L.Dense(2, activation="softmax")(L.GlobalAveragePooling1D()(h)))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, rng.integers(0, 2, 8), {}


# Graphs ---------------------------------------------------------------------------------------------------------------------------------

def word_distance(optimizer="adam", loss="mse", **compile):
    a, b = L.Input((1,), name="a"), L.Input((1,), name="b")
    e = L.Embedding(6, 3)
    model = Model([a, b], L.Dense(1)(L.Flatten()(L.Subtract()([e(a), e(b)]))))
    model.compile(optimizer, loss, **compile)
    return model


@case("shared_layer")
def _(rng):
    return word_distance(), floats(rng, 8, 1), {"x": [rng.integers(0, 6, (8, 1)), rng.integers(0, 6, (8, 1))]}


def encoder(name, size=3):
    x = L.Input((5,))
    return Model(x, L.Dense(2, name="code")(L.Dense(size, activation="relu", name="hidden")(x)), name=name)


@case("nested_twice")
def _(rng):
    a, b, e = L.Input((5,), name="a"), L.Input((5,), name="b"), encoder("encoder")
    model = Model([a, b], L.Dense(1)(L.Concatenate()([e(a), e(b)])))
    model.compile("adam", "mse")
    return model, floats(rng, 8, 1), {}


@case("nested_is_output")
def _(rng):
    a, b, e = L.Input((5,), name="a"), L.Input((5,), name="b"), encoder("encoder")
    return Model([a, b], [e(a), e(b), L.Dense(1)(e(a))])


@case("nested_sequential")
def _(rng):
    x = L.Input((5,))
    inner = Sequential([L.Dense(4, activation="relu"), L.Dense(3)], name="inner")
    outer = Sequential([L.Input((5,)), encoder("first"), Sequential([L.Input((2,)), L.Dense(2), L.Dense(2)]), L.Dense(1)], name="outer")
    model = Model(x, [inner(x), outer(x)])
    model.compile("rmsprop", "mse")
    return model, [floats(rng, 8, 3), floats(rng, 8, 1)], {}


@case("nested_deeply")
def _(rng):
    model = encoder("m0")
    for i in range(1, 5):
        x = L.Input((5,))
        model = Model(x, L.Dense(5 if i < 4 else 1)(model(x)) if i % 2 else L.Dense(2)(L.Dense(5)(model(x))), name=f"m{i}")
    return model


@case("autoencoder_shares_encoder")
def _(rng):
    x, e = L.Input((5,)), encoder("encoder")
    d = Sequential([L.Input((2,)), L.Dense(5)], name="decoder")
    code = e(x)
    return Model(x, [d(code), code, e.get_layer("hidden")(x)])


@case("many_to_many")
def _(rng):
    inputs = [L.Input((n,), name=f"in{n}") for n in (2, 3, 4)]
    mixed = L.Concatenate()([L.Dense(3)(i) for i in inputs])
    model = Model(inputs, [L.Dense(2, name="one")(mixed), L.Dense(1, activation="sigmoid", name="two")(mixed), L.Dense(3, activation="softmax", name="three")(mixed)])
    model.compile("adam", {"one": "mse", "two": "binary_crossentropy", "three": "sparse_categorical_crossentropy"},
                  loss_weights={"one": 1.0, "two": 0.5, "three": 2.0}, metrics={"one": ["mae"], "two": ["acc", "mse"], "three": "accuracy"})
    return model, [floats(rng, 8, 2), rng.integers(0, 2, (8, 1)).astype("int32"), rng.integers(0, 3, (8,)).astype("int64")], {}


@case("inputs_by_name")
def _(rng):
    inputs = {"zeta": L.Input((2,), name="zeta"), "alpha": L.Input((3,), name="alpha")}
    out = L.Dense(2)(L.Concatenate()([inputs["zeta"], inputs["alpha"]]))
    return Model(inputs, {"second": L.Dense(1, name="b")(out), "first": out})


@case("frozen")
def _(rng):
    x = L.Input((5,))
    e = encoder("encoder")
    e.get_layer("hidden").trainable = False
    model = Model(x, L.Dense(1, trainable=True)(L.Dense(3, trainable=False)(e(x))))
    model.compile(O.Adam(0.01), "mse")
    return model, floats(rng, 8, 1), {}


# Training -------------------------------------------------------------------------------------------------------------------------------

OPTIMIZERS = {
    "sgd": lambda: "sgd", "sgd_momentum": lambda: O.SGD(0.05, momentum=0.9), "sgd_nesterov": lambda: O.SGD(0.05, momentum=0.9, nesterov=True),
    "rmsprop": lambda: O.RMSprop(0.005), "rmsprop_centered": lambda: O.RMSprop(0.005, momentum=0.5, centered=True, rho=0.8),
    "adam": lambda: "adam", "adam_amsgrad": lambda: O.Adam(0.01, amsgrad=True, beta_1=0.8, epsilon=1e-5), "adamw": lambda: O.AdamW(0.01),
}
# With the mean square and with an Embedding, whose rows have sparse updates.
MORE_OPTIMIZERS = {
    "adagrad": lambda: O.Adagrad(0.05, initial_accumulator_value=0.2), "adamax": lambda: O.Adamax(0.01), "nadam": lambda: O.Nadam(0.01),
    "nadam_decay": lambda: O.Nadam(0.01, weight_decay=0.05, clipnorm=0.5), "adamax_decay": lambda: O.Adamax(0.01, beta_2=0.9, weight_decay=0.05),
    "adadelta": lambda: "adadelta", "adadelta_large": lambda: O.Adadelta(1.0, rho=0.8, epsilon=1e-4, weight_decay=0.01),
    "ftrl": lambda: O.Ftrl(0.05), "ftrl_power": lambda: O.Ftrl(0.05, learning_rate_power=-0.7, initial_accumulator_value=0.2, beta=0.1),
    "ftrl_regularized": lambda: O.Ftrl(0.1, l1_regularization_strength=0.02, l2_regularization_strength=0.1, l2_shrinkage_regularization_strength=0.05),
    "ftrl_fixed": lambda: O.Ftrl(0.1, learning_rate_power=0.0), "lion": lambda: O.Lion(0.003), "lion_decay": lambda: O.Lion(0.003, beta_1=0.8, beta_2=0.9, weight_decay=0.5),
    "lamb": lambda: O.Lamb(0.01), "lamb_decay": lambda: O.Lamb(0.05, beta_1=0.8, epsilon=1e-4, weight_decay=0.05, global_clipnorm=0.5),
    "adafactor": lambda: "adafactor", "adafactor_large": lambda: O.Adafactor(0.5, beta_2_decay=-0.5, epsilon_2=0.05, clip_threshold=0.7, relative_step=False),
    "muon": lambda: O.Muon(0.02), "muon_excluded": lambda: O.Muon(0.02, exclude_layers=["nothing", "dense.*kernel"], adam_lr_ratio=0.5, adam_weight_decay=0.5, weight_decay=0.05),
    "muon_plain": lambda: O.Muon(0.02, nesterov=False, rms_rate=None, ns_steps=3, momentum=0.8, exclude_embeddings=False, muon_a=3.0, muon_b=-4.0, muon_c=2.0, adam_weight_decay=None),
    "schedule_free": lambda: O.ScheduleFreeAdamW(), "schedule_free_warm": lambda: O.ScheduleFreeAdamW(0.02, beta_1=0.7, beta_2=0.9, warmup_steps=4, weight_decay=0.1),
}
binary = lambda rng: rng.integers(0, 2, (8, 3)).astype("float32")
LOSSES = {
    "mse": ("mse", "linear", lambda rng: floats(rng, 8, 3), ["mae", metrics.MeanSquaredError(name="squares")]),
    "mae": (losses.MeanAbsoluteError(reduction="sum"), "linear", lambda rng: floats(rng, 8, 3), ["mse", metrics.MeanAbsoluteError()]),
    "bce": (losses.BinaryCrossentropy(label_smoothing=0.1), "sigmoid", binary, ["acc", metrics.BinaryAccuracy(threshold=0.4), metrics.BinaryCrossentropy()]),
    "bce_logits": (losses.BinaryCrossentropy(from_logits=True), "linear", binary, [metrics.BinaryCrossentropy(from_logits=True, label_smoothing=0.1)]),
    "cce": ("categorical_crossentropy", "softmax", lambda rng: np.eye(3, dtype="float32")[rng.integers(0, 3, 8)], ["accuracy", metrics.CategoricalAccuracy(), metrics.CategoricalCrossentropy()]),
    "cce_logits": (losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2), "linear", lambda rng: np.eye(3, dtype="float32")[rng.integers(0, 3, 8)], ["categorical_accuracy"]),
    "scce": ("sparse_categorical_crossentropy", "softmax", lambda rng: rng.integers(0, 3, 8), ["accuracy", metrics.SparseCategoricalAccuracy(), metrics.SparseCategoricalCrossentropy()]),
    "scce_logits": (losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=1), "linear", lambda rng: rng.integers(0, 3, (8, 1)).astype("int32"), [metrics.SparseCategoricalCrossentropy(from_logits=True)]),
}
for loss_name in LOSSES:
    for optimizer_name in OPTIMIZERS | (MORE_OPTIMIZERS if loss_name == "mse" else {}):
        @case(f"train_{loss_name}_{optimizer_name}")
        def _(rng, loss_name=loss_name, optimizer_name=optimizer_name):
            loss, activation, targets, measured = LOSSES[loss_name]
            model = sequential(L.Dense(3, activation=activation), shape=(4,))
            model.compile((OPTIMIZERS | MORE_OPTIMIZERS)[optimizer_name](), loss, metrics=measured)
            return model, targets(rng), {}

# Every other loss: the activation of the outputs and the targets of 8 samples. The targets of CTC are labels of five steps.
one_hot = lambda rng: np.eye(3, dtype="float32")[rng.integers(0, 3, 8)]
class_ids = lambda rng: rng.integers(0, 3, 8)
counts = lambda rng: rng.integers(0, 4, (8, 3)).astype("float32")
MORE_LOSSES = {
    "mape": (losses.MeanAbsolutePercentageError(), "linear", counts), "msle": (losses.MeanSquaredLogarithmicError(), "softplus", counts), "huber": (losses.Huber(), "linear", counts),
    "log_cosh": (losses.LogCosh(), "linear", counts), "cosine_similarity": (losses.CosineSimilarity(), "linear", counts),
    "hinge": (losses.Hinge(), "linear", binary), "squared_hinge": (losses.SquaredHinge(reduction="sum"), "linear", binary),
    "categorical_hinge": (losses.CategoricalHinge(), "linear", one_hot),
    "binary_focal": (losses.BinaryFocalCrossentropy(apply_class_balancing=True, gamma=3.0, label_smoothing=0.1), "sigmoid", binary),
    "categorical_focal": (losses.CategoricalFocalCrossentropy(alpha=0.5, from_logits=True), "linear", one_hot),
    "generalized": (losses.CategoricalGeneralizedCrossEntropy(q=0.7), "softmax", class_ids),
    "kl_divergence": (losses.KLDivergence(), "softmax", one_hot), "poisson": (losses.Poisson(), "softplus", counts),
    "dice": (losses.Dice(), "sigmoid", binary), "dice_of_samples": (losses.Dice(axis=-1), "sigmoid", binary),
    "tversky": (losses.Tversky(alpha=0.2, beta=0.9), "sigmoid", binary), "circle": (losses.Circle(gamma=4.0), "linear", class_ids),
}
for loss_name in MORE_LOSSES:
    @case(f"loss_{loss_name}")
    def _(rng, loss_name=loss_name):
        loss, activation, targets = MORE_LOSSES[loss_name]
        model = sequential(L.Dense(3, activation=activation), *([L.UnitNormalization()] if loss_name == "circle" else []), shape=(4,))
        model.compile(O.SGD(0.05), loss)
        return model, targets(rng), {}


@case("loss_ctc")
def _(rng):
    model = sequential(L.Dense(4), shape=(5, 3))
    model.compile(O.SGD(0.05), losses.CTC())
    return model, rng.integers(0, 4, (8, 2)), {}


# Every other metric, with weights in the second list, and its outputs and targets.
labels_2 = lambda rng: rng.integers(0, 2, (8, 3)).astype("float32")
METRICS = {
    "of_thresholds": ("sigmoid", labels_2, lambda: [
        "auc", metrics.AUC(curve="PR", num_thresholds=20, name="pr"), metrics.AUC(multi_label=True, label_weights=[1.0, 2.0, 0.5], name="multi"), "precision", "recall",
        metrics.TruePositives(), metrics.FalsePositives(thresholds=0.4), metrics.TrueNegatives(), metrics.FalseNegatives(),
        metrics.SensitivityAtSpecificity(0.4), metrics.SpecificityAtSensitivity(0.4), metrics.PrecisionAtRecall(0.4), metrics.RecallAtPrecision(0.4),
        metrics.Precision(class_id=1), metrics.Recall(top_k=2), metrics.BinaryIoU(threshold=0.4)]),
    "of_classes": ("softmax", one_hot, lambda: [
        metrics.TopKCategoricalAccuracy(k=2), metrics.F1Score(average="macro"), metrics.FBetaScore(average="weighted", beta=2.0), metrics.OneHotIoU(3, [0, 2]),
        metrics.OneHotMeanIoU(3), metrics.CategoricalHinge(), metrics.KLDivergence(), metrics.Accuracy()]),
    "of_class_ids": ("softmax", class_ids, lambda: [
        metrics.SparseTopKCategoricalAccuracy(k=2), metrics.IoU(3, [0, 1], sparse_y_pred=False), metrics.MeanIoU(3, sparse_y_pred=False)]),
    "of_values": ("softplus", counts, lambda: [
        metrics.RootMeanSquaredError(), "r2_score", metrics.R2Score("variance_weighted_average"), metrics.CosineSimilarity(), metrics.LogCoshError(),
        metrics.PearsonCorrelation(), metrics.ConcordanceCorrelation(), "mape", "msle", metrics.Poisson(), metrics.Hinge(), metrics.SquaredHinge()]),
}
for metric_name in METRICS:
    @case(f"metrics_{metric_name}")
    def _(rng, metric_name=metric_name):
        activation, targets, make = METRICS[metric_name]
        model = sequential(L.Dense(3, activation=activation), shape=(4,))
        # Keras has no weights of samples for the matrix of several values.
        weighted = [] if "ids" in metric_name else [metric for metric in make() if not isinstance(metric, metrics.BinaryIoU)]
        loss = "sparse_categorical_crossentropy" if "ids" in metric_name else "mse"
        model.compile(O.SGD(0.05), loss, metrics=make(), weighted_metrics=weighted)
        return model, targets(rng), {"sample_weight": rng.integers(1, 3, 8).astype("float32")}


for optimizer_name in OPTIMIZERS | MORE_OPTIMIZERS:
    @case(f"train_embedding_{optimizer_name}")
    def _(rng, optimizer_name=optimizer_name):
        return word_distance((OPTIMIZERS | MORE_OPTIMIZERS)[optimizer_name]()), floats(rng, 8, 1), {"x": [rng.integers(0, 6, (8, 1)), rng.integers(0, 6, (8, 1))]}

OPTIONS = {"clipnorm": {"clipnorm": 0.1}, "global_clipnorm": {"global_clipnorm": 0.1}, "clipvalue": {"clipvalue": 0.02}, "weight_decay": {"weight_decay": 0.1},
           "decay_and_clip": {"weight_decay": 0.05, "clipvalue": 0.05}, "ema": {"use_ema": True, "ema_momentum": 0.9},
           "ema_overwrites": {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 2}, "accumulation": {"gradient_accumulation_steps": 2},
           "accumulation_and_more": {"gradient_accumulation_steps": 3, "weight_decay": 0.05, "clipnorm": 0.1}}
for name, options in OPTIONS.items():
    for optimizer in (O.SGD, O.RMSprop, O.Adam):
        @case(f"option_{name}_{optimizer.__name__.lower()}")
        def _(rng, options=options, optimizer=optimizer):
            # A second fit with averages fails in Keras 3.15.1 on JAX, so there is only one.
            once = {"before": None} if "use_ema" in options else {}
            return word_distance(optimizer(0.01, **options)), floats(rng, 8, 1), {"x": [rng.integers(0, 6, (8, 1)), rng.integers(0, 6, (8, 1))]} | once

# Wrappers of other optimizers. With the scale of the second, gradients overflow float32 at first, and again when it has grown.
WRAPPERS = {
    "loss_scale": lambda: O.LossScaleOptimizer(O.Adam(0.01, clipnorm=0.5), dynamic_growth_steps=3),
    "loss_scale_overflow": lambda: O.LossScaleOptimizer(O.SGD(0.01, momentum=0.9), initial_scale=2.0**127, dynamic_growth_steps=2),
    "multi": lambda: O.MultiOptimizer(O.OptimizerMap(O.SGD(0.05, momentum=0.5), {"embedding/.*": O.Adam(0.01), "dense/kernel": O.RMSprop(0.01)})),
    "loss_scale_multi": lambda: O.LossScaleOptimizer(O.MultiOptimizer(O.OptimizerMap(O.SGD(0.05), {".*kernel": O.AdamW(0.01)}))),
}
for name, optimizer in WRAPPERS.items():
    @case(f"optimizer_{name}")
    def _(rng, optimizer=optimizer):
        return word_distance(optimizer()), 10 * floats(rng, 8, 1), {"x": [rng.integers(0, 6, (8, 1)), rng.integers(0, 6, (8, 1))]}

S = O.schedules
SCHEDULES = {
    "exponential": lambda: S.ExponentialDecay(0.1, 3, 0.5), "exponential_staircase": lambda: S.ExponentialDecay(0.1, 3, 0.5, staircase=True),
    "inverse_time": lambda: S.InverseTimeDecay(0.1, 2, 0.5, staircase=True), "piecewise": lambda: S.PiecewiseConstantDecay([3, 5], [0.1, 0.05, 0.01]),
    "polynomial": lambda: S.PolynomialDecay(0.1, 5, end_learning_rate=0.01, power=2.0), "polynomial_cycle": lambda: S.PolynomialDecay(0.1, 3, cycle=True),
    "cosine": lambda: S.CosineDecay(0.1, 6, alpha=0.1), "cosine_warmup": lambda: S.CosineDecay(0.01, 4, warmup_target=0.1, warmup_steps=4),
    "restarts": lambda: S.CosineDecayRestarts(0.1, 2, t_mul=2.0, m_mul=0.9, alpha=0.05),
}
for name, schedule in SCHEDULES.items():
    for optimizer in (O.SGD, O.Adam):
        @case(f"schedule_{name}_{optimizer.__name__.lower()}")
        def _(rng, schedule=schedule, optimizer=optimizer):
            model = sequential(L.Dense(2), shape=(3,))
            model.compile(optimizer(schedule()), "mse")
            return model, floats(rng, 8, 2), {}


def classifier(**compile):
    model = sequential(L.Embedding(6, 3, mask_zero=True), L.GlobalAveragePooling1D(), L.Dense(1, activation="sigmoid"), shape=(4,), dtype="int32")
    model.compile("adam", "bce", **compile)
    return model


@case("fit_sample_weight")
def _(rng):
    return classifier(metrics=["acc"], weighted_metrics=["acc", "mse"]), rng.integers(0, 2, 8), {"sample_weight": rng.random(8).astype("float32")}


@case("fit_class_weight")
def _(rng):
    return classifier(metrics=["acc"], weighted_metrics=["mse"]), rng.integers(0, 2, 8).astype("float64"), {"class_weight": {0: 0.5, 1: 2.0}}


@case("fit_validation_split")
def _(rng):
    return classifier(metrics=["acc"]), rng.integers(0, 2, 8), {"validation_split": 0.25, "epochs": 3}


@case("fit_masked_loss")
def _(rng):
    model = sequential(L.Embedding(6, 3, mask_zero=True), L.Dense(2), shape=(4,), dtype="int32")
    model.compile("sgd", "mse")
    return model, floats(rng, 8, 4, 2), {}


@case("fit_list_of_losses")
def _(rng):
    x = L.Input((3,))
    model = Model(x, [L.Dense(1, name="a")(x), L.Dense(2, name="b")(x), L.Dense(2, name="c")(x)])
    model.compile("sgd", ["mse", None, losses.MeanAbsoluteError()], loss_weights=[0.5, 1.0, 2.0], metrics=[["mae"], [], ["mse", "mae"]])
    return model, [floats(rng, 8, 1), floats(rng, 8, 2), floats(rng, 8, 2)], {}


@case("fit_one_loss_for_all")
def _(rng):
    x = L.Input((3,))
    model = Model(x, [L.Dense(1, name="a")(x), L.Dense(2, name="b")(x)])
    model.compile("rmsprop", "mse", metrics=["mae", "mse"])
    return model, [floats(rng, 8, 1), floats(rng, 8, 2)], {}


@case("compiled_and_never_trained")
def _(rng):
    model = sequential(L.Dense(2), shape=(3,))
    model.compile(O.Adam(0.02), losses.mean_squared_error)
    return model, floats(rng, 8, 2), {"before": None}


if __name__ == "__main__":
    for name in sys.argv[1:] or CASES:
        try:
            write(name)
        except Exception as error:
            raise RuntimeError(f"the fixture {name}") from error
    print(f"{len(sys.argv[1:] or CASES)} fixtures for keras {keras.__version__}")
