"""Trains epoch by epoch, keeps the best weights, and stops by itself when nothing gets better."""

import numpy as np
import keras

layers = keras.layers
models = keras.models

keras.utils.set_random_seed(21)
rng = np.random.RandomState(21)
x = rng.normal(size=(90, 5)).astype("float32")
true_weights = np.array([1.0, -2.0, 0.5, 0.0, 1.5])
y = (x @ true_weights + 0.1 * rng.normal(size=90)).astype("float32")
x_train, y_train = x[:60], y[:60]
x_val, y_val = x[60:], y[60:]

model = models.Sequential([layers.Input(shape=(5,)), layers.Dense(8, activation="relu"), layers.Dense(1)])
model.compile(optimizer=keras.optimizers.Adam(0.05), loss="mse")

best_loss = None
best_weights = None
best_epoch, previous = None, None
patience = 2
bad_epochs = 0
for epoch in range(30):
    model.fit(x_train, y_train, batch_size=20, epochs=1, verbose=False)
    val_loss = model.evaluate(x_val, y_val, verbose=False)
    change = ""
    if previous is not None:
        change = f", change {val_loss - previous:+.4f}"
    previous = val_loss
    print(f"epoch {epoch + 1}: val_loss {val_loss:.4f}" + change)
    if best_loss is None or val_loss < best_loss:
        best_loss = val_loss
        best_weights = model.get_weights()
        best_epoch = epoch
        bad_epochs = 0
    else:
        bad_epochs += 1
        if bad_epochs > patience:
            break

print("stopped after epoch", epoch + 1)
print(f"best epoch {best_epoch + 1}: {best_loss:.4f}")
model.set_weights(best_weights)
restored = model.evaluate(x_val, y_val, verbose=False)
print("restored:", round(restored, 4), abs(restored - best_loss) < 1e-5)
del best_weights, x, y
first = None
for i, row in enumerate(model.predict(x_val, verbose=False)):
    if row[0] > 2.0 and first is None:
        first = i
print("first large prediction:", first)
