"""Compares L1, L2, dropout and batch normalization on a task that is easy to overfit."""
import numpy as np
import keras
from keras import layers, regularizers

SEED = 101
EPOCHS = 8

np.random.seed(SEED)

# 20 features, of which only three matter, and few samples
x = np.random.randn(90, 20)
y = (x[:, 0] - 2 * x[:, 1] + x[:, 2] + 0.5 * np.random.randn(90) > 0).astype("float32")
x_train, y_train = x[:50], y[:50]
x_test, y_test = x[50:], y[50:]


def make_model(kernel_regularizer=None, dropout=0.0, batch_norm=False, units=32):
    model = keras.Sequential([keras.Input(shape=(20,))])
    for _ in range(2):
        model.add(layers.Dense(units, kernel_regularizer=kernel_regularizer))
        if batch_norm:
            model.add(layers.BatchNormalization())
        model.add(layers.Activation("relu"))
        if dropout > 0:
            model.add(layers.Dropout(dropout))
    model.add(layers.Dense(1, activation="sigmoid"))
    return model


experiments = {
    "baseline": {},
    "small": {"units": 8},
    "l1": {"kernel_regularizer": regularizers.l1(0.001)},
    "l2": {"kernel_regularizer": regularizers.l2(0.01)},
    "l1_l2": {"kernel_regularizer": regularizers.L1L2(l1=0.0005, l2=0.005)},
    "dropout": {"dropout": 0.4},
    "batch_norm": {"batch_norm": True},
    "all": {"kernel_regularizer": "l2", "dropout": 0.3, "batch_norm": True},
}

results = {}
for name, options in experiments.items():
    keras.utils.set_random_seed(SEED)
    model = make_model(**options)
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy", metrics=["accuracy"])
    history = model.fit(
        x_train, y_train, validation_data=(x_test, y_test), epochs=EPOCHS, batch_size=10, verbose=0
    )
    kernels = [w for w in model.get_weights() if w.ndim == 2]
    norm = sum(np.abs(k).sum() for k in kernels)
    results[name] = {
        "train": history.history["loss"][-1],
        "test": history.history["val_loss"][-1],
        "best": min(history.history["val_loss"]),
        "accuracy": model.evaluate(x_test, y_test, verbose=0)[1],
        "norm": norm,
    }
    print(name.ljust(12), " ".join(f"{loss:.3f}" for loss in history.history["val_loss"]))

print()
print(f"{'experiment':<12}{'train':>8}{'test':>8}{'gap':>8}{'acc':>8}{'norm':>9}")
print("-" * 53)
for name, row in sorted(results.items(), key=lambda item: item[1]["best"]):
    gap = row["test"] - row["train"]
    print(f"{name:<12}{row['train']:8.3f}{row['test']:8.3f}{gap:8.3f}{row['accuracy']:8.3f}{row['norm']:9.2f}")

best = min(results, key=lambda name: results[name]["best"])
print("lowest validation loss:", best)
