import keras
import numpy as np
from keras.layers import Conv2D, MaxPooling2D, AveragePooling2D, Input, Dense, Dropout, Flatten, concatenate
from keras.models import Model

keras.utils.set_random_seed(5)
np.random.seed(5)


def inception_module(layer_in, f1, f2_in, f2_out, f3_in, f3_out, f4_out):
    """The module of GoogLeNet with its projections."""
    # 1x1 conv
    conv1 = Conv2D(f1, (1, 1), padding='same', activation='relu')(layer_in)
    # 3x3 conv
    conv3 = Conv2D(f2_in, (1, 1), padding='same', activation='relu')(layer_in)
    conv3 = Conv2D(f2_out, (3, 3), padding='same', activation='relu')(conv3)
    # 5x5 conv
    conv5 = Conv2D(f3_in, (1, 1), padding='same', activation='relu')(layer_in)
    conv5 = Conv2D(f3_out, (5, 5), padding='same', activation='relu')(conv5)
    # 3x3 max pooling
    pool = MaxPooling2D((3, 3), strides=(1, 1), padding='same')(layer_in)
    pool = Conv2D(f4_out, (1, 1), padding='same', activation='relu')(pool)
    # concatenate filters, channels last
    layer_out = concatenate([conv1, conv3, conv5, pool], axis=-1)
    return layer_out


# Images with one bright disc: its radius decides the class
def make_discs(count, size=12):
    images = np.zeros((count, size, size, 1))
    labels = np.zeros(count, dtype=int)
    grid_y, grid_x = np.mgrid[0:size, 0:size]
    for k in range(count):
        radius = np.random.uniform(1.5, 4.5)
        cx = np.random.randint(4, 8)
        cy = np.random.randint(4, 8)
        mask = (grid_x - cx) ** 2 + (grid_y - cy) ** 2 <= radius ** 2
        images[k, :, :, 0] = mask
        labels[k] = int(radius > 3.0)
    return images, labels


X, Y = make_discs(100)
X_train, X_test = X[:80], X[80:]
Y_train, Y_test = Y[:80], Y[80:]
print('Train:', X_train.shape, Y_train.shape, 'positives:', Y_train.sum())

visible = Input(shape=(12, 12, 1))
layer = inception_module(visible, 4, 4, 6, 2, 3, 3)
layer = inception_module(layer, 6, 4, 8, 2, 4, 4)
layer = AveragePooling2D((4, 4))(layer)
layer = Flatten()(layer)
layer = Dropout(0.3)(layer)
out = Dense(1, activation='sigmoid')(layer)
model = Model(inputs=visible, outputs=out)

model.compile(loss='binary_crossentropy', optimizer='rmsprop', metrics=['accuracy'])
hist = model.fit(X_train, Y_train, validation_data=(X_test, Y_test), epochs=4, batch_size=20, verbose=0)

print('Epoch | Loss   | Acc    | Val loss')
for i in range(len(hist.history['loss'])):
    print('%5d | %.4f | %.4f | %.4f' % (
        i + 1,
        hist.history['loss'][i],
        hist.history['accuracy'][i],
        hist.history['val_loss'][i],
    ))

score = model.evaluate(X_test, Y_test, verbose=0)
print('Test score:', score[0])
print('Test accuracy:', score[1])
for k, p in enumerate(model.predict(X_test[:4], verbose=0)):
    print(f'image {k}: p = {p[0]:.4f}, true class {Y_test[k]}')
