"""An autoencoder, trained in a loop of its own, and a classifier of what it has in the middle."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers, Model, Sequential

keras.utils.set_random_seed(5)

BATCH_SIZE = 32
EPOCHS = 3


class Autoencoder(Model):
    def __init__(self, size=6, features=20):
        super(Autoencoder, self).__init__()
        self.encoder = Sequential([
            layers.Dense(16, activation=layers.LeakyReLU(negative_slope=0.3)),
            layers.Dense(size),
        ])
        self.decoder = Sequential([
            layers.Dense(16, activation=layers.ELU(alpha=0.5)),
            layers.Dense(features),
        ])

    def call(self, inputs, training=None, mask=None):
        x = self.encoder(inputs, training)
        x = self.decoder(x, training)
        return tf.sigmoid(x)


rng = np.random.RandomState(1)
labels = rng.randint(0, 3, size=192)
centers = rng.uniform(0.1, 0.9, size=(3, 20))
x_train = np.clip(centers[labels] + 0.1 * rng.normal(size=(192, 20)), 0, 1).astype(np.float32)

model = Autoencoder()
model.build(input_shape=(None, 20))
optimizer = keras.optimizers.Adam(0.01)
dataset = tf.data.Dataset.from_tensor_slices(x_train).batch(BATCH_SIZE)

for epoch in range(EPOCHS):
    total = 0.0
    for x in dataset:
        with tf.GradientTape() as tape:
            restored = model(x)
            loss = tf.reduce_mean(tf.losses.mse(x, restored))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        total += float(loss)
    print(f"epoch {epoch + 1}: {total / 6:.5f}")

restored = model(x_train[:2]).numpy()
print("restored:", restored[:, :4])

classifier = Sequential([
    keras.Input((20,)),
    layers.Dense(8, activation=layers.ReLU(max_value=2.0)),
    layers.Dense(3, activation=layers.Softmax()),
])
classifier.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
history = classifier.fit(x_train, labels, epochs=3, batch_size=32, verbose=0)
print("losses:", [round(loss, 4) for loss in history.history["loss"]])
print("probabilities:", classifier.predict(x_train[:2], verbose=0))
