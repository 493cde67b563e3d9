"""Collaborative filtering: the dot product of a user's and a film's vector, with biases."""
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

EMBEDDING_SIZE = 8
NUM_USERS = 30
NUM_MOVIES = 40
NUM_RATINGS = 400

keras.utils.set_random_seed(15)
np.random.seed(15)

# Ratings from 0.5 to 5 that come from hidden tastes
tastes = np.random.normal(size=(NUM_USERS, 3))
traits = np.random.normal(size=(NUM_MOVIES, 3))
user = np.random.randint(0, NUM_USERS, NUM_RATINGS) + 100
movie = np.random.randint(0, NUM_MOVIES, NUM_RATINGS) * 7
rating = np.sum(tastes[user - 100] * traits[movie // 7], axis=1) + 2.75
rating = np.clip(np.round(rating * 2) / 2, 0.5, 5.0)

# The numbers of users and films have gaps: encode them as indices
user_ids = np.unique(user).tolist()
user2user_encoded = {x: i for i, x in enumerate(user_ids)}
movie_ids = np.unique(movie).tolist()
movie2movie_encoded = {x: i for i, x in enumerate(movie_ids)}
movie_encoded2movie = {i: x for i, x in enumerate(movie_ids)}
user = np.array([user2user_encoded[x] for x in user])
movie = np.array([movie2movie_encoded[x] for x in movie])
min_rating, max_rating = min(rating), max(rating)
print("Number of users: {}, Number of Movies: {}, Min rating: {}, Max rating: {}".format(
    len(user_ids), len(movie_ids), min_rating, max_rating))

x = np.stack([user, movie], axis=1)
y = (rating - min_rating) / (max_rating - min_rating)
train_indices = int(0.9 * len(x))
x_train, x_val, y_train, y_val = x[:train_indices], x[train_indices:], y[:train_indices], y[train_indices:]


class RecommenderNet(keras.Model):
    def __init__(self, num_users, num_movies, embedding_size, **kwargs):
        super().__init__(**kwargs)
        self.user_embedding = layers.Embedding(
            num_users,
            embedding_size,
            embeddings_initializer="he_normal",
            embeddings_regularizer=keras.regularizers.l2(1e-6),
        )
        self.user_bias = layers.Embedding(num_users, 1)
        self.movie_embedding = layers.Embedding(
            num_movies,
            embedding_size,
            embeddings_initializer="he_normal",
            embeddings_regularizer=keras.regularizers.l2(1e-6),
        )
        self.movie_bias = layers.Embedding(num_movies, 1)

    def call(self, inputs):
        user_vector = self.user_embedding(inputs[:, 0])
        user_bias = self.user_bias(inputs[:, 0])
        movie_vector = self.movie_embedding(inputs[:, 1])
        movie_bias = self.movie_bias(inputs[:, 1])
        dot_user_movie = tf.reduce_sum(user_vector * movie_vector, axis=1, keepdims=True)
        # The sigmoid forces the rating to be between 0 and 1
        return tf.nn.sigmoid(dot_user_movie + user_bias + movie_bias)


model = RecommenderNet(len(user_ids), len(movie_ids), EMBEDDING_SIZE)
model.compile(loss=keras.losses.BinaryCrossentropy(), optimizer=keras.optimizers.Adam(learning_rate=0.01))
history = model.fit(x=x_train, y=y_train, batch_size=32, epochs=5, verbose=0, validation_data=(x_val, y_val))
for epoch in range(len(history.history["loss"])):
    print("epoch %d: loss %.5f, val_loss %.5f" % (epoch + 1, history.history["loss"][epoch], history.history["val_loss"][epoch]))

# The best films for one user that he or she has not seen
user_id = 3
watched = set(movie[user == user_id])
not_watched = [m for m in range(len(movie_ids)) if m not in watched]
pairs = np.hstack(([[user_id]] * len(not_watched), np.array(not_watched).reshape(-1, 1)))
ratings = model.predict(pairs, verbose=0).flatten()
for index in ratings.argsort()[-3:][::-1]:
    print("movie", movie_encoded2movie[not_watched[index]], "rating %.4f" % ratings[index])
