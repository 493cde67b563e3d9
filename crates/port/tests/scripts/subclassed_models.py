"""Classes derived from keras.Model: layers made in __init__ and run in call."""
import numpy as np
import keras
from keras import layers, ops


class MLP(keras.Model):
    """A multilayer perceptron with dropout."""

    def __init__(self, hidden_units, num_classes, rate=0.2, **kwargs):
        super().__init__(**kwargs)
        self.hidden = layers.Dense(hidden_units, activation="relu")
        self.dropout = layers.Dropout(rate)
        self.classifier = layers.Dense(num_classes, activation="softmax")

    def call(self, inputs, training=None):
        x = self.hidden(inputs)
        x = self.dropout(x, training=training)
        return self.classifier(x)


class ResidualBlock(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.dense_1 = layers.Dense(units, activation="relu")
        self.dense_2 = layers.Dense(units)

    def call(self, x):
        return ops.relu(x + self.dense_2(self.dense_1(x)))


class ResNet(keras.Model):
    """Residual blocks between two dense layers."""

    def __init__(self, units, num_blocks):
        super().__init__(name="res_net")
        self.first = layers.Dense(units)
        self.blocks = [ResidualBlock(units) for _ in range(num_blocks)]
        self.dropout = layers.Dropout(0.3)
        self.last = layers.Dense(1)

    def call(self, x, training=False):
        x = self.first(x)
        for block in self.blocks:
            x = block(x)
        x = self.dropout(x, training=training)
        return self.last(x)


class TwoTowers(keras.Model):
    """Two inputs, each with a tower of its own."""

    def __init__(self):
        super(TwoTowers, self).__init__()
        self.left = layers.Dense(8, activation="tanh")
        self.right = layers.Dense(8, activation="tanh")
        self.top = keras.Sequential([layers.Dense(4, activation="relu"), layers.Dense(1, activation="sigmoid")])

    def call(self, inputs):
        a, b = inputs
        return self.top(layers.concatenate([self.left(a), self.right(b)]))


def build_classifier(units):
    model = MLP(units, 3)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


np.random.seed(0)
x = np.random.normal(size=(120, 6)).astype("float32")
y = np.argmax(x[:, :3], axis=1)
x_test = np.random.normal(size=(40, 6)).astype("float32")
y_test = np.argmax(x_test[:, :3], axis=1)

model = build_classifier(16)
history = model.fit(x, y, epochs=4, batch_size=16, validation_split=0.2, verbose=0)
print("loss:", history.history["loss"])
print("val_accuracy:", history.history["val_accuracy"])
loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"test: {loss:.4f} {accuracy:.4f}")
print("probabilities:", model.predict(x_test[:2], verbose=0))
print("parameters:", model.count_params(), len(model.trainable_weights))

# A model that is built before it is compiled.
target = np.sum(x, axis=1, keepdims=True)
net = ResNet(8, 2)
net.build((None, 6))
net.compile(optimizer=keras.optimizers.SGD(learning_rate=0.01), loss="mse")
history = net.fit(x, target, epochs=3, batch_size=32, verbose=0)
print("regression:", history.history["loss"])
print("prediction:", net(x[:3]).numpy())
print("name:", net.name)

towers = TwoTowers()
towers.compile(optimizer="rmsprop", loss="binary_crossentropy")
same = (x[:, 0] > x[:, 1]).astype("float32")
towers.fit([x[:, :3], x[:, 3:]], same, epochs=2, batch_size=24, verbose=0)
print("towers:", towers.evaluate([x[:, :3], x[:, 3:]], same, verbose=0))
towers.save_weights("towers.weights.h5")
again = TwoTowers()
again([x[:1, :3], x[:1, 3:]])
again.load_weights("towers.weights.h5")
print("towers again:", again.predict([x[:2, :3], x[:2, 3:]], verbose=0))
