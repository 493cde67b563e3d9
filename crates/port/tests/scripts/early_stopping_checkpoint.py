# Stops early, keeps the best weights in a file, and loads them again.
import os
import tempfile

import numpy as np
import keras
from keras.callbacks import EarlyStopping, ModelCheckpoint
from keras.layers import Dense, Dropout
from keras.models import Sequential

keras.utils.set_random_seed(17)
np.random.seed(17)


def make_moons(n, noise=0.15):
    """Two half moons, written by hand."""
    half = n // 2
    angle = np.linspace(0, np.pi, half)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    X = np.concatenate([upper, lower]) + np.random.normal(0, noise, (2 * half, 2))
    y = np.concatenate([np.zeros(half), np.ones(half)])
    order = np.random.permutation(len(X))
    return X[order], y[order]


def define_model():
    model = Sequential()
    model.add(Dense(40, input_shape=(2,), activation="relu"))
    model.add(Dropout(0.1))
    model.add(Dense(1, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(learning_rate=0.05), metrics=["accuracy"])
    return model


X, y = make_moons(100)
n_train = 40
trainX, testX = X[:n_train, :], X[n_train:, :]
trainy, testy = y[:n_train], y[n_train:]

filepath = os.path.join(tempfile.mkdtemp(), "best.weights.h5")
es = EarlyStopping(monitor="val_loss", mode="min", patience=3, min_delta=0.002)
mc = ModelCheckpoint(filepath, monitor="val_accuracy", mode="max", save_best_only=True, save_weights_only=True, verbose=0)

model = define_model()
history = model.fit(
    trainX, trainy, validation_data=(testX, testy), epochs=25, batch_size=10, verbose=0, callbacks=[es, mc]
)
for epoch, loss in enumerate(history.history["loss"]):
    print(f"epoch {epoch + 1}: loss {loss:.4f}, val_loss {history.history['val_loss'][epoch]:.4f}")
print("epochs run:", len(history.history["loss"]))
print("stopped at:", es.stopped_epoch)
best = max(history.history["val_accuracy"])
print("best validation accuracy: %.3f" % best)

# The saved model is the best one
print("file exists:", os.path.exists(filepath))
saved_model = define_model()
saved_model.load_weights(filepath)
_, train_acc = saved_model.evaluate(trainX, trainy, verbose=0)
_, test_acc = saved_model.evaluate(testX, testy, verbose=0)
print("Train: %.3f, Test: %.3f" % (train_acc, test_acc))
assert abs(test_acc - best) < 1e-6

# The same with the best weights kept in memory
model = define_model()
stopper = EarlyStopping(patience=2, restore_best_weights=True)
history = model.fit(trainX, trainy, validation_split=0.25, epochs=15, verbose=0, callbacks=[stopper])
print("epochs run:", len(history.epoch))
loss, acc = model.evaluate(testX, testy, verbose=0)
print(f"restored: {loss:.4f} {acc:.4f}")
print(model.predict(testX[:4], verbose=0).ravel())
