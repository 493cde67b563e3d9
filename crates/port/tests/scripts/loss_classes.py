"""Losses that are classes: called by themselves, with weights of samples, and in a training."""
import numpy as np
import keras
from keras import ops

keras.utils.set_random_seed(3)


class ScaledError(keras.losses.Loss):
    """The squared error, times a factor."""

    def __init__(self, factor=2.0, name="scaled_error", **kwargs):
        super().__init__(name=name, **kwargs)
        self.factor = factor

    def call(self, y_true, y_pred):
        return self.factor * ops.mean(ops.square(y_true - y_pred), axis=-1)


class SumOfErrors(keras.losses.Loss):
    def __init__(self):
        super().__init__(reduction="sum", name="sum_of_errors")

    def call(self, y_true, y_pred):
        return ops.mean(ops.abs(y_true - y_pred), axis=-1)


y = np.array([[1.0, 2.0], [3.0, 5.0], [0.0, 1.0]], dtype="float32")
p = np.array([[1.5, 2.0], [2.0, 5.5], [0.0, 3.0]], dtype="float32")
loss = ScaledError(3.0)
print("loss:", float(loss(y, p)))
print("weighted:", float(loss(y, p, sample_weight=np.array([1.0, 0.0, 2.0], dtype="float32"))))
total = SumOfErrors()
print("sum:", float(total(y, p)))
print("each:", np.array(loss.call(y, p)))
x = np.random.rand(20, 4).astype("float32")
t = np.sum(x, axis=1, keepdims=True)
for each in [0, 1]:
    model = keras.Sequential([keras.layers.Input(shape=(4,)), keras.layers.Dense(1)])
    if each == 0:
        model.compile(optimizer="sgd", loss=ScaledError(2.0))
    else:
        model.compile(optimizer="sgd", loss=SumOfErrors())
    history = model.fit(x, t, epochs=2, batch_size=8, verbose=0)
    print(history.history["loss"])
