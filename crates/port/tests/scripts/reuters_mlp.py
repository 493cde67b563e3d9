"""Topic of a newswire from the words it has: multi-hot vectors and an MLP."""
import numpy as np
from keras import layers, models
from keras.utils import set_random_seed, to_categorical

set_random_seed(11)
np.random.seed(11)

NUM_WORDS = 120
NUM_TOPICS = 6


def make_newswires(count):
    """Each topic has favourite words; a newswire is a list of word indices."""
    sequences = []
    labels = []
    for _ in range(count):
        topic = np.random.randint(NUM_TOPICS)
        length = np.random.randint(8, 20)
        common = np.random.randint(0, NUM_WORDS, size=length)
        special = topic * 15 + np.random.randint(0, 15, size=length // 2)
        sequences.append(list(common) + list(special))
        labels.append(topic)
    return sequences, np.array(labels)


def vectorize_sequences(sequences, dimension=NUM_WORDS):
    results = np.zeros((len(sequences), dimension))
    for i, sequence in enumerate(sequences):
        for j in sequence:
            results[i, j] = 1.
    return results


train_data, train_labels = make_newswires(220)
test_data, test_labels = make_newswires(60)
print("newswires:", len(train_data), "and", len(test_data))
print("words in the first:", len(train_data[0]), "topic:", train_labels[0])

x_train = vectorize_sequences(train_data)
x_test = vectorize_sequences(test_data)
y_train = to_categorical(train_labels)
y_test = to_categorical(test_labels)

x_val = x_train[:40]
partial_x_train = x_train[40:]
y_val = y_train[:40]
partial_y_train = y_train[40:]

model = models.Sequential()
model.add(layers.Input(shape=(NUM_WORDS,)))
model.add(layers.Dense(32, activation="relu"))
model.add(layers.Dense(32, activation="relu"))
model.add(layers.Dense(NUM_TOPICS, activation="softmax"))
model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])

history = model.fit(partial_x_train, partial_y_train, epochs=8, batch_size=32,
                    validation_data=(x_val, y_val), verbose=0)
loss = history.history["loss"]
val_loss = history.history["val_loss"]
val_acc = history.history["val_accuracy"]
for i in range(len(loss)):
    print("epoch %2d  loss %.4f  val_loss %.4f  val_acc %.4f" % (i + 1, loss[i], val_loss[i], val_acc[i]))
best = int(np.argmin(val_loss)) + 1
print("best epoch:", best)

results = model.evaluate(x_test, y_test, verbose=0)
print("test:", results)

# How good would a random guess be?
test_labels_copy = test_labels.copy()
np.random.shuffle(test_labels_copy)
hits = test_labels == test_labels_copy
print("random baseline: %.3f" % hits.mean())

predictions = model.predict(x_test, verbose=0)
print(predictions.shape, round(float(np.sum(predictions[0])), 4))
print("first topics:", [int(np.argmax(p)) for p in predictions[:6]])
