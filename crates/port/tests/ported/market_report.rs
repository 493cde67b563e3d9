// Ported from market_report.py.
// Prices of a share: a network of LSTMs forecasts them, and the last rows are reported.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::{Column, ReadCsv};
use candle_keras::layers::{Dense, LSTM};
use candle_keras::prelude::*;
use candle_keras::{Error, data, numpy, ops, python, sklearn};

fn main() -> Result<()> {
    let mut rng = numpy::random::RandomState::new(3);
    let days = 240;
    let close = (100.0 + &ops::cumsum(&rng.normal(0.05, 1.0, days)?, (), None)?)?;
    let mut file = String::new();
    file.push_str("date,open,high,low,close,volume\n");
    for i in 0..days {
        file.push_str(&format!("2021-{:02}-{:02},{:.2},{:.2},{:.2},{:.2},{}\n", i / 28 + 1, i % 28 + 1, (&close.i(i)? - 0.4)?.to_dtype(DType::F64)?.to_scalar::<f64>()?, (&close.i(i)? + 1.1)?.to_dtype(DType::F64)?.to_scalar::<f64>()?, (&close.i(i)? - 1.2)?.to_dtype(DType::F64)?.to_scalar::<f64>()?, close.i(i)?.to_dtype(DType::F64)?.to_scalar::<f64>()?, 1000 + i * 7));
    }
    python::files::write("prices.csv", &file)?;

    let df = data::read_csv("prices.csv", ReadCsv::new())?;
    let latest = df.row(df.rows() - 1)?;
    println!("{latest}");
    println!("{} {}", latest.get("date")?, latest.get("volume")?);
    let price = latest.get("close")?;
    println!("Close: {:.2}, range {:.2}", price.number()?, (latest.get("high")? - latest.get("low")?)?.number()?);
    let first = df.row(0)?;
    if latest.get("close")?.greater(first.get("close")?)? {
        println!("up by {:?}", python::round((latest.get("close")? - first.get("close")?)?.to_f64()?, 2));
    } else {
        println!("down by {:?}", python::round((first.get("close")? - latest.get("close")?)?.to_f64()?, 2));
    }
    let numbers = df.select(["open", "close", "volume"])?;
    println!("{}", numbers.row(numbers.rows() - 1)?);
    println!("{} {} {}", numbers.row(3)?.get("volume")?.clone(), numbers.at(3, "volume")?, df.at(3, "volume")?);
    println!("{}", df.select(["open", "close"])?.mean()?);

    // The days on which one would have traded.
    let mut bought = vec![];
    let mut sold = vec![];
    for i in (5..days).step_by(40) {
        bought.push(df.index()[i]);
        sold.push(if i + 20 < days { df.index()[i + 20] } else { df.index()[df.index().len() - 1] });
    }
    let mut capital = 1000.0;
    for (&buy, &sell) in bought.iter().zip(&sold) {
        let buy_price = df.loc_row(buy)?.get("close")?.clone();
        let sell_price = df.loc_row(sell)?.get("close")?.clone();
        let shares = python::floor_div(capital, buy_price.to_f64()?);
        capital += shares * (sell_price.to_f64()? - buy_price.to_f64()?);
    }
    println!("capital: {capital:.2}");

    let (trained, tested) = (df.iloc(..200, 4..5)?.values()?, df.iloc(200.., 4..5)?.values()?);
    let mut scaler = sklearn::MinMaxScaler::new().feature_range(0.0, 1.0);
    let scaled = scaler.fit_transform(&trained)?;
    let window = 20;
    let (mut x, mut y) = (vec![], vec![]);
    for i in window..scaled.dim(0)? {
        x.push(scaled.i((usize::min(i - window, scaled.dim(0)?)..i, 0))?);
        y.push(scaled.i((i, 0))?);
    }
    let (x, y) = (Tensor::stack(&x, 0)?, Tensor::stack(&y, 0)?);
    let x = x.reshape((x.dims()[0], x.dims()[1], 1))?;

    let mut model = Sequential::new(layers![]);
    model.add(Input::shape((window, 1)));
    model.add(LSTM::new(8).return_sequences(true));
    model.add(LSTM::new(8));
    model.add(Dense::new(1));
    model.compile("adam", "mean_squared_error")?;
    let history = model.fit(&x, &y, Fit::new().epochs(3).batch_size(32).verbose(0))?;
    println!("losses: {:?}", history["loss"].iter().map(|&loss| python::round(loss, 4)).collect::<Vec<f64>>());

    let total = Column::concat([df.iloc(..200, ..)?.column("close")?, df.iloc(200.., ..)?.column("close")?])?;
    let inputs = total.iloc(total.len() - tested.dim(0)? - window..)?;
    let inputs = scaler.transform(&inputs.values()?.reshape(((), 1))?)?;
    let samples = Tensor::stack(&(window..inputs.dim(0)?).map(|i| Ok::<_, Error>(inputs.i((usize::min(i - window, inputs.dim(0)?)..i, 0))?)).collect::<Result<Vec<Tensor>>>()?, 0)?;
    let samples = samples.reshape((samples.dims()[0], samples.dims()[1], 1))?;
    let forecast = scaler.inverse_transform(&model.predict_with(&samples, Predict::new().verbose(0))?)?;
    println!("{} {:?}", numpy::array_str(&forecast.i(..3)?)?, forecast.dims());
    let mut report = df.iloc(200.., ..)?.clone();
    report.set("forecast", &forecast.i((.., 0))?)?;
    report.set_where(&report.column("close")?.greater(report.column("close")?.mean()?)?, "signal", "buy")?;
    println!("{}", report.select(["close", "forecast", "signal"])?.head(5));
    println!("{}", report.column("signal")?.isnull()?.to_dtype(DType::I64)?.sum_all()?.to_scalar::<i64>()? as usize);
    println!("{} {:?}", report.loc_row(205)?.get("forecast")?.clone(), report.loc(..=202)?.column("close")?.clone().sum()?);
    Ok(())
}
