// Ported from masked_loss.py.
// A tagger of words whose own loss and metric leave out the padding: targets are indices, predictions rows of classes.

use candle_keras::data::ToTensor;
use candle_keras::layers::{Dense, Embedding, LSTM};
use candle_keras::losses::{Loss, Reduction};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, python};
use ndarray::s;

fn main() -> Result<()> {
    numpy::random::seed(5);
    let (words, tags, length) = (12, 4, 6);
    let mut sentences = numpy::to_ndarray::<i64>(&numpy::random::randint(1, words as i64, (48, length))?)?;
    for i in 0..48 {
        let start1 = usize::min(3 + i % 4, sentences.shape()[1]);
        sentences.slice_mut(s![i, start1..]).fill(0);
    }
    let tags_ = ops::where_(&ops::greater(&sentences.to_tensor()?, &Tensor::new(0_i64, &Device::Cpu)?)?, &numpy::add(&ops::mod_(&sentences.to_tensor()?, &Tensor::new((tags - 1) as i64, &Device::Cpu)?)?, 1)?, &Tensor::new(0_i64, &Device::Cpu)?)?;

    let inputs = Input::shape([length]);
    let x = Embedding::new(words, 8).call(&inputs);
    let x = LSTM::new(8).return_sequences(true).call(&x);
    let outputs = Dense::new(tags).activation("softmax").call(&x);
    let mut model = Model::new(&inputs, &outputs)?;
    model.compile(Adam::new().learning_rate(0.02), Loss::new("masked_loss", |y_true, y_pred| Ok(masked_loss(y_true, y_pred)?)))?;
    let history = model.fit(&sentences, &tags_, Fit::new().batch_size(12).epochs(4).verbose(0))?;
    println!("loss: {:?}", history["loss"].iter().map(|&value| python::round(value, 4)).collect::<Vec<f64>>());
    println!("evaluated: {:.4}", model.evaluate_with(&sentences, &tags_, Evaluate::new().verbose(0))?["loss"]);
    let found = ops::argmax(&model.predict_with(&sentences, Predict::new().verbose(0))?, -1)?;
    let mask = ops::greater(&sentences.to_tensor()?, &Tensor::new(0_i64, &Device::Cpu)?)?;
    println!("right: {} of {}", ops::logical_and(&ops::equal(&found, &tags_)?, &mask)?.to_dtype(DType::I64)?.sum_all()?.to_scalar::<i64>()? as usize, mask.to_dtype(DType::I64)?.sum_all()?.to_scalar::<i64>()? as usize);
    Ok(())
}

fn masked_loss(y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
    let loss = Loss::from("sparse_categorical_crossentropy").reduction(Reduction::None).call(y_true, y_pred, None, None)?;
    let mask = ops::cast(&ops::not_equal(y_true, &Tensor::new(0.0_f32, &Device::Cpu)?)?, "float32")?;
    Ok(ops::divide(&ops::sum(&ops::multiply(&loss, &mask)?, ())?, &ops::sum(&mask, ())?)?)
}
