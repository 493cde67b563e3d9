//! ReduceLROnPlateau: smaller steps where training no longer improves. Keras: `keras.callbacks.ReduceLROnPlateau`.

use super::{Callback, CallbackState, Mode, Monitor, learning_rates};
use crate::model::Model;
use crate::{Logs, Result};
use candle_keras_ops::Error;
use candle_keras_ops::console::print_line;

/// Multiplies the learning rate by `factor` when `monitor` has not improved for `patience` epochs.
///
/// The logs of each epoch and the history have the rate with which it was trained as `learning_rate`; with a `MultiOptimizer`, each of its optimizers has
/// `learning_rate_` and its name.
///
/// ```
/// use candle_keras_models::callbacks::ReduceLROnPlateau;
/// let reduce = ReduceLROnPlateau::new().monitor("val_loss").factor(0.2).patience(5).min_lr(0.001);
/// # drop(reduce);
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct ReduceLROnPlateau {
    monitor: Monitor,
    factor: f64,
    patience: usize,
    verbose: u8,
    cooldown: usize,
    min_lr: f64,
    wait: usize,
    cooldown_left: usize,
    best: Option<f64>,
}

impl Default for ReduceLROnPlateau {
    fn default() -> Self {
        let mut monitor = Monitor::new("ReduceLROnPlateau");
        monitor.min_delta = 1e-4;
        Self {
            monitor,
            factor: 0.1,
            patience: 10,
            verbose: 0,
            cooldown: 0,
            min_lr: 0.0,
            wait: 0,
            cooldown_left: 0,
            best: None,
        }
    }
}

impl ReduceLROnPlateau {
    /// Keras's defaults: a tenth of the learning rate after 10 epochs without a better `"val_loss"`.
    pub fn new() -> Self {
        Self::default()
    }

    /// The name in the logs to monitor.
    pub fn monitor(mut self, monitor: impl Into<String>) -> Self {
        self.monitor.name = monitor.into();
        self
    }

    /// The factor of the learning rate, below 1. Default: 0.1.
    pub fn factor(mut self, factor: f64) -> Self {
        self.factor = factor;
        self
    }

    /// The number of epochs without improvement after which the learning rate is reduced. Default: 10.
    pub fn patience(mut self, patience: usize) -> Self {
        self.patience = patience;
        self
    }

    /// 1 to print each reduction.
    pub fn verbose(mut self, verbose: u8) -> Self {
        self.verbose = verbose;
        self
    }

    /// `"auto"`, `"min"` or `"max"`.
    pub fn mode(mut self, mode: impl Into<Mode>) -> Self {
        self.monitor.mode = mode.into();
        self
    }

    /// The minimum change that counts as an improvement. Default: 0.0001.
    pub fn min_delta(mut self, min_delta: f64) -> Self {
        self.monitor.min_delta = min_delta.abs();
        self
    }

    /// The number of epochs after a reduction before epochs without improvement count again. Default: 0. As in Keras, 1 is the same as 0, because the epoch
    /// that ends it counts.
    pub fn cooldown(mut self, epochs: usize) -> Self {
        self.cooldown = epochs;
        self
    }

    /// The smallest learning rate. Default: 0.
    pub fn min_lr(mut self, min_lr: f64) -> Self {
        self.min_lr = min_lr;
        self
    }

    /// Whether the learning rate is to be reduced after an epoch with this value.
    fn is_due(&mut self, value: f64) -> bool {
        if self.cooldown_left > 0 {
            (self.cooldown_left, self.wait) = (self.cooldown_left - 1, 0);
        }
        if self.monitor.improves(value, self.best) {
            (self.best, self.wait) = (Some(value), 0);
            return false;
        }
        if self.cooldown_left > 0 {
            return false;
        }
        self.wait += 1;
        self.wait >= self.patience
    }
}

impl Callback for ReduceLROnPlateau {
    fn on_train_begin(&mut self, model: &mut Model, _: &Logs) -> Result<()> {
        if self.factor.is_nan() || self.factor >= 1.0 {
            return Err(Error::new("the factor of ReduceLROnPlateau must reduce the learning rate")
                .expected("a number below 1")
                .received(self.factor.to_string()));
        }
        (self.wait, self.cooldown_left, self.best) = (0, 0, None);
        learning_rates::check_all("ReduceLROnPlateau", model)
    }

    fn extend_logs(&mut self, model: &mut Model, _: usize, logs: &mut Logs) -> Result<()> {
        learning_rates::log(model, logs)
    }

    fn on_epoch_end(&mut self, model: &mut Model, epoch: usize, logs: &Logs) -> Result<()> {
        let Some(value) = self.monitor.value(model, logs)? else { return Ok(()) };
        if !self.is_due(value) {
            return Ok(());
        }
        let (mut reduced, verbose) = (false, self.verbose);
        let (factor, min_lr) = (self.factor, self.min_lr);
        learning_rates::change("ReduceLROnPlateau", model, |old, name| {
            if old <= min_lr {
                return Ok(None);
            }
            let new = (old * factor).max(min_lr);
            reduced = true;
            if verbose > 0 {
                let name = name.map_or_else(String::new, |name| format!("{name} "));
                print_line(&format!("\nEpoch {}: ReduceLROnPlateau reducing {name}learning rate to {new}.", epoch + 1));
            }
            Ok(Some(new))
        })?;
        if reduced {
            (self.cooldown_left, self.wait) = (self.cooldown, 0);
        }
        Ok(())
    }

    fn reads_logs_of(&self, _: usize) -> bool {
        false
    }

    fn state(&self) -> CallbackState {
        let counts = vec![self.wait as u64, self.cooldown_left as u64];
        CallbackState { counts, numbers: self.best.into_iter().collect(), tensors: Vec::new() }
    }

    fn set_state(&mut self, state: CallbackState) {
        if let [wait, cooldown_left] = state.counts.as_slice() {
            (self.wait, self.cooldown_left) = (*wait as usize, *cooldown_left as usize);
            self.best = state.numbers.first().copied();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sequential;
    use candle_keras_layers::{Dense, Input, layers};
    use candle_keras_training::optimizers::SGD;

    /// The learning rates in the logs, and that after the last epoch.
    fn rates(values: &[f64], reduce: ReduceLROnPlateau) -> Vec<f64> {
        let mut model = Sequential::new(layers![Input::shape([1]), Dense::new(1)]);
        model.compile(SGD::new().learning_rate(1.0), "mse").unwrap();
        let mut reduce = reduce.monitor("v");
        reduce.on_train_begin(&mut model, &Logs::default()).unwrap();
        let mut rates = Vec::new();
        for (epoch, value) in values.iter().enumerate() {
            let mut logs = Logs::from([("v", *value)]);
            reduce.extend_logs(&mut model, epoch, &mut logs).unwrap();
            rates.push(logs["learning_rate"]);
            reduce.on_epoch_end(&mut model, epoch, &logs).unwrap();
            // Half of the counters would be lost if the state were not whole.
            let mut resumed = reduce.clone();
            resumed.on_train_begin(&mut model, &Logs::default()).unwrap();
            resumed.set_state(reduce.state());
            reduce = resumed;
        }
        rates.push(model.optimizer().unwrap().learning_rate());
        rates
    }

    /// The expected rates are what `keras.callbacks.ReduceLROnPlateau` of Keras 3.15.1 (KERAS_BACKEND=jax) writes to its logs for these values, with SGD(1.0) and
    /// monitor="v", and the rate of the optimizer at the end.
    #[test]
    fn rates_are_those_of_keras() {
        let reduce = |patience: usize, cooldown: usize| {
            ReduceLROnPlateau::new().mode("min").factor(0.5).patience(patience).cooldown(cooldown)
        };
        let values = [5., 4., 4., 4., 4., 3., 3., 3., 3., 3., 3.];
        let cases = [
            (reduce(2, 0), vec![1., 1., 1., 1., 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125]),
            (reduce(1, 1), vec![1., 1., 1., 0.5, 0.25, 0.125, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125, 0.00390625]),
            (reduce(1, 2), vec![1., 1., 1., 0.5, 0.5, 0.25, 0.25, 0.125, 0.125, 0.0625, 0.0625, 0.03125]),
            (reduce(1, 3), vec![1., 1., 1., 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125, 0.125]),
            (reduce(0, 0), vec![1., 1., 1., 0.5, 0.25, 0.125, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125, 0.00390625]),
            (
                reduce(1, 0).factor(0.1).min_lr(0.05),
                vec![1., 1., 1., 0.1, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05],
            ),
        ];
        for (reduce, expected) in cases {
            assert_eq!(rates(&values, reduce.clone()), expected, "{reduce:?}");
        }
        let small_changes = [1., 0.99995, 0.9999, 0.9998, 0.9997, 0.9, 0.8999];
        assert_eq!(rates(&small_changes, reduce(1, 0)), [1., 1., 0.5, 0.25, 0.25, 0.125, 0.125, 0.0625]);
        let rising = [1., 1.05, 1.2, 1.25, 1.29, 1.31, 1.3];
        let up = reduce(1, 0).mode("max").min_delta(0.1);
        assert_eq!(rates(&rising, up), [1., 1., 0.5, 0.5, 0.25, 0.125, 0.125, 0.0625]);
        assert_eq!(rates(&[1., f64::NAN, f64::NAN, 0.5], reduce(2, 0)), [1., 1., 1., 0.5, 0.5]);
    }

    #[test]
    fn a_factor_must_be_below_one() {
        let mut model = Sequential::new(layers![Input::shape([1]), Dense::new(1)]);
        model.compile("sgd", "mse").unwrap();
        let error = ReduceLROnPlateau::new().factor(1.0).on_train_begin(&mut model, &Logs::default()).unwrap_err();
        assert!(error.to_string().contains("ReduceLROnPlateau") && error.to_string().contains("received: 1"));
    }
}
