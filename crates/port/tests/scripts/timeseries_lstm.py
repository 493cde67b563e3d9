"""Forecasts a noisy series (trend + season) with an LSTM and a sliding window."""
import math

import numpy as np
from keras.models import Sequential
from keras.layers import Dense
from keras.layers import LSTM
from keras.utils import set_random_seed


# convert an array of values into a dataset matrix
def create_dataset(dataset, look_back=1):
    dataX, dataY = [], []
    for i in range(len(dataset) - look_back - 1):
        a = dataset[i:(i + look_back), 0]
        dataX.append(a)
        dataY.append(dataset[i + look_back, 0])
    return np.array(dataX), np.array(dataY)


# fix random seed for reproducibility
set_random_seed(7)
np.random.seed(7)

# the dataset: twelve years of monthly passengers
months = np.arange(144)
dataset = 100 + 2.5 * months + 30 * np.sin(2 * np.pi * months / 12) + np.random.normal(0, 8, 144)
dataset = dataset.reshape(-1, 1).astype('float32')

# normalize the dataset
low, high = dataset.min(), dataset.max()
dataset = (dataset - low) / (high - low)
print('range of the passengers: %.1f to %.1f' % (low, high))

# split into train and test sets
train_size = int(len(dataset) * 0.67)
test_size = len(dataset) - train_size
train, test = dataset[0:train_size, :], dataset[train_size:len(dataset), :]
print(len(train), len(test), test_size)

# reshape into X=t and Y=t+1
look_back = 6
trainX, trainY = create_dataset(train, look_back)
testX, testY = create_dataset(test, look_back)

# reshape input to be [samples, time steps, features]
trainX = np.reshape(trainX, (trainX.shape[0], trainX.shape[1], 1))
testX = np.reshape(testX, (testX.shape[0], testX.shape[1], 1))
print(trainX.shape, trainY.shape)

# create and fit the LSTM network
model = Sequential()
model.add(LSTM(8, input_shape=(look_back, 1)))
model.add(Dense(1))
model.compile(loss='mean_squared_error', optimizer='adam')
history = model.fit(trainX, trainY, epochs=6, batch_size=4, verbose=0)
for epoch, loss in enumerate(history.history['loss']):
    print('epoch %d: %.5f' % (epoch + 1, loss))

# make predictions, and invert them
trainPredict = model.predict(trainX, verbose=0) * (high - low) + low
testPredict = model.predict(testX, verbose=0) * (high - low) + low
trainTruth = trainY * (high - low) + low
testTruth = testY * (high - low) + low

# calculate root mean squared error
trainScore = math.sqrt(np.mean((trainTruth - trainPredict[:, 0]) ** 2))
print('Train Score: %.2f RMSE' % (trainScore))
testScore = math.sqrt(np.mean((testTruth - testPredict[:, 0]) ** 2))
print('Test Score: %.2f RMSE' % (testScore))

# shift the predictions for a plot: NaN where there is none
plot = np.empty_like(dataset)
plot[:, :] = np.nan
plot[look_back:len(trainPredict) + look_back, :] = trainPredict
print('values in the plot:', np.sum(~np.isnan(plot)))
for truth, predicted in list(zip(testTruth, testPredict))[:4]:
    print('%.1f %.1f' % (truth, predicted[0]))
