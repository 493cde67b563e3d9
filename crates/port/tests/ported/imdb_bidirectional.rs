// Ported from imdb_bidirectional.py.
// Bidirectional LSTM over padded word sequences, two classes.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Bidirectional, Dense, Embedding, LSTM};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::utils::Pad;
use candle_keras::{Error, numpy, ops, utils};
use ndarray::Array2;

fn main() -> Result<()> {
    let max_features = 60; // Only consider the top 60 words
    let maxlen = 16; // Only consider the first 16 words of each review

    utils::set_random_seed(2021);
    numpy::random::seed(2021);

    let labels = numpy::random::permutation(&numpy::mod_(&ops::arange(0.0, 160.0, 1.0, "int64")?, 2)?)?;
    let reviews = numpy::rows(&labels)?.into_iter().map(|label| Ok::<_, Error>(random_review(&label, maxlen, max_features)?)).collect::<Result<Vec<Tensor>>>()?;
    let x = utils::pad_sequences(&reviews.iter().map(|row| row.to_dtype(DType::I64)?.to_vec1::<i64>()).collect::<candle_keras::candle_core::Result<Vec<_>>>()?, Pad::new().maxlen(maxlen).padding("post"))?;
    let (x_train, x_val) = (x.i(..128)?, x.i(128..)?);
    let (y_train, y_val) = (labels.i(..128)?, labels.i(128..)?);
    println!("{} Training sequences", x_train.dim(0)?);
    println!("{} Validation sequences", x_val.dim(0)?);

    // Input for variable-length sequences of integers
    let inputs = Input::shape([None::<usize>]).dtype("int32");
    // Embed each integer in a vector
    let x = Embedding::new(max_features, 16).mask_zero(true).call(&inputs);
    // Add 2 bidirectional LSTMs
    let x = Bidirectional::new(LSTM::new(8).return_sequences(true)).call(&x);
    let x = Bidirectional::new(LSTM::new(8)).call(&x);
    // Add a classifier
    let outputs = Dense::new(1).activation("sigmoid").call(&x);
    let mut model = Model::new(&inputs, &outputs)?;
    println!("Total params: {}", model.count_params());

    model.compile(Adam::new().learning_rate(0.01), Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
    let history = model.fit(&x_train, &y_train, Fit::new().batch_size(32).epochs(3).validation_data(&x_val, &y_val).verbose(0))?;
    for (i, (&a, &b)) in (1..).zip(history["accuracy"].iter().zip(&history["val_accuracy"])) {
        println!("epoch {i}: accuracy {a:.4} val_accuracy {b:.4}");
    }
    println!("losses: {}", numpy::array_str(&ops::round(&Tensor::new(&history["loss"][..], &Device::Cpu)?, 4)?)?);

    let scores = model.evaluate_with(&x_val, &y_val, Evaluate::new().verbose(0))?;
    let (loss, accuracy) = (scores["loss"], scores["accuracy"]);
    println!("Validation: loss {loss:.4}, accuracy {:.2}%", 100.0 * (accuracy));
    let predicted = model.predict_with(&x_val, Predict::new().verbose(0))?.gt(0.5)?.to_dtype(DType::I32)?.flatten_all()?;
    println!("correct: {} of {}", ops::equal(&predicted, &y_val)?.to_dtype(DType::I64)?.sum_all()?.to_scalar::<i64>()? as usize, y_val.dim(0)?);
    let mut confusion = Array2::<i64>::zeros((2, 2));
    for (t, p) in numpy::rows(&y_val)?.into_iter().zip(numpy::rows(&predicted)?) {
        confusion[[t.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize, p.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize]] += 1;
    }
    println!("{}", numpy::array_str(&confusion.to_tensor()?)?);
    Ok(())
}

fn random_review(label: &Tensor, maxlen: usize, max_features: usize) -> Result<Tensor> {
    // Reviews of class 1 tend to rise, those of class 0 to fall.
    let n = numpy::random::randint_scalar(6, (maxlen + 1) as i64)? as usize;
    let mut words = ops::sort(&numpy::random::randint(1, max_features as i64, n)?, -1)?;
    if ops::equal(label, &Tensor::new(0_i64, &Device::Cpu)?)?.to_dtype(DType::F64)?.to_scalar::<f64>()? != 0.0 {
        words = ops::flip(&words, 0)?;
    }
    let noise = numpy::random::randint(-3, 4, n)?;
    Ok(ops::clip(&ops::add(&words, &noise)?, 1.0, (max_features - 1) as f64)?)
}
