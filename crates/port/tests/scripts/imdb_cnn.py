'''Convolution1D for the mood of a review.

The reviews are lists of word numbers. Numbers in the lower third are "good"
words, numbers in the upper third are "bad" ones.
'''
from __future__ import print_function

import numpy as np
import keras
from keras.preprocessing import sequence
from keras.models import Sequential
from keras.layers import Dense, Dropout, Activation
from keras.layers import Embedding
from keras.layers import Conv1D, GlobalMaxPooling1D

keras.utils.set_random_seed(3)
np.random.seed(3)

# set parameters:
max_features = 90
maxlen = 24
batch_size = 16
embedding_dims = 12
filters = 20
kernel_size = 3
hidden_dims = 16
epochs = 3


def load_reviews(n):
    reviews, moods = [], []
    for i in range(n):
        mood = i % 2
        length = np.random.randint(10, 30)
        words = np.random.randint(1, max_features, size=length)
        where = np.random.rand(length) < 0.4
        low = 1 if mood == 1 else 2 * max_features // 3
        words[where] = np.random.randint(low, low + max_features // 3, size=where.sum())
        reviews.append(words.tolist())
        moods.append(mood)
    return reviews, np.array(moods)


print('Loading data...')
x_train, y_train = load_reviews(200)
x_test, y_test = load_reviews(60)
print(len(x_train), 'train sequences')
print(len(x_test), 'test sequences')

print('Pad sequences (samples x time)')
x_train = sequence.pad_sequences(x_train, maxlen=maxlen)
x_test = sequence.pad_sequences(x_test, maxlen=maxlen)
print('x_train shape:', x_train.shape)
print('x_test shape:', x_test.shape)

print('Build model...')
model = Sequential()
# an embedding layer which maps the word numbers to vectors
model.add(Embedding(max_features, embedding_dims))
model.add(Dropout(0.2))
model.add(Conv1D(filters, kernel_size, padding='valid', activation='relu', strides=1))
model.add(GlobalMaxPooling1D())
model.add(Dense(hidden_dims))
model.add(Dropout(0.2))
model.add(Activation('relu'))
# a single unit, squashed with a sigmoid:
model.add(Dense(1))
model.add(Activation('sigmoid'))

model.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])
history = model.fit(x_train, y_train, batch_size=batch_size, epochs=epochs,
                    validation_data=(x_test, y_test), verbose=0)
for key in sorted(history.history.keys()):
    print(key, ['%.4f' % v for v in history.history[key]])
score, acc = model.evaluate(x_test, y_test, batch_size=batch_size, verbose=0)
print('Test score: %.4f' % score)
print('Test accuracy: %.4f' % acc)
probabilities = model.predict(x_test[:4], verbose=0)
for truth, p in zip(y_test[:4], probabilities):
    print(truth, 'positive' if p[0] > 0.5 else 'negative', round(float(p[0]), 4))
