// Ported from timeseries_lstm.py.
// Forecasts a noisy series (trend + season) with an LSTM and a sliding window.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Dense, LSTM};
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, python, utils};
use ndarray::s;

fn main() -> Result<()> {
    // convert an array of values into a dataset matrix

    // fix random seed for reproducibility
    utils::set_random_seed(7);
    numpy::random::seed(7);

    // the dataset: twelve years of monthly passengers
    let months = ops::arange(0.0, 144.0, 1.0, "int64")?;
    let dataset = ops::add(&ops::add(&(100.0 + &(2.5 * months.to_dtype(DType::F64)?)?)?, &(30.0 * &ops::sin(&numpy::divide(&(2.0 * std::f64::consts::PI * months.to_dtype(DType::F64)?)?, 12)?)?)?)?, &numpy::random::normal(0.0, 8.0, 144)?)?;
    let dataset = dataset.reshape(((), 1))?.to_dtype(DType::F32)?;

    // normalize the dataset
    let (low, high) = (ops::min(&dataset, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?, ops::max(&dataset, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    let dataset = numpy::divide(&(&dataset - low)?, high - low)?;
    println!("range of the passengers: {} to {}", python::format(low, ".1f")?, python::format(high, ".1f")?);

    // split into train and test sets
    let train_size = (dataset.dim(0)? as f64 * 0.67) as usize;
    let test_size = dataset.dim(0)? as i64 - train_size as i64;
    let (train, test) = (dataset.i(0..train_size)?, dataset.i(train_size..dataset.dim(0)?)?);
    println!("{} {} {test_size}", train.dim(0)?, test.dim(0)?);

    // reshape into X=t and Y=t+1
    let look_back = 6;
    let (train_x, train_y) = create_dataset(&train, look_back)?;
    let (test_x, test_y) = create_dataset(&test, look_back)?;

    // reshape input to be [samples, time steps, features]
    let train_x = train_x.reshape((train_x.dims()[0], train_x.dims()[1], 1))?;
    let test_x = test_x.reshape((test_x.dims()[0], test_x.dims()[1], 1))?;
    println!("{:?} {:?}", train_x.dims(), train_y.dims());

    // create and fit the LSTM network
    let mut model = Sequential::new(layers![]);
    model.add(Input::shape((look_back, 1)));
    model.add(LSTM::new(8));
    model.add(Dense::new(1));
    model.compile("adam", "mean_squared_error")?;
    let history = model.fit(&train_x, &train_y, Fit::new().epochs(6).batch_size(4).verbose(0))?;
    for (epoch, &loss) in history["loss"].iter().enumerate() {
        println!("epoch {}: {}", epoch + 1, python::format(loss, ".5f")?);
    }

    // make predictions, and invert them
    let train_predict = (&(&model.predict_with(&train_x, Predict::new().verbose(0))? * (high - low))? + low)?;
    let test_predict = (&(&model.predict_with(&test_x, Predict::new().verbose(0))? * (high - low))? + low)?;
    let train_truth = (&(&train_y * (high - low))? + low)?;
    let test_truth = (&(&test_y * (high - low))? + low)?;

    // calculate root mean squared error
    let train_score = f64::sqrt(ops::mean(&ops::square(&ops::subtract(&train_truth, &train_predict.i((.., 0))?)?)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    println!("Train Score: {} RMSE", python::format(train_score, ".2f")?);
    let test_score = f64::sqrt(ops::mean(&ops::square(&ops::subtract(&test_truth, &test_predict.i((.., 0))?)?)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    println!("Test Score: {} RMSE", python::format(test_score, ".2f")?);

    // shift the predictions for a plot: NaN where there is none
    let mut plot = numpy::to_ndarray::<f64>(&dataset.zeros_like()?)?;
    plot.slice_mut(s![.., ..]).fill(f64::NAN);
    let end0 = usize::min(train_predict.dim(0)? + look_back, plot.shape()[0]);
    {
        let mut part = plot.slice_mut(s![look_back..end0, ..]);
        let numbers = train_predict.to_dtype(DType::F64)?.broadcast_as(part.shape())?.flatten_all()?.to_vec1::<f64>()?;
        for (element, number) in part.iter_mut().zip(numbers) {
            *element = number;
        }
    }
    println!("values in the plot: {}", ops::logical_not(&ops::isnan(&plot.to_tensor()?)?)?.to_dtype(DType::I64)?.sum_all()?.to_scalar::<i64>()? as usize);
    for (truth, predicted) in python::slice(&numpy::rows(&test_truth)?.into_iter().zip(numpy::rows(&test_predict)?).collect::<Vec<(Tensor, Tensor)>>(), ..4).to_vec() {
        println!("{:.1} {:.1}", truth.to_dtype(DType::F64)?.to_scalar::<f64>()?, predicted.i(0)?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    }
    Ok(())
}

fn create_dataset(dataset: &Tensor, look_back: usize) -> Result<(Tensor, Tensor)> {
    let (mut data_x, mut data_y) = (vec![], vec![]);
    for i in 0..dataset.dim(0)? - look_back - 1 {
        let a = dataset.i((i..usize::min(i + look_back, dataset.dim(0)?), 0))?;
        data_x.push(a.clone());
        data_y.push(dataset.i((i + look_back, 0))?);
    }
    Ok((Tensor::stack(&data_x, 0)?, Tensor::stack(&data_y, 0)?))
}
