# Word vectors from a text without labels: words that stand beside each other shall be near.
import numpy as np
from keras.layers import Input, Embedding, Subtract, Lambda
from keras.models import Model
from keras import backend as K

vocabulary = 12
text = np.array([1, 5, 3, 5, 2, 7, 1, 4, 9, 3, 2, 8, 1, 5, 3, 6])
zeros = np.zeros(len(text) - 1)

word1 = Input(shape=(1,))
word2 = Input(shape=(1,))
embedding = Embedding(vocabulary, 8)
distance = Subtract()([embedding(word1), embedding(word2)])
distance = Lambda(lambda x: K.mean(x, axis=-1))(distance)

model = Model([word1, word2], distance)
model.compile(optimizer="adam", loss="mse")
history = model.fit([text[:15], text[1:]], zeros, epochs=5, batch_size=4, verbose=0)
losses = history.history["loss"]
print("first loss %.6f, last %.6f" % (losses[0], losses[-1]))
assert losses[-1] < losses[0]

vectors = embedding.get_weights()[0]
print("the table of vectors:", vectors.shape)
