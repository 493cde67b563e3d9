"""House prices with K-fold validation, since there are few houses."""
import numpy as np
from keras import models
from keras import layers
from keras.utils import set_random_seed

set_random_seed(42)
np.random.seed(42)

# -- data: 13 features on very different scales --------------------------
n_train, n_test, n_features = 96, 32, 13
scales = np.array([10., 50., 20., 1., 0.5, 6., 70., 4., 24., 400., 18., 350., 12.])
features = np.random.rand(n_train + n_test, n_features) * scales
prices = (10 + 3.0 * features[:, 5] - 0.4 * features[:, 12] - 0.2 * features[:, 0]
          + np.random.normal(0, 1, size=n_train + n_test))

train_data, test_data = features[:n_train], features[n_train:]
train_targets, test_targets = prices[:n_train], prices[n_train:]

mean = train_data.mean(axis=0)
train_data -= mean
std = train_data.std(axis=0)
train_data /= std
test_data -= mean
test_data /= std
print("mean of the targets: %.3f" % np.mean(train_targets))


def build_model():
    # The same model is made several times, so it is made by a function.
    model = models.Sequential()
    model.add(layers.Dense(32, activation='relu', input_shape=(train_data.shape[1],)))
    model.add(layers.Dense(32, activation='relu'))
    model.add(layers.Dense(1))
    model.compile(optimizer='rmsprop', loss='mse', metrics=['mae'])
    return model


k = 4
num_val_samples = len(train_data) // k
num_epochs = 12
all_mae_histories = []
all_scores = []
for i in range(k):
    print('processing fold #', i)
    # the validation data: the part number i
    val_data = train_data[i * num_val_samples: (i + 1) * num_val_samples]
    val_targets = train_targets[i * num_val_samples: (i + 1) * num_val_samples]

    # the training data: all other parts
    partial_train_data = np.concatenate(
        [train_data[:i * num_val_samples],
         train_data[(i + 1) * num_val_samples:]],
        axis=0)
    partial_train_targets = np.concatenate(
        [train_targets[:i * num_val_samples],
         train_targets[(i + 1) * num_val_samples:]],
        axis=0)

    model = build_model()
    history = model.fit(partial_train_data, partial_train_targets,
                        validation_data=(val_data, val_targets),
                        epochs=num_epochs, batch_size=8, verbose=0)
    all_mae_histories.append(history.history['val_mae'])
    val_mse, val_mae = model.evaluate(val_data, val_targets, verbose=0)
    all_scores.append(val_mae)

print([round(score, 3) for score in all_scores])
print('mean MAE:', np.mean(all_scores))
average_mae_history = [np.mean([x[i] for x in all_mae_histories]) for i in range(num_epochs)]
for epoch, mae in enumerate(average_mae_history):
    print(f'epoch {epoch + 1}: {mae:.4f}')

model = build_model()
model.fit(train_data, train_targets, epochs=num_epochs, batch_size=8, verbose=0)
test_mse_score, test_mae_score = model.evaluate(test_data, test_targets, verbose=0)
print('test MAE: %.4f' % test_mae_score)
print(model.predict(test_data[:3], verbose=0).flatten())
