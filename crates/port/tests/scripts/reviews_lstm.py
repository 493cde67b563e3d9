from __future__ import print_function

from keras.preprocessing import sequence
from keras.models import Sequential
from keras.layers import Dense, Embedding
from keras.layers import LSTM

# Reviews as the ids of their words, and whether they are good.
reviews = [[5, 8, 2, 9], [1, 7], [5, 2, 2], [7, 1, 3, 3, 1], [8, 5], [3, 7, 7]] * 4
good = [1, 0, 1, 0, 1, 0] * 4
max_features = 10
maxlen = 6  # longer ones are cut
batch_size = 4

print(len(reviews), "sequences")
x_train = sequence.pad_sequences(reviews, maxlen=maxlen)
print("x_train shape:", x_train.shape)

print("Build model...")
model = Sequential()
model.add(Embedding(max_features, 16))
model.add(LSTM(16, dropout=0.1, recurrent_dropout=0.1))
model.add(Dense(1, activation="sigmoid"))

# try using different optimizers and different optimizer configs
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])

print("Train...")
model.fit(x_train, good, batch_size=batch_size, epochs=20, verbose=0)
score, acc = model.evaluate(x_train, good, batch_size=batch_size, verbose=0)
print("Test score:", score)
print("Test accuracy:", acc)
assert acc > 0.9
