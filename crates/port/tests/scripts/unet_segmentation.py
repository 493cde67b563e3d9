"""Segments squares in noisy 16x16 images with a small U-Net."""
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers, models

SIZE = 16
BATCH_SIZE = 16
EPOCHS = 3

tf.keras.utils.set_random_seed(99)
np.random.seed(99)


def make_data(n):
    images = np.random.rand(n, SIZE, SIZE, 1) * 0.5
    masks = np.zeros((n, SIZE, SIZE, 1))
    for i in range(n):
        w, h = np.random.randint(3, 8), np.random.randint(3, 8)
        left = np.random.randint(0, SIZE - w)
        top = np.random.randint(0, SIZE - h)
        masks[i, top:top + h, left:left + w, 0] = 1.0
    images += masks * 0.4
    return images.astype(np.float32), masks.astype(np.float32)


def conv_block(x, filters):
    for _ in range(2):
        x = layers.Conv2D(filters, 3, padding="same")(x)
        x = layers.BatchNormalization()(x)
        x = layers.Activation("relu")(x)
    return x


def encoder_block(x, filters):
    s = conv_block(x, filters)
    p = layers.MaxPool2D((2, 2))(s)
    return s, p


def decoder_block(x, skip, filters):
    x = layers.Conv2DTranspose(filters, (2, 2), strides=2, padding="same")(x)
    x = layers.Concatenate()([x, skip])
    return conv_block(x, filters)


def build_unet(input_shape):
    inputs = layers.Input(input_shape)
    s1, p1 = encoder_block(inputs, 4)
    s2, p2 = encoder_block(p1, 8)
    b1 = conv_block(p2, 16)
    d1 = decoder_block(b1, s2, 8)
    d2 = decoder_block(d1, s1, 4)
    outputs = layers.Conv2D(1, 1, padding="same", activation="sigmoid")(d2)
    return models.Model(inputs, outputs, name="U-Net")


def dice_coef(y_true, y_pred, smooth=1.0):
    intersection = tf.reduce_sum(y_true * y_pred)
    return (2.0 * intersection + smooth) / (tf.reduce_sum(y_true) + tf.reduce_sum(y_pred) + smooth)


def dice_loss(y_true, y_pred):
    return 1.0 - dice_coef(y_true, y_pred)


x_train, y_train = make_data(64)
x_valid, y_valid = make_data(16)
print(f"foreground: {y_train.mean():.4f} of the training pixels")

model = build_unet((SIZE, SIZE, 1))
model.compile(optimizer="adam", loss=dice_loss, metrics=[dice_coef, "binary_accuracy"])
history = model.fit(
    x_train, y_train, validation_data=(x_valid, y_valid), batch_size=BATCH_SIZE, epochs=EPOCHS, verbose=0
)
for epoch in range(EPOCHS):
    values = ", ".join(f"{name}: {history.history[name][epoch]:.4f}" for name in ("loss", "dice_coef", "val_dice_coef"))
    print(f"epoch {epoch + 1} -- {values}")

pred = model.predict(x_valid, verbose=0)
binary = (pred > 0.5).astype(np.float32)
intersection = np.logical_and(binary, y_valid).sum(axis=(1, 2, 3))
union = np.logical_or(binary, y_valid).sum(axis=(1, 2, 3))
iou = intersection / np.maximum(union, 1)
print("mean IoU: {:.3f}".format(np.mean(iou)))
print("IoU of the first images:", np.round(iou[:4], 3))
