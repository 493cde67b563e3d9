//! ReduceLROnPlateau: a smaller learning rate when training no longer improves. Keras: `keras.callbacks.ReduceLROnPlateau`.

use super::learning_rate::{add_to_logs, each_optimizer};
use super::{Callback, CallbackState, Mode, Monitor};
use crate::model::Model;
use crate::{Logs, Result};
use candle_keras_ops::Error;
use candle_keras_ops::console::print_line;

/// Multiplies the learning rate by `factor` when `monitor` has not improved for `patience` epochs, and logs it as `learning_rate`.
///
/// ```
/// use candle_keras_models::callbacks::ReduceLROnPlateau;
/// let reduce = ReduceLROnPlateau::new().monitor("loss").factor(0.5).patience(3).min_lr(1e-5);
/// # let _ = reduce;
/// ```
#[derive(Debug, Clone)]
pub struct ReduceLROnPlateau {
    monitor: Monitor,
    factor: f64,
    patience: usize,
    verbose: u8,
    cooldown: usize,
    min_lr: f64,
    cooldown_counter: usize,
    wait: usize,
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
            cooldown_counter: 0,
            wait: 0,
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
    #[must_use]
    pub fn monitor(mut self, monitor: impl Into<String>) -> Self {
        self.monitor.name = monitor.into();
        self
    }

    /// What the learning rate is multiplied by, below 1. Default: 0.1.
    #[must_use]
    pub fn factor(mut self, factor: f64) -> Self {
        self.factor = factor;
        self
    }

    /// The number of epochs without improvement before the learning rate is reduced. Default: 10.
    #[must_use]
    pub fn patience(mut self, patience: usize) -> Self {
        self.patience = patience;
        self
    }

    /// 1 to print each reduction.
    #[must_use]
    pub fn verbose(mut self, verbose: u8) -> Self {
        self.verbose = verbose;
        self
    }

    /// `"auto"`, `"min"` or `"max"`.
    #[must_use]
    pub fn mode(mut self, mode: impl Into<Mode>) -> Self {
        self.monitor.mode = mode.into();
        self
    }

    /// The minimum change that counts as an improvement. Default: 1e-4.
    #[must_use]
    pub fn min_delta(mut self, min_delta: f64) -> Self {
        self.monitor.min_delta = min_delta.abs();
        self
    }

    /// The number of epochs after a reduction in which nothing is counted; Keras counts the epoch in which it ends. Default: 0.
    #[must_use]
    pub fn cooldown(mut self, cooldown: usize) -> Self {
        self.cooldown = cooldown;
        self
    }

    /// The smallest learning rate. Default: 0.
    #[must_use]
    pub fn min_lr(mut self, min_lr: f64) -> Self {
        self.min_lr = min_lr;
        self
    }

    fn reduce(&self, model: &mut Model, epoch: usize) -> Result<bool> {
        let mut reduced = false;
        each_optimizer(model, |name, optimizer| {
            let old = optimizer.learning_rate();
            if old > f64::from(self.min_lr as f32) {
                let new = (old * self.factor).max(self.min_lr);
                optimizer.set_learning_rate(new);
                reduced = true;
                if self.verbose > 0 {
                    let name = name.map(|name| format!(" {name}")).unwrap_or_default();
                    let text = format!("ReduceLROnPlateau reducing{name} learning rate to {new}.");
                    print_line(&format!("\nEpoch {}: {text}", epoch + 1));
                }
            }
            Ok(())
        })?;
        Ok(reduced)
    }
}

impl Callback for ReduceLROnPlateau {
    fn on_train_begin(&mut self, _: &mut Model, _: &Logs) -> Result<()> {
        (self.best, self.cooldown_counter, self.wait) = (None, 0, 0);
        if !(self.factor < 1.0) {
            return Err(Error::new("the factor of ReduceLROnPlateau must be below 1").received(self.factor.to_string()));
        }
        Ok(())
    }

    fn on_epoch_end(&mut self, model: &mut Model, epoch: usize, logs: &Logs) -> Result<()> {
        let Some(value) = self.monitor.value(model, logs)? else { return Ok(()) };
        if self.cooldown_counter > 0 {
            self.cooldown_counter -= 1;
            self.wait = 0;
        }
        if self.monitor.improves(value, self.best) {
            (self.best, self.wait) = (Some(value), 0);
        } else if self.cooldown_counter == 0 {
            self.wait += 1;
            if self.wait >= self.patience && self.reduce(model, epoch)? {
                (self.cooldown_counter, self.wait) = (self.cooldown, 0);
            }
        }
        Ok(())
    }

    fn add_to_logs(&mut self, model: &mut Model, logs: &mut Logs) -> Result<()> {
        add_to_logs(model, logs)
    }

    fn reads_logs_of(&self, _: usize) -> bool {
        false
    }

    fn state(&self) -> CallbackState {
        let counts = vec![self.cooldown_counter as u64, self.wait as u64];
        CallbackState { counts, numbers: vec![self.best.unwrap_or(f64::NAN)], tensors: Vec::new() }
    }

    fn set_state(&mut self, state: CallbackState) {
        if let ([cooldown, wait], [best]) = (state.counts.as_slice(), state.numbers.as_slice()) {
            (self.cooldown_counter, self.wait) = (*cooldown as usize, *wait as usize);
            self.best = Some(*best).filter(|best| !best.is_nan());
        }
    }
}
