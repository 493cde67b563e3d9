"""Ratings by matrix factorization: embeddings and biases of users and movies in a model of the script."""
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

EMBEDDING_SIZE = 6


class RecommenderNet(keras.Model):
    def __init__(self, num_users, num_movies, embedding_size, **kwargs):
        super(RecommenderNet, self).__init__(**kwargs)
        self.num_users = num_users
        self.num_movies = num_movies
        self.embedding_size = embedding_size
        self.user_embedding = layers.Embedding(
            num_users,
            embedding_size,
            embeddings_initializer="he_normal",
            embeddings_regularizer=keras.regularizers.l2(1e-4),
        )
        self.user_bias = layers.Embedding(num_users, 1)
        self.movie_embedding = layers.Embedding(
            num_movies,
            embedding_size,
            embeddings_initializer="he_normal",
            embeddings_regularizer=keras.regularizers.l2(1e-4),
        )
        self.movie_bias = layers.Embedding(num_movies, 1)

    def call(self, inputs):
        user_vector = self.user_embedding(inputs[:, 0])
        user_bias = self.user_bias(inputs[:, 0])
        movie_vector = self.movie_embedding(inputs[:, 1])
        movie_bias = self.movie_bias(inputs[:, 1])
        dot_user_movie = tf.reduce_sum(user_vector * movie_vector, axis=1, keepdims=True)
        # Add all the components (including bias)
        x = dot_user_movie + user_bias + movie_bias
        # The sigmoid forces the rating to between 0 and 1
        return tf.nn.sigmoid(x)


class RemainderEmbedding(layers.Layer):
    """Two small tables in place of a large one: by quotient and by remainder."""

    def __init__(self, embedding_dim, num_buckets, name=None):
        super().__init__(name=name)
        self.num_buckets = num_buckets
        self.q_embeddings = layers.Embedding(num_buckets, embedding_dim)
        self.r_embeddings = layers.Embedding(num_buckets, embedding_dim)

    def call(self, inputs):
        quotient_index = tf.math.floordiv(inputs, self.num_buckets)
        remainder_index = tf.math.floormod(inputs, self.num_buckets)
        return self.q_embeddings(quotient_index) * self.r_embeddings(remainder_index)


np.random.seed(42)
num_users, num_movies = 20, 25
taste = np.random.normal(size=(num_users, 2))
style = np.random.normal(size=(num_movies, 2))
x = np.stack([np.random.randint(0, num_users, 400), np.random.randint(0, num_movies, 400)], axis=1)
scores = np.sum(taste[x[:, 0]] * style[x[:, 1]], axis=1)
y = (scores - np.min(scores)) / (np.max(scores) - np.min(scores))
train_indices = int(0.9 * x.shape[0])
x_train, x_val, y_train, y_val = (x[:train_indices], x[train_indices:], y[:train_indices], y[train_indices:])

model = RecommenderNet(num_users, num_movies, EMBEDDING_SIZE)
model.compile(loss=keras.losses.BinaryCrossentropy(), optimizer=keras.optimizers.Adam(learning_rate=0.01))
history = model.fit(x=x_train, y=y_train, batch_size=64, epochs=4, verbose=0, validation_data=(x_val, y_val))
print("loss:", history.history["loss"])
print("val_loss:", history.history["val_loss"])

# The best movies for one user
user_id = 3
user_movies = np.stack([np.full(num_movies, user_id), np.arange(num_movies)], axis=1)
ratings = model.predict(user_movies, verbose=0).flatten()
top = np.argsort(-ratings)[:3]
print("best:", top, ratings[top])

ids = keras.Input(shape=(), dtype=tf.int32, name="movie_id")
vectors = RemainderEmbedding(4, 5, name="movie_embedding")(ids)
outputs = layers.Dense(1, activation="sigmoid")(vectors)
by_movie = keras.Model(ids, outputs)
by_movie.compile(loss="mse", optimizer=keras.optimizers.Adam(learning_rate=0.01))
history = by_movie.fit(x_train[:, 1], y_train, batch_size=64, epochs=3, verbose=0)
print("by movie:", history.history["loss"], by_movie.count_params())
