"""A training on measurements some of whose files cannot be read."""
import os

import numpy as np
from tensorflow import keras

os.makedirs("measurements", exist_ok=True)
np.random.seed(11)
for i in range(6):
    values = np.random.rand(8, 3)
    with open(f"measurements/{i}.txt", "w") as f:
        for row in values:
            f.write(" ".join(f"{value:.4f}" for value in row) + "\n")
with open("measurements/broken.txt", "w") as f:
    f.write("1.0 two 3.0\n")

parts = []
skipped = 0
for name in ["0.txt", "1.txt", "2.txt", "missing.txt", "3.txt", "broken.txt", "4.txt", "5.txt"]:
    path = os.path.join("measurements", name)
    try:
        part = np.loadtxt(path)
        # A file that cannot be read ends here.
        parts.append(part)
    except Exception:
        print("skipped", name)
        skipped += 1
print(len(parts), "parts,", skipped, "skipped")

data = np.concatenate(parts)
x, y = data[:, :2], data[:, 2]

try:
    print("loaded", keras.models.load_model("trained_before.keras").count_params(), "parameters")
except:
    print("no model yet")

model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(1)])
model.compile(optimizer="sgd", loss="mse")


def train(epochs):
    history = model.fit(x, y, epochs=epochs, batch_size=8, verbose=0)
    print("loss:", [round(value, 4) for value in history.history["loss"]])


try:
    train(3)
except Exception as error:
    print(f"training failed: {error}")
else:
    print("training is over")
finally:
    print("saved")
    model.save("trained_before.keras")

try:
    os.remove("measurements/missing.txt")
except Exception:
    pass
print(len(os.listdir("measurements")), "files")
