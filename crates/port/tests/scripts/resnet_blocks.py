# A small residual network in the functional API.
import numpy as np
import tensorflow as tf
from tensorflow.keras.layers import (
    Input, Conv2D, BatchNormalization, Activation, Add, GlobalAveragePooling2D, Dense, MaxPooling2D,
)
from tensorflow.keras.models import Model
from tensorflow.keras.regularizers import l2

tf.keras.utils.set_random_seed(21)
np.random.seed(21)

NUM_CLASSES = 3
IMG = 16


def conv_bn(x, filters, kernel_size=3, strides=1, activation="relu"):
    x = Conv2D(
        filters,
        kernel_size,
        strides=strides,
        padding="same",
        kernel_initializer="he_normal",
        kernel_regularizer=l2(1e-4),
        use_bias=False,
    )(x)
    x = BatchNormalization(momentum=0.8)(x)
    if activation is not None:
        x = Activation(activation)(x)
    return x


def residual_block(x, filters, strides=1):
    shortcut = x
    y = conv_bn(x, filters, strides=strides)
    y = conv_bn(y, filters, activation=None)
    # Project the shortcut where the shape changes
    if strides != 1 or shortcut.shape[-1] != filters:
        shortcut = conv_bn(shortcut, filters, kernel_size=1, strides=strides, activation=None)
    y = Add()([y, shortcut])
    return Activation("relu")(y)


def build_resnet(input_shape, num_classes, stages=(8, 16), blocks=2):
    inputs = Input(shape=input_shape)
    x = conv_bn(inputs, 8)
    x = MaxPooling2D(2)(x)
    for i, filters in enumerate(stages):
        for block in range(blocks):
            strides = 2 if i > 0 and block == 0 else 1
            x = residual_block(x, filters, strides)
    x = GlobalAveragePooling2D()(x)
    outputs = Dense(num_classes, activation="softmax")(x)
    return Model(inputs, outputs, name="tiny_resnet")


# horizontal stripes, vertical stripes, and plain noise
n = 90
y = np.arange(n) % NUM_CLASSES
x = np.random.normal(0, 0.5, size=(n, IMG, IMG, 1))
x[y == 0, ::2] += 1.0
x[y == 1, :, ::2] += 1.0
order = np.random.permutation(n)
x, y = x[order].astype("float32"), y[order]
y_onehot = tf.keras.utils.to_categorical(y, NUM_CLASSES)

model = build_resnet((IMG, IMG, 1), NUM_CLASSES)
print(model.name, "layers:", len(model.layers), "parameters:", model.count_params())
model.compile(
    optimizer=tf.keras.optimizers.SGD(learning_rate=0.05, momentum=0.9),
    loss="categorical_crossentropy",
    metrics=["accuracy"],
)
history = model.fit(x[:72], y_onehot[:72], batch_size=24, epochs=3, verbose=0)
for epoch, loss in enumerate(history.history["loss"]):
    print("epoch %d: loss %.4f accuracy %.4f" % (epoch + 1, loss, history.history["accuracy"][epoch]))

results = model.evaluate(x[72:], y_onehot[72:], verbose=0)
print(f"test loss = {results[0]:.4f}, test accuracy = {results[1]:.4f}")
print(np.round(model.predict(x[72:75], verbose=0), 3))
