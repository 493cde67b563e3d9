// Ported from customer_groups.py.
// Customers of a shop: their data are cleaned, scaled, and compressed by an autoencoder beside PCA.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::{ReadCsv, Table};
use candle_keras::layers::Dense;
use candle_keras::prelude::*;
use candle_keras::{data, numpy, ops, python, sklearn};

fn main() -> Result<()> {
    let mut rng = numpy::random::RandomState::new(7);
    let rows = 300;
    let balance = ops::round(&ops::exp(&rng.normal(6.5, 0.7, rows)?)?, 2)?;
    let purchases = ops::round(&ops::add(&(0.6 * &balance)?, &rng.normal(0.0, 200.0, rows)?)?, 2)?;
    let payments = ops::round(&ops::add(&ops::add(&(0.3 * &purchases)?, &(0.1 * &balance)?)?, &rng.normal(0.0, 60.0, rows)?)?, 2)?;
    let tenure = rng.randint(1, 13, rows)?;
    let limit = ops::round(&ops::add(&(3.0 * &balance)?, &rng.normal(0.0, 300.0, rows)?)?, 1)?;
    let payments = ops::where_(&rng.random(rows)?.lt(0.04)?, &Tensor::new(f64::NAN, &Device::Cpu)?, &payments)?;
    let limit = ops::where_(&rng.random(rows)?.lt(0.02)?, &Tensor::new(f64::NAN, &Device::Cpu)?, &limit)?;
    let mut file = String::new();
    file.push_str("customer,balance,purchases,payments,limit,tenure\n");
    for i in 0..rows {
        file.push_str(&format!("C{i:04},{},{},{},{},{}\n", numpy::array_str(&balance.i(i)?)?, numpy::array_str(&purchases.i(i)?)?, numpy::array_str(&payments.i(i)?)?, numpy::array_str(&limit.i(i)?)?, numpy::array_str(&tenure.i(i)?)?));
    }
    python::files::write("customers.csv", &file)?;

    let mut df = data::read_csv("customers.csv", ReadCsv::new())?;
    println!("{df}");
    println!("{}", df.count_missing());
    println!("missing in all: {} {}", df.count_missing().sum()? as usize, if df.count_missing().sum()? > 0.0 { "True" } else { "False" });

    // Missing values become the mean of their column.
    df.set_where(&df.column("payments")?.isnull()?, "payments", df.column("payments")?.mean()?)?;
    df.set_where(&df.column("limit")?.isnull()?, "limit", df.column("limit")?.mean()?)?;
    println!("missing now: {}", df.count_missing().sum()? as usize);
    println!("duplicates: {}", df.duplicated()?.to_dtype(DType::I64)?.sum_all()?.to_scalar::<i64>()? as usize);

    df = df.drop(["customer"])?;
    df.set_where(&df.column("purchases")?.less(0)?, "purchases", 0)?;
    println!("{}", df.describe()?);
    println!("{}", df.describe()?.transpose().select(["mean", "std"])?);
    println!("{}", df.describe()?.transpose());
    let correlations = df.corr()?;
    println!("{correlations}");
    println!("{}", correlations.column("balance")?);
    println!("{}", df.describe()?.row("max")?);

    // The first customers, and some of them.
    let first = df.loc(..=4)?.column("balance")?.clone();
    println!("{} {}", first.len(), python::repr(first.mean()?));
    println!("{}", df.loc(2..=5)?.select(["balance", "tenure"])?);
    println!("{}", df.loc_rows(&[7, 3])?.select(["limit"])?);
    let loyal = df.filter(&df.column("tenure")?.greater_equal(11)?)?;
    println!("{:?} {}", loyal.shape(), python::repr(loyal.column("balance")?.mean()?));
    println!("{:?}", loyal.loc(..=30)?.shape());

    let normed = df.sub(&df.mean()?)?.div(&df.std()?)?;
    println!("{}", normed.describe()?);

    let mut scaler = sklearn::RobustScaler::new();
    let scaled = scaler.fit_transform(&df.values()?)?;
    println!("{} {}", numpy::array_str(&scaler.center()?)?, numpy::array_str(&scaler.scale()?)?);
    println!("{}", numpy::array_str(&scaled.i(..2)?)?);
    println!("{}", numpy::array_str(&sklearn::MaxAbsScaler::new().fit_transform(&df.values()?)?.i(..2)?)?);

    let mut pca = sklearn::PCA::new().n_components(2);
    let components = pca.fit_transform(&scaled)?;
    println!("{}", numpy::array_str(&components.i(..3)?)?);
    println!("{}", numpy::array_str(&pca.components()?)?);
    println!("{} {}", numpy::array_str(&pca.explained_variance_ratio()?)?, python::repr(ops::sum(&pca.explained_variance_ratio()?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?));
    println!("{}", python::repr(ops::mean(&ops::abs(&ops::subtract(&pca.inverse_transform(&components)?, &scaled)?)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?));
    println!("{:?}", sklearn::PCA::new().n_components(0.9).fitted(&scaled)?.components()?.dims());

    let inputs = Input::shape([5]);
    let encoded = Dense::new(2).activation("linear").name("code").call(Dense::new(8).activation("relu").call(&inputs));
    let decoded = Dense::new(5).call(Dense::new(8).activation("relu").call(&encoded));
    let mut autoencoder = Model::new(&inputs, &decoded)?;
    let encoder = Model::new(&inputs, &encoded)?;
    autoencoder.compile("adam", "mean_squared_error")?;
    let history = autoencoder.fit(&scaled, &scaled, Fit::new().batch_size(32).epochs(4).verbose(0))?;
    println!("losses: {:?}", history["loss"].iter().map(|&x| python::round(x, 4)).collect::<Vec<f64>>());
    let code = encoder.predict_with(&scaled, Predict::new().verbose(0))?;
    let codes = Table::from_array(&code, ["code1", "code2"])?;
    let codes = Table::concat_columns([&codes, &df.select(["tenure"])?])?;
    println!("{}", codes.describe()?);
    println!("{}", codes.corr()?);
    Ok(())
}
