// Ported from recommender_net.py.
// Ratings by matrix factorization: embeddings and biases of users and movies in a model of the script.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Dense, Embedding, KerasTensor, Lambda};
use candle_keras::losses::BinaryCrossentropy;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::regularizers::L2;
use candle_keras::{numpy, ops};

const EMBEDDING_SIZE: usize = 6;

fn main() -> Result<()> {
    numpy::random::seed(42);
    let (num_users, num_movies) = (20, 25);
    let taste = numpy::random::normal(0.0, 1.0, (num_users, 2))?;
    let style = numpy::random::normal(0.0, 1.0, (num_movies, 2))?;
    let x = ops::stack(&[&numpy::random::randint(0, num_users as i64, 400)?, &numpy::random::randint(0, num_movies as i64, 400)?], 1)?;
    let scores = ops::sum(&ops::multiply(&ops::take(&taste, &x.i((.., 0))?, 0)?, &ops::take(&style, &x.i((.., 1))?, 0)?)?, 1)?;
    let y = numpy::divide(&(&scores - ops::min(&scores, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?)?, ops::max(&scores, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()? - ops::min(&scores, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?)?;
    let train_indices = (0.9 * x.dims()[0] as f64) as usize;
    let (x_train, x_val, y_train, y_val) = (x.i(..train_indices)?, x.i(train_indices..)?, y.i(..train_indices)?, y.i(train_indices..)?);

    let mut model = RecommenderNet::new(num_users, num_movies, EMBEDDING_SIZE).model();
    model.compile(Adam::new().learning_rate(0.01), BinaryCrossentropy::new())?;
    let history = model.fit(&x_train, &y_train, Fit::new().batch_size(64).epochs(4).verbose(0).validation_data(&x_val, &y_val))?;
    println!("loss: {:?}", &history["loss"]);
    println!("val_loss: {:?}", &history["val_loss"]);

    // The best movies for one user
    let user_id = 3;
    let user_movies = ops::stack(&[&Tensor::full(user_id as f64, num_movies, &Device::Cpu)?.to_dtype(DType::I64)?, &ops::arange(0.0, num_movies as f64, 1.0, "int64")?], 1)?;
    let ratings = model.predict_with(&user_movies, Predict::new().verbose(0))?.flatten_all()?;
    let top = ops::argsort(&ratings.neg()?, -1)?.i(..3)?;
    println!("best: {} {}", numpy::array_str(&top)?, numpy::array_str(&ops::take(&ratings, &top, 0)?)?);

    let ids = Input::shape([0usize; 0]).dtype("int32").name("movie_id");
    let vectors = RemainderEmbedding::new(4, 5, "movie_embedding").call(&ids)?;
    let outputs = Dense::new(1).activation("sigmoid").call(&vectors);
    let mut by_movie = Model::new(&ids, &outputs)?;
    by_movie.compile(Adam::new().learning_rate(0.01), "mse")?;
    let history = by_movie.fit(&x_train.i((.., 1))?, &y_train, Fit::new().batch_size(64).epochs(3).verbose(0))?;
    println!("by movie: {:?} {}", &history["loss"], by_movie.count_params());
    Ok(())
}

#[allow(dead_code)]
#[derive(Clone)]
struct RecommenderNet {
    num_users: usize,
    num_movies: usize,
    embedding_size: usize,
    user_embedding: Embedding,
    user_bias: Embedding,
    movie_embedding: Embedding,
    movie_bias: Embedding,
}

impl RecommenderNet {
    fn new(num_users: usize, num_movies: usize, embedding_size: usize) -> Self {
        let user_embedding = Embedding::new(num_users, embedding_size).embeddings_initializer("he_normal").embeddings_regularizer(L2::new(0.0001));
        let user_bias = Embedding::new(num_users, 1);
        let movie_embedding = Embedding::new(num_movies, embedding_size).embeddings_initializer("he_normal").embeddings_regularizer(L2::new(0.0001));
        let movie_bias = Embedding::new(num_movies, 1);
        Self { num_users, num_movies, embedding_size, user_embedding, user_bias, movie_embedding, movie_bias }
    }

    fn call(&self, inputs: &KerasTensor) -> KerasTensor {
        let user_vector = self.user_embedding.call(inputs.get((.., 0)));
        let user_bias = self.user_bias.call(inputs.get((.., 0)));
        let movie_vector = self.movie_embedding.call(inputs.get((.., 1)));
        let movie_bias = self.movie_bias.call(inputs.get((.., 1)));
        let dot_user_movie = ops::sum(&(&user_vector * &movie_vector), ops::axes(1).keepdims(true));
        let x = &dot_user_movie + &user_bias + &movie_bias;
        ops::sigmoid(&x)
    }

    fn model(self) -> Model {
        let layers = layers![self.user_embedding.clone(), self.user_bias.clone(), self.movie_embedding.clone(), self.movie_bias.clone()];
        Model::from_call("RecommenderNet", layers, move |x| Ok(self.call(&x[0])))
    }
}

/// Two small tables in place of a large one: by quotient and by remainder.
#[derive(Clone)]
struct RemainderEmbedding {
    num_buckets: usize,
    q_embeddings: Embedding,
    r_embeddings: Embedding,
}

impl RemainderEmbedding {
    fn new(embedding_dim: usize, num_buckets: usize, _name: &'static str) -> Self {
        let q_embeddings = Embedding::new(num_buckets, embedding_dim);
        let r_embeddings = Embedding::new(num_buckets, embedding_dim);
        Self { num_buckets, q_embeddings, r_embeddings }
    }

    fn call(&self, inputs: &KerasTensor) -> Result<KerasTensor> {
        let quotient_index = ops::floor_divide(inputs, &Lambda::value(&Tensor::new((self.num_buckets as f64) as f32, &Device::Cpu)?).call(inputs));
        let remainder_index = ops::mod_(inputs, &Lambda::value(&Tensor::new((self.num_buckets as f64) as f32, &Device::Cpu)?).call(inputs));
        Ok(self.q_embeddings.call(&quotient_index) * self.r_embeddings.call(&remainder_index))
    }
}
