# A convolutional network that a function makes, with callbacks.
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers
from tensorflow.keras.callbacks import EarlyStopping, ReduceLROnPlateau


def make_model(filters, classes, rate=0.25, deep=True):
    """Two blocks, and a head."""
    inputs = keras.Input(shape=(16, 16, 1), name="image")
    x = layers.Conv2D(filters, (3, 3), padding="same", activation="relu")(inputs)
    x = layers.MaxPooling2D((2, 2))(x)
    if deep:
        x = layers.Conv2D(filters * 2, 3, padding="same", activation=tf.nn.relu)(x)
        x = layers.BatchNormalization()(x)
    # The second block's maps are averaged.
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(rate)(x)
    outputs = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(inputs=inputs, outputs=outputs)


def main():
    tf.random.set_seed(1)
    x = np.random.normal(0.0, 1.0, (48, 16, 16, 1)).astype(np.float32)
    y = np.array([0, 1, 2] * 16)
    model = make_model(8, 3)
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(),
        metrics=["accuracy"],
    )
    model.fit(
        x,
        y,
        epochs=3,
        batch_size=16,
        validation_split=0.25,
        callbacks=[EarlyStopping(monitor="val_loss", patience=2), ReduceLROnPlateau(patience=1)],
        verbose=0,
    )
    probabilities = model.predict(x, verbose=0)
    classes = np.argmax(probabilities, axis=1)
    print("classes of", classes.shape, "images")


if __name__ == "__main__":
    main()
