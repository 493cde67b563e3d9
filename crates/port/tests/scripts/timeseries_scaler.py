"""A series that is scaled, cut into windows, predicted, and scaled back."""
import math
import numpy as np
import pandas as pd
from keras.models import Sequential
from keras.layers import Dense, LSTM
from sklearn.metrics import mean_squared_error
from sklearn.preprocessing import MinMaxScaler


def create_dataset(series, look_back):
    data_x, data_y = [], []
    for i in range(len(series) - look_back):
        data_x.append(series[i:i + look_back, 0])
        data_y.append(series[i + look_back, 0])
    return np.array(data_x), np.array(data_y)


steps = np.arange(120)
passengers = 100.0 + 2.0 * steps + 15.0 * np.sin(steps * 0.5)
pd.DataFrame({"month": steps, "passengers": passengers}).to_csv("air.csv", index=False)

df = pd.read_csv("air.csv", usecols=["passengers"])
dataset = df.values.astype("float32")

scaler = MinMaxScaler(feature_range=(0, 1))
dataset = scaler.fit_transform(dataset)

train_size = int(len(dataset) * 0.67)
train, test = dataset[0:train_size, :], dataset[train_size:len(dataset), :]
print(len(train), len(test))

look_back = 3
train_x, train_y = create_dataset(train, look_back)
test_x, test_y = create_dataset(test, look_back)
train_x = np.reshape(train_x, (train_x.shape[0], look_back, 1))
test_x = np.reshape(test_x, (test_x.shape[0], look_back, 1))

model = Sequential()
model.add(LSTM(8, input_shape=(look_back, 1)))
model.add(Dense(1))
model.compile(loss="mean_squared_error", optimizer="adam")
model.fit(train_x, train_y, epochs=4, batch_size=16, verbose=0)

train_predict = scaler.inverse_transform(model.predict(train_x, verbose=0))
test_predict = scaler.inverse_transform(model.predict(test_x, verbose=0))
train_true = scaler.inverse_transform(train_y.reshape(-1, 1))
test_true = scaler.inverse_transform(test_y.reshape(-1, 1))
train_score = math.sqrt(mean_squared_error(train_true, train_predict))
test_score = math.sqrt(mean_squared_error(test_true, test_predict))
print("Train Score: %.2f RMSE" % train_score)
print("Test Score: %.2f RMSE" % test_score)
