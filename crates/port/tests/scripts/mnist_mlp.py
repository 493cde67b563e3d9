'''A plain multilayer perceptron on small digit-like images.

The digits are blurry prototypes with noise on top, so that the script
runs without a download. The steps are those one would take with MNIST.
'''
from __future__ import print_function

import numpy as np
import keras
from keras.models import Sequential
from keras.layers import Dense, Dropout
from keras.optimizers import RMSprop

batch_size = 32
num_classes = 10
epochs = 5
side = 8

keras.utils.set_random_seed(1234)
np.random.seed(1234)

# the data, split between train and test sets
prototypes = np.random.randint(0, 256, size=(num_classes, side, side))
labels = np.random.randint(0, num_classes, size=300)
images = prototypes[labels] + np.random.normal(0, 40, size=(300, side, side))
images = np.clip(images, 0, 255)

x_train, x_test = images[:240], images[240:]
y_train, y_test = labels[:240], labels[240:]

x_train = x_train.reshape(240, side * side)
x_test = x_test.reshape(60, side * side)
x_train = x_train.astype('float32')
x_test = x_test.astype('float32')
x_train /= 255
x_test /= 255
print(x_train.shape[0], 'train samples')
print(x_test.shape[0], 'test samples')

# convert class vectors to binary class matrices
y_train = keras.utils.to_categorical(y_train, num_classes)
y_test = keras.utils.to_categorical(y_test, num_classes)

model = Sequential()
model.add(Dense(64, activation='relu', input_shape=(side * side,)))
model.add(Dropout(0.2))
model.add(Dense(64, activation='relu'))
model.add(Dropout(0.2))
model.add(Dense(num_classes, activation='softmax'))

model.compile(loss='categorical_crossentropy',
              optimizer=RMSprop(learning_rate=0.002),
              metrics=['accuracy'])

history = model.fit(x_train, y_train,
                    batch_size=batch_size,
                    epochs=epochs,
                    verbose=0,
                    validation_data=(x_test, y_test))
for epoch in range(epochs):
    print('epoch %d: loss %.4f, accuracy %.4f, val_loss %.4f' % (
        epoch + 1,
        history.history['loss'][epoch],
        history.history['accuracy'][epoch],
        history.history['val_loss'][epoch]))

score = model.evaluate(x_test, y_test, verbose=0)
print('Test loss:', score[0])
print('Test accuracy:', score[1])

predictions = model.predict(x_test[:5], verbose=0)
print('Predicted:', np.argmax(predictions, axis=1))
print('Expected: ', np.argmax(y_test[:5], axis=1))
