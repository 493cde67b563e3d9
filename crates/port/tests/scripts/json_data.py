"""A chat bot from a file of intents, and boxes from a file of annotations: JSON as it comes."""
import json
import random
from json import loads

import numpy as np
from keras.layers import Dense, Dropout
from keras.models import Sequential

INTENTS = """{"intents": [
 {"tag": "greeting", "weight": 2, "patterns": ["hello there", "good day", "hi friend"], "responses": ["Hello!", "Hi!"]},
 {"tag": "bye", "weight": 1.5, "patterns": ["see you", "good bye", "bye now friend"], "responses": ["Bye!"]},
 {"tag": "thanks", "weight": 1, "patterns": ["thanks a lot", "thank you"], "responses": ["Welcome!", "Any time."]}
]}"""
with open("intents.json", "w") as f:
    f.write(INTENTS)
with open("boxes.json", "w") as f:
    f.write('{"a.png": {"ann": [{"cls": "date", "bbox": [2, 4, 10, 8]}, {"cls": "sum", "bbox": [1, 1, 3, 3]}]}, ')
    f.write('"b.png": {"ann": [{"cls": "date", "bbox": [1, 3.5, 9, 6]}], "checked": true}}')

random.seed(3)
data = loads(open("intents.json", encoding="utf-8").read())

words = []
classes = []
documents = []
tags = []
total = 0.0
for intent in data["intents"]:
    for pattern in intent["patterns"]:
        tokens = pattern.lower().split()
        words.extend(tokens)
        documents.append(tokens)
        tags.append(intent["tag"])
    if intent["tag"] not in classes:
        classes.append(intent["tag"])
    total += float(intent["weight"])
    print(intent["tag"], len(intent["patterns"]), intent["weight"])
words = sorted(set(words))
print(len(words), "words,", len(classes), "classes,", len(documents), "documents", total)

rows = []
targets = []
for i, tokens in enumerate(documents):
    rows.append([1 if word in tokens else 0 for word in words])
    output_row = [0] * len(classes)
    output_row[classes.index(tags[i])] = 1
    targets.append(output_row)
x_train = np.array(rows, dtype="float32")
y_train = np.array(targets, dtype="float32")
print(x_train.shape, y_train.shape)

model = Sequential()
model.add(Dense(16, input_shape=(len(x_train[0]),), activation="relu"))
model.add(Dropout(0.2))
model.add(Dense(len(classes), activation="softmax"))
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
history = model.fit(x_train, y_train, epochs=8, batch_size=4, verbose=0)
print("loss: %.4f" % history.history["loss"][-1])


def get_response(tag, intents_json):
    """A response of the intent with this tag."""
    response = "?"
    for intent in intents_json["intents"]:
        if intent["tag"] == tag:
            response = random.choice(intent["responses"])
            break
    return response


def bag_of_words(sentence, vocabulary):
    tokens = sentence.lower().split()
    return np.array([1.0 if word in tokens else 0.0 for word in vocabulary])


for sentence in ["hello friend", "bye", "thank you a lot"]:
    probabilities = model.predict(np.array([bag_of_words(sentence, words)]), verbose=0)[0]
    tag = classes[np.argmax(probabilities)]
    print(sentence, "->", tag, get_response(tag, data), np.round(probabilities, 3))

with open("boxes.json") as f:
    annotations = json.load(f)
boxes = []
names = []
for key, value in list(annotations.items()):
    for ann in value["ann"]:
        if ann["cls"] == "date":
            start_x, start_y, end_x, end_y = ann["bbox"]
            start_x = float(start_x) / 16
            boxes.append([start_x, float(start_y) / 16, float(end_x) / 16, float(end_y) / 16])
            names.append(key)
    if "checked" in value:
        print(key, "is checked")
boxes = np.array(boxes)
print(names, boxes.shape, boxes.mean())
areas = np.array([ann["bbox"] for ann in annotations["a.png"]["ann"]])
print(areas.shape, areas.sum(), annotations["b.png"]["ann"][0]["bbox"][-1])
for name in annotations:
    print(name)
