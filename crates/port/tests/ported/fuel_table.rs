// Ported from fuel_table.py.
// How far a car goes on a litre: a table of numbers between spaces, with missing ones, and a network on normalized columns.

use candle_keras::callbacks::EarlyStopping;
use candle_keras::data::{GetDummies, ReadCsv};
use candle_keras::layers::Dense;
use candle_keras::optimizers::RMSprop;
use candle_keras::prelude::*;
use candle_keras::{data, numpy, ops, python, utils};

fn main() -> Result<()> {
    utils::set_random_seed(11);

    // A file as measuring stations write them
    let mut rng = numpy::random::default_rng(Some(5));
    let mut f = String::new();
    for i in 0..120 {
        let weight = rng.uniform_scalar(700.0, 2200.0)?;
        let power = 40.0 + weight / 20.0 + rng.normal_scalar(0.0, 8.0)?;
        let origin = i % 3 + 1;
        let km = 26.0 - weight / 150.0 - power / 30.0 + origin as f64 + rng.normal_scalar(0.0, 0.4)?;
        let shown = if i % 17 == 5 { "?".to_string() } else { format!("{power:.1}") };
        f.push_str(&format!("{km:5.2}   {weight:7.1}   {shown}   {origin}\t# car {i}\n"));
    }
    python::files::write("cars.data", &f)?;

    let column_names = vec!["Km", "Weight", "Power", "Origin"];
    let raw_dataset = data::read_csv("cars.data", ReadCsv::new().sep(' ').skipinitialspace(true).comment('\t').header(false).names(column_names.iter().copied()).na_values(["?"]))?;
    println!("{} rows", raw_dataset.rows());
    let again = data::read_csv("cars.data", ReadCsv::new().whitespace(true).comment('#').header(false).usecols_at([0, 1, 2, 3]).na_values(["?"]))?;
    println!("the same: {:?}", again.shape());

    let mut dataset = raw_dataset.dropna();
    println!("{} without missing values", dataset.rows());
    dataset.set("Origin", &dataset.column("Origin")?.map([(1, "USA"), (2, "Europe"), (3, "Japan")])?)?;
    let dataset = dataset.get_dummies(GetDummies::new().columns(["Origin"]).prefix("").prefix_sep(""))?;
    let mut train_dataset = dataset.sample(0.8, 0)?;
    let mut test_dataset = dataset.drop_rows(&train_dataset.index());
    let train_labels = train_dataset.pop("Km")?;
    let test_labels = test_dataset.pop("Km")?;

    let x_train = train_dataset.values()?.to_dtype(DType::F32)?;
    let x_test = test_dataset.values()?.to_dtype(DType::F32)?;
    let mean = ops::mean(&x_train, 0)?;
    let std = ops::std(&x_train, 0)?;
    println!("mean: {}", numpy::array_str(&mean)?);
    let x_train = ops::divide(&ops::subtract(&x_train, &mean)?, &std)?;
    let x_test = ops::divide(&ops::subtract(&x_test, &mean)?, &std)?;

    let mut model = build_model(&x_train)?;
    let early_stop = EarlyStopping::new().monitor("val_loss").patience(4);
    let history = model.fit(&x_train, &train_labels, Fit::new().epochs(40).validation_split(0.2).verbose(0).callback(early_stop))?;
    println!("epochs: {}", history["loss"].len());
    println!("last validation error: {:.4}", history["val_mae"][history["val_mae"].len() - 1]);
    let scores = model.evaluate_with(&x_test, &test_labels, Evaluate::new().verbose(0))?;
    let (_loss, mae, mse) = (scores["loss"], scores["mae"], scores["mse"]);
    println!("test error: {mae:5.3} km, {mse:.3} squared");
    let predictions = model.predict_with(&x_test, Predict::new().verbose(0))?.flatten_all()?;
    let error = ops::subtract(&predictions, &test_labels.values()?)?;
    println!("errors from {:.3} to {:.3}", ops::min(&error, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?, ops::max(&error, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    Ok(())
}

fn build_model(x_train: &Tensor) -> Result<Sequential> {
    let mut model = Sequential::new(layers![
        Input::shape([x_train.dims()[1]]),
        Dense::new(16).activation("relu"),
        Dense::new(8).activation("relu"),
        Dense::new(1),
    ]);
    model.compile(RMSprop::new().learning_rate(0.01), Compile::loss("mse").metrics(["mae", "mse"]))?;
    Ok(model)
}
