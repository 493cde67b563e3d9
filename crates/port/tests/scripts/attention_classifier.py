# Classifies short multivariate time series with self-attention.
# Class 0: noise, class 1: a bump somewhere, class 2: a falling trend.
import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

SEED = 7
STEPS = 16
FEATURES = 3
CLASSES = 3

keras.utils.set_random_seed(SEED)
np.random.seed(SEED)


def make_series(n):
    """Returns n series of the shape (STEPS, FEATURES) and their labels."""
    x = np.random.normal(0.0, 0.3, size=(n, STEPS, FEATURES))
    y = np.random.randint(0, CLASSES, n)
    for i in range(n):
        if y[i] == 1:
            start = np.random.randint(0, STEPS - 4)
            x[i, start:start + 4, :] += 1.0
        elif y[i] == 2:
            x[i] += np.linspace(1.0, -1.0, STEPS)[:, None]
    return x.astype("float32"), y


def build_model(input_shape, head_size=8, num_heads=2, dropout=0.1):
    inputs = keras.Input(shape=input_shape)
    x = layers.Dense(16)(inputs)
    # Attention, with a residual connection around it
    attended = layers.MultiHeadAttention(
        key_dim=head_size, num_heads=num_heads, dropout=dropout
    )(x, x)
    x = layers.Add()([x, attended])
    x = layers.LayerNormalization(epsilon=1e-6)(x)
    # Feed forward part
    res = x
    x = layers.Conv1D(filters=16, kernel_size=1, activation="relu")(x)
    x = layers.Dropout(dropout)(x)
    x = layers.Conv1D(filters=16, kernel_size=1)(x)
    x = x + res
    x = layers.GlobalMaxPooling1D()(x)
    outputs = layers.Dense(CLASSES, activation="softmax")(x)
    return keras.Model(inputs, outputs)


x_train, y_train = make_series(120)
x_test, y_test = make_series(40)

model = build_model(x_train.shape[1:])
model.compile(
    loss="sparse_categorical_crossentropy",
    optimizer=keras.optimizers.Adam(learning_rate=5e-3),
    metrics=["sparse_categorical_accuracy"],
)
print("Parameters:", model.count_params())

history = model.fit(
    x_train,
    y_train,
    validation_split=0.2,
    epochs=5,
    batch_size=24,
    verbose=0,
)
for epoch, loss in enumerate(history.history["loss"]):
    print(f"Epoch {epoch}: {loss:.4f}, validation {history.history['val_loss'][epoch]:.4f}")

loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"Test loss {loss:.4f}, test accuracy {accuracy:.4f}")

probabilities = model.predict(x_test, verbose=0)
predicted = np.argmax(probabilities, axis=-1)
for label in range(CLASSES):
    selected = y_test == label
    correct = np.sum(predicted[selected] == label)
    print("class %d: %d of %d" % (label, correct, np.sum(selected)))
