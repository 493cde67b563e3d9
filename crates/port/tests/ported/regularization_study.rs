// Ported from regularization_study.py.
// Compares L1, L2, dropout and batch normalization on a task that is easy to overfit.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Activation, BatchNormalization, Dense, Dropout};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::regularizers::{L1, L1L2, L2};
use candle_keras::{Error, numpy, ops, utils};
use indexmap::IndexMap;

const SEED: usize = 101;
const EPOCHS: usize = 8;

fn main() -> Result<()> {
    numpy::random::seed(SEED as u32);

    // 20 features, of which only three matter, and few samples
    let x = numpy::random::randn((90, 20))?;
    let y = ops::greater(&ops::add(&ops::add(&ops::subtract(&x.i((.., 0))?, &(2.0 * &x.i((.., 1))?)?)?, &x.i((.., 2))?)?, &(0.5 * &numpy::random::randn(90)?)?)?, &Tensor::new(0 as i64, &Device::Cpu)?)?.to_dtype(DType::F32)?;
    let (x_train, y_train) = (x.i(..50)?, y.i(..50)?);
    let (x_test, y_test) = (x.i(50..)?, y.i(50..)?);

    let mut results = IndexMap::new();
    {
        let name = "baseline";
        utils::set_random_seed(SEED as u64);
        let mut model = make_model(0.0, false, 32);
        model.compile(Adam::new().learning_rate(0.01), Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
        let history = model.fit(&x_train, &y_train, Fit::new().validation_data(&x_test, &y_test).epochs(EPOCHS).batch_size(10).verbose(0))?;
        let kernels = model.get_weights()?.into_iter().filter(|&w| w.rank() == 2).map(|w| w.clone()).collect::<Vec<Tensor>>();
        let norm = kernels.iter().map(|k| Ok::<_, Error>(ops::sum(&ops::abs(k)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?)).collect::<Result<Vec<f64>>>()?.into_iter().sum::<f64>();
        results.insert(name, IndexMap::from([("train", history["loss"][history["loss"].len() - 1]), ("test", history["val_loss"][history["val_loss"].len() - 1]), ("best", history["val_loss"].iter().copied().fold(f64::INFINITY, f64::min)), ("accuracy", model.evaluate_with(&x_test, &y_test, Evaluate::new().verbose(0))?["accuracy"]), ("norm", norm)]));
        println!("{} {}", format!("{:<1$}", name, 12), history["val_loss"].iter().map(|&loss| format!("{loss:.3}")).collect::<Vec<String>>().join(" "));
    }
    {
        let name = "small";
        utils::set_random_seed(SEED as u64);
        let mut model = make_model(0.0, false, 8);
        model.compile(Adam::new().learning_rate(0.01), Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
        let history = model.fit(&x_train, &y_train, Fit::new().validation_data(&x_test, &y_test).epochs(EPOCHS).batch_size(10).verbose(0))?;
        let kernels = model.get_weights()?.into_iter().filter(|&w| w.rank() == 2).map(|w| w.clone()).collect::<Vec<Tensor>>();
        let norm = kernels.iter().map(|k| Ok::<_, Error>(ops::sum(&ops::abs(k)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?)).collect::<Result<Vec<f64>>>()?.into_iter().sum::<f64>();
        results.insert(name, IndexMap::from([("train", history["loss"][history["loss"].len() - 1]), ("test", history["val_loss"][history["val_loss"].len() - 1]), ("best", history["val_loss"].iter().copied().fold(f64::INFINITY, f64::min)), ("accuracy", model.evaluate_with(&x_test, &y_test, Evaluate::new().verbose(0))?["accuracy"]), ("norm", norm)]));
        println!("{} {}", format!("{:<1$}", name, 12), history["val_loss"].iter().map(|&loss| format!("{loss:.3}")).collect::<Vec<String>>().join(" "));
    }
    {
        let name = "l1";
        utils::set_random_seed(SEED as u64);
        let mut model = make_model_2(&L1::new(0.001), 0.0, false, 32);
        model.compile(Adam::new().learning_rate(0.01), Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
        let history = model.fit(&x_train, &y_train, Fit::new().validation_data(&x_test, &y_test).epochs(EPOCHS).batch_size(10).verbose(0))?;
        let kernels = model.get_weights()?.into_iter().filter(|&w| w.rank() == 2).map(|w| w.clone()).collect::<Vec<Tensor>>();
        let norm = kernels.iter().map(|k| Ok::<_, Error>(ops::sum(&ops::abs(k)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?)).collect::<Result<Vec<f64>>>()?.into_iter().sum::<f64>();
        results.insert(name, IndexMap::from([("train", history["loss"][history["loss"].len() - 1]), ("test", history["val_loss"][history["val_loss"].len() - 1]), ("best", history["val_loss"].iter().copied().fold(f64::INFINITY, f64::min)), ("accuracy", model.evaluate_with(&x_test, &y_test, Evaluate::new().verbose(0))?["accuracy"]), ("norm", norm)]));
        println!("{} {}", format!("{:<1$}", name, 12), history["val_loss"].iter().map(|&loss| format!("{loss:.3}")).collect::<Vec<String>>().join(" "));
    }
    {
        let name = "l2";
        utils::set_random_seed(SEED as u64);
        let mut model = make_model_3(&L2::new(0.01), 0.0, false, 32);
        model.compile(Adam::new().learning_rate(0.01), Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
        let history = model.fit(&x_train, &y_train, Fit::new().validation_data(&x_test, &y_test).epochs(EPOCHS).batch_size(10).verbose(0))?;
        let kernels = model.get_weights()?.into_iter().filter(|&w| w.rank() == 2).map(|w| w.clone()).collect::<Vec<Tensor>>();
        let norm = kernels.iter().map(|k| Ok::<_, Error>(ops::sum(&ops::abs(k)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?)).collect::<Result<Vec<f64>>>()?.into_iter().sum::<f64>();
        results.insert(name, IndexMap::from([("train", history["loss"][history["loss"].len() - 1]), ("test", history["val_loss"][history["val_loss"].len() - 1]), ("best", history["val_loss"].iter().copied().fold(f64::INFINITY, f64::min)), ("accuracy", model.evaluate_with(&x_test, &y_test, Evaluate::new().verbose(0))?["accuracy"]), ("norm", norm)]));
        println!("{} {}", format!("{:<1$}", name, 12), history["val_loss"].iter().map(|&loss| format!("{loss:.3}")).collect::<Vec<String>>().join(" "));
    }
    {
        let name = "l1_l2";
        utils::set_random_seed(SEED as u64);
        let mut model = make_model_4(&L1L2::new(0.0005, 0.005), 0.0, false, 32);
        model.compile(Adam::new().learning_rate(0.01), Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
        let history = model.fit(&x_train, &y_train, Fit::new().validation_data(&x_test, &y_test).epochs(EPOCHS).batch_size(10).verbose(0))?;
        let kernels = model.get_weights()?.into_iter().filter(|&w| w.rank() == 2).map(|w| w.clone()).collect::<Vec<Tensor>>();
        let norm = kernels.iter().map(|k| Ok::<_, Error>(ops::sum(&ops::abs(k)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?)).collect::<Result<Vec<f64>>>()?.into_iter().sum::<f64>();
        results.insert(name, IndexMap::from([("train", history["loss"][history["loss"].len() - 1]), ("test", history["val_loss"][history["val_loss"].len() - 1]), ("best", history["val_loss"].iter().copied().fold(f64::INFINITY, f64::min)), ("accuracy", model.evaluate_with(&x_test, &y_test, Evaluate::new().verbose(0))?["accuracy"]), ("norm", norm)]));
        println!("{} {}", format!("{:<1$}", name, 12), history["val_loss"].iter().map(|&loss| format!("{loss:.3}")).collect::<Vec<String>>().join(" "));
    }
    {
        let name = "dropout";
        utils::set_random_seed(SEED as u64);
        let mut model = make_model(0.4, false, 32);
        model.compile(Adam::new().learning_rate(0.01), Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
        let history = model.fit(&x_train, &y_train, Fit::new().validation_data(&x_test, &y_test).epochs(EPOCHS).batch_size(10).verbose(0))?;
        let kernels = model.get_weights()?.into_iter().filter(|&w| w.rank() == 2).map(|w| w.clone()).collect::<Vec<Tensor>>();
        let norm = kernels.iter().map(|k| Ok::<_, Error>(ops::sum(&ops::abs(k)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?)).collect::<Result<Vec<f64>>>()?.into_iter().sum::<f64>();
        results.insert(name, IndexMap::from([("train", history["loss"][history["loss"].len() - 1]), ("test", history["val_loss"][history["val_loss"].len() - 1]), ("best", history["val_loss"].iter().copied().fold(f64::INFINITY, f64::min)), ("accuracy", model.evaluate_with(&x_test, &y_test, Evaluate::new().verbose(0))?["accuracy"]), ("norm", norm)]));
        println!("{} {}", format!("{:<1$}", name, 12), history["val_loss"].iter().map(|&loss| format!("{loss:.3}")).collect::<Vec<String>>().join(" "));
    }
    {
        let name = "batch_norm";
        utils::set_random_seed(SEED as u64);
        let mut model = make_model(0.0, true, 32);
        model.compile(Adam::new().learning_rate(0.01), Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
        let history = model.fit(&x_train, &y_train, Fit::new().validation_data(&x_test, &y_test).epochs(EPOCHS).batch_size(10).verbose(0))?;
        let kernels = model.get_weights()?.into_iter().filter(|&w| w.rank() == 2).map(|w| w.clone()).collect::<Vec<Tensor>>();
        let norm = kernels.iter().map(|k| Ok::<_, Error>(ops::sum(&ops::abs(k)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?)).collect::<Result<Vec<f64>>>()?.into_iter().sum::<f64>();
        results.insert(name, IndexMap::from([("train", history["loss"][history["loss"].len() - 1]), ("test", history["val_loss"][history["val_loss"].len() - 1]), ("best", history["val_loss"].iter().copied().fold(f64::INFINITY, f64::min)), ("accuracy", model.evaluate_with(&x_test, &y_test, Evaluate::new().verbose(0))?["accuracy"]), ("norm", norm)]));
        println!("{} {}", format!("{:<1$}", name, 12), history["val_loss"].iter().map(|&loss| format!("{loss:.3}")).collect::<Vec<String>>().join(" "));
    }
    {
        let name = "all";
        utils::set_random_seed(SEED as u64);
        let mut model = make_model_5("l2", 0.3, true, 32);
        model.compile(Adam::new().learning_rate(0.01), Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
        let history = model.fit(&x_train, &y_train, Fit::new().validation_data(&x_test, &y_test).epochs(EPOCHS).batch_size(10).verbose(0))?;
        let kernels = model.get_weights()?.into_iter().filter(|&w| w.rank() == 2).map(|w| w.clone()).collect::<Vec<Tensor>>();
        let norm = kernels.iter().map(|k| Ok::<_, Error>(ops::sum(&ops::abs(k)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?)).collect::<Result<Vec<f64>>>()?.into_iter().sum::<f64>();
        results.insert(name, IndexMap::from([("train", history["loss"][history["loss"].len() - 1]), ("test", history["val_loss"][history["val_loss"].len() - 1]), ("best", history["val_loss"].iter().copied().fold(f64::INFINITY, f64::min)), ("accuracy", model.evaluate_with(&x_test, &y_test, Evaluate::new().verbose(0))?["accuracy"]), ("norm", norm)]));
        println!("{} {}", format!("{:<1$}", name, 12), history["val_loss"].iter().map(|&loss| format!("{loss:.3}")).collect::<Vec<String>>().join(" "));
    }

    println!();
    println!("{:<12}{:>8}{:>8}{:>8}{:>8}{:>9}", "experiment", "train", "test", "gap", "acc", "norm");
    println!("{}", "-".repeat(53));
    for (name, row) in { let mut list = results.iter().map(|(&a, b)| (a, b.clone())).collect::<Vec<(&'static str, IndexMap<&'static str, f64>)>>(); list.sort_by(|a, b| { let key = |x: &(&'static str, IndexMap<&'static str, f64>)| x.1["best"]; key(a).total_cmp(&key(b)) }); list } {
        let gap_ = row["test"] - row["train"];
        println!("{name:<12}{:8.3}{:8.3}{gap_:8.3}{:8.3}{:9.2}", row["train"], row["test"], row["accuracy"], row["norm"]);
    }

    let best = results.keys().copied().collect::<Vec<&'static str>>().into_iter().min_by(|a, b| { let key = |x: &&'static str| results[*x]["best"]; key(a).total_cmp(&key(b)) }).ok_or_else(|| Error::new("min of nothing"))?;
    println!("lowest validation loss: {best}");
    Ok(())
}

fn make_model(dropout: f64, batch_norm: bool, units: usize) -> Sequential {
    let mut model = Sequential::new(layers![
        Input::shape([20]),
    ]);
    for _ in 0..2 {
        model.add(Dense::new(units));
        if batch_norm {
            model.add(BatchNormalization::new());
        }
        model.add(Activation::new("relu"));
        if dropout > 0.0 {
            model.add(Dropout::new(dropout));
        }
    }
    model.add(Dense::new(1).activation("sigmoid"));
    model
}

fn make_model_2(kernel_regularizer: &L1, dropout: f64, batch_norm: bool, units: usize) -> Sequential {
    let mut model = Sequential::new(layers![
        Input::shape([20]),
    ]);
    for _ in 0..2 {
        model.add(Dense::new(units).kernel_regularizer(kernel_regularizer.clone()));
        if batch_norm {
            model.add(BatchNormalization::new());
        }
        model.add(Activation::new("relu"));
        if dropout > 0.0 {
            model.add(Dropout::new(dropout));
        }
    }
    model.add(Dense::new(1).activation("sigmoid"));
    model
}

fn make_model_3(kernel_regularizer: &L2, dropout: f64, batch_norm: bool, units: usize) -> Sequential {
    let mut model = Sequential::new(layers![
        Input::shape([20]),
    ]);
    for _ in 0..2 {
        model.add(Dense::new(units).kernel_regularizer(kernel_regularizer.clone()));
        if batch_norm {
            model.add(BatchNormalization::new());
        }
        model.add(Activation::new("relu"));
        if dropout > 0.0 {
            model.add(Dropout::new(dropout));
        }
    }
    model.add(Dense::new(1).activation("sigmoid"));
    model
}

fn make_model_4(kernel_regularizer: &L1L2, dropout: f64, batch_norm: bool, units: usize) -> Sequential {
    let mut model = Sequential::new(layers![
        Input::shape([20]),
    ]);
    for _ in 0..2 {
        model.add(Dense::new(units).kernel_regularizer(kernel_regularizer.clone()));
        if batch_norm {
            model.add(BatchNormalization::new());
        }
        model.add(Activation::new("relu"));
        if dropout > 0.0 {
            model.add(Dropout::new(dropout));
        }
    }
    model.add(Dense::new(1).activation("sigmoid"));
    model
}

fn make_model_5(kernel_regularizer: &'static str, dropout: f64, batch_norm: bool, units: usize) -> Sequential {
    let mut model = Sequential::new(layers![
        Input::shape([20]),
    ]);
    for _ in 0..2 {
        model.add(Dense::new(units).kernel_regularizer(kernel_regularizer));
        if batch_norm {
            model.add(BatchNormalization::new());
        }
        model.add(Activation::new("relu"));
        if dropout > 0.0 {
            model.add(Dropout::new(dropout));
        }
    }
    model.add(Dense::new(1).activation("sigmoid"));
    model
}
