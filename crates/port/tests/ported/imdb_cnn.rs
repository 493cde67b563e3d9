// Ported from imdb_cnn.py.
// Convolution1D for the mood of a review.
//
// The reviews are lists of word numbers. Numbers in the lower third are "good"
// words, numbers in the upper third are "bad" ones.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Activation, Conv1D, Dense, Dropout, Embedding, GlobalMaxPooling1D};
use candle_keras::prelude::*;
use candle_keras::utils::Pad;
use candle_keras::{numpy, python, utils};

fn main() -> Result<()> {
    utils::set_random_seed(3);
    numpy::random::seed(3);

    // set parameters:
    let max_features = 90;
    let maxlen = 24;
    let batch_size = 16;
    let embedding_dims = 12;
    let filters = 20;
    let kernel_size = 3;
    let hidden_dims = 16;
    let epochs = 3;

    println!("Loading data...");
    let (x_train, y_train) = load_reviews(200, max_features)?;
    let (x_test, y_test) = load_reviews(60, max_features)?;
    println!("{} train sequences", x_train.len());
    println!("{} test sequences", x_test.len());

    println!("Pad sequences (samples x time)");
    let x_train = utils::pad_sequences(&x_train.iter().map(|row| row.to_dtype(DType::I64)?.to_vec1::<i64>()).collect::<candle_keras::candle_core::Result<Vec<_>>>()?, Pad::new().maxlen(maxlen))?;
    let x_test = utils::pad_sequences(&x_test.iter().map(|row| row.to_dtype(DType::I64)?.to_vec1::<i64>()).collect::<candle_keras::candle_core::Result<Vec<_>>>()?, Pad::new().maxlen(maxlen))?;
    println!("x_train shape: {:?}", x_train.dims());
    println!("x_test shape: {:?}", x_test.dims());

    println!("Build model...");
    let mut model = Sequential::new(layers![]);
    // an embedding layer which maps the word numbers to vectors
    model.add(Embedding::new(max_features, embedding_dims));
    model.add(Dropout::new(0.2));
    model.add(Conv1D::new(filters, kernel_size).padding("valid").activation("relu").strides(1));
    model.add(GlobalMaxPooling1D::new());
    model.add(Dense::new(hidden_dims));
    model.add(Dropout::new(0.2));
    model.add(Activation::new("relu"));
    // a single unit, squashed with a sigmoid:
    model.add(Dense::new(1));
    model.add(Activation::new("sigmoid"));

    model.compile("adam", Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
    let history = model.fit(&x_train, &y_train, Fit::new().batch_size(batch_size).epochs(epochs).validation_data(&x_test, &y_test).verbose(0))?;
    for key in { let mut list = history.iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>().into_iter().collect::<Vec<String>>(); list.sort(); list } {
        println!("{key} {:?}", history[&key].iter().map(|&v| format!("{v:.4}")).collect::<Vec<String>>());
    }
    let scores = model.evaluate_with(&x_test, &y_test, Evaluate::new().batch_size(batch_size).verbose(0))?;
    let (score, acc) = (scores["loss"], scores["accuracy"]);
    println!("Test score: {score:.4}");
    println!("Test accuracy: {acc:.4}");
    let probabilities = model.predict_with(&x_test.i(..4)?, Predict::new().verbose(0))?;
    for (truth, p) in numpy::rows(&y_test.i(..4)?)?.into_iter().zip(numpy::rows(&probabilities)?) {
        println!("{} {} {:?}", numpy::array_str(&truth)?, if p.i(0)?.gt(0.5)?.to_dtype(DType::F64)?.to_scalar::<f64>()? != 0.0 { "positive" } else { "negative" }, python::round(p.i(0)?.to_dtype(DType::F64)?.to_scalar::<f64>()?, 4));
    }
    Ok(())
}

fn load_reviews(n: usize, max_features: usize) -> Result<(Vec<Tensor>, Tensor)> {
    let (mut reviews, mut moods) = (vec![], vec![]);
    for i in 0..n {
        let mood = i % 2;
        let length = numpy::random::randint_scalar(10, 30)? as usize;
        let mut words = numpy::to_ndarray::<i64>(&numpy::random::randint(1, max_features as i64, length)?)?;
        let where_ = numpy::random::rand(length)?.lt(0.4)?;
        let low = if mood == 1 { 1 } else { 2 * max_features / 3 };
        for (place, number) in numpy::flatnonzero(&where_)?.to_vec1::<i64>()?.into_iter().zip(numpy::random::randint(low as i64, (low + max_features / 3) as i64, where_.to_dtype(DType::I64)?.sum_all()?.to_scalar::<i64>()? as usize)?.to_dtype(DType::I64)?.to_vec1::<i64>()?) {
            words[[place as usize]] = number;
        }
        reviews.push(words.to_tensor()?);
        moods.push(mood);
    }
    Ok((reviews, Tensor::from_iter(moods.iter().map(|&x| x as i64), &Device::Cpu)?))
}
