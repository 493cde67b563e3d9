"""A dense network on pictures of digits; here on random ones, so that nothing has to be fetched."""
import numpy as np
import keras
from keras import layers

batch_size = 32
num_classes = 10
epochs = 2

np.random.seed(7)
keras.utils.set_random_seed(7)

# The data: pictures of 28 x 28 with values from 0 to 255.
images = np.random.rand(200, 28, 28) * 255
x_train = images[:160].reshape(160, 784).astype("float32") / 255
x_test = images[160:].reshape(40, 784).astype("float32") / 255
labels = np.argmax(images[:, 0, :10], axis=-1)
y_train = keras.utils.to_categorical(labels[:160], num_classes)
y_test = keras.utils.to_categorical(labels[160:], num_classes)
print(x_train.shape[0], "train samples")
print(x_test.shape[0], "test samples")

model = keras.Sequential(
    [
        layers.Dense(64, activation="relu", input_shape=(784,)),
        layers.Dropout(0.2),
        layers.Dense(32, activation="relu", kernel_regularizer=keras.regularizers.l2(1e-4)),
        layers.Dense(num_classes, activation="softmax", name="classes"),
    ]
)
model.summary()

model.compile(
    loss="categorical_crossentropy",
    optimizer=keras.optimizers.RMSprop(learning_rate=0.001),
    metrics=["accuracy"],
)
history = model.fit(
    x_train,
    y_train,
    batch_size=batch_size,
    epochs=epochs,
    verbose=0,
    validation_data=(x_test, y_test),
)
score = model.evaluate(x_test, y_test, verbose=0)
print("Test loss:", score[0])
print("Test accuracy:", score[1])
print("validation losses:", history.history["val_loss"])
