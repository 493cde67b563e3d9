// Ported from moving_average.py.
// A recurrent network that learns a moving average, on tables.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::{Table, ToTensor};
use candle_keras::layers::{Dense, LSTM};
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, python, utils};

fn main() -> Result<()> {
    let window = 3;
    let ahead = 2;
    let length = 120;
    let batch_size = 1;

    numpy::random::seed(7);
    utils::set_random_seed(7);

    let to_drop = usize::max(window - 1, ahead - 1);
    let mut data = uniform(0.1, length + to_drop)?;
    let expected = data.rolling(window).mean()?;

    // Each row gets the numbers before it.
    if ahead > 1 {
        let data_then = numpy::to_ndarray::<f64>(&ops::repeat(&data.values()?, ahead as i64, 1)?)?;
        data = Table::numbered(&data_then.to_tensor()?)?;
        for (i, c) in data.names().to_vec().iter().enumerate() {
            data.set(c, &data.column(c)?.shift(i as i64))?;
        }
    }

    let expected = expected.iloc(to_drop.., ..)?;
    let data = data.iloc(to_drop.., ..)?;
    println!("shapes: {:?} {:?}", data.shape(), expected.shape());
    println!("{}", data.head(5));
    println!("{}", expected.tail(3));

    let smooth = data.column("0")?.rolling(5).min_periods(1).max()?;
    println!("max of five: {:?} {:?}", smooth.mean()?, smooth.std()?);
    let change = data.column("1")?.diff(1)?;
    println!("changes: {:?} {:?}", change.mean()?, change.max()?);

    let ((x_train, y_train), (x_test, y_test)) = split(&data, &expected, 0.8, length, batch_size)?;
    println!("{:?} {:?} {:?} {:?}", x_train.dims(), y_train.dims(), x_test.dims(), y_test.dims());

    let mut model = Sequential::new(layers![
        Input::shape((ahead, 1)),
        LSTM::new(12),
        Dense::new(1),
    ]);
    model.compile("adam", "mse")?;
    let history = model.fit(&x_train, &y_train, Fit::new().epochs(4).batch_size(8).validation_data(&x_test, &y_test).shuffle(false).verbose(0))?;
    println!("{:?} {:?}", &history["loss"], &history["val_loss"]);
    let predicted = model.predict_with(&x_test, Predict::new().verbose(0))?;
    println!("{}", numpy::array_str(&ops::subtract(&y_test, &predicted)?.flatten_all()?.i(..5)?)?);
    Ok(())
}

fn uniform(amplitude: f64, count: usize) -> Result<Table> {
    // Random numbers between -amplitude and amplitude, in one column.
    let data = numpy::random::uniform(-1.0 * amplitude, 1.0 * amplitude, count)?;
    let data = Table::numbered(&data)?;
    Ok(data)
}

fn split(x: &Table, y: &Table, ratio: f64, length: usize, batch_size: usize) -> Result<((Tensor, Tensor), (Tensor, Tensor))> {
    let mut to_train = (length as f64 * ratio) as i64;
    to_train -= i64::rem_euclid(to_train, batch_size as i64);
    let x_train = x.iloc(..python::bound(to_train, x.rows()), ..)?;
    let y_train = y.iloc(..python::bound(to_train, y.rows()), ..)?;
    let x_test = x.iloc(python::bound(to_train, x.rows()).., ..)?;
    let y_test = y.iloc(python::bound(to_train, y.rows()).., ..)?;
    Ok(((reshape_3(&x_train)?, reshape_2(&y_train)?), (reshape_3(&x_test)?, reshape_2(&y_test)?)))
}

fn reshape_3(t: &Table) -> Result<Tensor> {
    Ok(t.values()?.reshape((t.shape().0, t.shape().1, 1))?)
}

fn reshape_2(t: &Table) -> Result<Tensor> {
    Ok(t.values()?.reshape((t.shape().0, 1))?)
}
