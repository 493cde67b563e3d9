# Compares ways to change the learning rate during training.
import math

import numpy as np
from tensorflow import keras
from tensorflow.keras.layers import Dense
from tensorflow.keras.callbacks import LearningRateScheduler, ReduceLROnPlateau
from tensorflow.keras.optimizers import SGD
from tensorflow.keras.optimizers.schedules import ExponentialDecay

EPOCHS = 6

keras.utils.set_random_seed(8)
np.random.seed(8)

X = np.random.uniform(-1, 1, size=(120, 4))
w = np.array([1.5, -2.0, 0.5, 3.0])
y = np.dot(X, w) + 0.1 * np.random.randn(120)


def build_model(learning_rate):
    keras.utils.set_random_seed(8)
    model = keras.Sequential()
    model.add(Dense(12, activation='tanh', input_shape=(4,)))
    model.add(Dense(1))
    model.compile(loss='mse', optimizer=SGD(learning_rate=learning_rate, momentum=0.8))
    return model


# learning rate schedule
def step_decay(epoch):
    initial_lrate = 0.1
    drop = 0.5
    epochs_drop = 2.0
    lrate = initial_lrate * math.pow(drop, math.floor((1 + epoch) / epochs_drop))
    return lrate


def warmup(epoch, lr):
    if epoch < 3:
        return 0.02 * (epoch + 1)
    return lr * math.exp(-0.1)


def report(name, history):
    print(name)
    rates = history.history.get('learning_rate', [])
    for epoch, loss in enumerate(history.history['loss']):
        if len(rates) > 0:
            print('  epoch %d  loss %.5f  lr %.5f' % (epoch + 1, loss, rates[epoch]))
        else:
            print('  epoch %d  loss %.5f' % (epoch + 1, loss))


# 1. A function of the epoch
model = build_model(0.0)
history = model.fit(X, y, epochs=EPOCHS, batch_size=20, callbacks=[LearningRateScheduler(step_decay)], verbose=0)
report('step decay', history)

# 2. A function of the epoch and the rate
model = build_model(0.01)
history = model.fit(X, y, epochs=EPOCHS, batch_size=20, callbacks=[LearningRateScheduler(warmup)], verbose=0)
report('warmup', history)

# 3. On a plateau
model = build_model(0.3)
rlrop = ReduceLROnPlateau(monitor='val_loss', factor=0.2, patience=1, min_lr=1e-4, min_delta=0.01)
history = model.fit(X[:90], y[:90], validation_data=(X[90:], y[90:]), epochs=EPOCHS, callbacks=[rlrop], verbose=0)
report('plateau', history)

# 4. A schedule inside of the optimizer
schedule = ExponentialDecay(initial_learning_rate=0.1, decay_steps=10, decay_rate=0.8, staircase=True)
print('schedule:', [round(float(schedule(step)), 5) for step in (0, 5, 10, 25)])
model = build_model(schedule)
history = model.fit(X, y, epochs=EPOCHS, batch_size=20, verbose=0)
report('exponential decay', history)
print('evaluation: %.5f' % model.evaluate(X, y, verbose=0))
print(model.predict(X[:3], verbose=0))
