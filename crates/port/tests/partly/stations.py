"""Air at several stations: a script that is not ported in part, with functions that nothing calls, or that only such lines call."""
import os

import config
import cv2
import jieba
import numpy as np
import pandas as pd
import soundfile
from settings import EPOCHS
from sklearn.preprocessing import MinMaxScaler
from tensorflow import keras
from tensorflow.keras import layers

look_back, look_ahead = 8, 2


def process_data(data, back, ahead):
    X, Y = [], []
    for i in range(len(data)):
        if i + back + ahead < len(data):
            X.append(data[i : (i + back), 0])
            Y.append(data[(i + back) : (i + back + ahead), 0])
    return np.array(X), np.array(Y)


def get_data(df, back, ahead):
    values = df.ozone[1:]
    scaler = MinMaxScaler()
    scaler.fit(values.values.reshape(-1, 1))
    scaled = scaler.transform(values.values.reshape(-1, 1))
    X, y = process_data(scaled, back, ahead)
    X = X.reshape((X.shape[0], X.shape[1], 1))
    return scaler, X, y


def load_images(folder):
    images = []
    for name in os.listdir(folder):
        image = cv2.imread(os.path.join(folder, name))
        if image is not None:
            images.append(cv2.resize(image, (32, 32)))
    return images


def clean_text(text):
    words = jieba.lcut(text)
    return [word for word in words if word not in stop_words]


def bag_of_words(text, vocabulary):
    bag = [0] * len(vocabulary)
    for word in clean_text(text):
        for index, known in enumerate(vocabulary):
            if known == word:
                bag[index] = 1
    return np.array(bag)


def label_of(places, row):
    if row["height"] > 10:
        return places["high"]
    return places["low"]


def plot_losses(history, metric):
    print(history["val_" + metric])


class Window:
    def __init__(self, data, steps, vocabulary):
        self.data = data
        self.steps = steps
        self.vocabulary = vocabulary

    def shapes(self):
        x = np.zeros((self.steps, self.vocabulary))
        x[0, :] = self.data[0 : self.vocabulary]
        return x.shape, len(self.data)


stop_words = set()
for line in jieba.lines("stop.txt"):
    stop_words.add(line.strip())

scaler, X, y = get_data(stations, look_back, look_ahead)
model = keras.Sequential([layers.LSTM(units, input_shape=(look_back, 1)), layers.Dense(look_ahead)])
model.compile(loss="mse", optimizer="adam")
if SHOULD_TRAIN:
    model.fit(X, y, epochs=EPOCHS, batch_size=config.BATCH_SIZE)

images = np.array(load_images("sky"))
print(images.shape)

sounds = []
for name in os.listdir("sounds"):
    sound, rate = soundfile.read(name)
    sounds.append(np.mean(sound))
sounds = np.array(sounds)
print(sounds.mean())

with soundfile.open("new.wav") as file:
    print(bag_of_words("a windy day", ["wind", "day"]))
    window = Window([1, 2, 3], 2, 3)
