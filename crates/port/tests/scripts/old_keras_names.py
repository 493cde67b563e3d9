"""A classifier of two rings, with names that older versions of Keras had."""

import numpy as np
import tensorflow as tf
from tensorflow.keras import backend as K
from tensorflow.keras import initializers, optimizers, regularizers
from tensorflow.keras.layers import Activation, BatchNormalization, Dense, Dropout, LeakyReLU
from tensorflow.keras.models import Sequential
from tensorflow.keras.utils import to_categorical

np.random.seed(1)
angles = np.random.uniform(0, 2 * np.pi, 200)
radii = np.where(np.arange(200) < 100, 1.0, 2.0) + np.random.normal(0, 0.1, 200)
x = np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1).astype("float32")
labels = (np.arange(200) >= 100).astype("int32")
y = to_categorical(labels, 2)

initializer = initializers.get("he_normal")
penalty = regularizers.get("l2")

model = Sequential()
model.add(Dense(16, kernel_initializer=initializer, input_dim=2))
model.add(LeakyReLU(alpha=0.1))
model.add(BatchNormalization(momentum=0.8))
model.add(Dense(16, kernel_regularizer=penalty))
model.add(Activation(tf.nn.relu))
model.add(Dropout(0.1))
model.add(Dense(2, activation="softmax"))


def scaled_error(y_true, y_pred):
    return K.mean(K.square(y_pred - y_true), axis=-1) * 10.0


opt = optimizers.RMSprop(learning_rate=0.01)
model.compile(loss="categorical_crossentropy", optimizer=opt, metrics=["accuracy", scaled_error])
history = model.fit(x, y, batch_size=32, epochs=5, verbose=0)
print(history.history["loss"])
print(history.history["scaled_error"][-1])

noise = K.zeros((4, 2))
print(K.int_shape(noise), K.image_data_format(), K.epsilon())
print(tf.transpose(tf.constant([[1.0, 2.0], [3.0, 4.0]]), perm=[1, 0]).numpy())

loss, accuracy, error = model.evaluate(x, y, verbose=0)
print("loss %.4f accuracy %.4f error %.4f" % (loss, accuracy, error))
classes = np.argmax(model.predict(x, verbose=0), axis=-1)
print(np.sum(classes == labels))
