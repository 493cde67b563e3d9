"""Classifies short sensor recordings with a fully convolutional 1D network."""
import numpy as np
import keras

keras.utils.set_random_seed(1)
np.random.seed(1)

LENGTH = 40
CLASSES = ("sine", "square", "sawtooth")
num_classes = len(CLASSES)


def make_recordings(per_class):
    time = np.linspace(0, 1, LENGTH)
    xs, ys = [], []
    for label, name in enumerate(CLASSES):
        for _ in range(per_class):
            frequency = np.random.uniform(2, 5)
            phase = np.random.rand()
            t = frequency * time + phase
            if name == "sine":
                signal = np.sin(2 * np.pi * t)
            elif name == "square":
                signal = np.sign(np.sin(2 * np.pi * t))
            else:
                signal = 2 * (t % 1) - 1
            xs.append(signal + np.random.normal(scale=0.3, size=LENGTH))
            ys.append(label)
    return np.array(xs), np.array(ys)


x_train, y_train = make_recordings(50)
x_test, y_test = make_recordings(15)

# Standardize each recording, and add the dimension of the channels
x_train = (x_train - x_train.mean(axis=1, keepdims=True)) / x_train.std(axis=1, keepdims=True)
x_test = (x_test - x_test.mean(axis=1, keepdims=True)) / x_test.std(axis=1, keepdims=True)
x_train = x_train.reshape((x_train.shape[0], x_train.shape[1], 1))
x_test = x_test.reshape((x_test.shape[0], x_test.shape[1], 1))

idx = np.random.permutation(len(x_train))
x_train = x_train[idx]
y_train = y_train[idx]
print("train", x_train.shape, "test", x_test.shape)
print("classes:", np.unique(np.concatenate((y_train, y_test), axis=0)))


def make_model(input_shape):
    input_layer = keras.layers.Input(input_shape)

    conv1 = keras.layers.Conv1D(filters=16, kernel_size=3, padding="same")(input_layer)
    conv1 = keras.layers.BatchNormalization()(conv1)
    conv1 = keras.layers.ReLU()(conv1)

    conv2 = keras.layers.Conv1D(filters=16, kernel_size=3, padding="same")(conv1)
    conv2 = keras.layers.BatchNormalization()(conv2)
    conv2 = keras.layers.ReLU()(conv2)

    gap = keras.layers.GlobalAveragePooling1D()(conv2)
    output_layer = keras.layers.Dense(num_classes, activation="softmax")(gap)
    return keras.models.Model(inputs=input_layer, outputs=output_layer)


model = make_model(input_shape=x_train.shape[1:])
callbacks = [
    keras.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=2, min_lr=0.0001),
    keras.callbacks.EarlyStopping(monitor="val_loss", patience=6, verbose=0),
]
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["sparse_categorical_accuracy"])
history = model.fit(x_train, y_train, batch_size=16, epochs=8, callbacks=callbacks, validation_split=0.2, verbose=0)

metric = "sparse_categorical_accuracy"
for epoch, (a, b, c) in enumerate(zip(history.history["loss"], history.history[metric], history.history["val_" + metric])):
    print(f"{epoch + 1:3d} {a:.4f} {b:.4f} {c:.4f}")
test_loss, test_acc = model.evaluate(x_test, y_test, verbose=0)
print("Test accuracy", test_acc)
print("Test loss", test_loss)
predicted = model.predict(x_test, verbose=0).argmax(axis=1)
for label, name in enumerate(CLASSES):
    right = np.sum(predicted[y_test == label] == label)
    print(f"{name:>9}: {right} of {np.sum(y_test == label)}")
