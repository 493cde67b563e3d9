"""Fraud detection: one transaction in twelve is a fraud, so classes get weights."""
import csv
import io

import numpy as np
import keras

keras.utils.set_random_seed(66)
np.random.seed(66)

# First, a CSV file as it would come from the disk
lines = ["time,amount,v1,v2,v3,class"]
for i in range(360):
    fraud = int(np.random.rand() < 1 / 12)
    v = np.random.normal(0.9 * fraud, 1.0, size=3)
    amount = np.random.uniform(20.0, 100.0 + 90.0 * fraud)
    lines.append("%d,%.2f,%.5f,%.5f,%.5f,%d" % (i, amount, v[0], v[1], v[2], fraud))
file = io.StringIO("\n".join(lines))

all_features = []
all_targets = []
for i, row in enumerate(csv.reader(file)):
    if i == 0:
        print("HEADER:", ",".join(row))
        continue  # Skip header
    all_features.append([float(value) for value in row[:-1]])
    all_targets.append([int(row[-1])])
    if i == 1:
        print("EXAMPLE FEATURES:", all_features[-1])

features = np.array(all_features, dtype="float32")
targets = np.array(all_targets, dtype="uint8")
print("features.shape:", features.shape)
print("targets.shape:", targets.shape)

# Prepare a validation set
num_val_samples = int(len(features) * 0.2)
train_features = features[:-num_val_samples]
train_targets = targets[:-num_val_samples]
val_features = features[-num_val_samples:]
val_targets = targets[-num_val_samples:]

# Analyze class imbalance in the targets
counts = np.bincount(train_targets[:, 0])
print("Number of positive samples in training data: {} ({:.2f}% of total)".format(
    counts[1], 100 * float(counts[1]) / len(train_targets)))
weight_for_0 = 1.0 / counts[0]
weight_for_1 = 1.0 / counts[1]

# Normalize the data using training set statistics
mean = np.mean(train_features, axis=0)
train_features -= mean
val_features -= mean
std = np.std(train_features, axis=0)
train_features /= std
val_features /= std

model = keras.Sequential(
    [
        keras.Input(shape=train_features.shape[1:]),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dropout(0.3),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
)
metrics = [
    keras.metrics.FalseNegatives(name="fn"),
    keras.metrics.FalsePositives(name="fp"),
    keras.metrics.TrueNegatives(name="tn"),
    keras.metrics.TruePositives(name="tp"),
    keras.metrics.Precision(name="precision"),
    keras.metrics.Recall(name="recall"),
]
model.compile(optimizer=keras.optimizers.Adam(1e-2), loss="binary_crossentropy", metrics=metrics)
class_weight = {0: weight_for_0, 1: weight_for_1}
history = model.fit(train_features, train_targets, batch_size=48, epochs=5, verbose=0,
                    validation_data=(val_features, val_targets), class_weight=class_weight)
for epoch in range(5):
    print(f"epoch {epoch + 1}: loss {history.history['loss'][epoch]:.4f}, recall {history.history['recall'][epoch]:.4f}")

results = model.evaluate(val_features, val_targets, verbose=0, return_dict=True)
print("caught %d frauds, missed %d, %d false alarms" % (results["tp"], results["fn"], results["fp"]))
print("precision %.3f, recall %.3f" % (results["precision"], results["recall"]))
suspects = np.where(model.predict(val_features, verbose=0)[:, 0] > 0.6)[0]
print("suspects:", suspects[:8])
