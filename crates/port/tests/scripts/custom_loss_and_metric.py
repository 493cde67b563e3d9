"""Losses and metrics that are plain functions, one of them made by another function."""
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import backend as K

tf.keras.utils.set_random_seed(4)
np.random.seed(4)


def huber(y_true, y_pred, delta=0.5):
    error = y_true - y_pred
    is_small = tf.abs(error) <= delta
    squared = 0.5 * tf.square(error)
    linear = delta * (tf.abs(error) - 0.5 * delta)
    return tf.where(is_small, squared, linear)


def weighted_mse(under_weight):
    """Predictions that are too low cost more."""
    def loss(y_true, y_pred):
        error = y_true - y_pred
        weights = tf.where(error > 0, under_weight, 1.0)
        return tf.reduce_mean(weights * tf.square(error), axis=-1)
    return loss


def log_cosh(y_true, y_pred):
    return keras.ops.mean(keras.ops.log(keras.ops.cosh(y_pred - y_true)), axis=-1)


def rmse(y_true, y_pred):
    return tf.sqrt(tf.reduce_mean(tf.square(y_pred - y_true)))


def r_squared(y_true, y_pred):
    residual = tf.reduce_sum(tf.square(y_true - y_pred))
    total = tf.reduce_sum(tf.square(y_true - tf.reduce_mean(y_true)))
    return 1.0 - residual / (total + 1e-7)


def share_close(y_true, y_pred):
    close = tf.less(tf.abs(y_true - y_pred), 0.25)
    return tf.reduce_mean(tf.cast(close, tf.float32), axis=-1)


x = np.linspace(-2, 2, 128).reshape(-1, 1).astype("float32")
np.random.shuffle(x)
y = (np.sin(2 * x) + 0.1 * np.random.randn(*x.shape)).astype("float32")

for name, loss in [
    ("huber", huber),
    ("weighted", weighted_mse(3.0)),
    ("log_cosh", log_cosh),
    ("built in", "mse"),
]:
    model = keras.Sequential([
        keras.layers.Input(shape=(1,)),
        keras.layers.Dense(24, activation="tanh"),
        keras.layers.Dense(24, activation="tanh"),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.01), loss=loss, metrics=[rmse, r_squared, share_close])
    history = model.fit(x[:96], y[:96], epochs=4, batch_size=32, validation_data=(x[96:], y[96:]), verbose=0)
    print("===", name)
    for epoch in range(4):
        print(f"epoch {epoch}: loss {history.history['loss'][epoch]:.4f} rmse {history.history['rmse'][epoch]:.4f}")
    results = model.evaluate(x[96:], y[96:], verbose=0)
    print("evaluation:", ", ".join("%.4f" % value for value in results))
    predictions = model.predict(x[96:99], verbose=0)
    for true, pred in zip(y[96:99].ravel(), predictions.ravel()):
        print("  true {:.3f} predicted {:.3f}".format(true, pred))
