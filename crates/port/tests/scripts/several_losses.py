# Several outputs: a loss for each, none for one, batch by batch, and inputs by name.
import numpy as np
import keras
from keras import layers, ops

keras.utils.set_random_seed(4)
np.random.seed(4)

batch_size = 20
x = np.random.normal(size=(160, 6)).astype("float32")
side = np.random.uniform(size=(160, 2)).astype("float32")
amount = (x[:, :1] + 0.5 * x[:, 1:2] * side[:, :1]).astype("float32")
kind = (x[:, 2] > 0.2).astype("float32")[:, None]


def build(width):
    main = keras.Input(shape=(6,), name="main")
    extra = keras.Input(shape=(2,), name="extra")
    h = layers.Dense(width, activation="relu")(layers.Concatenate()([main, extra]))
    code = layers.Dense(3, name="code")(h)
    amount = layers.Dense(1, name="amount")(code)
    kind = layers.Dense(1, activation="sigmoid", name="kind")(layers.Dropout(0.1)(code))
    return keras.Model([main, extra], [amount, kind, code])


def scaled_error(y_true, y_pred):
    return ops.mean(ops.square((y_true - y_pred) / 2.0), axis=-1)


model = build(12)
model.compile(optimizer=keras.optimizers.Adam(0.01), loss=[scaled_error, "binary_crossentropy", None])
history = model.fit([x, side], [amount, kind, None], epochs=2, batch_size=batch_size, verbose=0)
print("losses:", " ".join("%.4f" % loss for loss in history.history["loss"]))

# Two outputs, trained batch by batch
pair = keras.Model(model.inputs, model.outputs[:2])
pair.compile(optimizer=keras.optimizers.RMSprop(0.005), loss=["mse", "binary_crossentropy"])
for epoch in range(2):
    for index in range(len(x) // batch_size):
        start, end = index * batch_size, (index + 1) * batch_size
        losses = pair.train_on_batch([x[start:end], side[start:end]], [amount[start:end], kind[start:end]])
    print("epoch", epoch, "last batch:", " ".join("%.4f" % loss for loss in losses))

inputs = {"main": x[:5], "extra": side[:5]}
predicted, probability = pair.predict(inputs, verbose=False)
print("predicted:", np.round(predicted.ravel(), 3))
print("probability:", np.round(probability.ravel(), 3))
results = pair.evaluate([x, side], [amount, kind], verbose=False)
print("evaluated:", ["%.4f" % value for value in results])
