"""A MobileNet-like network of depthwise separable convolutions, on 16x16 images."""
from __future__ import annotations

import numpy as np
import keras
from keras import layers


def depthwise_block(x, filters: int, alpha: float = 1.0, strides: int = 1, block_id: int = 1):
    channels = int(filters * alpha)
    x = layers.DepthwiseConv2D(
        3, strides=strides, padding="same", use_bias=False, name=f"conv_dw_{block_id}"
    )(x)
    x = layers.BatchNormalization(name=f"conv_dw_{block_id}_bn")(x)
    x = layers.ReLU(6.0, name=f"conv_dw_{block_id}_relu")(x)
    x = layers.Conv2D(channels, 1, padding="same", use_bias=False, name=f"conv_pw_{block_id}")(x)
    x = layers.BatchNormalization(name=f"conv_pw_{block_id}_bn")(x)
    return layers.ReLU(6.0, name=f"conv_pw_{block_id}_relu")(x)


def build(alpha: float = 1.0, classes: int = 2) -> keras.Model:
    inputs = keras.Input(shape=(16, 16, 3), name="image")
    x = layers.Rescaling(1.0 / 127.5, offset=-1)(inputs)
    x = layers.Conv2D(int(8 * alpha), 3, strides=2, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU(6.0)(x)
    config = [(8, 1), (16, 2), (16, 1)]
    for i, (filters, strides) in enumerate(config, start=1):
        x = depthwise_block(x, filters, alpha, strides, block_id=i)
    x = layers.SeparableConv2D(16, 3, padding="same", activation="relu")(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.2)(x)
    outputs = layers.Dense(classes, activation="softmax", name="predictions")(x)
    return keras.Model(inputs, outputs, name="mobilenet_%d" % int(alpha * 100))


def make_images(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Reddish images are of class 0 and bluish ones of class 1."""
    labels = np.random.randint(0, 2, size=count)
    images = np.random.randint(0, 160, size=(count, 16, 16, 3))
    images[labels == 0, :, :, 0] += 60
    images[labels == 1, :, :, 2] += 60
    return images.astype("float32"), labels


def main():
    keras.utils.set_random_seed(2024)
    np.random.seed(2024)
    x_train, y_train = make_images(96)
    x_test, y_test = make_images(32)
    print("mean of the channels:", np.round(x_train.mean(axis=(0, 1, 2)), 2))

    for alpha in (0.5, 1.0):
        model = build(alpha)
        trainable = sum(np.prod(w.shape) for w in model.trainable_weights)
        print(f"{model.name}: {model.count_params()} parameters, {trainable} trainable")
        model.compile(
            optimizer=keras.optimizers.Adam(1e-3),
            loss=keras.losses.SparseCategoricalCrossentropy(),
            metrics=["accuracy"],
        )
        history = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=0)
        for epoch, loss in enumerate(history.history["loss"]):
            print(f"  epoch {epoch}: loss {loss:.4f}")
        loss, acc = model.evaluate(x_test, y_test, verbose=0)
        print(f"  test: loss {loss:.4f} accuracy {acc:.4f}")
        print("  first predictions:", model.predict(x_test[:2], verbose=0).round(4).ravel())


if __name__ == "__main__":
    main()
