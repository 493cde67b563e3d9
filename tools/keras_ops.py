"""Writes tests/keras/ops.json: what real Keras computes for the operations of keras.ops, for tests/keras_ops.rs.

usage: KERAS_BACKEND=jax python tools/keras_ops.py        (needs keras, jax and numpy; run from the repository's root)

A line is a case: the class with its module, its arguments in the configuration and in the call, the operands, and the outputs.
"""

import json
import os
import sys

import keras
import numpy as np
from keras.src import tree
from keras.src.ops import core, linalg, math, nn
from keras.src.ops import numpy as knp

PATH = os.path.join("tests", "keras", "ops.json")
MODULES = {"core": core, "linalg": linalg, "math": math, "nn": nn, "numpy": knp}
NAN, INF = float("nan"), float("inf")
rng = np.random.default_rng(21)
CASES = []


def f(*shape, dtype="float32"):
    """Numbers around 0."""
    return rng.normal(size=shape).round(2).astype(dtype)


def p(*shape, dtype="float32"):
    """Positive numbers."""
    return (np.abs(rng.normal(size=shape)) + 0.3).round(2).astype(dtype)


def u(*shape):
    """Numbers within -1 and 1."""
    return rng.uniform(-0.95, 0.95, shape).round(2).astype("float32")


def i(*shape, low=-5, high=6):
    return rng.integers(low, high, shape).astype("int32")


def b(*shape):
    return rng.integers(0, 2, shape).astype(bool)


def a(values, dtype="float32"):
    return np.array(values, dtype)


def case(module, cls, *operands, call=(), **config):
    CASES.append((module, cls, config, list(operands), list(call)))


SPECIAL = a([NAN, INF, -INF, 0.0, -0.0, 1.0, -2.5, 3.5])

# Of one number.
for name in (
    "Absolute Ceil Cos Deg2rad Exp Exp2 Fabs Floor Negative Rad2deg Sign Sin Square Tan Tanh Trunc Arcsinh Arctan Cbrt Cosh "
    "Expm1 Sinh Sinc I0 Conjugate Real Imag Copy Isfinite Isinf Isnan Isneginf Isposinf Isreal LogicalNot Signbit Angle"
).split():
    case("numpy", name, f(2, 3))
    case("numpy", name, SPECIAL if name != "I0" else SPECIAL[3:])
    case("numpy", name, i(4))
    case("numpy", name, f(3, dtype="float16"))
    if name not in ("Negative", "Sign"):
        case("numpy", name, f(0, 2))
for name in "Log Log10 Log1p Log2 Reciprocal Sqrt Arccosh".split():
    case("numpy", name, p(2, 3) + (1 if name == "Arccosh" else 0))
    case("numpy", name, a([NAN, INF, 1.0, 2.0]))
    case("numpy", name, i(4, low=1))
for name in "Arccos Arcsin Arctanh".split():
    case("numpy", name, u(2, 3))
case("math", "Erf", a([-3.0, -0.5, 0.0, 1e-3, 0.7, 2.0, NAN, INF]))
case("math", "Erfc", a([-3.0, -0.5, 0.0, 1e-3, 0.7, 5.0, NAN, INF]))
case("math", "Erfinv", a([-1.0, -0.99, -0.5, 0.0, 1e-3, 0.7, 1.0]))
case("math", "Rsqrt", p(2, 3))
for limits in ((-0.5, 0.5), (0, 1)):
    case("numpy", "Clip", f(2, 3), x_min=limits[0], x_max=limits[1])
case("numpy", "Clip", i(5), x_min=-1, x_max=2)
case("numpy", "Clip", a([NAN, INF, -INF]), x_min=-1.0, x_max=2.0)
case("numpy", "Round", a([0.5, 1.5, 2.5, -0.5, -1.5, 0.4999]))
case("numpy", "Round", f(5) * 100, decimals=1)
case("numpy", "NanToNum", SPECIAL)
case("numpy", "NanToNum", SPECIAL, nan=1.5, posinf=7.0, neginf=-8.0)

# Of two.
for name in (
    "Add Subtract Multiply Divide TrueDivide Maximum Minimum Arctan2 DivideNoNan FloorDivide Fmax Fmin Fmod Heaviside Hypot "
    "Logaddexp Logaddexp2 Mod Equal NotEqual Greater GreaterEqual Less LessEqual Nextafter"
).split():
    case("numpy", name, f(2, 3), f(3))
    case("numpy", name, f(2, 1), i(3, low=1))
    case("numpy", name, i(2, 3), i(3, low=1))
    case("numpy", name, i(3), f(3, dtype="float16"))
    if name not in ("Mod", "Fmod", "FloorDivide", "Nextafter"):
        case("numpy", name, a([NAN, 1.0, INF, -INF, INF, 0.0]), a([1.0, NAN, INF, 1.0, -INF, 0.0]))
case("numpy", "FloorDivide", a([7.0, -7.0, 7.0, -7.0, 1.0]), a([2.0, 2.0, -2.0, -2.0, 0.1]))
case("numpy", "Mod", a([7.0, -7.0, 7.0, -7.0]), a([2.0, 2.0, -2.0, -2.0]))
case("numpy", "Fmod", i(6), a([2, 3, -2, 4, -3, 1], "int32"))
case("numpy", "Power", p(2, 3), f(3))
case("numpy", "Power", a([-2.0, -2.0, 0.0, 0.0, 2.0]), a([2.0, 3.0, 0.0, 2.0, -1.0]))
case("numpy", "Power", i(4), i(4, low=0, high=4))
case("numpy", "Ldexp", f(3), a([1, -2, 3], "int32"))
for name in "LogicalAnd LogicalOr LogicalXor".split():
    case("numpy", name, b(2, 3), b(3))
    case("numpy", name, f(2) * b(2), i(2))
for name in "BitwiseAnd BitwiseOr BitwiseXor Gcd Lcm".split():
    case("numpy", name, i(2, 3), i(3))
    case("numpy", name, i(3, low=0).astype("uint8"), i(3, low=0).astype("uint8"))
for name in "BitwiseLeftShift LeftShift BitwiseRightShift RightShift".split():
    case("numpy", name, i(5), i(5, low=0))
for name in "BitwiseInvert BitwiseNot".split():
    case("numpy", name, i(5))
case("numpy", "Isclose", a([1.0, 1.0, NAN, INF, INF, 1.0]), a([1.0 + 1e-6, 1.1, NAN, INF, 1.0, INF]), call=(1e-5, 1e-8))
case("numpy", "Isclose", a([NAN, 1.0]), a([NAN, 1.4]), call=(0.5, 0.0), equal_nan=True)
case("numpy", "Where", b(2, 3), f(2, 3), f(3))
case("numpy", "Where", b(3), i(2, 1), f(3))

# Activations.
KINKS = a([-4.0, -3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, 6.0, 7.0, -100.0, 100.0])
for name in (
    "Relu Sigmoid Softplus HardSigmoid HardSilu HardTanh LogSigmoid Relu6 Selu Silu Softsign SparsePlus SparseSigmoid TanhShrink"
).split():
    case("nn", name, KINKS)
    case("nn", name, f(2, 3, dtype="float16"))
for name, config in (
    ("Celu", {"alpha": 0.7}),
    ("Elu", {"alpha": 0.7}),
    ("Gelu", {"approximate": True}),
    ("Gelu", {"approximate": False}),
    ("HardShrink", {"threshold": 0.7}),
    ("LeakyRelu", {"negative_slope": 0.3}),
    ("SoftShrink", {"threshold": 0.7}),
    ("Squareplus", {"b": 2.0}),
    ("Threshold", {"threshold": 0.3, "default_value": -2.0}),
):
    case("nn", name, KINKS, **config)
for name in "Celu Elu Gelu HardShrink LeakyRelu SoftShrink Squareplus".split():
    case("nn", name, KINKS)
for name in "Softmax LogSoftmax".split():
    case("nn", name, f(2, 3))
    case("nn", name, f(2, 3, 2), axis=1)
case("nn", "Glu", f(2, 4))
case("nn", "Glu", f(4, 3), axis=0)

# Over axes.
for name in "Mean Sum Max Min Amax Amin Any All Prod Std Var Median Ptp Nanmax Nanmin Nanmean Nanprod Nanstd Nansum Nanvar Nanmedian".split():
    case("numpy", name, f(2, 3, 2))
    case("numpy", name, f(2, 3, 2), axis=-1)
    case("numpy", name, f(2, 3, 2), axis=[0, 2], keepdims=True)
    case("numpy", name, i(2, 3), axis=0)
    case("numpy", name, a([[1.0, NAN, -2.0], [INF, 2.0, 3.0], [3.0, 3.0, -1.0]]), axis=1)
    if name.startswith("Nan"):
        case("numpy", name, a([[NAN, NAN], [1.0, NAN]]), axis=1)
for name in "Argmax Argmin Nanargmax Nanargmin".split():
    case("numpy", name, f(2, 3, 2))
    case("numpy", name, f(2, 3, 2), axis=1)
    case("numpy", name, a([[2, 5, 5], [-1, -1, 0]], "int32"), axis=-1, keepdims=True)
    case("numpy", name, a([[1.0, NAN, 3.0], [1.0, 0.0, 1.0]]), axis=1)
case("numpy", "CountNonzero", i(2, 3, low=-1, high=2))
case("numpy", "CountNonzero", i(2, 3, low=-1, high=2), axis=1)
case("numpy", "Average", f(2, 3), p(2, 3), axis=1)
case("numpy", "Average", f(2, 3), p(3), axis=1)
case("numpy", "Average", i(2, 3))
for name in "Cumsum Cumprod Nancumsum Nancumprod".split():
    case("numpy", name, f(2, 3))
    case("numpy", name, a([[1.0, NAN, 2.0], [0.0, 3.0, -1.0]]), axis=1)
    case("numpy", name, i(2, 3), axis=0)
    case("numpy", name, i(2, 3), axis=1, dtype="float32")
case("numpy", "Prod", i(2, 3), axis=1, dtype="float32")
for name, q in (("Quantile", 1.0), ("Percentile", 100.0), ("Nanquantile", 1.0), ("Nanpercentile", 100.0)):
    case("numpy", name, f(3, 5), call=(0.3 * q,), axis=1)
    case("numpy", name, f(3, 5), call=([0.25 * q, 0.5 * q, 1.0 * q],), axis=0, keepdims=True)
    case("numpy", name, f(3, 5), call=(0.7 * q,))
case("math", "Logsumexp", f(2, 3))
case("math", "Logsumexp", a([[1000.0, 999.0], [-INF, -INF], [INF, 0.0]]), axis=1)
case("math", "Logsumexp", f(2, 3, 2), axis=[0, 1], keepdims=True)
case("nn", "Moments", f(2, 3, 2), axes=[0, 1])
case("nn", "Moments", f(2, 3, 2), axes=[2], keepdims=True)
case("nn", "Normalize", f(2, 3))
case("nn", "Normalize", f(2, 3), axis=0, order=1)
case("nn", "Normalize", f(2, 3) * a([[0.0], [1.0]]), order=3)
case("nn", "Normalize", f(2, 3) * a([[0.0], [1.0]]), order=2)

# Products.
case("numpy", "Dot", f(2, 3), f(3, 2))
case("numpy", "Dot", i(2, 3), i(3))
case("numpy", "Matmul", f(2, 2, 3), f(3, 4))
case("numpy", "Matmul", f(1, 2, 3), f(4, 3, 2))
case("numpy", "Cross", f(2, 3), f(3))
case("numpy", "Cross", f(2, 2), f(2, 2))
case("numpy", "Cross", f(3, 2), i(3, 2), axis=0)
case("numpy", "Inner", f(2, 3), f(4, 3))
case("numpy", "Inner", f(3), i(3))
case("numpy", "Kron", f(2, 3), f(2, 2))
case("numpy", "Kron", i(2), i(2, 2))
case("numpy", "Outer", f(2, 2), f(3))
case("numpy", "Tensordot", f(2, 3, 4), f(3, 4, 2))
case("numpy", "Tensordot", f(2, 3), f(3, 4), axes=1)
case("numpy", "Tensordot", f(2, 3, 2), f(3, 2, 4), axes=[[1, 0], [0, 1]])
case("numpy", "Vdot", f(2, 3), f(2, 3))

# Shapes.
case("numpy", "BroadcastTo", f(2, 1), shape=[3, 2, 2])
case("numpy", "ExpandDims", f(2, 3), axis=1)
case("numpy", "Flip", f(2, 3))
case("numpy", "Flip", i(2, 3), axis=1)
case("numpy", "Fliplr", f(2, 3))
case("numpy", "Flipud", f(2, 3))
case("numpy", "FullLike", f(2, 3), call=(2.5,))
case("numpy", "FullLike", f(2, 3), call=(2,), dtype="int32")
case("numpy", "Moveaxis", f(2, 3, 4), source=0, destination=-1)
case("numpy", "Moveaxis", f(2, 3, 4), source=[0, 1], destination=[2, 0])
case("numpy", "OnesLike", f(2), dtype="int32")
case("numpy", "ZerosLike", i(2))
case("numpy", "Pad", f(2, 3), pad_width=1)
case("numpy", "Pad", f(2, 3), pad_width=[[1, 0], [0, 2]], call=(7.0,))
case("numpy", "Pad", f(2, 3), pad_width=[[1, 1], [2, 2]], mode="reflect")
case("numpy", "Pad", f(2, 3), pad_width=[[3, 1], [2, 4]], mode="symmetric")
case("numpy", "Ravel", i(2, 3))
case("numpy", "Repeat", f(2, 3), repeats=2)
case("numpy", "Repeat", f(2, 3), repeats=2, axis=1)
case("numpy", "Repeat", i(2, 3), repeats=[1, 3], axis=0)
case("numpy", "Reshape", f(2, 3), newshape=[3, -1])
case("numpy", "Roll", f(2, 3), shift=2)
case("numpy", "Roll", f(2, 3), shift=-4, axis=1)
case("numpy", "Roll", f(2, 3), shift=[1, 2], axis=[0, 1])
for k in range(4):
    case("numpy", "Rot90", f(2, 3), k=k)
case("numpy", "Rot90", f(2, 3, 2), k=1, axes=[2, 1])
case("numpy", "Squeeze", f(2, 1, 3, 1))
case("numpy", "Swapaxes", f(2, 3, 4), axis1=0, axis2=-1)
case("numpy", "Tile", f(2, 3), repeats=[2, 1])
case("numpy", "Tile", f(3), repeats=[2, 2])
case("numpy", "Tile", i(2, 3), repeats=[2])
case("numpy", "Transpose", f(2, 3, 4))
case("numpy", "Transpose", f(2, 3, 4), axes=[1, 0, 2])
case("numpy", "Append", f(2, 3), i(2))
case("numpy", "Append", f(2, 3), f(2, 1), axis=1)
for name in "Concatenate Dstack Hstack Stack Vstack".split():
    case("numpy", name, [f(2, 3), i(2, 3)])
for name in "Dstack Hstack Vstack".split():
    case("numpy", name, [f(3), f(3)])
case("numpy", "ArraySplit", f(2, 5), indices_or_sections=3, axis=1)
case("numpy", "ArraySplit", f(5), indices_or_sections=[1, 4])
case("numpy", "Split", f(4, 3), indices_or_sections=2)
case("numpy", "Split", f(4, 3), indices_or_sections=[1, 1, 3])
case("numpy", "Dsplit", f(2, 1, 4), indices_or_sections=2)
case("numpy", "Hsplit", f(2, 4), indices_or_sections=[1])
case("numpy", "Vsplit", f(4, 2), indices_or_sections=2)
case("numpy", "Diag", f(3), k=1)
case("numpy", "Diag", f(3, 4), k=-1)
case("numpy", "Diagflat", f(2, 2), k=-1)
case("numpy", "Diagonal", f(3, 4))
case("numpy", "Diagonal", f(2, 3, 4), offset=1, axis1=0, axis2=2)
case("numpy", "Trace", f(3, 4), offset=-1)
case("numpy", "Trace", i(2, 3, 3), axis1=1, axis2=2)
case("numpy", "Tril", f(2, 3, 3))
case("numpy", "Triu", i(3, 4), k=-1)
case("numpy", "Diff", f(2, 5), n=2)
case("numpy", "Diff", i(4, 2), axis=0)
case("numpy", "Trapezoid", f(3, 4), axis=0, dx=0.5)
case("numpy", "Trapezoid", i(4))

# Selection.
case("numpy", "Take", f(3, 4), a([[0, -1], [2, 1]], "int32"), axis=1)
case("numpy", "Take", i(3, 4), a([0, 11, -2], "int32"))
case("numpy", "TakeAlongAxis", f(2, 3), a([[0, 2], [-1, 1]], "int32"), axis=1)
case("numpy", "TakeAlongAxis", f(2, 3), a([5, 0], "int32"))
case("numpy", "Sort", f(3, 4), axis=0)
case("numpy", "Sort", a([3.0, NAN, -1.0, INF]))
case("numpy", "Sort", i(2, 5))
case("numpy", "Argsort", f(3, 4))
case("numpy", "Argsort", a([2, 1, 2, 1, 0], "int32"))
case("numpy", "Argsort", f(2, 3), axis=None)
case("numpy", "Digitize", a([0.2, 6.4, 3.0, 1.0]), a([0.0, 1.0, 2.5, 4.0, 10.0]))
case("numpy", "SearchSorted", a([1.0, 2.0, 2.0, 3.0]), a([0.0, 2.0, 2.5, 9.0]))
case("numpy", "SearchSorted", a([1, 2, 2, 3], "int32"), a([[0, 2], [3, 9]], "int32"), side="right")
case("numpy", "IsIn", i(2, 3), a([1, 2, 3], "int32"))
case("numpy", "IsIn", i(5), a([1, 2, 3], "int32"), invert=True)
case("numpy", "UnravelIndex", a([0, 5, 11], "int32"), shape=[3, 4])
case("math", "TopK", f(2, 5), k=3)
case("math", "TopK", a([1, 3, 3, 2], "int32"), k=2)
case("math", "InTopK", a([2, 0], "int32"), f(2, 4), k=2)
case("nn", "OneHot", a([0, 2, -1, 3], "int32"), num_classes=3)
case("nn", "OneHot", a([[0, 2], [1, 1]], "int32"), num_classes=3, axis=1, dtype="int32")
case("nn", "MultiHot", a([[0, 2, 2], [1, 1, 3]], "int32"), num_classes=4)
case("numpy", "Argpartition", a([3.0, 1.0, 2.0]), kth=2)
case("numpy", "Meshgrid", [f(2), f(3)])
case("numpy", "Meshgrid", [f(2), f(3), f(2)], indexing="ij")

# Neural networks.
case("nn", "Sparsemax", a([[5.0, 1.0, -1.0], [0.0, -3.0, 1.5]]))
case("nn", "Conv", f(2, 5, 4), f(3, 2, 4))
case("nn", "Conv", f(1, 5, 4, 2), f(3, 2, 2, 3), strides=[2, 1], padding="same")
case("nn", "Conv", f(1, 2, 5, 4), f(2, 2, 2, 3), data_format="channels_first", dilation_rate=2)
case("nn", "Conv", f(1, 3, 3, 3, 2), f(2, 2, 2, 2, 2))
case("nn", "ConvTranspose", f(2, 3, 2), f(3, 4, 2), strides=2)
case("nn", "ConvTranspose", f(1, 3, 2, 2), f(3, 2, 3, 2), strides=2, padding="same", output_padding=1)
case("nn", "DepthwiseConv", f(1, 4, 4, 2), f(2, 3, 2, 2), padding="same")
case("nn", "SeparableConv", f(1, 4, 4, 2), f(2, 2, 2, 2), f(1, 1, 4, 3))
for name in "AveragePool MaxPool".split():
    case("nn", name, f(2, 5, 3), pool_size=2, strides=2)
    case("nn", name, f(1, 5, 4, 2), pool_size=[2, 3], strides=1, padding="same")
    case("nn", name, f(1, 2, 4, 4), pool_size=2, strides=[2, 1], data_format="channels_first")
for name in "AdaptiveAveragePool AdaptiveMaxPool".split():
    case("nn", name, f(2, 5, 3), output_size=2, data_format="channels_last")
    case("nn", name, f(1, 2, 5, 4), output_size=[2, 3], data_format="channels_first")
case("nn", "DepthToSpace", f(1, 2, 1, 8), block_size=2)
case("nn", "SpaceToDepth", f(1, 2, 4, 2), block_size=2, data_format="channels_first")
case("nn", "BatchNorm", f(2, 3, 2), f(3), p(3), f(3), f(3), axis=1)
case("nn", "BatchNorm", f(2, 3), f(3), p(3), axis=-1, epsilon=0.1)
case("nn", "LayerNorm", f(2, 3, 2), f(2), f(2))
case("nn", "LayerNorm", f(2, 3, 2), f(3, 2), axis=[1, 2], epsilon=0.01)
case("nn", "RMSNorm", f(2, 3, 2), f(2))
case("nn", "RMSNorm", f(2, 3, 2), axis=[1], epsilon=0.01)
case("nn", "DotProductAttention", f(2, 3, 2, 4), f(2, 5, 2, 4), f(2, 5, 2, 4))
case("nn", "DotProductAttention", f(1, 3, 2, 4), f(1, 3, 2, 4), f(1, 3, 2, 4), f(1, 2, 3, 3), b(1, 1, 3, 3), is_causal=True)
case("nn", "DotProductAttention", f(1, 3, 4, 2), f(1, 3, 2, 2), f(1, 3, 2, 2), call=(0.3,))
case("nn", "PSNR", u(2, 3), u(2, 3), max_val=2.0)
case("nn", "BinaryCrossentropy", b(2, 3).astype("float32"), p(2, 3) / 5)
case("nn", "BinaryCrossentropy", b(2, 3).astype("float32"), f(2, 3) * 5, from_logits=True)
case("nn", "CategoricalCrossentropy", p(2, 3), p(2, 3))
case("nn", "CategoricalCrossentropy", p(2, 3), f(2, 3), from_logits=True, axis=0)
case("nn", "SparseCategoricalCrossentropy", a([2, 0], "int32"), p(2, 3))
case("nn", "SparseCategoricalCrossentropy", a([[2], [0]], "int32"), f(2, 3), from_logits=True)

# Matrices.
definite = a([[4.0, 2.0, 0.5], [2.0, 3.0, 1.0], [0.5, 1.0, 2.0]])
for upper in (False, True):
    case("linalg", "Cholesky", definite, upper=upper)
    case("linalg", "CholeskyInverse", np.tril(definite) if not upper else np.triu(definite), upper=upper)
case("linalg", "Det", f(2, 3, 3))
case("linalg", "Eigh", definite)
case("linalg", "Eigh", f(2, 3, 3))
case("linalg", "Inv", f(3, 3) + 2 * np.eye(3, dtype="float32"))
case("linalg", "LuFactor", f(3, 3))
case("linalg", "Lstsq", f(4, 2), f(4))
case("linalg", "Lstsq", f(2, 3), f(2, 2))
case("linalg", "Lstsq", a([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]]), f(3, 2))
case("linalg", "MatrixRank", a([[[1.0, 2.0], [2.0, 4.0]], [[1.0, 2.0], [2.0, 5.0]], [[0.0, 0.0], [0.0, 0.0]]]))
case("linalg", "MatrixRank", a([[1.0, 0.0], [0.0, 0.3], [0.0, 0.0]]), tol=0.5)
case("linalg", "Pinv", f(2, 4, 3))
case("linalg", "Pinv", a([[1.0, 2.0], [2.0, 4.0]]))
case("linalg", "Pinv", a([[1.0, 0.0], [0.0, 0.3]]), rcond=0.5)
for shape in ((3, 3), (2, 4, 3), (3, 4)):
    case("linalg", "SVD", f(*shape))
    case("linalg", "SVD", f(*shape), full_matrices=False)
case("linalg", "SVD", f(2, 5), compute_uv=False)
for config in ({}, {"axis": [1]}, {"ord": 1, "axis": [0]}, {"ord": 3, "axis": [1], "keepdims": True}, {"ord": "fro", "axis": [0, 1]},
               {"ord": 1, "axis": [0, 1]}, {"ord": -1, "axis": [0, 1]}):
    case("linalg", "Norm", f(3, 4), **config)
case("linalg", "Qr", f(4, 3))
case("linalg", "Qr", f(2, 3))
case("linalg", "Solve", f(3, 3) + 2 * np.eye(3, dtype="float32"), f(3, 2))
case("linalg", "Solve", f(3, 3) + 2 * np.eye(3, dtype="float32"), f(3))
case("linalg", "SolveTriangular", f(3, 3) + 2 * np.eye(3, dtype="float32"), f(3, 2))
case("linalg", "SolveTriangular", f(3, 3) + 2 * np.eye(3, dtype="float32"), f(3, 2), lower=True)
case("math", "Logdet", definite)
case("numpy", "Slogdet", f(2, 3, 3))

# Segments and signals.
for name in "SegmentSum SegmentMax SegmentMin SegmentProd".split():
    case("math", name, f(4, 2), a([0, 2, 0, 2], "int32"), num_segments=3)
    case("math", name, i(4), a([1, 0, 1, 7], "int32"), num_segments=2)
case("math", "CDist", f(2, 3), f(4, 3))
case("math", "ExtractSequences", f(2, 7), sequence_length=3, sequence_stride=2)
for name in "FFT FFT2 IFFT2".split():
    case("math", name, [f(3, 5), f(3, 5)])
case("math", "RFFT", f(2, 6))
case("math", "RFFT", f(2, 6), fft_length=5)
case("math", "RFFT", f(3), fft_length=8)
case("math", "IRFFT", [f(2, 4), f(2, 4)])
case("math", "IRFFT", [f(2, 4), f(2, 4)], fft_length=7)
for config in ({"sequence_length": 4, "sequence_stride": 2, "fft_length": 4}, {"sequence_length": 3, "sequence_stride": 2, "fft_length": 8, "window": "hamming"},
               {"sequence_length": 5, "sequence_stride": 2, "fft_length": 6, "window": None}, {"sequence_length": 4, "sequence_stride": 3, "fft_length": 5, "center": False},
               {"sequence_length": 3, "sequence_stride": 2, "fft_length": 4, "window": [0.5, 1.0, 0.25]}):
    case("math", "STFT", f(2, 11), **config)
    bins = config["fft_length"] // 2 + 1
    case("math", "ISTFT", [f(2, 4, bins), f(2, 4, bins)], **config)
case("math", "STFT", f(9), sequence_length=4, sequence_stride=2, fft_length=4)
case("math", "ISTFT", [f(4, 3), f(4, 3)], sequence_length=4, sequence_stride=2, fft_length=4, length=5)
case("numpy", "Einsum", [a([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), a([[1.0, 0.0, -1.0], [2.0, 0.5, 0.0]])], subscripts="ij,kj->ik")
case("numpy", "AllClose", a([1.0, NAN]), a([1.0 + 1e-6, NAN]))
case("numpy", "AllClose", a([[1.0, NAN]]), a([1.4, NAN]), rtol=0.5, atol=0.0, equal_nan=True)
case("numpy", "Array", f(2, 3))
case("numpy", "Array", i(3), dtype="float32")
case("numpy", "View", f(2, 2), dtype="int32")
case("numpy", "View", i(2, 2), dtype="uint8")
case("numpy", "View", i(2, 4).astype("uint8"), dtype="int32")
case("numpy", "Corrcoef", f(3, 5))
case("numpy", "Corrcoef", i(2, 4))
for mode in ("valid", "same", "full"):
    case("numpy", "Correlate", f(6), f(3), mode=mode)
    case("numpy", "Correlate", f(5), f(4), mode=mode)
    case("numpy", "Correlate", f(2), f(5), mode=mode)
case("numpy", "Correlate", i(4), i(2))
case("numpy", "Vander", f(3))
case("numpy", "Vander", i(3), N=4, increasing=True)
case("core", "SaturateCast", a([-3.0, 0.5, 255.5, 256.0, INF, -INF]), dtype="uint8")
case("core", "SaturateCast", a([-300, 70000, 5], "int32"), dtype="uint8")
case("core", "SaturateCast", a([INF, 1e30, -2.5]), dtype="float16")
case("core", "SaturateCast", a([300, 70000, -70000], "int32"), dtype="float16")
for config in ({"kernel_size": 2}, {"kernel_size": [3, 2], "dilation": [1, 2], "padding": [1, 0], "stride": [2, 1]}):
    case("nn", "Unfold", f(1, 2, 4, 5), **config)
case("nn", "Fold", f(1, 8, 12), output_size=[4, 5], kernel_size=2)
case("nn", "Fold", f(2, 6, 9), output_size=3, kernel_size=[3, 2], dilation=[1, 2], padding=[1, 1], stride=1)
logits = f(4, 5, 4) * 2
case("nn", "CTCLoss", a([[1, 2, 2], [3, 3, 0], [1, 0, 0], [1, 1, 1]], "int32"), logits, a([3, 2, 1, 3], "int32"), a([5, 4, 2, 3], "int32"))
case("nn", "CTCLoss", a([[1, 0], [3, 1]], "int32"), f(2, 4, 4), a([2, 0], "int32"), a([4, 3], "int32"), mask_index=2)
case("nn", "CTCDecode", logits, a([5, 4, 2, 3], "int32"))
case("nn", "CTCDecode", logits, a([5, 4, 2, 3], "int32"), merge_repeated=False, mask_index=2)
case("nn", "CTCDecode", logits, a([5, 4, 2, 3], "int32"), strategy="beam_search", top_paths=3)
case("nn", "CTCDecode", logits, a([5, 4, 2, 3], "int32"), strategy="beam_search", beam_width=2, top_paths=2, mask_index=1)
case("core", "ConvertToTensor", a([1.5, -2.0]))
case("core", "ConvertToTensor", a([1, -2], "int32"), dtype="float32")
case("core", "Cast", f(4), dtype="int32")
case("core", "StopGradient", f(2))


def flat(x):
    x = np.asarray(x)
    dtype = str(x.dtype)
    numbers = x.astype("float64").ravel() if x.dtype != bool else x.astype("int32").ravel()
    if dtype in ("float32", "float16", "bfloat16"):
        numbers = [float(f"{number:.7g}") for number in numbers]
    else:
        numbers = [int(number) for number in numbers]
    return [dtype, list(x.shape), numbers]


def as_tuple(value):
    return tuple(as_tuple(item) for item in value) if isinstance(value, list) else value


def signed(vectors, axis):
    """Vectors along an axis, which are right with both signs, with a positive largest element; and the signs."""
    vectors = np.asarray(vectors)
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis, keepdims=True), axis)
    return vectors * np.sign(largest), np.sign(largest)


def signed_factors(u, s, vt):
    """As `signed`, by the rows of `vt`."""
    k = s.shape[-1]
    vt, signs = signed(vt, -1)
    u = np.array(u)
    u[..., :k] *= np.swapaxes(signs, -1, -2)[..., :k]
    u[..., k:] = signed(u[..., k:], -2)[0]
    return u, s, vt


def computed(module, cls, config, operands, call):
    arguments = {name: as_tuple(value) for name, value in config.items()}
    if cls in ("Quantile", "Percentile"):
        # Their classes fail on JAX with an axis, which they make a list of.
        function = getattr(keras.ops, cls.lower())
        return [flat(function(operands[0], *call, **arguments))]
    if cls in ("AveragePool", "MaxPool", "ConvTranspose"):
        # Their classes need the format of the data, which the functions know.
        function = getattr(keras.ops, {"ConvTranspose": "conv_transpose", "MaxPool": "max_pool", "AveragePool": "average_pool"}[cls])
        return [flat(function(*operands, **arguments))]
    if cls == "Repeat":
        arguments["repeats"] = np.array(config["repeats"])
    operation = getattr(MODULES[module], cls)(**arguments)
    tensors = [
        [keras.ops.convert_to_tensor(x) for x in operand] if isinstance(operand, list) else keras.ops.convert_to_tensor(operand)
        for operand in operands
    ]
    if cls == "Eigh":
        values, vectors = operation(*tensors)
        return [flat(values), flat(signed(vectors, -2)[0])]
    if cls == "SVD" and config.get("compute_uv", True):
        return [flat(y) for y in signed_factors(*operation(*tensors))]
    if cls == "DotProductAttention" and call:
        return [flat(operation(*tensors, scale=call[0]))]
    if cls == "Einsum":
        return [flat(operation(*tensors[0]))]
    if cls in ("BatchNorm", "Meshgrid"):
        return [flat(y) for y in tree.flatten(operation(*(tensors[0] if cls == "Meshgrid" else tensors)))]
    return [flat(y) for y in tree.flatten(operation(*tensors, *call))]


def main():
    lines = []
    for module, cls, config, operands, call in CASES:
        try:
            outputs = computed(module, cls, config, operands, call)
        except Exception as error:
            print(f"{cls} {config}: {str(error).splitlines()[0]}", file=sys.stderr)
            continue
        given = operands[0] if operands and isinstance(operands[0], list) else operands
        line = {"module": module, "class": cls, "config": config, "call": call, "operands": [flat(x) for x in given], "outputs": outputs}
        lines.append(json.dumps(line, separators=(",", ":")))
    with open(PATH, "w") as file:
        file.write("[\n" + ",\n".join(lines) + "\n]\n")
    print(f"{len(lines)} cases of {len({cls for _, cls, *_ in CASES})} classes, {os.path.getsize(PATH)} bytes")


if __name__ == "__main__":
    main()
