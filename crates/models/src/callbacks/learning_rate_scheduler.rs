//! LearningRateScheduler: a learning rate for each epoch. Keras: `keras.callbacks.LearningRateScheduler`.

use super::Callback;
use super::learning_rate::{add_to_logs, each_optimizer};
use crate::model::Model;
use crate::{Logs, Result};
use candle_keras_ops::Error;
use candle_keras_ops::console::print_line;
use std::fmt;

/// Sets the learning rate before each epoch to what a function of the epoch's index and the present learning rate returns, and logs it
/// as `learning_rate`. It replaces a schedule of the optimizer, where Keras is an error.
///
/// ```
/// # use candle_keras_layers::{layers, Dense, Input};
/// # use candle_keras_models::{callbacks::LearningRateScheduler, Fit, Sequential};
/// # let mut model = Sequential::new(layers![Input::shape([1]), Dense::new(1)]);
/// # model.compile("sgd", "mse")?;
/// let halved = LearningRateScheduler::new(|epoch, rate| if epoch < 2 { rate } else { rate * 0.5 });
/// let history = model.fit(vec![1f32, 2.], vec![2f32, 4.], Fit::new().epochs(4).verbose(0).callback(halved))?;
/// assert_eq!(history["learning_rate"][3], 0.25 * history["learning_rate"][0]);
/// # Ok::<(), candle_keras_models::Error>(())
/// ```
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
    /// With a function of the epoch, from 0, and the learning rate.
    pub fn new(schedule: impl FnMut(usize, f64) -> f64 + Send + 'a) -> Self {
        Self { schedule: Box::new(schedule), verbose: 0 }
    }

    /// 1 to print each learning rate.
    #[must_use]
    pub fn verbose(mut self, verbose: u8) -> Self {
        self.verbose = verbose;
        self
    }
}

impl Callback for LearningRateScheduler<'_> {
    fn on_epoch_begin(&mut self, model: &mut Model, epoch: usize, _: &Logs) -> Result<()> {
        each_optimizer(model, |name, optimizer| {
            let rate = (self.schedule)(epoch, optimizer.learning_rate());
            if !rate.is_finite() {
                return Err(Error::new("the function of LearningRateScheduler must return a number")
                    .received(format!("{rate} for epoch {epoch}")));
            }
            optimizer.set_learning_rate(rate);
            if self.verbose > 0 {
                let name = name.map(|name| format!("{name} ")).unwrap_or_default();
                print_line(&format!(
                    "\nEpoch {}: LearningRateScheduler setting {name}learning rate to {rate}.",
                    epoch + 1
                ));
            }
            Ok(())
        })
    }

    fn add_to_logs(&mut self, model: &mut Model, logs: &mut Logs) -> Result<()> {
        add_to_logs(model, logs)
    }

    fn reads_logs_of(&self, _: usize) -> bool {
        false
    }
}
