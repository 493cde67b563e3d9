# Convolutional autoencoder with transposed convolutions
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers
from tensorflow.keras.models import Model

tf.keras.utils.set_random_seed(64)
np.random.seed(64)


def preprocess(array):
    """Normalizes the supplied array and reshapes it into the appropriate format."""
    array = array.astype("float32") / 255.0
    return np.reshape(array, (len(array), 16, 16, 1))


def noise(array):
    """Adds random noise to each image in the supplied array."""
    noise_factor = 0.3
    noisy_array = array + noise_factor * np.random.normal(loc=0.0, scale=1.0, size=array.shape)
    return np.clip(noisy_array, 0.0, 1.0)


def stripes(count):
    images = np.zeros((count, 16, 16), dtype="uint8")
    for n in range(count):
        width = np.random.randint(1, 4)
        offset = np.random.randint(0, width + 1)
        for k in range(offset, 16, 2 * width):
            if n % 2 == 0:
                images[n, :, k:k + width] = 255
            else:
                images[n, k:k + width, :] = 255
    return images


train_data = preprocess(stripes(80))
test_data = preprocess(stripes(20))
noisy_train_data = noise(train_data)
noisy_test_data = noise(test_data)
print("train:", train_data.shape, "mean %.4f" % train_data.mean())
print("test:", test_data.shape, "mean %.4f" % test_data.mean())

input = layers.Input(shape=(16, 16, 1))

# Encoder
x = layers.Conv2D(16, (3, 3), activation="relu", padding="same")(input)
x = layers.MaxPooling2D((2, 2), padding="same")(x)
x = layers.Conv2D(8, (3, 3), activation="relu", padding="same")(x)
x = layers.MaxPooling2D((2, 2), padding="same")(x)

# Decoder
x = layers.Conv2DTranspose(8, (3, 3), strides=2, activation="relu", padding="same")(x)
x = layers.UpSampling2D((2, 2))(x)
x = layers.Conv2D(1, (3, 3), activation="sigmoid", padding="same")(x)

# Autoencoder
autoencoder = Model(input, x)
autoencoder.compile(optimizer="adam", loss="mse", metrics=["mae"])
print("layers:", len(autoencoder.layers), "parameters:", autoencoder.count_params())

# First the clean images...
history = autoencoder.fit(x=train_data, y=train_data, epochs=3, batch_size=16, shuffle=True,
                          validation_data=(test_data, test_data), verbose=0)
for epoch, loss in enumerate(history.history["loss"]):
    print(f"clean {epoch + 1}: loss {loss:.5f} val_loss {history.history['val_loss'][epoch]:.5f}")
# ... and then the noisy ones
history = autoencoder.fit(x=noisy_train_data, y=train_data, epochs=3, batch_size=16, shuffle=True,
                          validation_data=(noisy_test_data, test_data), verbose=0)
for epoch, loss in enumerate(history.history["loss"]):
    print(f"noisy {epoch + 1}: loss {loss:.5f} val_loss {history.history['val_loss'][epoch]:.5f}")

mse, mae = autoencoder.evaluate(noisy_test_data, test_data, verbose=0)
print(f"test: mse {mse:.5f}, mae {mae:.5f}")
predictions = autoencoder.predict(noisy_test_data, verbose=0)
print(predictions.shape, predictions[0, 8, :4, 0])
print("range: %.3f to %.3f" % (predictions.min(), predictions.max()))
