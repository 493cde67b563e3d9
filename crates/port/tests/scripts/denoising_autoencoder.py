"""An autoencoder of dense layers that takes the noise off small pictures."""
import numpy as np
from keras.layers import Input, Dense
from keras.models import Model
from keras.utils import set_random_seed

set_random_seed(31)
np.random.seed(31)

SIDE = 10
NOISE_FACTOR = 0.5
ENCODING_DIM = 16  # how small the representation is

# every picture is a bright disc somewhere
rows, cols = np.arange(SIDE).reshape(-1, 1), np.arange(SIDE).reshape(1, -1)


def disc(cy, cx, radius):
    return ((rows - cy) ** 2 + (cols - cx) ** 2 <= radius ** 2).astype('float32')


def dataset(n):
    centres = np.random.uniform(2, SIDE - 2, size=(n, 2))
    radii = np.random.uniform(1.5, 3.5, size=n)
    return np.array([disc(c[0], c[1], r) for c, r in zip(centres, radii)])


x_train = dataset(160)
x_test = dataset(40)
x_train = x_train.reshape((len(x_train), np.prod(x_train.shape[1:])))
x_test = x_test.reshape((len(x_test), np.prod(x_test.shape[1:])))
print(x_train.shape)
print(x_test.shape)

x_train_noisy = x_train + NOISE_FACTOR * np.random.normal(loc=0.0, scale=1.0, size=x_train.shape)
x_test_noisy = x_test + NOISE_FACTOR * np.random.normal(loc=0.0, scale=1.0, size=x_test.shape)
x_train_noisy = np.clip(x_train_noisy, 0., 1.)
x_test_noisy = np.clip(x_test_noisy, 0., 1.)

# this is our input placeholder
input_img = Input(shape=(SIDE * SIDE,))
# "encoded" is the encoded representation of the input
encoded = Dense(64, activation='relu')(input_img)
encoded = Dense(ENCODING_DIM, activation='relu')(encoded)
# "decoded" is the lossy reconstruction of the input
decoded = Dense(64, activation='relu')(encoded)
decoded = Dense(SIDE * SIDE, activation='sigmoid')(decoded)

autoencoder = Model(input_img, decoded)
# a separate model for the encoder
encoder = Model(input_img, encoded)
# ... and for the decoder, of the last layers of the autoencoder
encoded_input = Input(shape=(ENCODING_DIM,))
decoder = Model(encoded_input, autoencoder.layers[-1](autoencoder.layers[-2](encoded_input)))

autoencoder.compile(optimizer='adam', loss='binary_crossentropy')
history = autoencoder.fit(x_train_noisy, x_train,
                          epochs=6,
                          batch_size=32,
                          shuffle=True,
                          validation_data=(x_test_noisy, x_test),
                          verbose=0)
for epoch, (loss, val_loss) in enumerate(zip(history.history['loss'], history.history['val_loss']), 1):
    print('epoch {}: loss {:.4f}, val_loss {:.4f}'.format(epoch, loss, val_loss))

encoded_imgs = encoder.predict(x_test_noisy, verbose=0)
decoded_imgs = decoder.predict(encoded_imgs, verbose=0)
print('mean of the codes: %.4f' % encoded_imgs.mean())
print('error of the noisy pictures: %.4f' % np.mean(np.abs(x_test_noisy - x_test)))
print('error of the cleaned ones: %.4f' % np.mean(np.abs(decoded_imgs - x_test)))

picture = decoded_imgs[0].reshape(SIDE, SIDE)
for row in picture:
    print(''.join('#' if value > 0.5 else '.' for value in row))
print('best restored:', np.argmin(np.mean((decoded_imgs - x_test) ** 2, axis=1)))
