"""
Bidirectional LSTM over padded word sequences, two classes.
"""
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

max_features = 60  # Only consider the top 60 words
maxlen = 16  # Only consider the first 16 words of each review

keras.utils.set_random_seed(2021)
np.random.seed(2021)


def random_review(label):
    """Reviews of class 1 tend to rise, those of class 0 to fall."""
    n = np.random.randint(6, maxlen + 1)
    words = np.sort(np.random.randint(1, max_features, n))
    if label == 0:
        words = words[::-1]
    noise = np.random.randint(-3, 4, n)
    return np.clip(words + noise, 1, max_features - 1)


labels = np.random.permutation(np.arange(160) % 2)
reviews = [random_review(label) for label in labels]
x = keras.preprocessing.sequence.pad_sequences(reviews, maxlen=maxlen, padding="post")
x_train, x_val = x[:128], x[128:]
y_train, y_val = labels[:128], labels[128:]
print(len(x_train), "Training sequences")
print(len(x_val), "Validation sequences")

# Input for variable-length sequences of integers
inputs = keras.Input(shape=(None,), dtype="int32")
# Embed each integer in a vector
x = layers.Embedding(max_features, 16, mask_zero=True)(inputs)
# Add 2 bidirectional LSTMs
x = layers.Bidirectional(layers.LSTM(8, return_sequences=True))(x)
x = layers.Bidirectional(layers.LSTM(8))(x)
# Add a classifier
outputs = layers.Dense(1, activation="sigmoid")(x)
model = keras.Model(inputs, outputs)
print("Total params:", model.count_params())

model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.01),
    loss="binary_crossentropy",
    metrics=["accuracy"],
)
history = model.fit(x_train, y_train, batch_size=32, epochs=3, validation_data=(x_val, y_val), verbose=0)
for i, (a, b) in enumerate(zip(history.history["accuracy"], history.history["val_accuracy"]), start=1):
    print(f"epoch {i}: accuracy {a:.4f} val_accuracy {b:.4f}")
print("losses:", np.round(history.history["loss"], 4))

loss, accuracy = model.evaluate(x_val, y_val, verbose=0)
print(f"Validation: loss {loss:.4f}, accuracy {accuracy:.2%}")
predicted = (model.predict(x_val, verbose=0) > 0.5).astype("int32").flatten()
print("correct:", np.sum(predicted == y_val), "of", len(y_val))
confusion = np.zeros((2, 2), dtype=int)
for t, p in zip(y_val, predicted):
    confusion[t, p] += 1
print(confusion)
