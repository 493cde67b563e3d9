import numpy as np
import keras
from keras import layers


class BatchRecorder(keras.callbacks.Callback):
    """Remembers the loss of each batch and the weights' norm after each epoch."""

    def __init__(self, every=1):
        super().__init__()
        self.every = every
        self.batch_losses = []
        self.norms = []

    def on_train_begin(self, logs=None):
        print("Training starts; stop_training is", self.model.stop_training)

    def on_train_batch_end(self, batch, logs=None):
        self.batch_losses.append(logs["loss"])

    def on_epoch_end(self, epoch, logs=None):
        if epoch % self.every == 0:
            kernel = self.model.layers[0].get_weights()[0]
            self.norms.append(float(np.linalg.norm(kernel)))
            print("End of epoch {}: loss {:.4f}, mae {:.4f}".format(epoch, logs["loss"], logs["mae"]))

    def on_train_end(self, logs=None):
        print(f"Training ends after {len(self.batch_losses)} batches")


class StopBelow(keras.callbacks.Callback):
    """Stops as soon as the validation loss is under a threshold, or does not improve any more."""

    def __init__(self, threshold, patience=2):
        super().__init__()
        self.threshold = threshold
        self.patience = patience

    def on_train_begin(self, logs=None):
        self.best = np.inf
        self.wait = 0
        self.stopped_epoch = 0

    def on_epoch_end(self, epoch, logs=None):
        current = logs.get("val_loss")
        if current < self.best:
            self.best = current
            self.wait = 0
        else:
            self.wait += 1
        if current < self.threshold or self.wait >= self.patience:
            self.stopped_epoch = epoch
            self.model.stop_training = True


def main():
    keras.utils.set_random_seed(31)
    np.random.seed(31)

    x = np.random.rand(80, 5)
    y = np.sum(x ** 2, axis=1) - 1.0

    model = keras.Sequential([
        layers.Dense(16, activation="relu", input_shape=(5,)),
        layers.Dense(1),
    ])
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss="mean_squared_error", metrics=["mae"])

    recorder = BatchRecorder(every=2)
    stopper = StopBelow(threshold=0.02)
    history = model.fit(
        x, y, batch_size=16, epochs=12, validation_split=0.2, verbose=0, callbacks=[recorder, stopper]
    )
    for epoch, loss in enumerate(history.history["val_loss"]):
        print(epoch, "%.5f" % loss)
    print("stopped at epoch", stopper.stopped_epoch, "with the best loss", round(stopper.best, 5))
    print("norms:", [round(n, 4) for n in recorder.norms])
    print("first batches:", [f"{loss:.3f}" for loss in recorder.batch_losses[:4]])
    print("lowest batch loss: %.4f" % min(recorder.batch_losses))
    print(model.predict(x[:2], verbose=0))


if __name__ == "__main__":
    main()
