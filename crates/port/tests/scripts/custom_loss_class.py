import keras
import numpy as np
from keras import ops
from keras.losses import Loss


class FocalLoss(Loss):
    """Binary cross-entropy that counts easy samples less."""

    def __init__(self, gamma=2.0, alpha=0.25, name="focal_loss"):
        super().__init__(name=name)
        self.gamma = gamma
        self.alpha = alpha

    def call(self, y_true, y_pred):
        y_true = ops.cast(y_true, y_pred.dtype)
        p = ops.clip(y_pred, 1e-7, 1.0 - 1e-7)
        pt = y_true * p + (1.0 - y_true) * (1.0 - p)
        weight = y_true * self.alpha + (1.0 - y_true) * (1.0 - self.alpha)
        loss = -weight * ops.power(1.0 - pt, self.gamma) * ops.log(pt)
        return ops.mean(loss, axis=-1)

    def get_config(self):
        config = super().get_config()
        config.update({"gamma": self.gamma, "alpha": self.alpha})
        return config


class LabelSmoothing(Loss):
    def __init__(self, num_classes, epsilon=0.1, **kwargs):
        super().__init__(**kwargs)
        self.num_classes = num_classes
        self.epsilon = epsilon

    def call(self, y_true, y_pred):
        smooth = y_true * (1 - self.epsilon) + self.epsilon / self.num_classes
        return -ops.sum(smooth * ops.log_softmax(y_pred, axis=-1), axis=-1)


keras.utils.set_random_seed(77)
np.random.seed(77)

# One positive sample in five or so
features = np.random.randn(150, 6)
score = features[:, 0] + 0.5 * features[:, 1] * features[:, 2]
labels = (score > 0.9).astype(np.float32)[:, None]
print("share of positives: {:.2%}".format(labels.mean()))

inputs = keras.Input((6,))
x = keras.layers.Dense(16, activation="relu")(inputs)
binary = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(x))
focal = FocalLoss(gamma=1.5)
binary.compile(optimizer="adam", loss=focal, metrics=[keras.metrics.Precision(), keras.metrics.Recall(), keras.metrics.AUC()])
history = binary.fit(features[:120], labels[:120], epochs=4, batch_size=30, verbose=0)
for epoch, loss in enumerate(history.history["loss"], 1):
    print("Epoch", epoch, "focal loss", round(loss, 5))
results = binary.evaluate(features[120:], labels[120:], verbose=0)
print("loss, precision, recall, auc:", [round(value, 4) for value in results])

# The loss by itself
value = focal(np.array([[1.0], [0.0]]), np.array([[0.8], [0.3]]))
print("by itself: %.6f" % float(value))

# Three classes of the same score
classes = keras.utils.to_categorical(np.digitize(score, [-0.4, 0.4]), 3)
model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(3)])
model.compile(optimizer=keras.optimizers.Nadam(0.01), loss=LabelSmoothing(3, epsilon=0.05), metrics=["accuracy"])
history = model.fit(features[:120], classes[:120], epochs=3, verbose=0)
print("Smoothed:", " ".join(f"{loss:.4f}" for loss in history.history["loss"]))
print(model.predict(features[120:122], verbose=0))
