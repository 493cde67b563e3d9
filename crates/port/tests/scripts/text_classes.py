"""The class of a text, by the ids of its words."""
import numpy as np
from tensorflow.keras.layers import Dense, Embedding, Flatten, Input
from tensorflow.keras.models import Sequential
from tensorflow.keras.preprocessing.sequence import pad_sequences

MAX_WORDS = 20
MAXLEN = 6

texts = [[1, 4, 2], [3, 3, 9, 7], [1, 2], [8, 9], [4, 2, 1, 1], [7, 9, 3]]
x_train = pad_sequences(texts, maxlen=MAXLEN)
y_train = np.array([1, 0, 1, 0, 1, 0])

model = Sequential()
model.add(Input(shape=(MAXLEN,)))
model.add(Embedding(MAX_WORDS, 8))
model.add(Flatten())
model.add(Dense(16, activation="relu"))
model.add(Dense(1, activation="sigmoid"))
model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["acc"])
model.summary()

history = model.fit(x_train, y_train, epochs=30, batch_size=2, verbose=0)  # a few seconds
acc = history.history["acc"]
for epoch, value in enumerate(acc):
    if epoch % 10 == 0:
        print(f"epoch {epoch + 1}: accuracy {value:.2f}")

loss, accuracy = model.evaluate(x_train, y_train, verbose=0)
print("loss: {:.4f}, accuracy: {:.2f}".format(loss, accuracy))
assert accuracy > 0.9
