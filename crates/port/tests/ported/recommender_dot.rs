// Ported from recommender_dot.py.
// Collaborative filtering: the dot product of a user's and a film's vector, with biases.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Embedding, KerasTensor};
use candle_keras::losses::BinaryCrossentropy;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::regularizers::L2;
use candle_keras::{Error, numpy, ops, utils};
use indexmap::IndexMap;
use std::collections::BTreeSet;

const EMBEDDING_SIZE: usize = 8;
const NUM_USERS: usize = 30;
const NUM_MOVIES: usize = 40;
const NUM_RATINGS: usize = 400;

fn main() -> Result<()> {
    utils::set_random_seed(15);
    numpy::random::seed(15);

    // Ratings from 0.5 to 5 that come from hidden tastes
    let tastes = numpy::random::normal(0.0, 1.0, (NUM_USERS, 3))?;
    let traits = numpy::random::normal(0.0, 1.0, (NUM_MOVIES, 3))?;
    let user = numpy::add(&numpy::random::randint(0, NUM_USERS as i64, NUM_RATINGS)?, 100)?;
    let movie = numpy::multiply(&numpy::random::randint(0, NUM_MOVIES as i64, NUM_RATINGS)?, 7)?;
    let rating = (&ops::sum(&ops::multiply(&ops::take(&tastes, &numpy::subtract(&user, 100)?, 0)?, &ops::take(&traits, &numpy::floor_divide(&movie, 7)?, 0)?)?, 1)? + 2.75)?;
    let rating = ops::clip(&(&ops::round(&(&rating * 2.0)?, 0)? / 2.0)?, 0.5, 5.0)?;

    // The numbers of users and films have gaps: encode them as indices
    let user_ids = numpy::unique(&user)?;
    let user2user_encoded = numpy::rows(&user_ids)?.into_iter().enumerate().map(|(i, x)| Ok::<_, Error>((x.clone().to_dtype(DType::I64)?.to_scalar::<i64>()?, i))).collect::<Result<IndexMap<i64, usize>>>()?;
    let movie_ids = numpy::unique(&movie)?;
    let movie2movie_encoded = numpy::rows(&movie_ids)?.into_iter().enumerate().map(|(i, x)| Ok::<_, Error>((x.clone().to_dtype(DType::I64)?.to_scalar::<i64>()?, i))).collect::<Result<IndexMap<i64, usize>>>()?;
    let movie_encoded2movie = numpy::rows(&movie_ids)?.into_iter().enumerate().map(|(i, x)| (i, x.clone())).collect::<IndexMap<usize, Tensor>>();
    let user = Tensor::from_iter(numpy::rows(&user)?.into_iter().map(|x| Ok::<_, Error>(user2user_encoded[&x.to_dtype(DType::I64)?.to_scalar::<i64>()?])).collect::<Result<Vec<usize>>>()?.iter().map(|&x| x as i64), &Device::Cpu)?;
    let movie = Tensor::from_iter(numpy::rows(&movie)?.into_iter().map(|x| Ok::<_, Error>(movie2movie_encoded[&x.to_dtype(DType::I64)?.to_scalar::<i64>()?])).collect::<Result<Vec<usize>>>()?.iter().map(|&x| x as i64), &Device::Cpu)?;
    let (min_rating, max_rating) = (ops::min(&rating, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?, ops::max(&rating, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    println!("Number of users: {}, Number of Movies: {}, Min rating: {min_rating:?}, Max rating: {max_rating:?}", user_ids.dim(0)?, movie_ids.dim(0)?);

    let x = ops::stack(&[&user, &movie], 1)?;
    let y = numpy::divide(&(&rating - min_rating)?, max_rating - min_rating)?;
    let train_indices = (0.9 * x.dim(0)? as f64) as usize;
    let (x_train, x_val, y_train, y_val) = (x.i(..train_indices)?, x.i(train_indices..)?, y.i(..train_indices)?, y.i(train_indices..)?);

    let mut model = RecommenderNet::new(user_ids.dim(0)?, movie_ids.dim(0)?, EMBEDDING_SIZE).model();
    model.compile(Adam::new().learning_rate(0.01), BinaryCrossentropy::new())?;
    let history = model.fit(&x_train, &y_train, Fit::new().batch_size(32).epochs(5).verbose(0).validation_data(&x_val, &y_val))?;
    for epoch in 0..history["loss"].len() {
        println!("epoch {}: loss {:.5}, val_loss {:.5}", epoch + 1, history["loss"][epoch], history["val_loss"][epoch]);
    }

    // The best films for one user that he or she has not seen
    let user_id = 3;
    let watched = numpy::compress(&movie, &ops::equal(&user, &Tensor::new(user_id as i64, &Device::Cpu)?)?)?.to_dtype(DType::I64)?.to_vec1::<i64>()?.into_iter().collect::<BTreeSet<i64>>();
    let not_watched = (0..movie_ids.dim(0)?).filter(|&m| !watched.contains(&(m as i64))).collect::<Vec<usize>>();
    let pairs = ops::hstack(&[&vec![vec![vec![user_id]]; not_watched.len()].concat().iter().map(|row| row.iter().map(|&x| x as i64).collect::<Vec<_>>()).collect::<Vec<_>>().to_tensor()?, &Tensor::from_iter(not_watched.iter().map(|&x| x as i64), &Device::Cpu)?.reshape(((), 1))?])?;
    let ratings = model.predict_with(&pairs, Predict::new().verbose(0))?.flatten_all()?;
    for index in numpy::rows(&ops::flip(&ops::argsort(&ratings, -1)?.i(ops::argsort(&ratings, -1)?.dim(0)? - 3..)?, 0)?)? {
        println!("movie {} rating {:.4}", numpy::array_str(&movie_encoded2movie[&not_watched[index.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize]])?, ops::take(&ratings, &index, 0)?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    }
    Ok(())
}

#[derive(Clone)]
struct RecommenderNet {
    user_embedding: Embedding,
    user_bias: Embedding,
    movie_embedding: Embedding,
    movie_bias: Embedding,
}

impl RecommenderNet {
    fn new(num_users: usize, num_movies: usize, embedding_size: usize) -> Self {
        let user_embedding = Embedding::new(num_users, embedding_size).embeddings_initializer("he_normal").embeddings_regularizer(L2::new(1e-6));
        let user_bias = Embedding::new(num_users, 1);
        let movie_embedding = Embedding::new(num_movies, embedding_size).embeddings_initializer("he_normal").embeddings_regularizer(L2::new(1e-6));
        let movie_bias = Embedding::new(num_movies, 1);
        Self { user_embedding, user_bias, movie_embedding, movie_bias }
    }

    fn call(&self, inputs: &KerasTensor) -> KerasTensor {
        let user_vector = self.user_embedding.call(inputs.get((.., 0)));
        let user_bias = self.user_bias.call(inputs.get((.., 0)));
        let movie_vector = self.movie_embedding.call(inputs.get((.., 1)));
        let movie_bias = self.movie_bias.call(inputs.get((.., 1)));
        let dot_user_movie = ops::sum(&(&user_vector * &movie_vector), ops::axes(1).keepdims(true));
        ops::sigmoid(&(&dot_user_movie + &user_bias + &movie_bias))
    }

    fn model(self) -> Model {
        let layers = layers![self.user_embedding.clone(), self.user_bias.clone(), self.movie_embedding.clone(), self.movie_bias.clone()];
        Model::from_call("RecommenderNet", layers, move |x| Ok(self.call(&x[0])))
    }
}
