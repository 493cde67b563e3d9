// Ported from sensor_anomalies.py.
// Anomalies of a sensor: a convolutional autoencoder on windows of a time series with dates.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::{Column, ReadCsv, Table};
use candle_keras::layers::{Conv1D, Conv1DTranspose};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{data, numpy, ops, python, utils};

const STEPS: usize = 16;

fn main() -> Result<()> {
    numpy::random::seed(11);
    utils::set_random_seed(11);

    write_series("normal.csv", 320, 10_000)?;
    write_series("broken.csv", 160, 90)?;

    let df_normal = data::read_csv("normal.csv", ReadCsv::new().usecols(["timestamp", "value"]))?.set_index_of_dates("timestamp")?;
    let mut df_broken = data::read_csv("broken.csv", ReadCsv::new().skip_bad_lines(true))?.set_index_of_dates("timestamp")?;
    df_broken.pop("station")?;
    println!("{}", df_normal.head(5));
    println!("{}", df_broken.tail(3));
    println!("{:?} {:?}", df_normal.shape(), df_broken.shape());

    let smooth = df_normal.column("value")?.rolling(12).mean()?;
    println!("smoothed: {:?} {:?}", smooth.min()?, smooth.max()?);

    let training_mean = df_normal.column("value")?.mean()?;
    let training_std = df_normal.column("value")?.std()?;
    let values = numpy::divide(&numpy::subtract(&df_normal.column("value")?.values()?, training_mean)?, training_std)?;
    println!("samples: {} {training_mean:?} {training_std:?}", values.dim(0)?);

    let x_train = create_sequences(&values.clone().reshape(((), 1))?, STEPS)?;
    println!("windows: {:?}", x_train.dims());

    let mut model = Sequential::new(layers![
        Input::shape((STEPS, 1)),
        Conv1D::new(8, 5).padding("same").strides(2).activation("relu"),
        Conv1D::new(4, 5).padding("same").strides(2).activation("relu"),
        Conv1DTranspose::new(8, 5).padding("same").strides(2).activation("relu"),
        Conv1DTranspose::new(1, 5).padding("same").strides(2),
    ]);
    model.compile(Adam::new().learning_rate(0.01), "mse")?;
    let history = model.fit(&x_train, &x_train, Fit::new().epochs(6).batch_size(32).validation_split(0.1).verbose(0))?;
    let mut log = Table::new(history.iter().map(|(name, values)| (name, Column::Floats(values.to_vec()))))?;
    log.set("epoch", &(1..7).collect::<Vec<usize>>())?;
    for row in log.itertuples() {
        println!("epoch {}: {:.4}, {:.4}", row.get("epoch")?, row.get("loss")?.number()?, row.get("val_loss")?.number()?);
    }

    let train_loss = ops::mean(&ops::abs(&ops::subtract(&model.predict_with(&x_train, Predict::new().verbose(0))?, &x_train)?)?, 1)?;
    let threshold = ops::max(&train_loss, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?;
    println!("threshold: {threshold:?}");

    let test = numpy::divide(&numpy::subtract(&df_broken.column("value")?.values()?, training_mean)?, training_std)?;
    let x_test = create_sequences(&test.clone().reshape(((), 1))?, STEPS)?;
    let test_loss = ops::mean(&ops::abs(&ops::subtract(&model.predict_with(&x_test, Predict::new().verbose(0))?, &x_test)?)?, 1)?.flatten_all()?;
    let anomalies = test_loss.gt(threshold)?;
    println!("anomalies: {}", anomalies.to_dtype(DType::I64)?.sum_all()?.to_scalar::<i64>()? as usize);
    let first = ops::argmax(&test_loss.flatten_all()?, 0)?.to_dtype(DType::U32)?.to_scalar::<u32>()? as usize;
    println!("worst window: {first}");
    println!("{}", df_broken.iloc(first..first + 3, ..)?);
    Ok(())
}

fn write_series(path: &'static str, count: usize, jump: usize) -> Result<()> {
    // A file of five-minute values; the jump is where the sensor fails.
    let noise = numpy::random::normal(0.0, 0.5, count)?;
    let mut file = String::new();
    file.push_str("timestamp,value,station\n");
    for i in 0..count {
        let minute = i * 5;
        let mut value = ((20.0 + 5.0 * f64::sin(i as f64 / 6.0)) + &noise.i(i)?)?;
        if jump <= i && i < jump + 6 {
            value = (&value + 15.0)?;
        }
        file.push_str(&format!("2014-04-{:02} {:02}:{:02}:00,{:.4},A\n", 1 + minute / 1440, minute % 1440 / 60, minute % 60, value.to_dtype(DType::F64)?.to_scalar::<f64>()?));
    }
    python::files::write(path, &file)?;
    Ok(())
}

fn create_sequences(values: &Tensor, time_steps: usize) -> Result<Tensor> {
    let mut output = vec![];
    for i in 0..values.dim(0)? - time_steps + 1 {
        output.push(values.i(i..usize::min(i + time_steps, values.dim(0)?))?);
    }
    Ok(ops::stack(&output, 0)?)
}
