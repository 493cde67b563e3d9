// Ported from pandas_housing.py.
// Prices of houses from a table of numbers and categories.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::{GetDummies, ReadCsv, Table, ToColumn};
use candle_keras::layers::Dense;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{data, numpy, ops, python, sklearn};

fn main() -> Result<()> {
    numpy::random::seed(7);
    let rooms = numpy::random::randint(1, 8, 200)?;
    let area = ops::add(&(rooms.to_dtype(DType::F64)? * 18.0)?, &numpy::random::normal(0.0, 6.0, 200)?)?;
    let age = numpy::random::randint(0, 60, 200)?;
    let price = ops::add(&ops::subtract(&(30.0 + &(2.5 * &area)?)?, &(0.4 * age.to_dtype(DType::F64)?)?)?, &numpy::random::normal(0.0, 5.0, 200)?)?;

    let frame = Table::new([("rooms", rooms.to_column()?), ("area", area.to_column()?), ("age", age.to_column()?), ("price", price.to_column()?)])?;
    frame.to_csv("houses.csv")?;

    let df = data::read_csv("houses.csv", ReadCsv::new())?;
    println!("{:?}", df.shape());
    println!("{}", df.head(5));

    // Some houses are too old.
    let mut df = df.filter(&df.column("age")?.less(55)?)?;
    df.set("area_of_room", &ops::divide(&df.column("area")?.values()?.to_dtype(DType::F64)?, &df.column("rooms")?.values()?.to_dtype(DType::F64)?)?)?;
    df.set("is_new", &df.column("age")?.less_equal(5)?)?;
    df.set("zone", &vec!["north"; df.rows()])?;
    df.set("zone", &df.column("rooms")?.map([(1, "small"), (2, "small"), (3, "medium"), (4, "medium"), (5, "large"), (6, "large"), (7, "large")])?)?;
    let df = df.get_dummies(GetDummies::new().columns(["zone"]))?;
    let df = df.dropna();
    println!("{:?}", df.names().to_vec());
    println!("{} {:?} {:?} {}", df.rows(), python::round(df.column("price")?.mean()?, 3), python::round(df.column("price")?.std()?, 3), df.column("rooms")?.nunique());

    let features = vec!["rooms", "area", "age", "area_of_room", "is_new", "zone_large", "zone_medium", "zone_small"];
    let x = df.select(features.iter().copied())?.values()?;
    let y = df.column("price")?.clone();

    let (x_train, x_test, y_train, y_test) = sklearn::train_test_split((&x, &y), sklearn::TrainTestSplit::new().test_size(0.2).random_state(42))?;
    let mut scaler = sklearn::StandardScaler::new();
    let x_train = scaler.fit_transform(&x_train)?;
    let x_test = scaler.transform(&x_test)?;
    println!("{:?} {:?} {:?}", x_train.dims(), x_test.dims(), python::round(x_train.i((0, 1))?.to_dtype(DType::F64)?.to_scalar::<f64>()?, 5));

    let mut model = Sequential::new(layers![
        Input::shape([x_train.dims()[1]]),
        Dense::new(16).activation("relu"),
        Dense::new(1),
    ]);
    model.compile(Adam::new().learning_rate(0.05), Compile::loss("mse").metrics(["mae"]))?;
    model.fit(&x_train, &y_train, Fit::new().epochs(40).batch_size(32).verbose(0).validation_split(0.1))?;

    let pred = model.predict_with(&x_test, Predict::new().verbose(0))?;
    println!("MAE {:?}", python::round(sklearn::mean_absolute_error(&y_test, &pred)?, 2));
    println!("R2 {:?}", python::round(sklearn::r2_score(&y_test, &pred)?, 2));
    Ok(())
}
