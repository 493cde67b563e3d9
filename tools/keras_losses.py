"""Writes tests/keras/losses_and_metrics.json: what Keras computes for losses, their gradients, and metrics, from their configurations.

    KERAS_BACKEND=jax python tools/keras_losses.py

tests/losses_and_metrics.rs makes the same objects from the configurations and compares. Written with Keras 3.15.1.
"""

import json
import pathlib

import jax
import keras
import numpy as np

L, M = keras.losses, keras.metrics
rng = np.random.default_rng(22)


def floats(*shape):
    return rng.standard_normal(shape).astype("float32")


def softmax(x):
    e = np.exp(x)
    return (e / e.sum(-1, keepdims=True)).astype("float32")


def array(x):
    x = np.asarray(x)
    return None if x is None else {"shape": list(x.shape), "values": [float(str(v)) for v in x.astype("float32").ravel()]}


def one_hot(n, k):
    return np.eye(k, dtype="float32")[rng.integers(0, k, n)]


def sigmoid(x):
    return (1 / (1 + np.exp(-x))).astype("float32")


def loss_cases():
    real = (floats(6, 3), floats(6, 3))
    positive = (np.abs(floats(6, 3)), np.abs(floats(6, 3)))
    binary = (rng.integers(0, 2, (6, 3)).astype("float32"), sigmoid(floats(6, 3)))
    logits = (binary[0], 2 * floats(6, 3))
    classes = (one_hot(6, 4), softmax(floats(6, 4)))
    class_logits = (classes[0], 2 * floats(6, 4))
    ids = (rng.integers(0, 4, 6).astype("float32"), softmax(floats(6, 4)))
    steps = (floats(4, 5, 2), floats(4, 5, 2))
    for loss in [L.MeanSquaredError(), L.MeanAbsoluteError(), L.MeanAbsolutePercentageError(), L.Huber(), L.Huber(delta=0.3), L.LogCosh(),
                 L.CosineSimilarity(), L.CosineSimilarity(axis=0)]:
        yield loss, *real
        yield loss, *steps
    yield L.Huber(), *(10 * x for x in real)
    yield L.LogCosh(), *(100 * x for x in real)
    yield L.CosineSimilarity(), np.zeros((2, 3), "float32"), floats(2, 3)
    yield L.MeanAbsolutePercentageError(), np.array([[0, 1e-9, 2]], "float32"), floats(1, 3)
    yield L.MeanSquaredLogarithmicError(), *positive
    yield L.MeanSquaredLogarithmicError(), *real
    yield L.Poisson(), *positive
    for loss in [L.Hinge(), L.SquaredHinge(), L.CategoricalHinge()]:
        yield loss, *logits
        yield loss, np.sign(real[0]), real[1]
        yield loss, *class_logits
    for smoothing in (0.0, 0.1):
        for axis in (-1, 0):
            yield L.BinaryCrossentropy(label_smoothing=smoothing, axis=axis), *binary
            yield L.BinaryCrossentropy(from_logits=True, label_smoothing=smoothing, axis=axis), *logits
            yield L.BinaryFocalCrossentropy(label_smoothing=smoothing, axis=axis), *binary
            yield L.BinaryFocalCrossentropy(True, 0.3, 1.5, from_logits=True, label_smoothing=smoothing, axis=axis), *logits
        yield L.CategoricalCrossentropy(label_smoothing=smoothing), *classes
        yield L.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing), *class_logits
        yield L.CategoricalFocalCrossentropy(label_smoothing=smoothing), *classes
        yield L.CategoricalFocalCrossentropy(0.5, 3.0, from_logits=True, label_smoothing=smoothing), *class_logits
    yield L.CategoricalCrossentropy(axis=1), np.moveaxis(one_hot((2, 3), 4), -1, 1), np.moveaxis(softmax(floats(2, 3, 4)), -1, 1)
    yield L.CategoricalFocalCrossentropy(axis=1), np.moveaxis(one_hot((2, 4), 4), -1, 1), np.moveaxis(softmax(floats(2, 4, 4)), -1, 1)
    for loss in [L.SparseCategoricalCrossentropy(), L.SparseCategoricalCrossentropy(ignore_class=2), L.CategoricalGeneralizedCrossEntropy(),
                 L.CategoricalGeneralizedCrossEntropy(q=0.9)]:
        yield loss, *ids
    for targets in ((2, 3), (2, 1, 3)):
        yield L.SparseCategoricalCrossentropy(axis=1, ignore_class=0), rng.integers(0, 4, targets).astype("float32"), np.moveaxis(softmax(floats(2, 3, 4)), -1, 1)
    yield L.KLDivergence(), *classes
    yield L.KLDivergence(), softmax(floats(6, 4)), softmax(floats(6, 4))
    for loss in [L.Dice(), L.Dice(axis=-1), L.Tversky(), L.Tversky(alpha=0.3, beta=0.9), L.Tversky(0.7, 0.2, axis=-1)]:
        yield loss, *binary
    yield L.Dice(axis=(1, 2)), (floats(4, 3, 3) > 0).astype("float32"), sigmoid(floats(4, 3, 3))
    vectors = floats(6, 3)
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    # The class 3 has one sample.
    for labels in ([0, 1, 0, 1, 2, 2], [0, 0, 1, 1, 1, 3], [0, 0, 0, 0, 0, 0]):
        for loss in [L.Circle(), L.Circle(gamma=2.0, margin=0.1), L.Circle(gamma=3.0, remove_diagonal=False)]:
            yield loss, np.array(labels, "float32"), vectors
    yield L.CTC(), np.array([[1, 2, 0], [3, 0, 0], [2, 2, 1], [0, 0, 0]], "float32"), floats(4, 7, 4)


def losses():
    out = []
    for loss, y, p in loss_cases():
        config = keras.saving.serialize_keras_object(loss)
        # Keras forgets the arguments of Huber and CosineSimilarity, but takes them.
        config["config"].update(loss._fn_kwargs)
        weight = rng.random(len(y)).astype("float32")
        entry = {"config": config, "y_true": array(y), "y_pred": array(p), "weight": array(weight)}
        for reduction in ("none", "sum_over_batch_size", "sum", "mean_with_sample_weight"):
            config["config"]["reduction"] = reduction
            of = keras.saving.deserialize_keras_object(config)
            entry[reduction] = array(of(y, p))
            try:
                entry["weighted_" + reduction] = array(of(y, p, sample_weight=weight))
            except Exception:
                # A weight for each sample does not fit these values.
                entry["weighted_" + reduction] = None
        config["config"]["reduction"] = "sum_over_batch_size"
        entry["config"] = json.loads(json.dumps(config))
        entry["gradient"] = array(jax.grad(lambda p: loss(y, p).astype("float32"))(p))
        out.append(entry)
    return out


def metric_cases():
    """A metric and its batches: targets, predictions, weights or None."""
    def batches(y, p, weights=None, split=(4, 9)):
        cut = lambda x: [None] * (len(split) + 1) if x is None else np.split(x, split)
        return list(zip(cut(y), cut(p), cut(weights)))

    n = 16
    weight = rng.random(n).astype("float32")
    binary = (rng.integers(0, 2, (n, 1)).astype("float32"), sigmoid(floats(n, 1)))
    labels = (rng.integers(0, 2, (n, 3)).astype("float32"), sigmoid(floats(n, 3)))
    classes = (one_hot(n, 4), softmax(2 * floats(n, 4)))
    ids = (rng.integers(0, 4, (n, 1)).astype("float32"), softmax(2 * floats(n, 4)))
    real = (floats(n, 3), floats(n, 3))
    near = (real[0], real[0] + 0.3 * real[1])
    positive = (np.abs(real[0]), np.abs(real[1]))
    # Predictions at thresholds.
    steps = (rng.integers(0, 2, (n, 1)).astype("float32"), rng.choice(np.array([0, 0.25, 0.5, 0.75, 1], "float32"), (n, 1)))

    for make, data in [
        (lambda: M.Accuracy(), (rng.integers(0, 3, (n, 2)).astype("float32"), rng.integers(0, 3, (n, 2)).astype("float32"))),
        (lambda: M.BinaryAccuracy(), binary), (lambda: M.BinaryAccuracy(threshold=0.3), labels), (lambda: M.CategoricalAccuracy(), classes),
        (lambda: M.SparseCategoricalAccuracy(), ids), (lambda: M.TopKCategoricalAccuracy(k=2), classes),
        (lambda: M.SparseTopKCategoricalAccuracy(k=2), ids), (lambda: M.SparseTopKCategoricalAccuracy(k=3, from_sorted_ids=True),
            (ids[0], np.argsort(-ids[1], -1).astype("float32"))),
        (lambda: M.MeanSquaredError(), real), (lambda: M.MeanAbsoluteError(), real), (lambda: M.MeanAbsolutePercentageError(), real),
        (lambda: M.MeanSquaredLogarithmicError(), positive), (lambda: M.RootMeanSquaredError(), real), (lambda: M.CosineSimilarity(), real),
        (lambda: M.LogCoshError(), real), (lambda: M.Hinge(), (labels[0], real[1])), (lambda: M.SquaredHinge(), (labels[0], real[1])),
        (lambda: M.CategoricalHinge(), (labels[0], real[1])), (lambda: M.KLDivergence(), classes), (lambda: M.Poisson(), positive),
        (lambda: M.BinaryCrossentropy(), labels), (lambda: M.BinaryCrossentropy(from_logits=True, label_smoothing=0.1), (labels[0], real[1])),
        (lambda: M.CategoricalCrossentropy(), classes), (lambda: M.CategoricalCrossentropy(label_smoothing=0.1), classes),
        (lambda: M.SparseCategoricalCrossentropy(), ids), (lambda: M.SparseCategoricalCrossentropy(ignore_class=1), ids),
        (lambda: M.PearsonCorrelation(), real), (lambda: M.PearsonCorrelation(axis=0), (real[0][:, :1], near[1][:, :1])),
        (lambda: M.ConcordanceCorrelation(), real), (lambda: M.ConcordanceCorrelation(axis=0), near),
        (lambda: M.TruePositives(), binary), (lambda: M.FalsePositives(thresholds=0.3), labels), (lambda: M.TrueNegatives(), binary),
        (lambda: M.FalseNegatives(thresholds=[0.2, 0.5, 0.9]), labels), (lambda: M.TruePositives(thresholds=[0.0, 0.25, 0.5, 0.75, 1.0]), steps),
        (lambda: M.Precision(), binary), (lambda: M.Precision(thresholds=[0.1, 0.5]), binary), (lambda: M.Precision(top_k=2), classes),
        (lambda: M.Precision(class_id=1), labels), (lambda: M.Precision(top_k=2, class_id=3), classes), (lambda: M.Recall(), binary),
        (lambda: M.Recall(thresholds=0.7), labels), (lambda: M.Recall(top_k=1), classes), (lambda: M.Recall(class_id=2), labels),
        (lambda: M.SensitivityAtSpecificity(0.5), binary), (lambda: M.SensitivityAtSpecificity(0.4, num_thresholds=1), binary),
        (lambda: M.SpecificityAtSensitivity(0.6, num_thresholds=10), labels), (lambda: M.PrecisionAtRecall(0.5), binary),
        (lambda: M.RecallAtPrecision(0.6), binary), (lambda: M.RecallAtPrecision(0.5, class_id=1), labels),
        (lambda: M.AUC(), binary), (lambda: M.AUC(), labels), (lambda: M.AUC(num_thresholds=7, curve="PR"), binary),
        (lambda: M.AUC(num_thresholds=5), steps), (lambda: M.AUC(curve="PR"), steps), (lambda: M.AUC(curve="PRGAIN", num_thresholds=20), binary),
        (lambda: M.AUC(summation_method="minoring", num_thresholds=9), binary), (lambda: M.AUC(summation_method="majoring", curve="PR"), binary),
        (lambda: M.AUC(thresholds=[0.1, 0.6, 0.3]), binary), (lambda: M.AUC(from_logits=True), (binary[0], real[1][:, :1])),
        (lambda: M.AUC(multi_label=True), labels), (lambda: M.AUC(multi_label=True, num_labels=3, label_weights=[0.2, 1.0, 2.0], curve="PR"), labels),
        (lambda: M.AUC(label_weights=[0.2, 1.0, 2.0]), labels), (lambda: M.AUC(multi_label=True, thresholds=[0.2, 0.7]), labels),
        (lambda: M.F1Score(), classes), (lambda: M.F1Score(average="macro", threshold=0.4), labels), (lambda: M.F1Score(average="micro"), classes),
        (lambda: M.FBetaScore(average="weighted", beta=2.0), classes), (lambda: M.FBetaScore(beta=0.5, threshold=0.5), labels),
        (lambda: M.R2Score(), real), (lambda: M.R2Score("variance_weighted_average"), near), (lambda: M.R2Score(None), near),
        (lambda: M.R2Score(num_regressors=2), near),
        (lambda: M.IoU(4, [0, 2], sparse_y_pred=False), (ids[0], ids[1])), (lambda: M.MeanIoU(3), (rng.integers(0, 3, (n, 2)).astype("float32"), rng.integers(0, 3, (n, 2)).astype("float32"))),
        (lambda: M.MeanIoU(4, ignore_class=1, sparse_y_pred=False), ids), (lambda: M.OneHotIoU(4, [1, 3]), classes),
        (lambda: M.OneHotMeanIoU(4), classes), (lambda: M.BinaryIoU([0, 1], threshold=0.4), binary), (lambda: M.BinaryIoU([1]), labels),
    ]:
        yield make, batches(*data)
        yield make, batches(*data, weight)


def metrics():
    out = []
    for make, batches in metric_cases():
        metric = make()
        # The weights of a confusion matrix are whole numbers in Keras.
        if "IoU" in type(metric).__name__:
            batches = [(y, p, None if w is None else np.ceil(3 * w)) for y, p, w in batches]
        config = keras.saving.serialize_keras_object(metric)
        # Keras leaves these out.
        config["config"].update({name: getattr(metric, name) for name in ("from_logits", "label_smoothing") if hasattr(metric, name)})
        entry = {"config": config, "batches": []}
        try:
            for y, p, weight in batches:
                metric.update_state(y, p, sample_weight=weight)
                entry["batches"].append({"y_true": array(y), "y_pred": array(p), "weight": weight if weight is None else array(weight), "result": array(metric.result())})
        except Exception as error:
            print(f"left out: {type(metric).__name__} {config['config']}{' with weights' if batches[0][2] is not None else ''}: {str(error).splitlines()[0][:120]}")
            continue
        out.append(json.loads(json.dumps(entry)))
    return out


path = pathlib.Path(__file__).parent.parent / "tests/keras/losses_and_metrics.json"
text = json.dumps({"keras": keras.__version__, "losses": losses(), "metrics": metrics()}, separators=(",", ":"))
path.write_text(text.replace("},{", "},\n{") + "\n")
