# Two pictures through one network; what is learned is their distance.
import numpy as np
import tensorflow as tf
from tensorflow.keras import backend as K
from tensorflow.keras import layers, Model, Input


def base_network(shape):
    inp = Input(shape=shape)
    x = layers.Flatten()(inp)
    for units in (16, 8):
        x = layers.Dense(units, activation="relu")(x)
        x = layers.Dropout(0.1)(x)
    return Model(inp, x)


shape = (6, 6)
network = base_network(shape)
a = Input(shape=shape)
b = Input(shape=shape)
distance = layers.Lambda(lambda t: K.sqrt(K.sum(K.square(t[0] - t[1]), axis=1, keepdims=True) + 1e-6))(
    [network(a), network(b)]
)
model = Model([a, b], distance)
rms = tf.keras.optimizers.RMSprop(learning_rate=0.01)
model.compile(loss="mse", optimizer=rms)

left = np.random.rand(32, 6, 6)
right = np.random.rand(32, 6, 6)
apart = np.zeros((32, 1))
model.fit([left, right], apart, epochs=5, batch_size=8, verbose=0)
for step in range(3):
    loss = model.train_on_batch([left, right], apart)
    print("step", step, "loss", loss)
