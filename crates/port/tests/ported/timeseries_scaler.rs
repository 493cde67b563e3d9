// Ported from timeseries_scaler.py.
// A series that is scaled, cut into windows, predicted, and scaled back.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::{ReadCsv, Table, ToColumn};
use candle_keras::layers::{Dense, LSTM};
use candle_keras::prelude::*;
use candle_keras::{data, ops, sklearn};

fn main() -> Result<()> {
    let steps = ops::arange(0.0, 120.0, 1.0, "int64")?;
    let passengers = ops::add(&(100.0 + &(2.0 * steps.to_dtype(DType::F64)?)?)?, &(15.0 * &ops::sin(&(steps.to_dtype(DType::F64)? * 0.5)?)?)?)?;
    Table::new([("month", steps.to_column()?), ("passengers", passengers.to_column()?)])?.to_csv("air.csv")?;

    let df = data::read_csv("air.csv", ReadCsv::new().usecols(["passengers"]))?;
    let dataset = df.values()?.to_dtype(DType::F32)?;

    let mut scaler = sklearn::MinMaxScaler::new().feature_range(0.0, 1.0);
    let dataset = scaler.fit_transform(&dataset)?;

    let train_size = (dataset.dim(0)? as f64 * 0.67) as usize;
    let (train, test) = (dataset.i(0..train_size)?, dataset.i(train_size..dataset.dim(0)?)?);
    println!("{} {}", train.dim(0)?, test.dim(0)?);

    let look_back = 3;
    let (train_x, train_y) = create_dataset(&train, look_back)?;
    let (test_x, test_y) = create_dataset(&test, look_back)?;
    let train_x = train_x.reshape((train_x.dims()[0], look_back, 1))?;
    let test_x = test_x.reshape((test_x.dims()[0], look_back, 1))?;

    let mut model = Sequential::new(layers![]);
    model.add(Input::shape((look_back, 1)));
    model.add(LSTM::new(8));
    model.add(Dense::new(1));
    model.compile("adam", "mean_squared_error")?;
    model.fit(&train_x, &train_y, Fit::new().epochs(4).batch_size(16).verbose(0))?;

    let train_predict = scaler.inverse_transform(&model.predict_with(&train_x, Predict::new().verbose(0))?)?;
    let test_predict = scaler.inverse_transform(&model.predict_with(&test_x, Predict::new().verbose(0))?)?;
    let train_true = scaler.inverse_transform(&train_y.reshape(((), 1))?)?;
    let test_true = scaler.inverse_transform(&test_y.reshape(((), 1))?)?;
    let train_score = f64::sqrt(sklearn::mean_squared_error(&train_true, &train_predict)?);
    let test_score = f64::sqrt(sklearn::mean_squared_error(&test_true, &test_predict)?);
    println!("Train Score: {train_score:.2} RMSE");
    println!("Test Score: {test_score:.2} RMSE");
    Ok(())
}

fn create_dataset(series: &Tensor, look_back: usize) -> Result<(Tensor, Tensor)> {
    let (mut data_x, mut data_y) = (vec![], vec![]);
    for i in 0..series.dim(0)? - look_back {
        data_x.push(series.i((i..usize::min(i + look_back, series.dim(0)?), 0))?);
        data_y.push(series.i((i + look_back, 0))?);
    }
    Ok((Tensor::stack(&data_x, 0)?, Tensor::stack(&data_y, 0)?))
}
