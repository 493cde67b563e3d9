"""Knowledge distillation: a small student learns from the labels and from a larger teacher."""
import numpy as np
import tensorflow as tf
import keras
from keras import layers, ops


class Distiller(keras.Model):
    """Trains a student with the soft predictions of a teacher."""

    def __init__(self, student, teacher):
        super().__init__()
        self.teacher = teacher
        self.student = student
        self.total_tracker = keras.metrics.Mean(name="total_loss")
        self.student_tracker = keras.metrics.Mean(name="student_loss")
        self.distillation_tracker = keras.metrics.Mean(name="distillation_loss")
        self.accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")

    @property
    def metrics(self):
        return [self.total_tracker, self.student_tracker, self.distillation_tracker, self.accuracy]

    def compile(self, optimizer, student_loss_fn, distillation_loss_fn, alpha=0.1, temperature=3):
        super().compile(optimizer=optimizer)
        self.student_loss_fn = student_loss_fn
        self.distillation_loss_fn = distillation_loss_fn
        self.alpha = alpha
        self.temperature = temperature

    def train_step(self, data):
        x, y = data
        teacher_predictions = self.teacher(x, training=False)
        with tf.GradientTape() as tape:
            student_predictions = self.student(x, training=True)
            student_loss = self.student_loss_fn(y, student_predictions)
            distillation_loss = self.distillation_loss_fn(
                ops.softmax(teacher_predictions / self.temperature, axis=1),
                ops.softmax(student_predictions / self.temperature, axis=1),
            ) * (self.temperature ** 2)
            loss = self.alpha * student_loss + (1 - self.alpha) * distillation_loss
        trainable_vars = self.student.trainable_variables
        gradients = tape.gradient(loss, trainable_vars)
        self.optimizer.apply_gradients(zip(gradients, trainable_vars))
        self.total_tracker.update_state(loss)
        self.student_tracker.update_state(student_loss)
        self.distillation_tracker.update_state(distillation_loss)
        self.accuracy.update_state(y, student_predictions)
        return {m.name: m.result() for m in self.metrics}

    def test_step(self, data):
        x, y = data
        y_prediction = self.student(x, training=False)
        student_loss = self.student_loss_fn(y, y_prediction)
        self.student_tracker.update_state(student_loss)
        self.accuracy.update_state(y, y_prediction)
        return {"student_loss": self.student_tracker.result(), "accuracy": self.accuracy.result()}


teacher = keras.Sequential(
    [keras.Input(shape=(6,)), layers.Dense(32, activation="tanh"), layers.Dense(16, activation="tanh"), layers.Dense(3)],
    name="teacher",
)
student = keras.Sequential(
    [keras.Input(shape=(6,)), layers.Dense(4), layers.Activation("tanh"), layers.Dense(3)], name="student"
)
# The same student, to be trained alone
student_scratch = keras.models.clone_model(student)

np.random.seed(5)
y = np.random.randint(0, 3, size=160)
x = np.random.normal(size=(160, 6)).astype("float32")
x[:, 0] += 2.0 * (y == 1)
x[:, 1] += 2.0 * (y == 2)
x_train, y_train, x_test, y_test = x[:120], y[:120], x[120:], y[120:]

teacher.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.01),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=[keras.metrics.SparseCategoricalAccuracy()],
)
teacher.fit(x_train, y_train, epochs=5, batch_size=30, verbose=0)
print("teacher:", teacher.evaluate(x_test, y_test, verbose=0))

distiller = Distiller(student=student, teacher=teacher)
distiller.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.02),
    student_loss_fn=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    distillation_loss_fn=keras.losses.KLDivergence(),
    alpha=0.2,
    temperature=4,
)
history = distiller.fit(x_train, y_train, epochs=4, batch_size=30, verbose=0)
for name in ["total_loss", "student_loss", "distillation_loss", "accuracy"]:
    print(name, history.history[name])
print("distilled:", distiller.evaluate(x_test, y_test, verbose=0))
print(student.predict(x_test[:2], verbose=0))

student_scratch.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.02),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
student_scratch.fit(x_train, y_train, epochs=4, batch_size=30, verbose=0)
print("alone:", student_scratch.evaluate(x_test, y_test, verbose=0))
