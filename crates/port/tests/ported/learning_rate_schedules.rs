// Ported from learning_rate_schedules.py.

use candle_keras::callbacks::{LearningRateScheduler, ReduceLROnPlateau};
use candle_keras::candle_core::IndexOp;
use candle_keras::layers::Dense;
use candle_keras::optimizers::schedules::ExponentialDecay;
use candle_keras::optimizers::{LearningRateSchedule, SGD};
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, python, utils};

const EPOCHS: usize = 6;

fn main() -> Result<()> {
    // Compares ways to change the learning rate during training.

    utils::set_random_seed(8);
    numpy::random::seed(8);

    let x = numpy::random::uniform(-1.0, 1.0, (120, 4))?;
    let w = Tensor::new(&[1.5_f64, -2.0, 0.5, 3.0], &Device::Cpu)?;
    let y = ops::add(&ops::dot(&x, &w)?, &(0.1 * &numpy::random::randn(120)?)?)?;

    // learning rate schedule

    // 1. A function of the epoch
    let mut model = build_model(0.0)?;
    let history = model.fit(&x, &y, Fit::new().epochs(EPOCHS).batch_size(20).callback(LearningRateScheduler::new(|epoch, _| step_decay(epoch))).verbose(0))?;
    report("step decay", &history);

    // 2. A function of the epoch and the rate
    let mut model = build_model(0.01)?;
    let history = model.fit(&x, &y, Fit::new().epochs(EPOCHS).batch_size(20).callback(LearningRateScheduler::new(|epoch, lr| warmup(epoch, lr))).verbose(0))?;
    report("warmup", &history);

    // 3. On a plateau
    let mut model = build_model(0.3)?;
    let rlrop = ReduceLROnPlateau::new().monitor("val_loss").factor(0.2).patience(1).min_lr(0.0001).min_delta(0.01);
    let history = model.fit(&x.i(..90)?, &y.i(..90)?, Fit::new().validation_data(&x.i(90..)?, &y.i(90..)?).epochs(EPOCHS).callback(rlrop).verbose(0))?;
    report("plateau", &history);

    // 4. A schedule inside of the optimizer
    let schedule = ExponentialDecay::new(0.1, 10, 0.8).staircase(true);
    println!("schedule: {:?}", [0, 5, 10, 25].into_iter().map(|step| python::round(schedule.call(step as u64), 5)).collect::<Vec<f64>>());
    let mut model = build_model_2(&schedule)?;
    let history = model.fit(&x, &y, Fit::new().epochs(EPOCHS).batch_size(20).verbose(0))?;
    report("exponential decay", &history);
    println!("evaluation: {:.5}", model.evaluate_with(&x, &y, Evaluate::new().verbose(0))?["loss"]);
    println!("{}", numpy::array_str(&model.predict_with(&x.i(..3)?, Predict::new().verbose(0))?)?);
    Ok(())
}

fn build_model(learning_rate: f64) -> Result<Sequential> {
    utils::set_random_seed(8);
    let mut model = Sequential::new(layers![]);
    model.add(Input::shape([4]));
    model.add(Dense::new(12).activation("tanh"));
    model.add(Dense::new(1));
    model.compile(SGD::new().learning_rate(learning_rate).momentum(0.8), "mse")?;
    Ok(model)
}

fn build_model_2(learning_rate: &ExponentialDecay) -> Result<Sequential> {
    utils::set_random_seed(8);
    let mut model = Sequential::new(layers![]);
    model.add(Input::shape([4]));
    model.add(Dense::new(12).activation("tanh"));
    model.add(Dense::new(1));
    model.compile(SGD::new().learning_rate(learning_rate.clone()).momentum(0.8), "mse")?;
    Ok(model)
}

fn step_decay(epoch: usize) -> f64 {
    let initial_lrate = 0.1;
    let drop = 0.5;
    let epochs_drop = 2.0;
    let lrate = initial_lrate * f64::powf(drop, f64::floor((1 + epoch) as f64 / epochs_drop) as i64 as f64);
    lrate
}

fn warmup(epoch: usize, lr: f64) -> f64 {
    if epoch < 3 {
        return 0.02 * (epoch + 1) as f64;
    }
    lr * f64::exp(-0.1)
}

fn report(name: &'static str, history: &History) {
    println!("{name}");
    let rates = history.get("learning_rate").unwrap_or(&[]);
    for (epoch, &loss) in history["loss"].iter().enumerate() {
        if rates.len() > 0 {
            println!("  epoch {}  loss {loss:.5}  lr {:.5}", epoch + 1, rates[epoch]);
        } else {
            println!("  epoch {}  loss {loss:.5}", epoch + 1);
        }
    }
}
