# Pictures of clothes (well, of coloured noise) with the functional API
import numpy as np
import tensorflow as tf
from tensorflow.keras.layers import Input, Conv2D, BatchNormalization, Activation, MaxPooling2D
from tensorflow.keras.layers import GlobalAveragePooling2D, Dense, Dropout, add
from tensorflow.keras.models import Model

class_names = ['T-shirt', 'Trouser', 'Dress', 'Coat', 'Bag']

tf.keras.utils.set_random_seed(21)
np.random.seed(21)


def load_data(n):
    y = np.random.randint(len(class_names), size=(n,))
    grid = np.linspace(0, np.pi, 16)
    x = np.empty((n, 16, 16))
    for i in range(n):
        wave = np.sin(grid * (y[i] + 1))
        x[i] = np.outer(wave, wave) * 127 + 128
    x += np.random.uniform(-60, 60, size=x.shape)
    return np.clip(x, 0, 255).astype('uint8'), y


train_images, train_labels = load_data(150)
test_images, test_labels = load_data(50)
print(train_images.shape, train_images.dtype, len(train_labels))

train_images = train_images[..., np.newaxis] / 255.0
test_images = test_images[..., np.newaxis] / 255.0


def conv_block(x, filters):
    """Two convolutions with a shortcut around the second."""
    x = Conv2D(filters, 3, padding='same', use_bias=False)(x)
    x = BatchNormalization(momentum=0.8)(x)
    x = Activation('relu')(x)
    y = Conv2D(filters, 3, padding='same', activation='relu')(x)
    return add([x, y])


inputs = Input(shape=(16, 16, 1), name='image')
x = conv_block(inputs, 8)
x = MaxPooling2D()(x)
x = conv_block(x, 16)
x = GlobalAveragePooling2D()(x)
x = Dropout(0.3)(x)
outputs = Dense(len(class_names), name='logits')(x)
model = Model(inputs=inputs, outputs=outputs, name='fashion')

model.compile(optimizer=tf.keras.optimizers.Adam(2e-3),
              loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
              metrics=['accuracy'])
history = model.fit(train_images, train_labels, epochs=6, batch_size=25, verbose=0)
for epoch, (loss, acc) in enumerate(zip(history.history['loss'], history.history['accuracy'])):
    print(f'Epoch {epoch + 1}: loss={loss:.4f} accuracy={acc:.3f}')

test_loss, test_acc = model.evaluate(test_images, test_labels, verbose=0)
print('\nTest accuracy:', round(test_acc, 4))
print('Test loss:', round(test_loss, 4))

probability_model = tf.keras.Sequential([model, tf.keras.layers.Softmax()])
predictions = probability_model.predict(test_images, verbose=0)
for i in range(5):
    guess = np.argmax(predictions[i])
    print("{}: {:.1f}% ({})".format(class_names[guess], 100 * np.max(predictions[i]), class_names[test_labels[i]]))
