"""Prices of houses from a table of numbers and categories."""
import numpy as np
import pandas as pd
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from tensorflow import keras
from tensorflow.keras import layers

np.random.seed(7)
rooms = np.random.randint(1, 8, 200)
area = rooms * 18.0 + np.random.normal(0.0, 6.0, 200)
age = np.random.randint(0, 60, 200)
price = 30.0 + 2.5 * area - 0.4 * age + np.random.normal(0.0, 5.0, 200)

frame = pd.DataFrame({"rooms": rooms, "area": area, "age": age, "price": price})
frame.to_csv("houses.csv", index=False)

df = pd.read_csv("houses.csv")
print(df.shape)
print(df.head())
df.describe()

# Some houses are too old.
df = df[df["age"] < 55]
df["area_of_room"] = df["area"] / df["rooms"]
df["is_new"] = df["age"] <= 5
df["zone"] = "north"
df["zone"] = df["rooms"].map({1: "small", 2: "small", 3: "medium", 4: "medium", 5: "large", 6: "large", 7: "large"})
df = pd.get_dummies(df, columns=["zone"], dtype=float)
df = df.dropna()
print(list(df.columns))
print(len(df), round(df["price"].mean(), 3), round(df["price"].std(), 3), df["rooms"].nunique())

features = ["rooms", "area", "age", "area_of_room", "is_new", "zone_large", "zone_medium", "zone_small"]
X = df[features].values
y = df["price"].values

X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=42)
scaler = StandardScaler()
X_train = scaler.fit_transform(X_train)
X_test = scaler.transform(X_test)
print(X_train.shape, X_test.shape, round(float(X_train[0, 1]), 5))

model = keras.Sequential([
    layers.Input(shape=(X_train.shape[1],)),
    layers.Dense(16, activation="relu"),
    layers.Dense(1),
])
model.compile(optimizer=keras.optimizers.Adam(0.05), loss="mse", metrics=["mae"])
model.fit(X_train, y_train, epochs=40, batch_size=32, verbose=0, validation_split=0.1)

pred = model.predict(X_test, verbose=0)
print("MAE", round(mean_absolute_error(y_test, pred), 2))
print("R2", round(r2_score(y_test, pred), 2))
