"""Trains a base on one task, freezes it under a new head, then fine-tunes all of it."""
import numpy as np
import keras
from keras import layers

keras.utils.set_random_seed(123)
np.random.seed(123)

# Task A has plenty of data: five classes of points in 10 dimensions around random centers
centers = np.random.normal(size=(5, 10)) * 2.0
labels_a = np.random.randint(0, 5, size=240)
data_a = centers[labels_a] + np.random.normal(size=(240, 10))

# Task B has little: is the class one of the first two?
labels_b = np.random.randint(0, 5, size=60)
data_b = centers[labels_b] + np.random.normal(size=(60, 10))
target_b = (labels_b < 2).astype("float32")

base_model = keras.Sequential(
    [
        keras.Input(shape=(10,)),
        layers.Dense(32, activation="relu", name="features_1"),
        layers.LayerNormalization(name="norm"),
        layers.Dense(16, activation="relu", name="features_2"),
    ],
    name="base",
)
pretraining = keras.Sequential([base_model, layers.Dense(5, activation="softmax")])
pretraining.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = pretraining.fit(data_a, labels_a, epochs=5, batch_size=32, verbose=0)
print("Pretraining:")
for epoch, loss in enumerate(history.history["loss"]):
    print(f"  epoch {epoch}: {loss:.4f}")

# Freeze the base
base_model.trainable = False
inputs = keras.Input(shape=(10,))
x = base_model(inputs)
x = layers.Dropout(0.2)(x)
outputs = layers.Dense(1)(x)
model = keras.Model(inputs, outputs)
print("trainable weights with a frozen base:", len(model.trainable_weights))

model.compile(
    optimizer=keras.optimizers.Adam(1e-2),
    loss=keras.losses.BinaryCrossentropy(from_logits=True),
    metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)],
)
before = base_model.get_weights()[0].copy()
history = model.fit(data_b[:40], target_b[:40], epochs=4, batch_size=10, verbose=0)
print("New head:", history.history["loss"])
after = base_model.get_weights()[0]
print("base unchanged:", np.array_equal(before, after))

# Unfreeze and train with a low learning rate
base_model.trainable = True
print("trainable weights after unfreezing:", len(model.trainable_weights))
model.compile(
    optimizer=keras.optimizers.Adam(1e-4),
    loss=keras.losses.BinaryCrossentropy(from_logits=True),
    metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)],
)
history = model.fit(data_b[:40], target_b[:40], epochs=3, batch_size=10, verbose=0)
print("Fine-tuning:", history.history["loss"])
print("base changed:", not np.allclose(before, base_model.get_weights()[0]))

# Freeze single layers only
for layer in base_model.layers[:-1]:
    layer.trainable = False
for layer in base_model.layers:
    print(layer.name, layer.trainable)

loss, accuracy = model.evaluate(data_b[40:], target_b[40:], verbose=0)
print(f"held out: loss {loss:.4f}, accuracy {accuracy:.4f}")
print(model.predict(data_b[40:43], verbose=0).flatten())
