"""A language model on word batches: the arguments of the command line, and a generator that keeps its place."""
import argparse
import collections
import os

import numpy as np
from keras.layers import LSTM, Dense, Embedding, TimeDistributed
from keras.models import Sequential
from keras.optimizers import Adam

data_path = "words"
epochs = 2

parser = argparse.ArgumentParser(description="Trains a language model.")
parser.add_argument("--data_path", type=str, default=data_path, help="the folder of the texts")
parser.add_argument("--epochs", type=int, default=epochs)
parser.add_argument("--output", default=os.path.join("words", "model"))
args = parser.parse_args()
if args.data_path:
    data_path = args.data_path


def write_words(filename, count):
    rng = np.random.RandomState(3)
    names = ["one", "two", "three", "four", "five", "six"]
    with open(filename, "w") as f:
        for line in range(count):
            f.write(" ".join([names[(line + int(i) * rng.randint(1, 3)) % 6] for i in range(6)]) + "\n")


def read_words(filename):
    with open(filename, "r") as f:
        return f.read().replace("\n", " <eos> ").split()


def build_vocab(filename):
    data = read_words(filename)
    counter = collections.Counter(data)
    count_pairs = sorted(counter.items(), key=lambda x: (-x[1], x[0]))
    words, _ = list(zip(*count_pairs))
    word_to_id = dict(zip(words, range(len(words))))
    return word_to_id


def file_to_word_ids(filename, word_to_id):
    data = read_words(filename)
    return [word_to_id[word] for word in data if word in word_to_id]


def load_data():
    train_path = os.path.join(data_path, "train.txt")
    test_path = os.path.join(data_path, "test.txt")
    word_to_id = build_vocab(train_path)
    train_data = file_to_word_ids(train_path, word_to_id)
    test_data = file_to_word_ids(test_path, word_to_id)
    vocabulary = len(word_to_id)
    reversed_dictionary = dict(zip(word_to_id.values(), word_to_id.keys()))
    print(train_data[:5])
    print(" ".join([reversed_dictionary[x] for x in train_data[:10]]))
    return train_data, test_data, vocabulary, reversed_dictionary


os.makedirs(data_path, exist_ok=True)
write_words(os.path.join(data_path, "train.txt"), 40)
write_words(os.path.join(data_path, "test.txt"), 10)
train_data, test_data, vocabulary, reversed_dictionary = load_data()
print(len(train_data), len(test_data), vocabulary, args.epochs, args.output)
