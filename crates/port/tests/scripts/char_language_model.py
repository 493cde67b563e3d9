"""A character language model with an embedding and a GRU, and its perplexity."""
import math

import numpy as np
import keras
from keras import layers
from keras import ops

SEED = 17
SEQ_LENGTH = 16
BATCH_SIZE = 16
EMBEDDING_DIM = 12
RNN_UNITS = 24
EPOCHS = 3

TEXT = (
    "one for the money, two for the show, three to get ready, and four to go. "
    "five little birds sat on a tree, six little mice came down to see, "
    "seven old cats lay in the sun, eight black dogs began to run. "
) * 2


def split_input_target(chunk):
    return chunk[:-1], chunk[1:]


def build_model(vocab_size):
    return keras.Sequential([
        layers.Input(shape=(None,), dtype="int32"),
        layers.Embedding(vocab_size, EMBEDDING_DIM),
        layers.GRU(RNN_UNITS, return_sequences=True),
        layers.Dense(vocab_size),
    ])


def generate(model, char2idx, idx2char, start, num_generate=15):
    ids = [char2idx[c] for c in start]
    for _ in range(num_generate):
        logits = model.predict(np.array([ids]), verbose=0)
        ids.append(int(np.argmax(logits[0, -1])))
    return "".join(idx2char[i] for i in ids)


def main():
    keras.utils.set_random_seed(SEED)
    np.random.seed(SEED)

    vocab = sorted(set(TEXT))
    char2idx = {c: i for i, c in enumerate(vocab)}
    idx2char = np.array(vocab)
    print(f"{len(TEXT)} characters, {len(vocab)} unique")

    text_as_int = np.array([char2idx[c] for c in TEXT])
    examples = len(text_as_int) // (SEQ_LENGTH + 1)
    inputs, targets = [], []
    for n in range(examples):
        chunk = text_as_int[n * (SEQ_LENGTH + 1):(n + 1) * (SEQ_LENGTH + 1)]
        source, target = split_input_target(chunk)
        inputs.append(source)
        targets.append(target)
    inputs, targets = np.array(inputs), np.array(targets)
    print("inputs:", inputs.shape, "targets:", targets.shape)
    print(repr("".join(idx2char[inputs[0]])))

    model = build_model(len(vocab))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.01), loss=loss)
    history = model.fit(inputs, targets, batch_size=BATCH_SIZE, epochs=EPOCHS, verbose=0)
    for epoch, value in enumerate(history.history["loss"]):
        print(f"epoch {epoch + 1}: loss {value:.4f}, perplexity {math.exp(value):.3f}")

    evaluation = model.evaluate(inputs, targets, verbose=0)
    print("evaluation: %.4f" % evaluation)
    probabilities = ops.softmax(model.predict(inputs[:1], verbose=0))
    print("most likely:", repr("".join(idx2char[i] for i in np.argmax(probabilities[0], axis=-1))))
    print(generate(model, char2idx, idx2char, start="the "))


if __name__ == "__main__":
    main()
