'''A sequence-to-sequence network that learns to add two numbers.

Input: "7+3 "      Output: "10"
The digits of the question may be reversed, which makes it easier to learn.
'''
import numpy as np
import keras
from keras.models import Sequential
from keras import layers

keras.utils.set_random_seed(99)
np.random.seed(99)

class CharacterTable(object):
    """Encodes characters one-hot, and decodes them from one-hot or probabilities."""

    def __init__(self, chars):
        self.chars = sorted(set(chars))
        self.char_indices = dict((c, i) for i, c in enumerate(self.chars))
        self.indices_char = dict((i, c) for i, c in enumerate(self.chars))

    def encode(self, C, num_rows):
        """One row for each character of C, and rows of zeros after them."""
        x = np.zeros((num_rows, len(self.chars)))
        for i, c in enumerate(C):
            x[i, self.char_indices[c]] = 1
        return x

    def decode(self, x, calc_argmax=True):
        if calc_argmax:
            x = x.argmax(axis=-1)
        return ''.join(self.indices_char[i] for i in x)

# Parameters for the model and dataset.
TRAINING_SIZE = 150
DIGITS = 2
REVERSE = True
MAXLEN = DIGITS + 1 + DIGITS

chars = '0123456789+ '
ctable = CharacterTable(chars)

questions = []
expected = []
seen = set()
print('Generating data...')
while len(questions) < TRAINING_SIZE:
    a, b = np.random.randint(0, 100), np.random.randint(0, 100)
    key = tuple(sorted((a, b)))
    if key in seen:
        continue
    seen.add(key)
    # Pad the data with spaces such that it is always MAXLEN.
    q = '{}+{}'.format(a, b)
    query = q + ' ' * (MAXLEN - len(q))
    ans = str(a + b)
    ans += ' ' * (DIGITS + 1 - len(ans))
    if REVERSE:
        query = query[::-1]
    questions.append(query)
    expected.append(ans)
print('Total addition questions:', len(questions))

x = np.zeros((len(questions), MAXLEN, len(chars)), dtype=bool)
y = np.zeros((len(questions), DIGITS + 1, len(chars)), dtype=bool)
for i, (question, answer) in enumerate(zip(questions, expected)):
    x[i] = ctable.encode(question, MAXLEN)
    y[i] = ctable.encode(answer, DIGITS + 1)

split_at = len(x) - len(x) // 10
(x_train, x_val) = x[:split_at], x[split_at:]
(y_train, y_val) = y[:split_at], y[split_at:]
print('Training Data:', x_train.shape, y_train.shape)

model = Sequential()
model.add(layers.LSTM(32, input_shape=(MAXLEN, len(chars))))
model.add(layers.RepeatVector(DIGITS + 1))
model.add(layers.LSTM(32, return_sequences=True))
model.add(layers.TimeDistributed(layers.Dense(len(chars), activation='softmax')))
model.compile(loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy'])

for iteration in range(1, 4):
    history = model.fit(x_train, y_train, batch_size=32, epochs=1, validation_data=(x_val, y_val), verbose=0)
    print('Iteration', iteration, 'loss %.4f' % history.history['loss'][0])
    for i in range(2):
        rowx, rowy = x_val[np.array([i])], y_val[np.array([i])]
        preds = model.predict(rowx, verbose=0).argmax(axis=-1)
        q = ctable.decode(rowx[0])
        guess = ctable.decode(preds[0], calc_argmax=False)
        print('Q', q[::-1] if REVERSE else q, 'T', ctable.decode(rowy[0]), 'right' if guess == ctable.decode(rowy[0]) else 'wrong', guess)
