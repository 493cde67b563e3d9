// Ported from recurrent_dropout.py.
// Dropout of inputs and states in recurrent layers, and dropout outside of a training: how sure is a model?

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Bidirectional, Call, Conv2D, Dense, Dropout, Flatten, GRU, LSTM, MaxPooling2D, SimpleRNN};
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops, utils};

fn main() -> Result<()> {
    utils::set_random_seed(5);
    let mut rng = numpy::random::RandomState::new(5);
    let x = rng.randn((48, 7, 3))?.to_dtype(DType::F32)?;
    let y = ops::sum(&x.i((.., .., 0))?, 1)?.gt(0.0)?.to_dtype(DType::F32)?;

    // The state is dropped too: each gate has a mask of its own.
    train("lstm", &LSTM::new(4).dropout(0.2).recurrent_dropout(0.3), &x, &y)?;
    train("lstm without input dropout", &LSTM::new(4).recurrent_dropout(0.5), &x, &y)?;
    train_2("gru", &GRU::new(4).dropout(0.2).recurrent_dropout(0.3), &x, &y)?;
    train_2("gru that resets before", &GRU::new(4).recurrent_dropout(0.3).reset_after(false), &x, &y)?;
    train_3("bidirectional", &Bidirectional::new(LSTM::new(3).dropout(0.1).recurrent_dropout(0.2)), &x, &y)?;
    // Here all gates drop the same.
    train("lstm with input dropout", &LSTM::new(4).dropout(0.4), &x, &y)?;
    train_4("simple rnn", &SimpleRNN::new(4).dropout(0.2).recurrent_dropout(0.3), &x, &y)?;

    // A model that starts with another model, and drops behind a convolution and a pooling.
    let encoder = Sequential::new(layers![
        Input::shape((10, 10, 1)),
        Conv2D::new(4, 3).activation("relu"),
        MaxPooling2D::new(2),
        Dropout::new(0.5),
        Flatten::new(),
    ]);
    let classifier = Sequential::new(layers![
        encoder.clone(),
        Dense::new(2).activation("softmax"),
    ]);
    println!("parameters: {}", classifier.count_params());
    let images = rng.rand((6, 10, 10, 1))?.to_dtype(DType::F32)?;
    let samples = ops::stack(&(0..10).map(|_| Ok::<_, Error>(classifier.call_with(&images, Call::new().training(true))?)).collect::<Result<Vec<Tensor>>>()?, 0)?;
    println!("mean: {}", numpy::array_str(&ops::round(&ops::mean(&samples, 0)?.i((.., 0))?, 4)?)?);
    println!("spread: {}", numpy::array_str(&ops::round(&ops::std(&samples, 0)?.i((.., 0))?, 4)?)?);
    Ok(())
}

fn train(name: &'static str, layer: &LSTM, x: &Tensor, y: &Tensor) -> Result<()> {
    let mut model = Sequential::new(layers![
        Input::shape((7, 3)),
        layer.clone(),
        Dense::new(1).activation("sigmoid"),
    ]);
    model.compile("adam", Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
    let history = model.fit(x, y, Fit::new().epochs(2).batch_size(16).verbose(0))?;
    println!("{name} loss {:?}", history["loss"].iter().map(|&loss| format!("{loss:.5}")).collect::<Vec<String>>());
    println!("{}", numpy::array_str(&ops::round(&model.predict_with(&x.i(..3)?, Predict::new().verbose(0))?, 4)?.flatten_all()?)?);
    Ok(())
}

fn train_2(name: &'static str, layer: &GRU, x: &Tensor, y: &Tensor) -> Result<()> {
    let mut model = Sequential::new(layers![
        Input::shape((7, 3)),
        layer.clone(),
        Dense::new(1).activation("sigmoid"),
    ]);
    model.compile("adam", Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
    let history = model.fit(x, y, Fit::new().epochs(2).batch_size(16).verbose(0))?;
    println!("{name} loss {:?}", history["loss"].iter().map(|&loss| format!("{loss:.5}")).collect::<Vec<String>>());
    println!("{}", numpy::array_str(&ops::round(&model.predict_with(&x.i(..3)?, Predict::new().verbose(0))?, 4)?.flatten_all()?)?);
    Ok(())
}

fn train_3(name: &'static str, layer: &Bidirectional, x: &Tensor, y: &Tensor) -> Result<()> {
    let mut model = Sequential::new(layers![
        Input::shape((7, 3)),
        layer.clone(),
        Dense::new(1).activation("sigmoid"),
    ]);
    model.compile("adam", Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
    let history = model.fit(x, y, Fit::new().epochs(2).batch_size(16).verbose(0))?;
    println!("{name} loss {:?}", history["loss"].iter().map(|&loss| format!("{loss:.5}")).collect::<Vec<String>>());
    println!("{}", numpy::array_str(&ops::round(&model.predict_with(&x.i(..3)?, Predict::new().verbose(0))?, 4)?.flatten_all()?)?);
    Ok(())
}

fn train_4(name: &'static str, layer: &SimpleRNN, x: &Tensor, y: &Tensor) -> Result<()> {
    let mut model = Sequential::new(layers![
        Input::shape((7, 3)),
        layer.clone(),
        Dense::new(1).activation("sigmoid"),
    ]);
    model.compile("adam", Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
    let history = model.fit(x, y, Fit::new().epochs(2).batch_size(16).verbose(0))?;
    println!("{name} loss {:?}", history["loss"].iter().map(|&loss| format!("{loss:.5}")).collect::<Vec<String>>());
    println!("{}", numpy::array_str(&ops::round(&model.predict_with(&x.i(..3)?, Predict::new().verbose(0))?, 4)?.flatten_all()?)?);
    Ok(())
}
