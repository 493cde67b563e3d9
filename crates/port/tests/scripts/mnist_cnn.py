"""Small convnet for grey 12x12 pictures of bars, crosses and boxes."""
import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

NUM_CLASSES = 4
IMAGE_SIZE = 12
INPUT_SHAPE = (IMAGE_SIZE, IMAGE_SIZE, 1)
BATCH_SIZE = 16
EPOCHS = 4


def make_images(count):
    images = np.random.rand(count, IMAGE_SIZE, IMAGE_SIZE) * 0.3
    labels = np.zeros(count, dtype="int64")
    for i in range(count):
        kind = i % NUM_CLASSES
        position = np.random.randint(2, IMAGE_SIZE - 3)
        if kind == 0:
            images[i, position, :] = 1.0
        elif kind == 1:
            images[i, :, position] = 1.0
        elif kind == 2:
            images[i, position, :] = 1.0
            images[i, :, position] = 1.0
        else:
            images[i, position - 2:position + 2, position - 2:position + 2] = 1.0
        labels[i] = kind
    return images, labels


keras.utils.set_random_seed(7)
np.random.seed(7)

x_train, y_train = make_images(160)
x_test, y_test = make_images(40)

# Make sure images have shape (12, 12, 1)
x_train = np.expand_dims(x_train.astype("float32"), -1)
x_test = np.expand_dims(x_test.astype("float32"), -1)
print("x_train shape:", x_train.shape)
print(x_train.shape[0], "train samples")
print(x_test.shape[0], "test samples")

y_train = keras.utils.to_categorical(y_train, NUM_CLASSES)
y_test = keras.utils.to_categorical(y_test, NUM_CLASSES)

model = keras.Sequential(
    [
        keras.Input(shape=INPUT_SHAPE),
        layers.Conv2D(8, kernel_size=(3, 3), activation="relu"),
        layers.MaxPooling2D(pool_size=(2, 2)),
        layers.Conv2D(16, kernel_size=(3, 3), activation="relu"),
        layers.Flatten(),
        layers.Dropout(0.25),
        layers.Dense(NUM_CLASSES, activation="softmax"),
    ]
)
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
print("parameters:", model.count_params())

history = model.fit(x_train, y_train, batch_size=BATCH_SIZE, epochs=EPOCHS, validation_split=0.1, verbose=0)
for name, values in history.history.items():
    print(name, [round(value, 4) for value in values])

score = model.evaluate(x_test, y_test, verbose=0)
print(f"Test loss: {score[0]:.4f}")
print(f"Test accuracy: {score[1]:.4f}")

for i, p in enumerate(model.predict(x_test[:4], verbose=0)):
    print(f"image {i}: class {np.argmax(p)} with probability {np.max(p):.3f}")
