"""The states of recurrent layers: kept in one variable, taken apart, passed on, and found again in a model that was saved."""

import numpy as np
import keras
from keras import layers

keras.utils.set_random_seed(8)
np.random.seed(8)

STEPS, AHEAD, UNITS = 12, 4, 10

series = np.sin(np.arange(400) * 0.3) + 0.1 * np.random.normal(size=400)


def windows(data, steps, ahead):
    x, y = [], []
    for i in range(len(data) - steps - ahead):
        x.append(data[i : i + steps])
        y.append(data[i + steps : i + steps + ahead])
    return np.array(x)[:, :, None], np.array(y)[:, :, None]


x, y = windows(series, STEPS, AHEAD)
x_train, y_train = x[:300], y[:300]
x_test, y_test = x[300:], y[300:]
print(x_train.shape, y_test.shape)

# All outputs of the encoder in one variable
encoder_inputs = keras.Input(shape=(STEPS, 1))
encoder = layers.LSTM(UNITS, return_state=True)
encoder_outputs = encoder(encoder_inputs)
encoder_states = encoder_outputs[1:]
repeated = layers.RepeatVector(AHEAD)(encoder_outputs[0])
decoded = layers.LSTM(UNITS, return_sequences=True)(repeated, initial_state=encoder_states)
model = keras.Model(encoder_inputs, layers.TimeDistributed(layers.Dense(1))(decoded))
model.compile(loss="mse", optimizer=keras.optimizers.Adam(0.01))
history = model.fit(x_train, y_train, epochs=2, batch_size=30, shuffle=False, validation_data=(x_test, y_test), verbose=0)
for epoch in range(2):
    print("epoch %d: %.4f %.4f" % (epoch, history.history["loss"][epoch], history.history["val_loss"][epoch]))

# A model with two inputs, saved and taken apart
source = keras.Input(shape=(None, 1))
_, state = layers.GRU(UNITS, return_state=True)(source)
known = keras.Input(shape=(None, 1))
gru = layers.GRU(UNITS, return_sequences=True, return_state=True)
sequence, _ = gru(known, initial_state=state)
predicted = layers.Dense(1)(sequence)
both = keras.Model([source, known], predicted)
both.compile(loss="mae", optimizer="rmsprop")
shifted = np.concatenate([x_train[:, -1:], y_train[:, :-1]], axis=1)
losses = both.fit([x_train, shifted], y_train, epochs=2, batch_size=50, verbose=0).history["loss"]
print("teacher forcing:", " ".join("%.4f" % loss for loss in losses))

both.save("states.keras")
loaded = keras.models.load_model("states.keras")
inputs = loaded.input[0]
outputs, code = loaded.layers[2].output
coder = keras.Model(inputs, [outputs, code])
step_input = loaded.input[1]
step_state = keras.Input(shape=(UNITS,))
step_outputs, step_code = loaded.layers[3](step_input, initial_state=step_state)
stepper = keras.Model([step_input, step_state], [loaded.layers[4](step_outputs), step_code])

_, state_value = coder.predict(x_test[:3], verbose=0)
value = x_test[:3, -1:]
for step in range(AHEAD):
    value, state_value = stepper.predict([value, state_value], verbose=0)
    print("step", step, np.round(value.ravel(), 3), "state %.4f" % state_value.mean())

# A stateful model goes on where it ended
stateful = keras.Sequential([keras.Input(batch_shape=(1, 6, 1)), layers.LSTM(4, stateful=True), layers.Dense(1)])
first = stateful.predict(x[:1, :6], verbose=0)
second = stateful.predict(x[:1, :6], verbose=0)
stateful.layers[0].reset_states()
third = stateful.predict(x[:1, :6], verbose=0)
print("again: %.5f %.5f %.5f" % (first[0, 0], second[0, 0], third[0, 0]))
