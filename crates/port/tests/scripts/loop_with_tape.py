import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

np.random.seed(1)
x_train = np.random.rand(64, 8).astype("float32")
y_train = np.random.randint(0, 3, size=(64,))
train_dataset = tf.data.Dataset.from_tensor_slices((x_train, y_train))
train_dataset = train_dataset.shuffle(buffer_size=1024).batch(16)
val = tf.data.Dataset.from_tensor_slices((x_train, y_train)).map(lambda x, y: (x * 2.0, y)).batch(16).prefetch(tf.data.AUTOTUNE)

inputs = keras.Input(shape=(8,), name="digits")
x = layers.Dense(16, activation="relu", name="dense_1")(inputs)
outputs = layers.Dense(3, name="predictions")(x)
model = keras.Model(inputs=inputs, outputs=outputs)

optimizer = keras.optimizers.SGD(learning_rate=1e-2)
loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
train_acc_metric = keras.metrics.SparseCategoricalAccuracy()
mean = keras.metrics.Mean()

@tf.function
def train_step(x, y):
    with tf.GradientTape() as tape:
        logits = model(x, training=True)
        loss_value = loss_fn(y, logits)
    grads = tape.gradient(loss_value, model.trainable_weights)
    optimizer.apply_gradients(zip(grads, model.trainable_weights))
    train_acc_metric.update_state(y, logits)
    mean.update_state(loss_value)
    return loss_value

epochs = 2
for epoch in range(epochs):
    print("\nStart of epoch %d" % (epoch,))
    for step, (x_batch_train, y_batch_train) in enumerate(train_dataset):
        loss_value = train_step(x_batch_train, y_batch_train)
        if step % 2 == 0:
            print("Training loss at step %d: %.4f" % (step, float(loss_value)))
            print("Seen so far: %s samples" % ((step + 1) * 16))
    train_acc = train_acc_metric.result()
    print("Training acc over epoch: %.4f" % (float(train_acc),))
    train_acc_metric.reset_state()
    for x_b, y_b in val:
        val_logits = model(x_b, training=False)
        train_acc_metric.update_state(y_b, val_logits)
    print(f"{float(train_acc_metric.result()):.3f} {mean.result():.4f}")
