"""Reviews with tags of HTML: a function of the script standardizes the texts for the layer that makes numbers of them."""

import re
import string

import keras
import numpy as np
import tensorflow as tf
from keras import layers

np.random.seed(31)

good = ["Wonderful", "lovely", "great", "GRIPPING", "brilliant"]
bad = ["awful", "Boring", "dull", "POOR", "a mess"]
subjects = ["plot", "cast", "music", "ending", "pace"]

texts = []
labels = []
for i in range(120):
    label = i % 2
    words = good if label == 1 else bad
    first, second = np.random.randint(0, 5), np.random.randint(0, 5)
    texts.append(f"The {subjects[first]}: {words[second]}!<br />I saw it {i % 7} times, with {subjects[second]}...")
    labels.append(label)
print(texts[0])


def custom_standardization(input_data):
    """Lower case, without tags and punctuation."""
    lowercase = tf.strings.lower(input_data)
    stripped_html = tf.strings.regex_replace(lowercase, "<br />", " ")
    without_digits = tf.strings.regex_replace(stripped_html, r"\d+", "#")
    return tf.strings.regex_replace(without_digits, f"[{re.escape(string.punctuation)}]", "")


max_features = 60
sequence_length = 12

vectorize_layer = layers.TextVectorization(
    standardize=custom_standardization,
    max_tokens=max_features,
    output_mode="int",
    output_sequence_length=sequence_length,
)

raw_ds = tf.data.Dataset.from_tensor_slices((texts, labels))
raw_train_ds = raw_ds.take(90).batch(15)
raw_test_ds = raw_ds.skip(90).batch(15)

text_ds = raw_train_ds.map(lambda x, y: x)
vectorize_layer.adapt(text_ds)
vocabulary = vectorize_layer.get_vocabulary()
print(len(vocabulary), ", ".join(vocabulary[:8]))


def vectorize_text(text, label):
    text = tf.expand_dims(text, -1)
    return vectorize_layer(text), label


train_ds = raw_train_ds.map(vectorize_text).cache().prefetch(buffer_size=10)
test_ds = raw_test_ds.map(vectorize_text).cache().prefetch(buffer_size=10)
for numbers, targets in train_ds.take(1):
    print(numbers[0].numpy(), targets[:4].numpy())

model = keras.Sequential(
    [
        keras.Input(shape=(None,), dtype="int64"),
        layers.Embedding(max_features, 8),
        layers.Dropout(0.2),
        layers.Conv1D(16, 3, padding="valid", activation="relu"),
        layers.GlobalMaxPooling1D(),
        layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(0.01), metrics=["accuracy"])
history = model.fit(train_ds, validation_data=test_ds, epochs=4, verbose=0)
print(history.history["loss"])
print(history.history["val_accuracy"])

# From texts to probabilities.
inputs = keras.Input(shape=(1,), dtype="string")
outputs = model(vectorize_layer(inputs))
end_to_end_model = keras.Model(inputs, outputs)
end_to_end_model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
print(end_to_end_model.evaluate(raw_test_ds, verbose=0))
