// Ported from reuters_mlp.py.
// Topic of a newswire from the words it has: multi-hot vectors and an MLP.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::Dense;
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops, python, utils};
use ndarray::Array2;

const NUM_WORDS: usize = 120;
const NUM_TOPICS: usize = 6;

fn main() -> Result<()> {
    utils::set_random_seed(11);
    numpy::random::seed(11);

    let (train_data, train_labels) = make_newswires(220)?;
    let (test_data, test_labels) = make_newswires(60)?;
    println!("newswires: {} and {}", train_data.len(), test_data.len());
    println!("words in the first: {} topic: {}", train_data[0].len(), numpy::array_str(&train_labels.i(0)?)?);

    let x_train = vectorize_sequences(&train_data, NUM_WORDS)?;
    let x_test = vectorize_sequences(&test_data, NUM_WORDS)?;
    let y_train = utils::to_categorical(&train_labels, None)?;
    let y_test = utils::to_categorical(&test_labels, None)?;

    let x_val = x_train.to_tensor()?.i(..40)?;
    let partial_x_train = x_train.to_tensor()?.i(40..)?;
    let y_val = y_train.i(..40)?;
    let partial_y_train = y_train.i(40..)?;

    let mut model = Sequential::new(layers![]);
    model.add(Input::shape([NUM_WORDS]));
    model.add(Dense::new(32).activation("relu"));
    model.add(Dense::new(32).activation("relu"));
    model.add(Dense::new(NUM_TOPICS).activation("softmax"));
    model.compile("rmsprop", Compile::loss("categorical_crossentropy").metrics(["accuracy"]))?;

    let history = model.fit(&partial_x_train, &partial_y_train, Fit::new().epochs(8).batch_size(32).validation_data(&x_val, &y_val).verbose(0))?;
    let loss = &history["loss"];
    let val_loss = &history["val_loss"];
    let val_acc = &history["val_accuracy"];
    for i in 0..loss.len() {
        println!("epoch {:2}  loss {:.4}  val_loss {:.4}  val_acc {:.4}", i + 1, loss[i], val_loss[i], val_acc[i]);
    }
    let best = ops::argmin(&Tensor::new(val_loss, &Device::Cpu)?.flatten_all()?, 0)?.to_dtype(DType::U32)?.to_scalar::<u32>()? as usize + 1;
    println!("best epoch: {best}");

    let results = model.evaluate_with(&x_test, &y_test, Evaluate::new().verbose(0))?;
    println!("test: {:?}", [results["loss"], results["accuracy"]]);

    // How good would a random guess be?
    let test_labels_copy = test_labels.copy()?;
    let test_labels_copy = numpy::random::shuffle_rows(&test_labels_copy)?;
    let hits = ops::equal(&test_labels, &test_labels_copy)?;
    println!("random baseline: {:.3}", ops::mean(&hits.to_dtype(DType::F64)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);

    let predictions = model.predict_with(&x_test, Predict::new().verbose(0))?;
    println!("{:?} {:?}", predictions.dims(), python::round(ops::sum(&predictions.i(0)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?, 4));
    println!("first topics: {:?}", numpy::rows(&predictions.i(..6)?)?.into_iter().map(|p| Ok::<_, Error>(ops::argmax(&p.flatten_all()?, 0)?.to_dtype(DType::U32)?.to_scalar::<u32>()? as usize)).collect::<Result<Vec<usize>>>()?);
    Ok(())
}

fn make_newswires(count: usize) -> Result<(Vec<Vec<i64>>, Tensor)> {
    // Each topic has favourite words; a newswire is a list of word indices.
    let mut sequences = vec![];
    let mut labels = vec![];
    for _ in 0..count {
        let topic = numpy::random::randint_scalar(0, NUM_TOPICS as i64)? as usize;
        let length = numpy::random::randint_scalar(8, 20)? as usize;
        let common = numpy::random::randint(0, NUM_WORDS as i64, length)?;
        let special = numpy::add(topic * 15, &numpy::random::randint(0, 15, length / 2)?)?;
        sequences.push([&common.to_dtype(DType::I64)?.to_vec1::<i64>()?[..], &special.to_dtype(DType::I64)?.to_vec1::<i64>()?[..]].concat());
        labels.push(topic);
    }
    Ok((sequences, Tensor::from_iter(labels.iter().map(|&x| x as i64), &Device::Cpu)?))
}

fn vectorize_sequences(sequences: &[Vec<i64>], dimension: usize) -> Result<Array2<f64>> {
    let mut results = Array2::<f64>::zeros((sequences.len(), dimension));
    for (i, sequence) in sequences.iter().enumerate() {
        for &j in sequence {
            let place1 = python::place(j, results.shape()[1])?;
            results[[i, place1]] = 1.0;
        }
    }
    Ok(results)
}
