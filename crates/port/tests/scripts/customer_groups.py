"""Customers of a shop: their data are cleaned, scaled, and compressed by an autoencoder beside PCA."""
import numpy as np
import pandas as pd
import keras
from keras import layers
from sklearn.decomposition import PCA
from sklearn.preprocessing import MaxAbsScaler, RobustScaler

rng = np.random.RandomState(7)
rows = 300
balance = np.round(np.exp(rng.normal(6.5, 0.7, rows)), 2)
purchases = np.round(0.6 * balance + rng.normal(0, 200, rows), 2)
payments = np.round(0.3 * purchases + 0.1 * balance + rng.normal(0, 60, rows), 2)
tenure = rng.randint(1, 13, rows)
limit = np.round(3 * balance + rng.normal(0, 300, rows), 1)
payments = np.where(rng.random_sample(rows) < 0.04, np.nan, payments)
limit = np.where(rng.random_sample(rows) < 0.02, np.nan, limit)
with open("customers.csv", "w") as file:
    file.write("customer,balance,purchases,payments,limit,tenure\n")
    for i in range(rows):
        file.write(f"C{i:04d},{balance[i]},{purchases[i]},{payments[i]},{limit[i]},{tenure[i]}\n")

df = pd.read_csv("customers.csv")
print(df)
print(df.isnull().sum())
print("missing in all:", df.isnull().sum().sum(), df.isnull().values.any())

# Missing values become the mean of their column.
df.loc[(df["payments"].isnull() == True), "payments"] = df["payments"].mean()
df.loc[df["limit"].isna(), "limit"] = df["limit"].mean()
print("missing now:", df.isnull().sum().sum())
print("duplicates:", df.duplicated().sum())

df.drop("customer", axis=1, inplace=True)
df.loc[df["purchases"] < 0, "purchases"] = 0
print(df.describe())
print(df.describe().transpose()[["mean", "std"]])
print(df.describe().T)
correlations = df.corr()
print(correlations)
print(correlations["balance"])
print(df.describe().loc["max"])

# The first customers, and some of them.
first = df.loc[:4, "balance"]
print(len(first), first.mean())
print(df.loc[2:5, ["balance", "tenure"]])
print(df.loc[[7, 3], ["limit"]])
loyal = df.loc[df["tenure"] >= 11]
print(loyal.shape, loyal.loc[:, "balance"].mean())
print(loyal.loc[:30].shape)

normed = (df - df.mean()) / df.std()
print(normed.describe())

scaler = RobustScaler()
scaled = scaler.fit_transform(df)
print(scaler.center_, scaler.scale_)
print(scaled[:2])
print(MaxAbsScaler().fit_transform(df.values)[:2])

pca = PCA(n_components=2)
components = pca.fit_transform(scaled)
print(components[:3])
print(pca.components_)
print(pca.explained_variance_ratio_, pca.explained_variance_ratio_.sum())
print(np.abs(pca.inverse_transform(components) - scaled).mean())
print(PCA(0.9).fit(scaled).components_.shape)

inputs = keras.Input(shape=(5,))
encoded = layers.Dense(2, activation="linear", name="code")(layers.Dense(8, activation="relu")(inputs))
decoded = layers.Dense(5)(layers.Dense(8, activation="relu")(encoded))
autoencoder = keras.Model(inputs, decoded)
encoder = keras.Model(inputs, encoded)
autoencoder.compile(optimizer="adam", loss="mean_squared_error")
history = autoencoder.fit(scaled, scaled, batch_size=32, epochs=4, verbose=0)
print("losses:", [round(x, 4) for x in history.history["loss"]])
code = encoder.predict(scaled, verbose=0)
codes = pd.DataFrame(data=code, columns=["code1", "code2"])
codes = pd.concat([codes, df[["tenure"]]], axis=1)
print(codes.describe())
print(codes.corr())
