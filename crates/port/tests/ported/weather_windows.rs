// Ported from weather_windows.py.
// Windows of a series: timeseries_dataset_from_array.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Dense, GRU};
use candle_keras::prelude::*;
use candle_keras::utils::Timeseries;
use candle_keras::{numpy, ops, utils};

fn main() -> Result<()> {
    numpy::random::seed(2);
    let steps = ops::arange(0.0, 600.0, 1.0, "int64")?;
    let temperature = ops::add(&(10.0 + &(8.0 * &ops::sin(&numpy::divide(&(numpy::multiply(&steps, 2)?.to_dtype(DType::F64)? * std::f64::consts::PI)?, 24)?)?)?)?, &numpy::random::normal(0.0, 0.5, 600)?)?;
    let pressure = (1000.0 + &(5.0 * &ops::cos(&numpy::divide(&(numpy::multiply(&steps, 2)?.to_dtype(DType::F64)? * std::f64::consts::PI)?, 48)?)?)?)?;
    let data = ops::stack(&[&temperature, &pressure], 1)?;

    let split = 420;
    let mean = ops::mean(&data.i(..split)?, 0)?;
    let std = ops::std(&data.i(..split)?, 0)?;
    let data = ops::divide(&ops::subtract(&data, &mean)?, &std)?.to_dtype(DType::F32)?;

    let (past, delay, batch_size) = (24, 3, 32);
    let train_dataset = utils::timeseries_dataset_from_array(&data.i(..usize::min(split - delay, data.dim(0)?))?, &data.i((usize::min(past + delay, data.dim(0)?)..split, 0))?, past, Timeseries::new().sampling_rate(2).batch_size(batch_size).end_index(380))?;
    let val_dataset = utils::timeseries_dataset_from_array(&data.i(split..data.dim(0)? - delay)?, &data.i((usize::min(split + past + delay, data.dim(0)?).., 0))?, past / 2, Timeseries::new().batch_size(batch_size))?;

    for batch in train_dataset.take(1).iter()? {
        let batch = batch?;
        let samples = &batch.x[0];
        let targets = &batch.y[0];
        println!("{:?} {:?}", samples.dims(), targets.dims());
        println!("{} {}", numpy::array_str(&samples.i((0, ..3, 0))?)?, numpy::array_str(&targets.i(..3)?)?);
    }

    let inputs = Input::shape((None, 2));
    let x = GRU::new(16).call(&inputs);
    let outputs = Dense::new(1).call(&x);
    let mut model = Model::new(&inputs, &outputs)?;
    model.compile("rmsprop", Compile::loss("mse").metrics(["mae"]))?;
    let history = model.fit(&train_dataset, (), Fit::new().epochs(3).validation_data(&val_dataset, ()).verbose(0))?;
    println!("{:?}", &history["loss"]);
    println!("{:?}", &history["val_mae"]);
    Ok(())
}
