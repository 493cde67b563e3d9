# A stateful GRU that follows a sine wave step by step, and then generates the wave by itself.
import numpy as np
from keras.models import Sequential
from keras.layers import Dense, GRU, Input
from keras.optimizers import Adam
from keras.utils import set_random_seed

set_random_seed(19)
np.random.seed(19)

lahead = 1  # how many steps ahead to predict
batch_size = 4
timesteps = 5
length = 240
epochs = 4


def gen_sine(amp=1.0, period=24, n=length, noise=0.02):
    """A sine wave with noise, of the shape (n,)."""
    t = np.arange(n)
    return amp * np.sin(2 * np.pi * t / period) + np.random.normal(0.0, noise, n)


def to_windows(series, n_streams):
    """Cuts the series into streams, and the streams into windows that follow each other.

    Sample i of a batch continues sample i of the batch before, as a stateful layer needs it.
    """
    per_stream = len(series) // n_streams
    n_windows = (per_stream - lahead) // timesteps
    x, y = [], []
    for w in range(n_windows):
        for s in range(n_streams):
            start = s * per_stream + w * timesteps
            x.append(series[start:start + timesteps])
            y.append(series[start + lahead:start + timesteps + lahead])
    return np.array(x)[..., np.newaxis], np.array(y)[..., np.newaxis]


series = gen_sine()
x, y = to_windows(series, batch_size)
print('windows:', x.shape, y.shape)

model = Sequential()
model.add(Input(batch_shape=(batch_size, timesteps, 1)))
model.add(GRU(12, stateful=True, return_sequences=True))
model.add(Dense(1))
model.compile(loss='mse', optimizer=Adam(learning_rate=0.02))

print('Training')
for i in range(epochs):
    # The order of the batches matters: no shuffling, and the states begin with zeros in each epoch
    history = model.fit(x, y, batch_size=batch_size, epochs=1, shuffle=False, verbose=0)
    print('Epoch', i + 1, '/', epochs, 'loss: %.5f' % history.history['loss'][0])
    for layer in model.layers:
        if hasattr(layer, 'reset_states'):
            layer.reset_states()

predicted = model.predict(x, batch_size=batch_size, verbose=0)
print('mean squared error: %.5f' % np.mean((predicted - y) ** 2))
print('first window:', predicted[0].ravel())

# The same weights in a model for one sample and one step
single = Sequential([
    Input(batch_shape=(1, 1, 1)),
    GRU(12, stateful=True, return_sequences=False),
    Dense(1),
])
single.set_weights(model.get_weights())

value = np.zeros((1, 1))
for number in series[:24]:
    value = single.predict(np.array([[[number]]]), verbose=0)
generated = []
for step in range(8):
    generated.append(float(value[0, 0]))
    value = single.predict(value.reshape(1, 1, 1), verbose=0)
for step, (g, t) in enumerate(zip(generated, series[24:32])):
    print(f'{step}: generated {g:+.4f}, true {t:+.4f}')
