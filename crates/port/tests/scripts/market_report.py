"""Prices of a share: a network of LSTMs forecasts them, and the last rows are reported."""
import numpy as np
import pandas as pd
import keras
from keras import layers
from sklearn.preprocessing import MinMaxScaler

rng = np.random.RandomState(3)
days = 240
close = 100 + np.cumsum(rng.normal(0.05, 1.0, days))
with open("prices.csv", "w") as file:
    file.write("date,open,high,low,close,volume\n")
    for i in range(days):
        file.write(f"2021-{i // 28 + 1:02d}-{i % 28 + 1:02d},{close[i] - 0.4:.2f},{close[i] + 1.1:.2f},{close[i] - 1.2:.2f},{close[i]:.2f},{1000 + i * 7}\n")

df = pd.read_csv("prices.csv")
latest = df.iloc[-1]
print(latest)
print(latest["date"], latest["volume"])
price = latest["close"]
print(f"Close: {price:.2f}, range {latest['high'] - latest['low']:.2f}")
first = df.iloc[0]
if latest["close"] > first["close"]:
    print("up by", round(float(latest["close"] - first["close"]), 2))
else:
    print("down by", round(float(first["close"] - latest["close"]), 2))
numbers = df[["open", "close", "volume"]]
print(numbers.iloc[-1])
print(numbers.iloc[3]["volume"], numbers.loc[3, "volume"], df.at[3, "volume"])
print(df.mean(numeric_only=False) if False else df[["open", "close"]].mean())

# The days on which one would have traded.
bought = []
sold = []
for i in range(5, days, 40):
    bought.append(df.index[i])
    sold.append(df.index[i + 20] if i + 20 < days else df.index[-1])
capital = 1000.0
for buy, sell in zip(bought, sold):
    buy_price = df.loc[buy]["close"]
    sell_price = df.loc[sell]["close"]
    shares = capital // float(buy_price)
    capital += shares * (float(sell_price) - float(buy_price))
print("capital: {:.2f}".format(capital))

trained, tested = df.iloc[:200, 4:5].values, df.iloc[200:, 4:5].values
scaler = MinMaxScaler(feature_range=(0, 1))
scaled = scaler.fit_transform(trained)
window = 20
x, y = [], []
for i in range(window, len(scaled)):
    x.append(scaled[i - window:i, 0])
    y.append(scaled[i, 0])
x, y = np.array(x), np.array(y)
x = np.reshape(x, (x.shape[0], x.shape[1], 1))

model = keras.Sequential()
model.add(keras.Input(shape=(window, 1)))
model.add(layers.LSTM(8, return_sequences=True))
model.add(layers.LSTM(8))
model.add(layers.Dense(1))
model.compile(optimizer="adam", loss="mean_squared_error")
history = model.fit(x, y, epochs=3, batch_size=32, verbose=0)
print("losses:", [round(loss, 4) for loss in history.history["loss"]])

total = pd.concat((df.iloc[:200]["close"], df.iloc[200:]["close"]), axis=0)
inputs = total[len(total) - len(tested) - window:].values
inputs = scaler.transform(inputs.reshape(-1, 1))
samples = np.array([inputs[i - window:i, 0] for i in range(window, len(inputs))])
samples = np.reshape(samples, (samples.shape[0], samples.shape[1], 1))
forecast = scaler.inverse_transform(model.predict(samples, verbose=0))
print(forecast[:3], np.shape(forecast))
report = df.iloc[200:].copy()
report["forecast"] = forecast[:, 0]
report.loc[report["close"] > report["close"].mean(), "signal"] = "buy"
print(report[["close", "forecast", "signal"]].head())
print(report["signal"].isnull().sum())
print(report.loc[205]["forecast"], report.loc[:202, "close"].sum())
