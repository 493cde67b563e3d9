// Ported from gru_stateful_sine.py.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Dense, GRU};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, utils};

fn main() -> Result<()> {
    // A stateful GRU that follows a sine wave step by step, and then generates the wave by itself.

    utils::set_random_seed(19);
    numpy::random::seed(19);

    let lahead = 1; // how many steps ahead to predict
    let batch_size = 4;
    let timesteps = 5;
    let length = 240;
    let epochs = 4;

    let series = gen_sine(1.0, 24, length, 0.02)?;
    let (x, y) = to_windows(&series, batch_size, lahead, timesteps)?;
    println!("windows: {:?} {:?}", x.dims(), y.dims());

    let mut model = Sequential::new(layers![]);
    model.add(Input::shape((timesteps, 1)).batch_size(batch_size));
    model.add(GRU::new(12).stateful(true).return_sequences(true));
    model.add(Dense::new(1));
    model.compile(Adam::new().learning_rate(0.02), "mse")?;

    println!("Training");
    for i in 0..epochs {
        // The order of the batches matters: no shuffling, and the states begin with zeros in each epoch
        let history = model.fit(&x, &y, Fit::new().batch_size(batch_size).epochs(1).shuffle(false).verbose(0))?;
        println!("Epoch {} / {epochs} loss: {:.5}", i + 1, history["loss"][0]);
        for layer in model.layers() {
            if ["LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"].contains(&layer.class_name()) {
                layer.reset_states()?;
            }
        }
    }

    let predicted = model.predict_with(&x, Predict::new().batch_size(batch_size).verbose(0))?;
    println!("mean squared error: {:.5}", ops::mean(&ops::square(&ops::subtract(&predicted, &y)?)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    println!("first window: {}", numpy::array_str(&predicted.i(0)?.flatten_all()?)?);

    // The same weights in a model for one sample and one step
    let single = Sequential::new(layers![
        Input::shape((1, 1)).batch_size(1),
        GRU::new(12).stateful(true).return_sequences(false),
        Dense::new(1),
    ]);
    single.set_weights(&model.get_weights()?)?;

    let mut value = Tensor::zeros((1, 1), DType::F64, &Device::Cpu)?;
    for number in numpy::rows(&series.i(..24)?)? {
        value = single.predict_with(&Tensor::stack(&[&Tensor::stack(&[&Tensor::stack(&[&number], 0)?], 0)?], 0)?, Predict::new().verbose(0))?;
    }
    let mut generated = vec![];
    for _step in 0..8 {
        generated.push(value.i((0, 0))?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
        value = single.predict_with(&value.reshape((1, 1, 1))?, Predict::new().verbose(0))?;
    }
    for (step, (&g, t)) in generated.iter().zip(numpy::rows(&series.i(24..32)?)?).enumerate() {
        println!("{step}: generated {g:+.4}, true {:+.4}", t.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    }
    Ok(())
}

fn gen_sine(amp: f64, period: usize, n: usize, noise: f64) -> Result<Tensor> {
    // A sine wave with noise, of the shape (n,).
    let t = ops::arange(0.0, n as f64, 1.0, "int64")?;
    Ok(ops::add(&(amp * &ops::sin(&numpy::divide(&(2.0 * std::f64::consts::PI * t.to_dtype(DType::F64)?)?, period)?)?)?, &numpy::random::normal(0.0, noise, n)?)?)
}

fn to_windows(series: &Tensor, n_streams: usize, lahead: usize, timesteps: usize) -> Result<(Tensor, Tensor)> {
    // Cuts the series into streams, and the streams into windows that follow each other.
    //
    // Sample i of a batch continues sample i of the batch before, as a stateful layer needs it.
    let per_stream = series.dim(0)? / n_streams;
    let n_windows: usize = (per_stream - lahead) / timesteps;
    let (mut x, mut y) = (vec![], vec![]);
    for w in 0..n_windows {
        for s in 0..n_streams {
            let start = s * per_stream + w * timesteps;
            x.push(series.i(usize::min(start, series.dim(0)?)..usize::min(start + timesteps, series.dim(0)?))?);
            y.push(series.i(usize::min(start + lahead, series.dim(0)?)..usize::min(start + timesteps + lahead, series.dim(0)?))?);
        }
    }
    Ok((ops::expand_dims(&Tensor::stack(&x, 0)?, -1)?, ops::expand_dims(&Tensor::stack(&y, 0)?, -1)?))
}
