'''A Siamese network on pairs of small pictures, with the contrastive loss.'''
import numpy as np
from tensorflow.keras.models import Model
from tensorflow.keras.layers import Input, Flatten, Dense, Dropout, Lambda
from tensorflow.keras.optimizers import RMSprop
from tensorflow.keras.utils import set_random_seed
from tensorflow.keras import ops as K

num_classes = 5
epochs = 4

set_random_seed(19)
np.random.seed(19)


def euclidean_distance(vects):
    x, y = vects
    sum_square = K.sum(K.square(x - y), axis=1, keepdims=True)
    return K.sqrt(K.maximum(sum_square, 1e-7))


def contrastive_loss(y_true, y_pred):
    '''Contrastive loss from Hadsell-et-al.'06'''
    margin = 1
    square_pred = K.square(y_pred)
    margin_square = K.square(K.maximum(margin - y_pred, 0))
    return K.mean(y_true * square_pred + (1 - y_true) * margin_square)


def create_pairs(x, digit_indices):
    '''Positive and negative pairs, one after the other.'''
    pairs = []
    labels = []
    n = min([len(digit_indices[d]) for d in range(num_classes)]) - 1
    for d in range(num_classes):
        for i in range(n):
            z1, z2 = digit_indices[d][i], digit_indices[d][i + 1]
            pairs += [[x[z1], x[z2]]]
            dn = (d + np.random.randint(1, num_classes)) % num_classes
            z1, z2 = digit_indices[d][i], digit_indices[dn][i]
            pairs += [[x[z1], x[z2]]]
            labels += [1, 0]
    return np.array(pairs), np.array(labels).astype('float32')


def create_base_network(input_shape):
    '''Base network to be shared (eq. to feature extraction).'''
    input = Input(shape=input_shape)
    x = Flatten()(input)
    x = Dense(32, activation='relu')(x)
    x = Dropout(0.1)(x)
    x = Dense(16, activation='relu')(x)
    return Model(input, x)


def compute_accuracy(y_true, y_pred):
    pred = y_pred.ravel() < 0.5
    return np.mean(pred == y_true)


prototypes = np.random.rand(num_classes, 8, 8)
y = np.random.randint(0, num_classes, 150)
x = prototypes[y] + np.random.normal(0, 0.2, (150, 8, 8))
x = x.astype('float32')

# create training+test positive and negative pairs
digit_indices = [np.where(y[:110] == i)[0] for i in range(num_classes)]
tr_pairs, tr_y = create_pairs(x[:110], digit_indices)
digit_indices = [np.where(y[110:] == i)[0] for i in range(num_classes)]
te_pairs, te_y = create_pairs(x[110:], digit_indices)
print(tr_pairs.shape, te_pairs.shape)

base_network = create_base_network(x.shape[1:])
input_a = Input(shape=x.shape[1:])
input_b = Input(shape=x.shape[1:])
processed_a = base_network(input_a)
processed_b = base_network(input_b)
distance = Lambda(euclidean_distance, output_shape=(1,))([processed_a, processed_b])
model = Model([input_a, input_b], distance)

model.compile(loss=contrastive_loss, optimizer=RMSprop())
history = model.fit([tr_pairs[:, 0], tr_pairs[:, 1]], tr_y, batch_size=32, epochs=epochs, verbose=0,
                    validation_data=([te_pairs[:, 0], te_pairs[:, 1]], te_y))
for epoch, loss in enumerate(history.history['loss']):
    print('epoch %d loss %.4f val_loss %.4f' % (epoch + 1, loss, history.history['val_loss'][epoch]))
y_pred = model.predict([te_pairs[:, 0], te_pairs[:, 1]], verbose=0)
print('* Accuracy on test set: %0.2f%%' % (100 * compute_accuracy(te_y, y_pred)))
print('first distances:', y_pred[:3, 0], 'labels:', te_y[:3])
