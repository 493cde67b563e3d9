// Ported from custom_callback.py.

use candle_keras::callbacks::Logs;
use candle_keras::candle_core::IndexOp;
use candle_keras::layers::Dense;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, python, utils};

fn main() -> Result<()> {
    main_()?;
    Ok(())
}

/// Remembers the loss of each batch and the weights' norm after each epoch.
struct BatchRecorder {
    every: usize,
    batch_losses: Vec<f64>,
    norms: Vec<f64>,
}

impl BatchRecorder {
    fn new(every: usize) -> Self {
        let batch_losses = vec![];
        let norms = vec![];
        Self { every, batch_losses, norms }
    }
}

impl Callback for BatchRecorder {
    fn on_train_begin(&mut self, model: &mut Model, _logs: &Logs) -> Result<()> {
        println!("Training starts; stop_training is {}", if model.stop_training { "True" } else { "False" });
        Ok(())
    }

    fn on_train_end(&mut self, _model: &mut Model, _logs: &Logs) -> Result<()> {
        println!("Training ends after {} batches", self.batch_losses.len());
        Ok(())
    }

    fn on_epoch_end(&mut self, model: &mut Model, epoch: usize, logs: &Logs) -> Result<()> {
        if epoch % self.every == 0 {
            let kernel = model.layers()[0].get_weights()?[0].clone();
            self.norms.push(ops::norm(&kernel, None, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
            println!("End of epoch {epoch}: loss {:.4}, mae {:.4}", logs["loss"], logs["mae"]);
        }
        Ok(())
    }

    fn on_train_batch_end(&mut self, _model: &mut Model, _batch: usize, logs: &Logs) -> Result<()> {
        self.batch_losses.push(logs["loss"]);
        Ok(())
    }
}

/// Stops as soon as the validation loss is under a threshold, or does not improve any more.
struct StopBelow {
    threshold: f64,
    patience: usize,
    best: f64,
    wait: usize,
    stopped_epoch: usize,
}

impl StopBelow {
    fn new(threshold: f64, patience: usize) -> Self {

        Self { threshold, patience, best: f64::INFINITY, wait: 0, stopped_epoch: 0 }
    }
}

impl Callback for StopBelow {
    fn on_train_begin(&mut self, _model: &mut Model, _logs: &Logs) -> Result<()> {
        self.best = f64::INFINITY;
        self.wait = 0;
        self.stopped_epoch = 0;
        Ok(())
    }

    fn on_epoch_end(&mut self, model: &mut Model, epoch: usize, logs: &Logs) -> Result<()> {
        let current = logs["val_loss"];
        if current < self.best {
            self.best = current;
            self.wait = 0;
        } else {
            self.wait += 1;
        }
        if current < self.threshold || self.wait >= self.patience {
            self.stopped_epoch = epoch;
            model.stop_training = true;
        }
        Ok(())
    }
}

fn main_() -> Result<()> {
    utils::set_random_seed(31);
    numpy::random::seed(31);
    let x = numpy::random::rand((80, 5))?;
    let y = (&ops::sum(&ops::square(&x)?, 1)? - 1.0)?;
    let mut model = Sequential::new(layers![
        Input::shape([5]),
        Dense::new(16).activation("relu"),
        Dense::new(1),
    ]);
    model.compile(Adam::new().learning_rate(0.02), Compile::loss("mean_squared_error").metrics(["mae"]))?;
    let mut recorder = BatchRecorder::new(2);
    let mut stopper = StopBelow::new(0.02, 2);
    let history = model.fit(&x, &y, Fit::new().batch_size(16).epochs(12).validation_split(0.2).verbose(0).callback(&mut recorder).callback(&mut stopper))?;
    for (epoch, &loss) in history["val_loss"].iter().enumerate() {
        println!("{epoch} {loss:.5}");
    }
    println!("stopped at epoch {} with the best loss {:?}", stopper.stopped_epoch, python::round(stopper.best, 5));
    println!("norms: {:?}", recorder.norms.iter().map(|&n| python::round(n, 4)).collect::<Vec<f64>>());
    println!("first batches: {:?}", python::slice(&recorder.batch_losses, ..4).iter().map(|&loss| format!("{loss:.3}")).collect::<Vec<String>>());
    println!("lowest batch loss: {:.4}", recorder.batch_losses.iter().copied().fold(f64::NAN, f64::min));
    println!("{}", numpy::array_str(&model.predict_with(&x.i(..2)?, Predict::new().verbose(0))?)?);
    Ok(())
}
