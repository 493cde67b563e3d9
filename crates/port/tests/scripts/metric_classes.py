"""Metrics that are classes, in compile and by hand."""
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

np.random.seed(9)
x = np.random.rand(60, 5).astype("float32")
y = (x.sum(axis=1, keepdims=True) > 2.5).astype("float32")


class TruePositives(keras.metrics.Metric):
    def __init__(self, name="true_positives", **kwargs):
        super().__init__(name=name, **kwargs)
        self.true_positives = self.add_weight(name="tp", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true = tf.cast(y_true, tf.bool)
        y_pred = tf.cast(y_pred > 0.5, tf.bool)
        values = tf.logical_and(y_true, y_pred)
        values = tf.cast(values, self.dtype)
        self.true_positives.assign_add(tf.reduce_sum(values))

    def result(self):
        return tf.convert_to_tensor(self.true_positives)

    def reset_state(self):
        self.true_positives.assign(0.0)


class RelativeError(keras.metrics.Metric):
    """The sum of the errors by the sum of the targets."""

    def __init__(self, offset=0.0, name="relative_error"):
        super().__init__(name=name)
        self.offset = offset
        self.errors = self.add_weight(name="errors", initializer="zeros")
        self.targets = self.add_weight(name="targets", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.errors.assign_add(tf.reduce_sum(tf.abs(y_true - y_pred)))
        self.targets.assign_add(tf.reduce_sum(tf.abs(y_true)) + self.offset)

    def result(self):
        return self.errors / self.targets


model = keras.Sequential([keras.Input((5,)), layers.Dense(6, activation="relu"), layers.Dense(1, activation="sigmoid")])
model.compile(
    optimizer=keras.optimizers.Adam(0.02),
    loss="binary_crossentropy",
    metrics=[TruePositives(), RelativeError(offset=0.5), "accuracy"],
)
history = model.fit(x, y, batch_size=12, epochs=3, validation_split=0.2, verbose=0)
for name in ["true_positives", "relative_error", "accuracy", "val_true_positives", "val_relative_error"]:
    print(name, [round(value, 4) for value in history.history[name]])
scores = model.evaluate(x, y, verbose=0)
print("evaluated:", [round(score, 4) for score in scores])

metric = RelativeError()
metric.update_state(y[:10], model.predict(x[:10], verbose=0))
print("ten: %.4f" % float(metric.result()))
metric.reset_state()
metric.update_state(y[10:30], model.predict(x[10:30], verbose=0))
print("twenty: %.4f" % float(metric.result()))
