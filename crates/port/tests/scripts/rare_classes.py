"""Rare classes count more: weights of scikit-learn as Keras takes them, and metrics that look at each class."""
import numpy as np
import pandas as pd
import keras
from keras import layers
from sklearn.metrics import balanced_accuracy_score, cohen_kappa_score, confusion_matrix, log_loss
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MaxAbsScaler, OneHotEncoder
from sklearn.utils import class_weight
from sklearn.utils.class_weight import compute_class_weight

np.random.seed(1337)
rows = 400
grades = np.random.choice([0, 1, 2, 3], size=rows, p=[0.6, 0.25, 0.1, 0.05])
sites = np.random.randint(1, 4, rows)
signals = np.random.normal(0.0, 1.0, (rows, 4)) + grades.reshape(-1, 1) * np.array([0.8, -0.5, 0.3, 0.0])
df = pd.DataFrame(signals, columns=["a", "b", "c", "d"])
df["site"] = sites
df["grade"] = grades
print(df.head())

# Sites are names, not numbers.
names = df[["site"]].astype(str)
encoder = OneHotEncoder(sparse_output=False)
encoded = encoder.fit_transform(names)
print(encoded[:3], encoded.sum(axis=0))
scaler = MaxAbsScaler()
features = np.concatenate([scaler.fit_transform(df[["a", "b", "c", "d"]]), encoded], axis=1)
print(scaler.max_abs_, np.shape(features))
labels = df["grade"].values
x_train, x_test, y_train, y_test = train_test_split(features, labels, test_size=0.25, random_state=42)

weights = class_weight.compute_class_weight(class_weight="balanced", classes=np.unique(y_train), y=y_train)
print("weights:", weights)
by_class = dict(enumerate(weights))
for grade, weight in by_class.items():
    print(f"class {grade}: {weight:.3f}")
pairs = dict(zip(np.unique(y_train), compute_class_weight("balanced", classes=np.unique(y_train), y=y_train)))
print("classes:", len(pairs))
written = {0: weights[0], 1: weights[1], 2: weights[2], 3: weights[3]}
computed = {i: weights[i] for i in range(len(weights))}
print("same:", written[2] == computed[2])


def build():
    model = keras.Sequential(
        [keras.Input(shape=(7,)), layers.Dense(16, activation="relu"), layers.Dense(4, activation="softmax")]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


model = build()
history = model.fit(x_train, y_train, epochs=3, batch_size=32, class_weight=by_class, verbose=0)
print([round(loss, 4) for loss in history.history["loss"]])
history = model.fit(x_train, y_train, epochs=2, batch_size=32, class_weight=pairs, verbose=0)
print([round(loss, 4) for loss in history.history["loss"]])
history = model.fit(x_train, y_train, epochs=2, batch_size=32, class_weight=computed, verbose=0)
print([round(loss, 4) for loss in history.history["loss"]])
history = model.fit(x_train, y_train, epochs=2, batch_size=32, class_weight=written, verbose=0)
print([round(loss, 4) for loss in history.history["loss"]])

probabilities = model.predict(x_test, verbose=0)
predicted = np.argmax(probabilities, axis=1)
print(confusion_matrix(y_test, predicted))
print("balanced accuracy:", balanced_accuracy_score(y_test, predicted))
print("kappa:", cohen_kappa_score(y_test, predicted), cohen_kappa_score(y_test, predicted, weights="quadratic"))
print("linear:", cohen_kappa_score(y_test, predicted, weights="linear"))
print("log loss:", log_loss(y_test, probabilities))
print("of two:", log_loss([0, 1, 1], [0.2, 0.9, 0.6]))

# The overlap of each class, NaN where there is none.
overlaps = []
for grade in range(5):
    is_true = y_test == grade
    is_predicted = predicted == grade
    both = np.logical_and(is_true, is_predicted).sum()
    either = np.logical_or(is_true, is_predicted).sum()
    if either == 0:
        overlaps.append(np.nan)
    else:
        overlaps.append(both / either)
print("overlaps:", overlaps[:4])
print(f"mean overlap: {np.nanmean(overlaps):.4f}", np.nansum(overlaps), np.nanmax(overlaps), np.nanmin(overlaps))
table = np.array([[1.0, np.nan, 3.0], [np.nan, np.nan, 5.0]])
print(np.nanmean(table, axis=1), np.nanstd(table), np.nansum(table, axis=0))
print(np.isin(y_test[:12], [1, 3]), np.shape([[1, 2, 3], [4, 5, 6]]))
print(np.corrcoef(x_test[:, 0], x_test[:, 1]), np.percentile(x_test[:, 0], [10, 90]))

# Grades are drawn as the network rates them.
np.random.seed(5)
grade_names = np.array([0, 1, 2, 3])
drawn = []
for i in range(6):
    p = probabilities[i].astype("float64")
    drawn.append(np.random.choice(grade_names, p=p / p.sum()))
print("drawn:", [int(x) for x in drawn])
