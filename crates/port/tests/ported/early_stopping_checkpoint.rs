// Ported from early_stopping_checkpoint.py.

use candle_keras::callbacks::{EarlyStopping, ModelCheckpoint};
use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Dense, Dropout};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, python, utils};

fn main() -> Result<()> {
    // Stops early, keeps the best weights in a file, and loads them again.

    utils::set_random_seed(17);
    numpy::random::seed(17);

    let (x, y) = make_moons(100, 0.15)?;
    let n_train = 40;
    let (train_x, test_x) = (x.i(..n_train)?, x.i(n_train..)?);
    let (trainy, testy) = (y.i(..n_train)?, y.i(n_train..)?);

    let filepath = python::files::mkdtemp()?.join("best.weights.h5");
    let mut es = EarlyStopping::new().monitor("val_loss").mode("min").patience(3).min_delta(0.002);
    let mc = ModelCheckpoint::new(&filepath).monitor("val_accuracy").mode("max").save_best_only(true).save_weights_only(true).verbose(0);

    let mut model = define_model()?;
    let history = model.fit(&train_x, &trainy, Fit::new().validation_data(&test_x, &testy).epochs(25).batch_size(10).verbose(0).callback(&mut es).callback(mc))?;
    for (epoch, &loss) in history["loss"].iter().enumerate() {
        println!("epoch {}: loss {loss:.4}, val_loss {:.4}", epoch + 1, history["val_loss"][epoch]);
    }
    println!("epochs run: {}", history["loss"].len());
    println!("stopped at: {}", es.stopped_epoch().unwrap_or(0));
    let best = history["val_accuracy"].iter().copied().fold(f64::NAN, f64::max);
    println!("best validation accuracy: {best:.3}");

    // The saved model is the best one
    println!("file exists: {}", if filepath.exists() { "True" } else { "False" });
    let mut saved_model = define_model()?;
    saved_model.load_weights(&filepath, ())?;
    let scores = saved_model.evaluate_with(&train_x, &trainy, Evaluate::new().verbose(0))?;
    let (_, train_acc) = (scores["loss"], scores["accuracy"]);
    let scores = saved_model.evaluate_with(&test_x, &testy, Evaluate::new().verbose(0))?;
    let (_, test_acc) = (scores["loss"], scores["accuracy"]);
    println!("Train: {train_acc:.3}, Test: {test_acc:.3}");
    assert!(f64::abs(test_acc - best) < 1e-6);

    // The same with the best weights kept in memory
    let mut model = define_model()?;
    let stopper = EarlyStopping::new().patience(2).restore_best_weights(true);
    let history = model.fit(&train_x, &trainy, Fit::new().validation_split(0.25).epochs(15).verbose(0).callback(stopper))?;
    println!("epochs run: {}", (0..history.iter().next().map_or(0, |(_, numbers)| numbers.len())).collect::<Vec<usize>>().len());
    let scores = model.evaluate_with(&test_x, &testy, Evaluate::new().verbose(0))?;
    let (loss, acc) = (scores["loss"], scores["accuracy"]);
    println!("restored: {loss:.4} {acc:.4}");
    println!("{}", numpy::array_str(&model.predict_with(&test_x.i(..4)?, Predict::new().verbose(0))?.flatten_all()?)?);
    Ok(())
}

fn make_moons(n: usize, noise: f64) -> Result<(Tensor, Tensor)> {
    // Two half moons, written by hand.
    let half = n / 2;
    let angle = ops::linspace(0.0, std::f64::consts::PI, half, true, "float64")?;
    let upper = ops::stack(&[&ops::cos(&angle)?, &ops::sin(&angle)?], 1)?;
    let lower = ops::stack(&[&(1.0 - &ops::cos(&angle)?)?, &(0.5 - &ops::sin(&angle)?)?], 1)?;
    let x = ops::add(&ops::concatenate(&[&upper, &lower], 0)?, &numpy::random::normal(0.0, noise, (2 * half, 2))?)?;
    let y = ops::concatenate(&[&Tensor::zeros(half, DType::F64, &Device::Cpu)?, &Tensor::ones(half, DType::F64, &Device::Cpu)?], 0)?;
    let order = numpy::random::permutation(x.dim(0)?)?;
    Ok((ops::take(&x, &order, 0)?, ops::take(&y, &order, 0)?))
}

fn define_model() -> Result<Sequential> {
    let mut model = Sequential::new(layers![]);
    model.add(Input::shape([2]));
    model.add(Dense::new(40).activation("relu"));
    model.add(Dropout::new(0.1));
    model.add(Dense::new(1).activation("sigmoid"));
    model.compile(Adam::new().learning_rate(0.05), Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
    Ok(model)
}
