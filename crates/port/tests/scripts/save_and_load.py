# Saves a model in several ways and checks that what is loaded predicts the same.
import os
import shutil

import numpy as np
import keras
from keras import layers
from keras.models import load_model, model_from_json

keras.utils.set_random_seed(29)
np.random.seed(29)

SAVE_DIR = "saved_models"
os.makedirs(SAVE_DIR, exist_ok=True)

# Concentric rings: is a point in the outer one?
radius = np.concatenate([np.random.uniform(0.0, 0.6, 60), np.random.uniform(0.8, 1.4, 60)])
angle = np.random.uniform(0, 2 * np.pi, 120)
X = np.column_stack((radius * np.cos(angle), radius * np.sin(angle)))
Y = (radius > 0.7).astype(int)

# create model
model = keras.Sequential(name="rings")
model.add(layers.Dense(16, input_dim=2, activation="relu"))
model.add(layers.BatchNormalization())
model.add(layers.Dense(8, activation="relu"))
model.add(layers.Dense(1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])

history = model.fit(X, Y, epochs=6, batch_size=12, verbose=0)
for epoch, loss in enumerate(history.history["loss"]):
    print("epoch %d loss %.4f" % (epoch, loss))
scores = model.evaluate(X, Y, verbose=0)
print("%s: %.2f%%" % ("accuracy", scores[1] * 100))

# 1. Everything in one file
path = os.path.join(SAVE_DIR, "rings.keras")
model.save(path)
print("Saved model to disk:", os.path.isfile(path))
loaded = load_model(path)
print("name:", loaded.name, "layers:", [layer.__class__.__name__ for layer in loaded.layers])

expected = model.predict(X[:10], verbose=0)
found = loaded.predict(X[:10], verbose=0)
np.testing.assert_allclose(expected, found, rtol=1e-5)
print("predictions equal:", np.allclose(expected, found))
print("evaluation of the loaded model: %.4f %.4f" % tuple(loaded.evaluate(X, Y, verbose=0)))

# 2. The weights alone
weights_path = os.path.join(SAVE_DIR, "rings.weights.h5")
model.save_weights(weights_path)
twin = keras.models.clone_model(model)
print("equal before:", np.allclose(expected, twin.predict(X[:10], verbose=0)))
twin.load_weights(weights_path)
print("equal after:", np.allclose(expected, twin.predict(X[:10], verbose=0)))

# 3. The architecture as JSON, the weights as a list
json_config = model.to_json()
rebuilt = model_from_json(json_config)
rebuilt.set_weights(model.get_weights())
print("rebuilt equal:", np.allclose(expected, rebuilt.predict(X[:10], verbose=0)))

# Training goes on from where it was, with the state of the optimizer
history = loaded.fit(X, Y, epochs=2, batch_size=12, shuffle=False, verbose=0)
again = model.fit(X, Y, epochs=2, batch_size=12, shuffle=False, verbose=0)
for first, second in zip(history.history["loss"], again.history["loss"]):
    print("%.4f %.4f %s" % (first, second, abs(first - second) < 1e-5))

print(expected[:4].round(4))
shutil.rmtree(SAVE_DIR)
print("cleaned up:", not os.path.exists(SAVE_DIR))
