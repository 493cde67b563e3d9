"""Question answering with two inputs, and the priority of tickets from three."""
import numpy as np
import tensorflow as tf
from tensorflow.keras.layers import LSTM, Concatenate, Dense, Embedding, Input
from tensorflow.keras.models import Model

tf.keras.utils.set_random_seed(404)
np.random.seed(404)

TEXT_VOCABULARY = 40
QUESTION_VOCABULARY = 20
ANSWERS = 5
SAMPLES = 160


def qa_data(n):
    """The answer is hidden at the place of the text that the question names."""
    text = np.random.randint(ANSWERS, TEXT_VOCABULARY, size=(n, 10))
    question = np.random.randint(10, QUESTION_VOCABULARY, size=(n, 4))
    answers = np.random.randint(0, ANSWERS, size=n)
    for row in range(n):
        place = row % 3
        text[row, place] = answers[row]
        question[row, 0] = place
    return text, question, answers


def build_qa_model():
    text_input = Input(shape=(None,), dtype="int32", name="text")
    embedded_text = Embedding(TEXT_VOCABULARY, 12)(text_input)
    encoded_text = LSTM(16)(embedded_text)

    question_input = Input(shape=(None,), dtype="int32", name="question")
    embedded_question = Embedding(QUESTION_VOCABULARY, 8)(question_input)
    encoded_question = LSTM(8)(embedded_question)

    concatenated = Concatenate(axis=-1)([encoded_text, encoded_question])
    answer = Dense(ANSWERS, activation="softmax", name="answer")(concatenated)
    model = Model([text_input, question_input], answer)
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["acc"])
    return model


def build_ticket_model(num_tags):
    title_input = Input(shape=(6,), name="title")
    body_input = Input(shape=(9,), name="body")
    tags_input = Input(shape=(num_tags,), name="tags")
    x = tf.keras.layers.concatenate([
        Dense(8, activation="relu")(title_input),
        Dense(8, activation="relu")(body_input),
        tags_input,
    ])
    priority = Dense(1, activation="sigmoid", name="priority")(x)
    return Model(inputs=[title_input, body_input, tags_input], outputs=priority)


text, question, answers = qa_data(SAMPLES)
one_hot = tf.keras.utils.to_categorical(answers, ANSWERS)
qa = build_qa_model()

# fit with a list of inputs, then with a dict
first = qa.fit([text, question], one_hot, epochs=2, batch_size=32, verbose=0)
second = qa.fit({"text": text, "question": question}, one_hot, epochs=2, batch_size=32, verbose=0)
for number, loss in enumerate(first.history["loss"] + second.history["loss"]):
    print(f"qa epoch {number + 1}: loss {loss:.4f}")
print("qa: %s" % qa.evaluate([text, question], one_hot, verbose=0))
print("answers:", qa.predict([text[:5], question[:5]], verbose=0).argmax(axis=-1), answers[:5])

num_tags = 4
title_data = np.random.rand(SAMPLES, 6)
body_data = np.random.rand(SAMPLES, 9)
tags_data = np.random.randint(2, size=(SAMPLES, num_tags)).astype("float32")
priority_targets = (title_data.sum(axis=1, keepdims=True) + tags_data[:, :1] > 3.5).astype("float32")

tickets = build_ticket_model(num_tags)
tickets.compile(optimizer=tf.keras.optimizers.RMSprop(1e-2),
                loss=tf.keras.losses.BinaryCrossentropy(), metrics=["mae"])
inputs = {"title": title_data, "body": body_data, "tags": tags_data}
history = tickets.fit(inputs, priority_targets, epochs=4, batch_size=32, verbose=0)
for epoch, (loss, mae) in enumerate(zip(history.history["loss"], history.history["mae"])):
    print(f"tickets epoch {epoch + 1}: loss {loss:.4f}, mae {mae:.4f}")
loss, mae = tickets.evaluate(inputs, priority_targets, verbose=0)
print(f"tickets: loss {loss:.4f}, mae {mae:.4f}")
print(tickets.predict({name: values[:3] for name, values in inputs.items()}, verbose=0).ravel())
