"""Classes of flowers: a CSV file without a header, labels as strings, a report."""
import numpy as np
import pandas as pd
import keras
from keras import layers
from keras.utils import to_categorical
from sklearn.metrics import accuracy_score, classification_report, confusion_matrix, f1_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder, MinMaxScaler

np.random.seed(1)
names = ["setosa", "versicolor", "virginica"]
with open("flowers.csv", "w") as f:
    for i in range(150):
        kind = i % 3
        a = 4.5 + kind + np.random.normal(0.0, 0.4)
        b = 3.0 - 0.5 * kind + np.random.normal(0.0, 0.3)
        f.write(f"{a:.2f},{b:.2f},{names[kind]}\n")

dataset = pd.read_csv("flowers.csv", header=None, names=["length", "width", "species"])
X = dataset.iloc[:, 0:2].values.astype("float32")
y = dataset.iloc[:, -1]

encoder = LabelEncoder()
labels = encoder.fit_transform(y)
print(list(names), len(encoder.classes_))

X_train, X_test, y_train, y_test = train_test_split(
    X, labels, test_size=0.3, random_state=3, stratify=labels
)
scaler = MinMaxScaler(feature_range=(-1, 1))
X_train = scaler.fit_transform(X_train)
X_test = scaler.transform(X_test)

model = keras.Sequential()
model.add(keras.Input(shape=(2,)))
model.add(layers.Dense(12, activation="relu"))
model.add(layers.Dense(3, activation="softmax"))
model.compile(optimizer=keras.optimizers.Adam(0.05), loss="categorical_crossentropy", metrics=["accuracy"])
model.fit(X_train, to_categorical(y_train), epochs=15, batch_size=16, verbose=0)

y_pred = np.argmax(model.predict(X_test, verbose=0), axis=1)
print("accuracy", round(accuracy_score(y_test, y_pred), 3))
print("f1", round(f1_score(y_test, y_pred, average="macro"), 3))
print(classification_report(y_test, y_pred, target_names=encoder.classes_))
matrix = confusion_matrix(y_test, y_pred)
print(matrix.shape, int(matrix.sum()))
decoded = encoder.inverse_transform(y_pred)
print(len(decoded))
