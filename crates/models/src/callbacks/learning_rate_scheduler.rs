//! LearningRateScheduler: the learning rate of each epoch. Keras: `keras.callbacks.LearningRateScheduler`.

use super::{Callback, learning_rates};
use crate::model::Model;
use crate::{Logs, Result};
use candle_keras_ops::Error;
use candle_keras_ops::console::print_line;
use std::fmt;

/// Sets the learning rate before each epoch to that of a function of the epoch's index, from 0, and the current rate.
///
/// The logs of each epoch and the history have it as `learning_rate`; with a `MultiOptimizer`, each of its optimizers has `learning_rate_` and its name.
///
/// ```
/// use candle_keras_models::callbacks::LearningRateScheduler;
/// let halve = LearningRateScheduler::new(|epoch, rate| if epoch < 10 { rate } else { rate * 0.5 });
/// # drop(halve);
/// ```
///
/// # Differences from Keras
/// The learning rate has 64 bits, not 32: the logs have 0.01 where those of Keras have 0.009999999776.
#[must_use]
pub struct LearningRateScheduler<'a> {
    schedule: Box<dyn FnMut(usize, f64) -> f64 + Send + 'a>,
    verbose: u8,
}

impl fmt::Debug for LearningRateScheduler<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LearningRateScheduler").field("verbose", &self.verbose).finish_non_exhaustive()
    }
}

impl<'a> LearningRateScheduler<'a> {
    /// With this function of the epoch and the learning rate.
    pub fn new(schedule: impl FnMut(usize, f64) -> f64 + Send + 'a) -> Self {
        Self { schedule: Box::new(schedule), verbose: 0 }
    }

    /// 1 to print each learning rate.
    pub fn verbose(mut self, verbose: u8) -> Self {
        self.verbose = verbose;
        self
    }
}

impl Callback for LearningRateScheduler<'_> {
    fn on_train_begin(&mut self, model: &mut Model, _: &Logs) -> Result<()> {
        learning_rates::check_all("LearningRateScheduler", model)
    }

    fn on_epoch_begin(&mut self, model: &mut Model, epoch: usize, _: &Logs) -> Result<()> {
        learning_rates::change("LearningRateScheduler", model, |old, name| {
            let new = (self.schedule)(epoch, old);
            if !new.is_finite() {
                return Err(Error::new("the function of LearningRateScheduler must return a finite number")
                    .received(format!("{new} for epoch {epoch} and the learning rate {old}")));
            }
            if self.verbose > 0 {
                let name = name.map_or_else(String::new, |name| format!("{name} "));
                print_line(&format!(
                    "\nEpoch {}: LearningRateScheduler setting {name}learning rate to {new}.",
                    epoch + 1
                ));
            }
            Ok(Some(new))
        })
    }

    fn extend_logs(&mut self, model: &mut Model, _: usize, logs: &mut Logs) -> Result<()> {
        learning_rates::log(model, logs)
    }

    fn reads_logs_of(&self, _: usize) -> bool {
        false
    }
}
