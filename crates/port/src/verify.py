"""Runs a Keras script with the random numbers of candle-keras: `python verify.py [--results FILE] script.py [arguments]`.

The script and the Rust program that was ported from it then start from the same weights, shuffle in the same order and drop the same
elements, so that they can be compared number by number. What candle-keras draws in another way, and this file does not know, is an error
(`NotReproduced`) and not other numbers. NumPy's and Python's own random numbers stay as they are, and Keras takes none of them.

Three rules of candle-keras are behind everything here. A *stream* is a sequence of numbers that a seed and a number fix (ops/random.rs).
What has no seed of its own takes the next stream of the run when it is made: a weight, a compiled model, a pass over a dataset, a call of a
layer on tensors. And what a layer draws in a step depends on the step and on the *place* of the layer among the calls, not on what
others drew (layers/context.rs).

With --results, the file gets what the models return, as `candle_keras::utils::record_results` writes it. The exit status is 3 if this file
cannot run the script, and 1 if the script fails.
"""

import contextlib
import copy
import functools
import importlib.util
import inspect
import itertools
import os
import random as python_random
import runpy
import sys
import traceback


def refuse_to_run(reason):
    print(reason, file=sys.stderr)
    sys.exit(3)


def has(module):
    return importlib.util.find_spec(module) is not None


if not has("keras"):
    refuse_to_run("this Python has no Keras; pip install keras tensorflow, or take another with --python")
if not has("tensorflow") and not has("jax"):
    refuse_to_run("this Python has neither TensorFlow nor JAX; pip install tensorflow, or take another with --python")
os.environ.setdefault("KERAS_BACKEND", "tensorflow" if has("tensorflow") else "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# No windows.
os.environ.setdefault("MPLBACKEND", "Agg")

import keras

if int(keras.__version__.split(".")[0]) < 3:
    refuse_to_run(f"Keras 3 is needed, and this is {keras.__version__}; pip install --upgrade keras")
import numpy as np
from keras.src import backend, tree
from keras.src.backend.common import global_state
from keras.src.backend.common.keras_tensor import any_symbolic_tensors
from keras.src.backend.common.stateless_scope import in_stateless_scope
from keras.src.legacy.saving import legacy_h5_format
from keras.src.saving import saving_lib
from keras.src.utils import summary_utils

try:
    import tensorflow as tf
except ImportError:
    tf = None

ON_TENSORFLOW = keras.backend.backend() == "tensorflow"
if not ON_TENSORFLOW:
    if keras.backend.backend() != "jax":
        refuse_to_run(f"the backend {keras.backend.backend()}; take TensorFlow or JAX with KERAS_BACKEND")
    import jax
LOW, ALL = 0xFFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF


class NotReproduced(RuntimeError):
    """The script draws numbers that this file cannot draw as candle-keras does."""

    reason = None  # Keras adds text of its own to errors.

    def __init__(self, reason):
        super().__init__(reason)
        NotReproduced.reason = NotReproduced.reason or reason


# ---------------------------------------------------------------------------------------------------------------------- numbers


def philox(a, b, c, d, key):
    """A block of Philox4x32-10: of Python's integers, or of arrays of uint64 that hold 32 bits."""
    k0, k1 = key
    for _ in range(10):
        wide_a, wide_c = a * 0xD251_1F53, c * 0xCD9E_8D57
        a, b, c, d = (wide_c >> 32) ^ b ^ k0, wide_c & LOW, (wide_a >> 32) ^ d ^ k1, wide_a & LOW
        k0, k1 = (k0 + 0x9E37_79B9) & LOW, (k1 + 0xBB67_AE85) & LOW
    return a, b, c, d


class Stream:
    """A sequence of random numbers that is fixed by its seed and its number."""

    def __init__(self, seed, number):
        self.key, self.number, self.block = (seed & LOW, (seed >> 32) & LOW), number, 0

    def child(self, index):
        key = (self.key[0] ^ 0x6368_696C, self.key[1])
        a, b, c, d = philox(self.number & LOW, self.number >> 32, index & LOW, index >> 32, key)
        return Stream(a | b << 32, c | d << 32)

    def words(self, blocks):
        """Blocks of four times 32 bits, one a row."""
        at = np.arange(self.block, self.block + blocks, dtype=np.uint64)
        self.block += blocks
        return np.stack(philox(at & LOW, at >> 32, self.number & LOW, self.number >> 32, self.key), axis=-1)

    def bits(self, count):
        return self.words(-(-count // 4)).reshape(-1)[:count]

    def units(self, blocks):
        words = self.words(blocks)
        return ((words[:, ::2] | words[:, 1::2] << 32) >> 11) / 2.0**53

    def uniform(self, count):
        return self.units(-(-count // 2)).reshape(-1)[:count]

    def uniform_f32(self, count):
        return (self.bits(count) >> 8).astype("float32") / np.float32(1 << 24)

    def normal(self, count):
        unit = self.units(-(-count // 2))
        radius, angle = np.sqrt(-2.0 * np.log(1.0 - unit[:, 0])), 2.0 * np.pi * unit[:, 1]
        return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1).reshape(-1)[:count]

    def truncated_normal(self, count):
        numbers = np.empty(0)
        while len(numbers) < count:
            more = self.normal(count - len(numbers))
            numbers = np.concatenate([numbers, more[np.abs(more) < 2.0]])
        return numbers

    def below(self, bounds):
        """A whole number below each bound. Each takes a block, and another one in the rare case that it would be biased."""
        numbers, words = [], iter(())
        start, used = self.block, 0
        for bound in bounds:
            while True:
                pair = next(words, None)
                if pair is None:
                    words = iter(self.words(max(len(bounds) - len(numbers), 1))[:, :2].tolist())
                    pair = next(words)
                used += 1
                wide = (pair[0] | pair[1] << 32) * bound
                if wide & ALL >= -bound % (1 << 64) % bound:
                    break
            numbers.append(wide >> 64)
        self.block = start + used
        return numbers

    def permutation(self, count):
        order = list(range(count))
        for i, j in zip(range(count - 1, 0, -1), self.below(range(count, 1, -1))):
            order[i], order[j] = order[j], order[i]
        return order


class Run:
    """Where the numbers of the run come from now."""

    seed, next = 0, 0  # The next stream, where nothing else is set.
    scoped = None  # A stream and the next of its children, in a custom training step.
    context = None  # The step that runs, or the call of a layer on tensors.
    trainers = []  # The models that fit, evaluate or predict, with a function that gives the stream of the next pass.
    is_symbolic = False  # Whether Keras only infers shapes, so that nothing is drawn.
    like = None  # A symbolic tensor that a layer of layers was called on, while its layers inside are.
    makes_masks = False  # Whether Keras adds operations to a graph that compute masks: candle-keras has none for them.
    is_loading = False  # Whether a file is read, whose weights take no streams.
    results = None  # The file for what models return.
    shuffles_files = False  # Whether Keras makes a dataset of the files of a folder, of which candle-keras shuffles all at once.


def set_seed(seed):
    Run.seed, Run.next = int(seed), 0


def next_stream():
    if Run.scoped is not None:
        Run.scoped[1] += 1
        return Run.scoped[0].child(Run.scoped[1] - 1)
    Run.next += 1
    return Stream(Run.seed, Run.next - 1)


@contextlib.contextmanager
def during(**states):
    """Sets states of the run for a while."""
    before = {name: getattr(Run, name) for name in states}
    for name, state in states.items():
        setattr(Run, name, state)
    try:
        yield
    finally:
        for name, state in before.items():
            setattr(Run, name, state)


class Scope:
    """A layer that runs, at a place among the calls of the one around it."""

    def __init__(self, place=0, layer=None):
        self.place, self.layer, self.runs, self.draws = place, layer, 0, 0


class Context:
    """One run of a model or layer. The layer `root` is the run as a whole, and has no place in it."""

    def __init__(self, stream, step=0, root=None):
        self.stream, self.step, self.root, self.scopes = stream, step, root, [Scope()]

    def random(self, seed):
        """The stream of a draw of the layer that runs: a seed of its own takes the place of that of the run."""
        self.scopes[-1].draws += 1
        if seed is not None:
            return Stream(seed, 0).child(self.step).child(self.scopes[-1].draws)
        stream = self.stream
        for scope in self.scopes:
            stream = stream.child(scope.place)
        return stream.child(0).child(self.scopes[-1].draws)

    @contextlib.contextmanager
    def within(self, *scopes):
        self.scopes.extend(scopes)
        try:
            yield
        finally:
            del self.scopes[-len(scopes) :]

    def entering(self, layer):
        outer = self.scopes[-1]
        is_root = layer is self.root and len(self.scopes) == 1
        # candle-keras drops attention weights in the attention itself, Keras in a layer inside.
        is_inner_dropout = getattr(outer.layer, "_dropout_layer", None) is layer
        if is_root or is_group(layer) or is_inner_dropout or getattr(layer, "_makes_mask", False):
            return contextlib.nullcontext()
        outer.runs += 1
        return self.within(Scope(outer.runs, layer))


# ------------------------------------------------------------------------------------------------------- functions of random numbers


class OfWeight:
    """The seed of an initializer. Without a number, each weight has a stream of its own."""

    def __init__(self, seed):
        self.seed = seed

    def stream(self):
        return next_stream() if self.seed is None else Stream(self.seed, 0)


def is_owned(seed):
    """Whether it is the generator of a layer of Keras, which draws by its place."""
    return getattr(seed, "_is_owned", False)


def stream_of(seed):
    if isinstance(seed, OfWeight):
        return seed.stream()
    if is_owned(seed):
        if Run.context is None:
            raise NotReproduced("a layer draws random numbers that was not called as a layer")
        return Run.context.random(seed._initial_seed)
    if seed is None or isinstance(seed, keras.random.SeedGenerator):
        # A layer of the script draws by its place, as those of Keras do.
        if Run.context is not None and is_of_script(Run.context.scopes[-1].layer):
            return Run.context.random(None)
    if seed is None:
        return next_stream()
    seed, draw = (seed, 0) if isinstance(seed, int) else (int(x) for x in np.array(seed.next()))
    return Stream(seed & ALL, 0).child(int.from_bytes(b"keras.rn", "little")).child(draw)


def is_of_script(layer):
    """Whether the script has the class of a layer."""
    return isinstance(layer, keras.Layer) and type(layer).__module__ == "__main__"


def is_group(layer):
    """Whether it is a layer of the script made of layers: the ported program calls these alone. A model is called as one."""
    is_layer = not isinstance(layer, keras.Model) and "_is_in_sequential" not in layer.__dict__ and not has_own_weights(type(layer))
    return is_of_script(layer) and is_layer and bool(layer._flatten_layers(include_self=False, recursive=False))


def is_called_by_sequential():
    """Whether a Sequential calls the layer of the script for which this is asked: the ported program has a model there."""
    frame = sys._getframe(2)
    while frame.f_globals is globals() or frame.f_code.co_filename.endswith("traceback_utils.py"):
        frame = frame.f_back
    return frame.f_code.co_filename.endswith("sequential.py")


@functools.cache
def has_own_weights(layer_class):
    """Whether a layer adds weights itself, so that the ported program has it as one layer."""
    return "add_weight" in inspect.getsource(layer_class)


def in_graph(arguments):
    """Arguments with the arrays among symbolic tensors as parts of the graph: the same for each sample, as `Lambda::value` has them."""

    def constant(x):
        if not isinstance(x, np.ndarray) and not backend.is_tensor(x) or len(x.shape) == 0:
            return x
        return keras.layers.Lambda(lambda _: keras.ops.convert_to_tensor(x))(Run.like)

    return tree.map_structure(constant, arguments)


class BatchSize:
    """The batch size of a symbolic tensor, where a layer of layers asks for it."""


def has_batch_size(x):
    return isinstance(x, BatchSize) or isinstance(x, (list, tuple)) and any(has_batch_size(y) for y in x)


def patch_functions_of_groups():
    """Functions that layers of layers call on symbolic tensors: with sizes of batches, and under their names in TensorFlow."""

    @patch(keras.ops, "shape")
    def shape(old, x):
        is_symbolic = Run.like is not None and not Run.is_symbolic and isinstance(x, keras.KerasTensor)
        return tuple(BatchSize() if is_symbolic and i == 0 and size is None else size for i, size in enumerate(old(x)))

    # A shape may be put together as a tensor is.
    for name in ["expand_dims", "convert_to_tensor", "concatenate", "stack"]:

        @patch(keras.ops, name)
        def part(old, x, *args, _name=name, **kwargs):
            if not has_batch_size(x):
                return old(x, *args, **kwargs)
            if _name != "concatenate":
                return list(x) if isinstance(x, (list, tuple)) else [x]
            return [size for part in x for size in (part if isinstance(part, (list, tuple)) else np.array(part).tolist())]

    # In the program that is ported, each of these is a Lambda.
    for name in ["reshape", "tile", "broadcast_to"]:

        @patch(keras.ops, name)
        def of_batch(old, x, sizes):
            if not has_batch_size(sizes):
                return old(x, sizes)
            is_symbolic = isinstance(x, keras.KerasTensor)
            sized = lambda like: [keras.ops.shape(like)[0] if isinstance(size, BatchSize) else size for size in sizes]
            return keras.layers.Lambda(lambda y: old(y if is_symbolic else x, sized(y)))(x if is_symbolic else Run.like)

    if not ON_TENSORFLOW:
        return
    renamed = {"concat": "concatenate", "pow": "power", "gather": "take", "constant": "convert_to_tensor", "range": "arange", "floordiv": "floor_divide", "floormod": "mod"}
    arguments = {"perm": "axes", "a": "x1", "b": "x2", "input": "x", "tensor": "x", "input_tensor": "x", "shape": "newshape", "num_or_size_splits": "indices_or_sections"}
    for module in [tf, tf.math, tf.nn, tf.linalg]:
        for name in dir(module):
            new = getattr(keras.ops, renamed.get(name, name.removeprefix("reduce_")), None)
            if name.startswith("_") or not inspect.isfunction(new) or not callable(getattr(module, name)):
                continue

            @patch(module, name)
            def of_tensorflow(old, *args, _new=new, **kwargs):
                is_of_group = Run.like is not None and sys._getframe(2).f_globals["__name__"] == "__main__"
                is_symbolic = is_of_group and (any_symbolic_tensors(args, kwargs) or has_batch_size([*args, *kwargs.values()]))
                if not is_symbolic or Run.is_symbolic:
                    return old(*args, **kwargs)
                known = inspect.signature(_new).parameters
                if kwargs.pop("transpose_b", False):
                    args = [args[0], keras.ops.swapaxes(args[1], -1, -2)]
                kwargs.pop("name", None)
                return _new(*args, **{name if name in known else arguments.get(name, name): x for name, x in kwargs.items()})

    @patch(tf.linalg, "matrix_transpose")
    def matrix_transpose(old, a, *args, **kwargs):
        is_of_group = Run.like is not None and not Run.is_symbolic and isinstance(a, keras.KerasTensor)
        return keras.ops.swapaxes(a, -1, -2) if is_of_group else old(a, *args, **kwargs)


def is_without_value():
    """Whether what a weight gets now is not its first value: Keras only wants its shape, or a file has the value."""
    return in_stateless_scope() or Run.is_loading


def sizes(shape):
    return tuple(int(size) for size in shape)


def tensor(numbers, shape, dtype):
    dtype = np.dtype(backend.standardize_dtype(dtype or backend.floatx()))
    return backend.convert_to_tensor(np.asarray(numbers).astype(dtype).reshape(sizes(shape)))


def count(shape):
    return int(np.prod(sizes(shape), dtype=np.int64))


def normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    return tensor(mean + stddev * stream_of(seed).normal(count(shape)), shape, dtype)


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    stream, left = stream_of(seed), count(shape)
    # Weights are filled in blocks, each of which draws again what it cuts off.
    block = 1 << 16 if isinstance(seed, OfWeight) else max(left, 1)
    parts = [stream.truncated_normal(min(block, left - at)) for at in range(0, left, block)]
    return tensor(mean + stddev * np.concatenate(parts or [np.empty(0)]), shape, dtype)


def uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
    stream = stream_of(seed)
    # The layer that draws uniform numbers is AlphaDropout, for which 24 bits are enough.
    numbers = (stream.uniform_f32 if is_owned(seed) else stream.uniform)(count(shape))
    numbers = np.asarray(minval + (maxval - minval) * numbers).astype(np.dtype(backend.standardize_dtype(dtype or backend.floatx())))
    if not isinstance(seed, OfWeight) and minval < maxval:
        numbers[numbers >= maxval] = minval
    return tensor(numbers, shape, dtype)


def randint(shape, minval, maxval, dtype="int32", seed=None):
    numbers = stream_of(seed).below([int(maxval) - int(minval)] * count(shape))
    return tensor(np.array(numbers, dtype="int64") + int(minval), shape, dtype)


def categorical(logits, num_samples, dtype="int32", seed=None):
    stream, chosen = stream_of(seed), []
    for row in np.array(logits).astype("float64"):
        sums = np.cumsum(np.exp(row - row.max()))
        chosen.append(np.minimum(np.searchsorted(sums, stream.uniform(num_samples) * sums[-1], side="right"), len(sums) - 1))
    return tensor(np.array(chosen), (len(chosen), num_samples), dtype)


def shuffle(x, axis=0, seed=None):
    return keras.ops.take(x, np.array(stream_of(seed).permutation(int(x.shape[axis])), dtype="int32"), axis=axis)


def dropout(inputs, rate, noise_shape=None, seed=None):
    if rate == 0.0 and is_owned(seed):
        return inputs
    noise_shape = sizes(size if noise is None else noise for size, noise in zip(inputs.shape, noise_shape or inputs.shape))
    kept = stream_of(seed).bits(count(noise_shape)) >= min(int(rate * 2.0**32), LOW)
    factors = kept * (1.0 / (1.0 - rate)) if rate < 1.0 else np.zeros(len(kept))
    return inputs * tensor(factors, noise_shape, inputs.dtype)


def orthogonal(self, shape, dtype=None):
    """Normal numbers, orthogonalized by Gram and Schmidt's method: Keras's decomposition has other signs and another order."""
    if len(shape) < 2:
        raise ValueError(f"The tensor to initialize must be at least two-dimensional. Received: shape={shape}")
    rows, columns = count(shape[:-1]), int(shape[-1])
    if is_without_value():
        return tensor(np.zeros(rows * columns), shape, dtype)
    stream, vectors = self.seed.stream(), np.empty((min(rows, columns), max(rows, columns)))
    for i in range(len(vectors)):
        vector = stream.normal(vectors.shape[1])
        for _ in range(2):
            vector -= vectors[:i].T @ (vectors[:i] @ vector)
        vectors[i] = vector / np.sqrt(vector @ vector)
    return tensor(self.gain * (vectors.T if rows > columns else vectors), shape, dtype)


def refusing(name):
    def refuse(*_, **__):
        raise NotReproduced(f"{name}: its random numbers are not those of candle-keras here")

    return refuse


# --------------------------------------------------------------------------------------------------------------------------- patches


def patch(owner, name):
    """Replaces a function by one that gets it as its first argument."""

    def replace(new):
        old = getattr(owner, name)

        def patched(*args, **kwargs):
            return new(old, *args, **kwargs)

        # Keras marks methods that no class has overridden.
        patched.__dict__.update(getattr(old, "__dict__", {}))
        patched.__name__, patched.__doc__, patched.__signature__ = name, old.__doc__, inspect.signature(old)
        if keras.src.utils.python_utils.is_default(old):
            patched._is_default = True
        setattr(owner, name, patched)
        return new

    return replace


def is_drawn_by_tensorflow():
    """Whether TensorFlow builds a graph now, in which a number would be drawn once and for all."""
    return tf is not None and not tf.executing_eagerly()


def patch_functions():
    for function in [normal, truncated_normal, uniform, randint, categorical, shuffle, dropout]:

        @patch(backend.random, function.__name__)
        def draw(old, *args, _new=function, **kwargs):
            given = inspect.signature(_new).bind(*args, **kwargs).arguments
            seed = given.get("seed")
            if isinstance(seed, OfWeight) and is_without_value():
                return tensor(np.zeros(count(given["shape"])), given["shape"], given.get("dtype"))
            if Run.is_symbolic and not isinstance(seed, OfWeight):
                return old(*args, **kwargs)
            if is_drawn_by_tensorflow() and not isinstance(seed, OfWeight):
                raise NotReproduced("random numbers in a graph of TensorFlow, such as a function of Dataset.map")
            return _new(*args, **kwargs)

    for name in ["gamma", "beta", "binomial"]:
        setattr(backend.random, name, refusing(f"keras.random.{name}"))
    # Keras would take these from Python's numbers, of which the script may draw its own.
    keras.src.random.seed_generator.make_default_seed = backend.random.make_default_seed = lambda: 0
    keras.initializers.OrthogonalInitializer.__call__ = orthogonal

    @patch(keras.src.initializers.random_initializers.RandomInitializer, "__init__")
    def initializer(old, self, seed=None):
        seed = seed.seed if isinstance(seed, OfWeight) else seed
        old(self, seed=seed)
        if not isinstance(seed, (int, type(None))):
            raise NotReproduced("an initializer whose seed is not a number")
        self.seed = OfWeight(seed)

    @patch(keras.random.SeedGenerator, "__init__")
    def generator(old, self, seed=None, name=None, **kwargs):
        self._is_owned = sys._getframe(2).f_globals["__name__"].startswith("keras.")
        if seed is None and not self._is_owned:
            seed = int(next_stream().bits(1)[0])
        old(self, seed=seed, name=name, **kwargs)

    keras.src.layers.preprocessing.data_layer.DataLayer._get_seed_generator = refusing("a random layer for images")

    # keras.utils.set_random_seed says so, which has several names.
    @patch(global_state, "set_global_attribute")
    def set_global_attribute(old, name, value):
        if name == "global_random_seed":
            set_seed(value)
        return old(name, value)

    for owner, name in [(saving_lib, "load_model"), (legacy_h5_format, "load_model_from_hdf5")]:

        @patch(owner, name)
        def load(old, *args, **kwargs):
            with during(is_loading=True):
                return old(*args, **kwargs)


def patch_layers():
    from keras.src.layers.rnn import conv_lstm, dropout_rnn_cell, rnn, stacked_rnn_cells, time_distributed

    @patch(backend, "compute_output_spec")
    def compute_output_spec(old, *args, **kwargs):
        # JAX infers shapes by compiling.
        with during(is_symbolic=True), contextlib.nullcontext() if ON_TENSORFLOW else jax.disable_jit(False):
            return old(*args, **kwargs)

    @patch(keras.Layer, "__call__")
    def call_group(old, self, *args, **kwargs):
        if is_group(self) and any_symbolic_tensors(args, kwargs) and is_called_by_sequential():
            self.__dict__["_is_in_sequential"] = True
            trace(self, args[0])
        if is_group(self) and any_symbolic_tensors(args, kwargs):
            # The ported program has the layers inside in its graph.
            try:
                with during(like=next(x for x in tree.flatten((args, kwargs)) if isinstance(x, keras.KerasTensor))):
                    return self.call(*args, **kwargs)
            except ValueError:
                # A function of TensorFlow, which takes no symbolic tensors.
                pass
        if Run.like is not None and not Run.is_symbolic and not any_symbolic_tensors(args, kwargs):
            args, kwargs = in_graph((args, kwargs))
        return old(self, *args, **kwargs)

    @patch(keras.Layer, "__call__")
    def call_model(old, self, *args, **kwargs):
        if is_of_script(self) and isinstance(self, keras.Model) and "_is_traced" not in self.__dict__:
            self.__dict__["_is_traced"] = True
            trace(self, args[0] if args else next(iter(kwargs.values())))
        return old(self, *args, **kwargs)

    @patch(keras.Model, "build")
    def build_model(old, self, input_shape=None):
        is_shape = isinstance(input_shape, (list, tuple)) and all(size is None or isinstance(size, int) for size in input_shape)
        if not is_of_script(self) or not is_shape or isinstance(self, (keras.Sequential, keras.src.ops.function.Function)):
            return old(self, input_shape)
        try:
            self.call(keras.Input(tuple(input_shape)[1:]))
        except ValueError:
            # A function of TensorFlow, which takes no symbolic tensors.
            return old(self, input_shape)
        self.built = True

    # Keras has built the layer, and its weights have taken their streams, when a layer calls this.
    @patch(keras.Operation, "__call__")
    def call(old, self, *args, **kwargs):
        if Run.is_symbolic or any_symbolic_tensors(args, kwargs) or is_drawn_by_tensorflow():
            return old(self, *args, **kwargs)
        if Run.context is not None:
            with Run.context.entering(self):
                return old(self, *args, **kwargs)
        if not isinstance(self, keras.Layer) or is_group(self):
            return old(self, *args, **kwargs)
        calls = self.__dict__.get("_calls_on_data", 0)
        self.__dict__["_calls_on_data"] = calls + 1
        is_scoped, stream = Run.scoped is not None, next_stream()
        if is_scoped:
            low, high = stream.words(1)[0, :2].tolist()
            calls, stream.block = low | high << 32, 0
        context = Context(stream, calls)
        with during(context=context), context.entering(self):
            return old(self, *args, **kwargs)

    @patch(keras.Layer, "_set_mask_metadata")
    def set_mask_metadata(old, *args):
        with during(makes_masks=True):
            return old(*args)

    @patch(keras.Operation, "symbolic_call")
    def symbolic_call(old, self, *args, **kwargs):
        self._makes_mask = Run.makes_masks
        if Run.like is not None and not Run.is_symbolic and not Run.makes_masks:
            args, kwargs = in_graph((args, kwargs))
        return old(self, *args, **kwargs)

    @patch(keras.src.ops.function.Function, "_run_through_graph")
    def run(old, self, inputs, operation_fn=lambda op: op, call_fn=None):
        if call_fn is not None or Run.context is None:
            return old(self, inputs, operation_fn=operation_fn, call_fn=call_fn)
        # Keras runs the nodes by their depth, candle-keras those first on which the first output depends.
        by_depth = self._nodes_by_depth
        self.__dict__["_nodes_by_depth"] = {0: in_order(self)}
        try:
            return old(self, inputs, operation_fn=operation_fn)
        finally:
            self.__dict__["_nodes_by_depth"] = by_depth

    @patch(dropout_rnn_cell.DropoutRNNCell, "_create_dropout_mask")
    def create_dropout_mask(_, self, step_input, rate):
        gates = getattr(self, "dropout_mask_count", None)
        ones = keras.ops.ones_like(step_input)
        if isinstance(self, conv_lstm.ConvLSTMCell) and self.data_format != "channels_last":
            raise NotReproduced("dropout of a ConvLSTM with its channels first")
        if gates is None:
            return dropout(ones, rate, seed=self.seed_generator) if not Run.is_symbolic else ones
        # The masks of all gates are drawn as one.
        ones = keras.ops.concatenate([ones] * gates, axis=-1)
        mask = dropout(ones, rate, seed=self.seed_generator) if not Run.is_symbolic else ones
        return keras.ops.split(mask, gates, axis=-1)

    @patch(rnn.RNN, "_maybe_config_dropout_masks")
    def config_dropout_masks(old, self, cell, x, states):
        if Run.context is None:
            return old(self, cell, x, states)
        if not isinstance(cell, stacked_rnn_cells.StackedRNNCells):
            # All steps are one op, at the first place, if there is one for them.
            is_one = not isinstance(cell, conv_lstm.ConvLSTMCell) or cell.recurrent_dropout == 0.0
            with Run.context.within(Scope(1 if is_one else 2, cell)):
                return old(self, cell, x, states)
        for i, (each, state) in enumerate(zip(cell.cells, states)):
            with Run.context.within(Scope(2, cell), Scope(i + 1, each)):
                old(self, each, x, state)
                x, _ = each(x, list(state) if tree.is_nested(state) else [state])

    @patch(time_distributed.TimeDistributed, "call")
    def time_distributed_call(old, self, inputs, training=None, mask=None):
        layers = [self.layer, *self.layer._flatten_layers(include_self=False)]
        if Run.context is None or not training or not any(layer._seed_generators for layer in layers):
            return old(self, inputs, training=training, mask=mask)
        states = [v for v in self.layer.non_trainable_variables if not v.name.startswith("seed_generator")]
        if mask is not None or states:
            raise NotReproduced("a TimeDistributed layer that draws, and has a mask or a state")
        batch, steps, *rest = inputs.shape
        outputs = self.layer(keras.ops.reshape(inputs, (batch * steps, *rest)), training=training)
        return keras.ops.reshape(outputs, (batch, steps, *outputs.shape[1:]))


def trace(model, inputs):
    """Makes a graph of the calls of a model of the script, as candle-keras does, in which operations have places too."""
    has_graph = isinstance(model, (keras.Sequential, keras.src.ops.function.Function))
    # What depends on training is run as it is.
    if has_graph or "if training" in inspect.getsource(type(model)) or not hasattr(inputs, "shape") and not isinstance(inputs, (list, tuple)):
        return

    def like(x):
        is_int = np.issubdtype(backend.standardize_dtype(x.dtype), np.integer)
        return keras.Input(x.shape[1:], dtype="int32" if is_int else "float32")

    try:
        with during(is_symbolic=False, context=None):
            start = tree.map_structure(like, inputs)
            graph = keras.Model(start, model.call(start))
    except (AttributeError, TypeError, ValueError, NotImplementedError):
        # A function of TensorFlow, which takes no symbolic tensors; or no call.
        return

    def call(x, training=None, mask=None):
        # A call without this argument is told by the one around it.
        context = global_state.get_global_attribute("current_call_ctx")
        if training is None and context is not None:
            training = context.training
        return graph.call(x, training=training, mask=mask)

    model.__dict__["call"] = call


def in_order(graph):
    """The nodes of a graph in the order in which candle-keras runs them: depth first, from the outputs."""
    ends, nodes, seen = {id(x) for x in graph._inputs}, [], set()
    stack = [(x, False) for x in reversed(graph._outputs)]
    while stack:
        x, is_done = stack.pop()
        operation, index, _ = x._keras_history
        node = operation._inbound_nodes[index]
        if is_done:
            nodes.append(node)
        elif id(x) not in ends and id(node) not in seen:
            seen.add(id(node))
            stack.append((x, True))
            stack.extend((y, False) for y in reversed(node.input_tensors))
    return nodes


class Training:
    """What candle-keras keeps for a compiled model: its stream, and how far it has come."""

    STEP, SHUFFLE, OWN_STEP, EVALUATION = range(4)

    def __init__(self):
        self.stream, self.passes, self.taken = next_stream(), 0, 0

    def of(self, use, index):
        return self.stream.child(use).child(index)

    def next_pass(self):
        self.passes, self.taken = self.passes + 1, 0
        return self.of(Training.SHUFFLE, self.passes - 1)


def training_of(model):
    if "_training" not in model.__dict__:
        model.__dict__["_training"] = Training()
    return model._training


def patch_training():
    trainer = next(base for base in keras.Model.__mro__ if base.__module__.startswith("keras.src.backend"))
    iterations = (lambda model, _: model.optimizer.iterations) if ON_TENSORFLOW else (lambda _, state: state[2][0])

    @patch(keras.src.trainers.trainer.Trainer, "compile")
    def compile(old, self, *args, **kwargs):
        bound = inspect.signature(old).bind(self, *args, **kwargs)
        # A step with optimizers of its own needs nothing compiled, and has its stream when it first trains.
        is_own = type(self).train_step is not trainer.train_step and not args and not kwargs
        if is_own:
            self.__dict__.pop("_training", None)
        bound.arguments.update(run_eagerly=True, jit_compile=False)
        if not is_own:
            self.__dict__["_training"] = Training()
        return old(*bound.args, **bound.kwargs)

    @patch(trainer, "train_step")
    def train_step(old, self, *args):
        number = int(np.array(iterations(self, args[0])))
        with during(context=Context(self._training.of(Training.STEP, number), number, self)):
            return old(self, *args)

    default = trainer.train_step

    @patch(trainer, "_make_function")
    def make_function(old, self, step, *args, **kwargs):
        def own_step(*data):
            training = self._training
            training.taken += 1
            with during(scoped=[training.of(Training.OWN_STEP, training.passes).child(training.taken - 1), 0]):
                return step(*data)

        is_own = getattr(step, "__name__", "") == "train_step" and type(self).train_step is not default
        return old(self, own_step if is_own else step, *args, **kwargs)

    for name in ["test_step", "predict_step"]:

        @patch(trainer, name)
        def without_draws(old, self, *args):
            with during(context=Context(Stream(0, 0), root=self)):
                return old(self, *args)

    # Keras may look at a batch to build the model, which is no pass.
    @patch(keras.src.trainers.trainer.Trainer, "_symbolic_build")
    def symbolic_build(old, *args, **kwargs):
        with during(trainers=[lambda: Stream(0, 0)]):
            return old(*args, **kwargs)

    passes = {
        "fit": lambda model: training_of(model).next_pass(),
        "evaluate": lambda model: training_of(model).of(Training.EVALUATION, 0),
        "predict": lambda _: Stream(0, 0),
    }
    for name, next_pass in passes.items():

        @patch(trainer, name)
        def over_data(old, self, *args, _name=name, _next_pass=next_pass, **kwargs):
            # The evaluation of an epoch.
            is_inner = kwargs.get("_use_cached_eval_dataset", False)
            if _name != "predict":
                training_of(self)
            with during(trainers=[*Run.trainers, lambda: _next_pass(self)]):
                if _name != "evaluate" or is_inner:
                    results = old(self, *args, **kwargs)
                else:
                    is_dict = kwargs.pop("return_dict", False)
                    results = old(self, *args, return_dict=True, **kwargs)
            if is_inner or Run.results is None:
                pass
            elif _name == "predict":
                outputs = list(results.values()) if isinstance(results, dict) else tree.flatten(results)
                record(_name, [(np.shape(output), np.ravel(output)[:RECORDED]) for output in outputs])
            else:
                logs = results.history if _name == "fit" else results
                record(_name, sorted((key, np.ravel(values)) for key, values in logs.items()))
            if _name == "evaluate" and not is_inner and not is_dict:
                return self._flatten_metrics_in_order(results)
            return results


RECORDED = 1000  # How many numbers of a prediction are written.


def record(method, entries):
    """A line of the results: the method, and behind tabs its names and numbers."""
    shown = [f"{name}:" + "".join(f" {float(number)}" for number in numbers) for name, numbers in entries]
    print("\t".join([method, *shown]), file=Run.results, flush=True)


class Batches:
    """The batches of a PyDataset when they are wanted: TensorFlow's dataset would draw some before, and in another thread."""

    def __init__(self, batches):
        self.batches = batches

    def __iter__(self):
        return self

    def __next__(self):
        return tree.map_structure(backend.convert_to_tensor, next(self.batches))

    get_next = __next__


def patch_data():
    from keras.src.trainers import epoch_iterator
    from keras.src.trainers.data_adapters import array_data_adapter, py_dataset_adapter

    arrays = array_data_adapter.ArrayDataAdapter

    def begin(self):
        stream = Run.trainers[-1]() if Run.trainers else Stream(0, 0)
        adapter = self.data_adapter
        if isinstance(adapter, arrays) and adapter._shuffle:
            if adapter._shuffle == "batch":
                raise NotReproduced('shuffle="batch"')
            adapter._order = stream.permutation(adapter._num_samples)
        if isinstance(adapter, py_dataset_adapter.PyDatasetAdapter):
            if adapter._shuffles:
                order = stream.permutation(adapter.py_dataset.num_batches)
                return Batches(adapter._standardize_batch(adapter.py_dataset[i]) for i in order)
            return Batches(adapter._get_iterator())
        dataset = adapter.get_tf_dataset() if ON_TENSORFLOW else self._get_iterator()
        return iter(of_pass(dataset, stream))

    # A pass begins when its first batch is wanted. Keras also makes an iterator at the end of each epoch, which may shuffle.
    @patch(epoch_iterator.EpochIterator, "_enumerate_iterator")
    def enumerate_iterator(_, self):
        self.data_adapter.on_epoch_begin()
        steps, step = self.steps_per_epoch or self._num_batches or sys.maxsize, 0
        if self._current_iterator is None or self.steps_per_epoch is None:
            self._current_iterator, self._steps_seen = begin(self), 0
        while step < steps:
            if self._num_batches and self._steps_seen >= self._num_batches:
                if self.steps_per_epoch:
                    self._interrupted_warning()
                break
            self._steps_seen += self.steps_per_execution
            yield step, step + self.steps_per_execution - 1, self._current_iterator
            step += self.steps_per_execution
        if self._num_batches and self._steps_seen >= self._num_batches:
            self._current_iterator = None
        self.data_adapter.on_epoch_end()

    @patch(arrays, "get_tf_dataset")
    def get_tf_dataset(old, self):
        # Keras asks for a dataset before the first pass, too.
        shuffle, order = tf.random.shuffle, getattr(self, "_order", None)
        tf.random.shuffle = lambda indices: indices if order is None else tf.constant(order, dtype=indices.dtype)
        try:
            return old(self)
        finally:
            tf.random.shuffle = shuffle

    @patch(arrays, "_get_iterator")
    def get_iterator(old, self, convert, inputs):
        if not self._shuffle:
            return old(self, convert, inputs)
        order = np.array(self._order, dtype="int64")
        parts = [order[at : at + self._batch_size] for at in range(0, len(order), self._batch_size)]
        return (tree.map_structure(lambda x: convert(x, indices=part), inputs, none_is_leaf=False) for part in parts)

    # The order of images is drawn at the end of a pass, and for the first one before it.
    @patch(epoch_iterator.EpochIterator, "reset")
    def reset(old, self):
        dataset = getattr(self.data_adapter, "py_dataset", None)
        if not isinstance(dataset, keras.src.legacy.preprocessing.image.Iterator):
            return old(self)
        order, dataset._set_index_array = dataset._set_index_array, lambda: None
        try:
            old(self)
        finally:
            dataset._set_index_array = order

    # Keras asks for a dataset before the first pass, which would draw batches. A pass here makes its own.
    @patch(py_dataset_adapter.PyDatasetAdapter, "get_tf_dataset")
    def of_nothing(old, self):
        return tf.data.Dataset.from_tensors(0)

    # Batches of images are in their order, as those of every dataset are in candle-keras; those of the script's class are shuffled as a dataset of a function is.
    @patch(py_dataset_adapter.PyDatasetAdapter, "__init__")
    def py_dataset(old, self, x, class_weight=None, shuffle=False):
        old(self, x, class_weight, shuffle=False)
        is_flow = isinstance(x, keras.src.legacy.preprocessing.image.Iterator)
        self._shuffles = shuffle and not is_flow and x.num_batches is not None


# ------------------------------------------------------------------------------------------------------------------------ TensorFlow


def of_pass(dataset, stream):
    """The dataset in the order of a pass: what comes from a shuffled one has a function that makes it."""
    make = getattr(dataset, "_of_pass", None)
    return dataset if make is None else make(stream)


def of_elements(like, elements):
    made = tf.data.Dataset.from_generator(elements, output_signature=like.element_spec)
    number = like.cardinality()
    return made.apply(tf.data.experimental.assert_cardinality(number)) if number >= 0 else made


def patch_datasets():
    from keras.src.utils import image_dataset_utils, text_dataset_utils

    class_ = tf.data.Dataset
    iterate = class_.__iter__

    for name in ["from_tensor_slices", "range"]:

        @patch(class_, name)
        def from_tensor_slices(old, *args, **kwargs):
            dataset = old(*args, **kwargs)
            dataset._has_access = True
            return dataset

    for module in [image_dataset_utils, text_dataset_utils]:

        @patch(module, "_paths_and_labels_to_dataset_tf")
        def of_files(old, *args, **kwargs):
            with during(shuffles_files=True):
                return old(*args, **kwargs)

    # A layer that adapts to a dataset makes a pass of its own.
    for name in ["TextVectorization", "StringLookup", "IntegerLookup", "Normalization", "Discretization"]:

        @patch(getattr(keras.layers, name), "adapt")
        def adapt(old, self, data, *args, **kwargs):
            return old(self, of_pass(data, next_stream()) if isinstance(data, class_) else data, *args, **kwargs)

    @patch(class_, "shuffle")
    def shuffle(old, self, buffer_size, seed=None, reshuffle_each_iteration=True, name=None):
        size, total, is_of_files = int(buffer_size), int(self.cardinality()), Run.shuffles_files

        def make(stream):
            before, numbers = of_pass(self, stream.child(1)), copy.copy(stream)
            if reshuffle_each_iteration is False:
                numbers = Stream(int(seed or 0), 0)
            elif seed is not None:
                numbers = stream.child(int(seed))

            def all_at_once():
                elements = list(iterate(before))
                return (elements[i] for i in numbers.permutation(total))

            def buffered():
                elements, buffer = iterate(before), []
                while True:
                    while len(buffer) < size and (element := next(elements, None)) is not None:
                        buffer.append(element)
                    if not buffer:
                        return
                    i = numbers.below([len(buffer)])[0]
                    buffer[i], buffer[-1] = buffer[-1], buffer[i]
                    yield buffer.pop()

            # Where candle-keras has random access to the elements, it shuffles their indices.
            fits = 0 <= total <= size
            is_whole = is_of_files or (fits and getattr(self, "_has_access", False))
            if fits and not is_whole:
                numbers.permutation(total)  # It draws an order before it knows that it cannot take the elements in it.
            return of_elements(self, all_at_once if is_whole else buffered)

        dataset = old(self, buffer_size, seed, reshuffle_each_iteration, name)
        dataset._of_pass = make
        return dataset

    @patch(class_, "repeat")
    def repeat(old, self, count=None, name=None):
        dataset = old(self, count, name)
        if hasattr(self, "_of_pass"):

            def make(stream):
                times = itertools.count() if count in (None, -1) else range(int(count))
                return of_elements(dataset, lambda: (x for i in times for x in iterate(self._of_pass(stream.child(i)))))

            dataset._of_pass = make
        return dataset

    # How the stream of a pass goes on to the dataset before.
    same, first, second = lambda stream: stream, lambda stream: stream.child(0), lambda stream: stream.child(1)
    within = dict.fromkeys(["batch", "padded_batch", "take", "skip", "prefetch", "with_options"], same)
    within |= {"map": second, "filter": second, "concatenate": first, "cache": lambda _: Stream(0, 0)}
    for name, inner in within.items():

        @patch(class_, name)
        def derived(old, self, *args, _name=name, _inner=inner, **kwargs):
            dataset = old(self, *args, **kwargs)
            if hasattr(self, "_of_pass") or any(hasattr(x, "_of_pass") for x in args):

                def make(stream):
                    others = [of_pass(x, second(stream)) if isinstance(x, class_) else x for x in args]
                    return old(of_pass(self, _inner(stream)), *others, **kwargs)

                dataset._of_pass = make
            elif _name in ("map", "take", "skip"):
                dataset._has_access = getattr(self, "_has_access", False)
            elif _name == "batch":
                size = int(args[0] if args else kwargs["batch_size"])
                dataset._has_access = getattr(self, "_has_access", False) and int(self.cardinality()) % size == 0
            return dataset

    for name in ["apply", "enumerate", "flat_map", "interleave", "ragged_batch", "rebatch", "scan", "shard", "unbatch", "unique", "window"]:

        @patch(class_, name)
        def refused(old, self, *args, _name=name, **kwargs):
            if hasattr(self, "_of_pass"):
                raise NotReproduced(f"Dataset.{_name} after Dataset.shuffle")
            return old(self, *args, **kwargs)

    # A loop of the script over a dataset is a pass of its own; one of Keras or TensorFlow has begun already.
    @patch(class_, "__iter__")
    def iter_(old, self):
        frame = sys._getframe(2)
        while frame.f_globals["__name__"].startswith("tensorflow."):
            frame = frame.f_back
        is_internal = frame.f_globals["__name__"].startswith("keras.") or frame.f_globals is globals()
        return old(self if is_internal else of_pass(self, next_stream()))


def patch_tensorflow():
    @patch(tf.random, "set_seed")
    def of_tensorflow(old, seed):
        old(seed)
        set_seed(seed)

    def tf_normal(shape, mean=0.0, stddev=1.0, dtype="float32", seed=None, name=None):
        return backend.random.normal(shape, mean, stddev, dtype, seed)

    def tf_truncated_normal(shape, mean=0.0, stddev=1.0, dtype="float32", seed=None, name=None):
        return backend.random.truncated_normal(shape, mean, stddev, dtype, seed)

    def tf_uniform(shape, minval=0, maxval=None, dtype="float32", seed=None, name=None):
        draw = backend.random.uniform if tf.as_dtype(dtype or "float32").is_floating else backend.random.randint
        return draw(shape, minval, 1 if maxval is None else maxval, dtype, seed)

    def tf_shuffle(value, seed=None, name=None):
        return backend.random.shuffle(value, 0, seed)

    # Those of Keras 2 take a seed of NumPy.
    for of_keras_2 in [keras.src.legacy.backend, keras._tf_keras.keras.backend]:
        of_keras_2.random_normal, of_keras_2.random_uniform = tf_normal, tf_uniform
    tf.random.normal, tf.random.truncated_normal, tf.random.uniform, tf.random.shuffle = tf_normal, tf_truncated_normal, tf_uniform, tf_shuffle
    for name in ["categorical", "fixed_unigram_candidate_sampler", "gamma", "poisson", "Generator"]:
        setattr(tf.random, name, refusing(f"tf.random.{name}"))
    tf.config.run_functions_eagerly(True)

    # A crossentropy takes the probabilities that it is given, as on JAX and here. On TensorFlow it would take the logits that they were computed
    # from, so that probabilities of almost 0 or 1 had another loss.
    @patch(backend.nn, "_get_logits")
    def get_logits(old, output, from_logits, *names):
        return output, from_logits

    # An optimizer counts its steps with 64 bits on TensorFlow, and with 32 on JAX and here: `summary` says how much memory that is.
    @patch(summary_utils, "_compute_memory_size")
    def memory_size(old, shape, dtype):
        return old(shape, "int32" if dtype == "int64" else dtype)

    # TensorFlow's gradient of a softmax cross-entropy takes the targets of a row to sum to one. That of JAX does not, nor that of candle-keras.
    def cross_entropy(labels, logits, axis=-1, name=None):
        return -tf.reduce_sum(labels * tf.nn.log_softmax(logits, axis=axis), axis=axis)

    tf.nn.softmax_cross_entropy_with_logits = cross_entropy

    # The gradient of an Embedding has a row for each id of a batch. Keras on TensorFlow squares these rows before it adds those of the same
    # id, so that Adam and others do something else than on the other backends and here.
    @patch(tf.GradientTape, "gradient")
    def gradient(old, *args, **kwargs):
        is_sparse = lambda x: isinstance(x, tf.IndexedSlices)
        return tf.nest.map_structure(lambda x: tf.convert_to_tensor(x) if is_sparse(x) else x, old(*args, **kwargs))


def show_nothing(script):
    """What only shows something does nothing, as in the program."""
    with open(script, encoding="utf-8", errors="replace") as file:
        text = file.read()
    if "cv2" in text and has("cv2"):
        import cv2

        for name in ["imshow", "waitKey", "waitKeyEx", "destroyAllWindows", "destroyWindow", "namedWindow", "moveWindow", "resizeWindow"]:
            setattr(cv2, name, lambda *arguments, **words: None)
    if "IPython" in text and has("IPython"):
        import IPython.display

        IPython.display.display = lambda *arguments, **words: None
    if "PIL" in text and has("PIL"):
        import PIL.Image

        PIL.Image.Image.show = lambda *arguments, **words: None


def report(error, script):
    """The error of a script without the frames of this file."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [i for i, frame in enumerate(frames) if frame.filename == script]
    if isinstance(error, NotReproduced):
        place = f"{os.path.basename(script)}, line {frames[own[-1]].lineno}: " if own else ""
        refuse_to_run(f"{place}{NotReproduced.reason}")
    lines = traceback.format_list(frames[own[0] :] if own else frames) + traceback.format_exception_only(error)
    print("".join(["Traceback (most recent call last):\n", *lines]), file=sys.stderr)
    sys.exit(1)


def main():
    script, *arguments = sys.argv[1:]
    if script == "--results":
        path, script, *arguments = arguments
        Run.results = open(path, "w")
    patch_functions()
    patch_functions_of_groups()
    patch_layers()
    patch_training()
    patch_data()
    if ON_TENSORFLOW:
        patch_datasets()
        patch_tensorflow()
    else:
        jax.config.update("jax_disable_jit", True)
    python_random.seed(0)
    np.random.seed(0)
    sys.argv = [script, *arguments]
    sys.path[0] = os.path.dirname(os.path.abspath(script))
    show_nothing(script)
    try:
        runpy.run_path(script, run_name="__main__")
    except Exception as error:
        report(error, script)


if __name__ == "__main__":
    main()
