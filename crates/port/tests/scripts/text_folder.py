"""Reviews as text files: a folder for each class, and one class for all words."""

import os
import random

import keras
import numpy as np
import tensorflow as tf
from keras import layers

good = ["wonderful", "lovely", "great", "charming", "brilliant"]
bad = ["awful", "boring", "dull", "poor", "terrible"]
rest = ["the", "film", "story", "was", "and", "its", "actors", "music", "a", "little"]

random.seed(3)
for split, count in [("train", 40), ("test", 16)]:
    for label in ["neg", "pos"]:
        words = good if label == "pos" else bad
        folder = os.path.join("reviews", split, label)
        os.makedirs(folder, exist_ok=True)
        for i in range(count):
            text = [random.choice(rest) for _ in range(6)] + [random.choice(words)]
            random.shuffle(text)
            with open(os.path.join(folder, f"{i}.txt"), "w") as f:
                f.write(" ".join(text).upper() + ".")

batch_size = 8
raw_train_ds, raw_val_ds = keras.utils.text_dataset_from_directory(
    "reviews/train",
    batch_size=batch_size,
    validation_split=0.2,
    subset="both",
    seed=42,
)
raw_test_ds = keras.utils.text_dataset_from_directory("reviews/test", batch_size=batch_size, shuffle=False)
print(f"Number of batches in raw_train_ds: {raw_train_ds.cardinality()}")
print(f"Number of batches in raw_test_ds: {raw_test_ds.cardinality()}")

max_features = 30
embedding_dim = 8
sequence_length = 10

vectorize_layer = layers.TextVectorization(
    max_tokens=max_features,
    output_mode="int",
    output_sequence_length=sequence_length,
)

# The vocabulary of the texts alone.
text_ds = raw_train_ds.map(lambda x, y: x)
vectorize_layer.adapt(text_ds)
vocabulary = vectorize_layer.get_vocabulary()
print(len(vocabulary), vocabulary[2], vocabulary[-1])


def vectorize_text(text, label):
    text = tf.expand_dims(text, -1)
    return vectorize_layer(text), label


train_ds = raw_train_ds.map(vectorize_text)
val_ds = raw_val_ds.map(vectorize_text)
test_ds = raw_test_ds.map(vectorize_text)

train_ds = train_ds.cache().prefetch(buffer_size=10)
val_ds = val_ds.cache().prefetch(buffer_size=10)

inputs = keras.Input(shape=(None,), dtype="int64")
x = layers.Embedding(max_features, embedding_dim)(inputs)
x = layers.Conv1D(16, 3, padding="valid", activation="relu")(x)
x = layers.GlobalMaxPooling1D()(x)
x = layers.Dense(8, activation="relu")(x)
predictions = layers.Dense(1, activation="sigmoid", name="predictions")(x)
model = keras.Model(inputs, predictions)
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])

print(model.evaluate(test_ds, verbose=0))
history = model.fit(train_ds, validation_data=val_ds, epochs=4, verbose=0)
print(history.history["loss"])
print(history.history["val_loss"])
print(model.evaluate(test_ds, verbose=0))

# A model of texts.
inputs = keras.Input(shape=(1,), dtype="string")
indices = vectorize_layer(inputs)
outputs = model(indices)
end_to_end_model = keras.Model(inputs, outputs)
end_to_end_model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
print(end_to_end_model.evaluate(raw_test_ds, verbose=0))
