//! EarlyStopping: ends training when it no longer improves. Keras: `keras.callbacks.EarlyStopping`.

use super::{Callback, CallbackState, Mode, Monitor};
use crate::model::Model;
use crate::{Logs, Result};
use candle_core::Tensor;
use candle_keras_layers::Layer;
use candle_keras_ops::console::print_line;

/// Ends the training when `monitor` has not improved for `patience` epochs.
///
/// ```
/// use candle_keras_models::callbacks::EarlyStopping;
/// let early_stopping = EarlyStopping::new().monitor("val_loss").patience(3).restore_best_weights(true);
/// assert_eq!(early_stopping.stopped_epoch(), None);
/// ```
#[derive(Debug, Clone)]
pub struct EarlyStopping {
    monitor: Monitor,
    patience: usize,
    verbose: u8,
    baseline: Option<f64>,
    restore_best_weights: bool,
    start_from_epoch: usize,
    wait: usize,
    best: Option<f64>,
    best_epoch: usize,
    best_weights: Option<Vec<Tensor>>,
    stopped_epoch: Option<usize>,
}

impl Default for EarlyStopping {
    fn default() -> Self {
        Self {
            monitor: Monitor::new("EarlyStopping"),
            patience: 0,
            verbose: 0,
            baseline: None,
            restore_best_weights: false,
            start_from_epoch: 0,
            wait: 0,
            best: None,
            best_epoch: 0,
            best_weights: None,
            stopped_epoch: None,
        }
    }
}

impl EarlyStopping {
    /// Keras's defaults: `"val_loss"`, and no patience.
    pub fn new() -> Self {
        Self::default()
    }

    /// The name in the logs to monitor.
    #[must_use]
    pub fn monitor(mut self, monitor: impl Into<String>) -> Self {
        self.monitor.name = monitor.into();
        self
    }

    /// The minimum change that counts as an improvement.
    #[must_use]
    pub fn min_delta(mut self, min_delta: f64) -> Self {
        self.monitor.min_delta = min_delta.abs();
        self
    }

    /// The number of epochs without improvement after which training ends.
    #[must_use]
    pub fn patience(mut self, patience: usize) -> Self {
        self.patience = patience;
        self
    }

    /// 1 to print when training is stopped.
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

    /// A value that must be improved upon within the patience.
    #[must_use]
    pub fn baseline(mut self, baseline: f64) -> Self {
        self.baseline = Some(baseline);
        self
    }

    /// Whether the weights of the best epoch are restored at the end, even if training was not stopped early.
    #[must_use]
    pub fn restore_best_weights(mut self, restore: bool) -> Self {
        self.restore_best_weights = restore;
        self
    }

    /// The number of epochs before monitoring starts.
    #[must_use]
    pub fn start_from_epoch(mut self, epoch: usize) -> Self {
        self.start_from_epoch = epoch;
        self
    }

    /// The epoch after which training was stopped, if it was.
    pub fn stopped_epoch(&self) -> Option<usize> {
        self.stopped_epoch
    }

    /// The epoch with the best value.
    pub fn best_epoch(&self) -> usize {
        self.best_epoch
    }
}

impl Callback for EarlyStopping {
    fn on_train_begin(&mut self, _: &mut Model, _: &Logs) -> Result<()> {
        (self.wait, self.best, self.best_epoch, self.best_weights) = (0, None, 0, None);
        self.stopped_epoch = None;
        Ok(())
    }

    fn on_epoch_end(&mut self, model: &mut Model, epoch: usize, logs: &Logs) -> Result<()> {
        let Some(value) = self.monitor.value(model, logs)? else { return Ok(()) };
        if epoch < self.start_from_epoch {
            return Ok(());
        }
        if self.restore_best_weights && self.best_weights.is_none() {
            // If nothing ever improves, the weights of the first epoch are the best.
            (self.best_weights, self.best_epoch) = (Some(model.get_weights()?), epoch);
        }
        self.wait += 1;
        if self.monitor.improves(value, self.best) {
            (self.best, self.best_epoch) = (Some(value), epoch);
            if self.restore_best_weights {
                self.best_weights = Some(model.get_weights()?);
            }
            if self.monitor.improves(value, self.baseline) {
                self.wait = 0;
            }
            return Ok(());
        }
        if self.wait >= self.patience && epoch > 0 {
            self.stopped_epoch = Some(epoch);
            model.stop_training = true;
        }
        Ok(())
    }

    fn on_train_end(&mut self, model: &mut Model, _: &Logs) -> Result<()> {
        if let (Some(epoch), true) = (self.stopped_epoch, self.verbose > 0) {
            print_line(&format!("Epoch {}: early stopping", epoch + 1));
        }
        if let Some(weights) = self.best_weights.take() {
            if self.verbose > 0 {
                print_line(&format!(
                    "Restoring model weights from the end of the best epoch: {}.",
                    self.best_epoch + 1
                ));
            }
            model.set_weights(&weights)?;
        }
        Ok(())
    }

    fn reads_logs_of(&self, _: usize) -> bool {
        false
    }

    fn state(&self) -> CallbackState {
        let numbers = [self.wait, self.best_epoch, self.stopped_epoch.map_or(usize::MAX, |epoch| epoch)];
        let best = self.best.unwrap_or(f64::NAN);
        let tensors = self.best_weights.clone().unwrap_or_default();
        CallbackState { counts: numbers.map(|n| n as u64).to_vec(), numbers: vec![best], tensors }
    }

    fn set_state(&mut self, state: CallbackState) {
        if let ([wait, best_epoch, stopped], [best]) = (state.counts.as_slice(), state.numbers.as_slice()) {
            (self.wait, self.best_epoch) = (*wait as usize, *best_epoch as usize);
            self.stopped_epoch = (*stopped != u64::MAX).then_some(*stopped as usize);
            self.best = Some(*best).filter(|best| !best.is_nan());
            self.best_weights = Some(state.tensors).filter(|tensors| !tensors.is_empty());
        }
    }
}
