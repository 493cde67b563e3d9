// Ported from several_losses.py.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Concatenate, Dense, Dropout};
use candle_keras::losses::Loss;
use candle_keras::optimizers::{Adam, RMSprop};
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, python, utils};
use indexmap::IndexMap;

fn main() -> Result<()> {
    // Several outputs: a loss for each, none for one, batch by batch, and inputs by name.

    utils::set_random_seed(4);
    numpy::random::seed(4);

    let batch_size = 20;
    let x = numpy::random::normal(0.0, 1.0, (160, 6))?.to_dtype(DType::F32)?;
    let side = numpy::random::uniform(0.0, 1.0, (160, 2))?.to_dtype(DType::F32)?;
    let amount = ops::add(&x.i((.., ..1))?, &ops::multiply(&(0.5 * &x.i((.., 1..2))?)?, &side.i((.., ..1))?)?)?.to_dtype(DType::F32)?;
    let kind = ops::expand_dims(&x.i((.., 2))?.gt(0.2)?.to_dtype(DType::F32)?, 1)?;

    let mut model = build(12)?;
    model.compile(Adam::new().learning_rate(0.01), Compile::losses([Some(Loss::new("scaled_error", |y_true, y_pred| Ok(scaled_error(y_true, y_pred)?))), Some(Loss::from("binary_crossentropy")), None]))?;
    let history = model.fit([&x, &side], [&amount, &kind], Fit::new().epochs(2).batch_size(batch_size).verbose(0))?;
    println!("losses: {}", history["loss"].iter().map(|&loss| format!("{loss:.4}")).collect::<Vec<String>>().join(" "));

    // Two outputs, trained batch by batch
    let mut pair = Model::new(model.inputs()?, python::slice(&model.outputs()?, ..2).to_vec())?;
    pair.compile(RMSprop::new().learning_rate(0.005), Compile::losses(["mse", "binary_crossentropy"]))?;
    for epoch in 0..2 {
        let mut losses: Vec<f64> = vec![];
        for index in 0..x.dim(0)? / batch_size {
            let (start, end) = (index * batch_size, (index + 1) * batch_size);
            losses = pair.train_on_batch([&x.i(start..end)?, &side.i(start..end)?], [&amount.i(start..end)?, &kind.i(start..end)?])?.iter().map(|(_, number)| number).collect::<Vec<f64>>();
        }
        println!("epoch {epoch} last batch: {}", losses.iter().map(|&loss| format!("{loss:.4}")).collect::<Vec<String>>().join(" "));
    }

    let inputs = IndexMap::from([("main", x.i(..5)?), ("extra", side.i(..5)?)]);
    let parts = pair.predict_multiple_with(&inputs, Predict::new().verbose(0))?;
    let (predicted, probability) = (parts[0].clone(), parts[1].clone());
    println!("predicted: {}", numpy::array_str(&ops::round(&predicted.flatten_all()?, 3)?)?);
    println!("probability: {}", numpy::array_str(&ops::round(&probability.flatten_all()?, 3)?)?);
    let results = pair.evaluate_with([&x, &side], [&amount, &kind], Evaluate::new().verbose(0))?.iter().map(|(_, number)| number).collect::<Vec<f64>>();
    println!("evaluated: {:?}", results.iter().map(|&value| format!("{value:.4}")).collect::<Vec<String>>());
    Ok(())
}

fn build(width: usize) -> Result<Model> {
    let main_ = Input::shape([6]).name("main");
    let extra = Input::shape([2]).name("extra");
    let h = Dense::new(width).activation("relu").call(Concatenate::new().call([&main_, &extra]));
    let code = Dense::new(3).name("code").call(&h);
    let amount = Dense::new(1).name("amount").call(&code);
    let kind = Dense::new(1).activation("sigmoid").name("kind").call(Dropout::new(0.1).call(&code));
    Model::new([&main_, &extra], [&amount, &kind, &code])
}

fn scaled_error(y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
    Ok(ops::mean(&ops::square(&(&ops::subtract(y_true, y_pred)? / 2.0)?)?, -1)?)
}
