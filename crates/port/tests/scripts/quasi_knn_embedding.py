"""
Metric learning: an embedding is trained with cosine similarities inside of a batch,
then the nearest neighbours of a sample vote on its class.
"""
import random
from collections import defaultdict

import numpy as np
import keras
from keras import layers, ops

keras.utils.set_random_seed(12)
np.random.seed(12)
random.seed(12)

num_classes = 5
num_features = 15
num_batches = 8
near_neighbours = 3

# Each class has a direction, and the length of a sample says nothing
directions = np.random.normal(size=(num_classes, num_features))
y_all = np.random.randint(0, num_classes, 150)
lengths = np.random.uniform(0.5, 3.0, size=(150, 1))
x_all = lengths * (directions[y_all] + 0.6 * np.random.normal(size=(150, num_features)))
x_train, y_train = x_all[:120].astype("float32"), y_all[:120]
x_test, y_test = x_all[120:].astype("float32"), y_all[120:]

class_idx_to_train_idxs = defaultdict(list)
for idx, label in enumerate(y_train):
    class_idx_to_train_idxs[int(label)].append(idx)
for label in range(num_classes):
    print("class", label, "has", len(class_idx_to_train_idxs[label]), "samples")

# An anchor and a positive sample for each class and batch
anchors, positives = [], []
for _ in range(num_batches):
    for label in range(num_classes):
        examples = class_idx_to_train_idxs[label]
        anchor, positive = np.random.choice(examples, 2, replace=False)
        anchors.append(x_train[anchor])
        positives.append(x_train[positive])
anchors, positives = np.array(anchors), np.array(positives)

inputs = layers.Input(shape=(num_features,))
x = layers.Dense(24, activation="relu")(inputs)
x = layers.Dense(8)(x)
embeddings = layers.UnitNormalization()(x)
encoder = keras.Model(inputs, embeddings)

anchor_in = keras.Input(shape=(num_features,))
positive_in = keras.Input(shape=(num_features,))
similarity = layers.Lambda(lambda t: ops.matmul(t[0], ops.transpose(t[1])) / 0.2)
logits = similarity([encoder(anchor_in), encoder(positive_in)])
trainer = keras.Model([anchor_in, positive_in], logits)
trainer.compile(
    optimizer=keras.optimizers.Adam(learning_rate=5e-3),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
)
targets = np.tile(np.arange(num_classes), num_batches)
history = trainer.fit([anchors, positives], targets, batch_size=num_classes, epochs=6, shuffle=False, verbose=0)
for epoch, loss in enumerate(history.history["loss"]):
    print(f"epoch {epoch}: {loss:.4f}")

# Neighbours in the training set, by the cosine
train_vectors = encoder.predict(x_train, verbose=0)
test_vectors = encoder.predict(x_test, verbose=0)
cosines = np.einsum("ae,be->ab", test_vectors, train_vectors)
nearest = np.argsort(-cosines, axis=1)[:, :near_neighbours]

correct = 0
confusion = np.zeros((num_classes, num_classes), dtype=int)
for i, neighbours in enumerate(nearest):
    votes = np.bincount(y_train[neighbours], minlength=num_classes)
    winner = np.argmax(votes)
    confusion[y_test[i], winner] += 1
    if winner == y_test[i]:
        correct += 1
print(f"accuracy of the vote: {correct / len(x_test):.3f}")
print(confusion)
print("neighbours of the first:", nearest[0], np.sort(cosines[0])[::-1][:near_neighbours])
distances = np.linalg.norm(test_vectors[0] - train_vectors, axis=1)
print("by distance:", np.argsort(distances)[:near_neighbours], "%.4f" % distances.min())
