"""
A Siamese network: two inputs go through the same layers, the distance between them is
classified, and a second output guesses the class of the left input.
"""
import numpy as np
from tensorflow import keras
from tensorflow.keras import layers
from tensorflow.keras import ops
from tensorflow.keras.models import Model
from tensorflow.keras.layers import Input, Dense, Lambda, Concatenate

keras.utils.set_random_seed(13)
np.random.seed(13)

DIM = 12
CLASSES = 4


def base_network(input_shape):
    """The shared part."""
    inputs = Input(shape=input_shape)
    x = Dense(24, activation="relu")(inputs)
    x = layers.Dropout(0.1)(x)
    x = Dense(8, activation="tanh")(x)
    return Model(inputs, x, name="embedding")


def euclidean_distance(vectors):
    a, b = vectors
    total = ops.sum(ops.square(a - b), axis=1, keepdims=True)
    return ops.sqrt(ops.maximum(total, 1e-7))


def create_pairs(x, y):
    """Positive and negative pairs, alternating."""
    pairs = []
    same = []
    groups = [np.where(y == c)[0] for c in range(CLASSES)]
    for i in range(len(x)):
        positive = np.random.choice(groups[y[i]])
        other = (y[i] + np.random.randint(1, CLASSES)) % CLASSES
        negative = np.random.choice(groups[other])
        pairs += [[x[i], x[positive]], [x[i], x[negative]]]
        same += [1.0, 0.0]
    return np.array(pairs), np.array(same)


prototypes = np.random.rand(CLASSES, DIM)
y = np.tile(np.arange(CLASSES), 20)
x = prototypes[y] + np.random.normal(0, 0.2, (len(y), DIM))
pairs, same = create_pairs(x, y)
left_class = np.repeat(y, 2)
print("pairs:", pairs.shape, "share of the same:", same.mean())

embedding = base_network((DIM,))
left = Input(shape=(DIM,), name="left")
right = Input(shape=(DIM,), name="right")
left_vector = embedding(left)
right_vector = embedding(right)

distance = Lambda(euclidean_distance, output_shape=(1,), name="distance")([left_vector, right_vector])
merged = Concatenate()([distance, layers.multiply([left_vector, right_vector])])
is_same = Dense(1, activation="sigmoid", name="same")(merged)
label = Dense(CLASSES, activation="softmax", name="label")(left_vector)

model = Model(inputs=[left, right], outputs=[is_same, label])
model.compile(
    optimizer="adam",
    loss={"same": "binary_crossentropy", "label": "sparse_categorical_crossentropy"},
    loss_weights={"same": 1.0, "label": 0.3},
    metrics={"same": "accuracy", "label": "accuracy"},
)
print("weights:", len(model.weights), "parameters:", model.count_params())

history = model.fit(
    [pairs[:, 0], pairs[:, 1]], {"same": same, "label": left_class}, epochs=4, batch_size=32, verbose=0
)
for epoch, loss in enumerate(history.history["loss"]):
    print(f"epoch {epoch}: {loss:.4f} same {history.history['same_accuracy'][epoch]:.4f}")

scores = model.evaluate([pairs[:, 0], pairs[:, 1]], [same, left_class], verbose=0, return_dict=True)
for key in sorted(scores):
    print(f"{key}: {scores[key]:.4f}")
same_pred, label_pred = model.predict([pairs[:4, 0], pairs[:4, 1]], verbose=0)
print(same_pred.ravel(), label_pred.argmax(axis=1))
print("embedding of the first:", embedding.predict(x[:1], verbose=0))
