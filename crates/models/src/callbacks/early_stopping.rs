//! EarlyStopping: no further epochs when they do not help. Keras: `keras.callbacks.EarlyStopping`.

use super::Callback;
use crate::console::print_line;
use crate::model::Model;
use crate::{Logs, Result};
use candle_core::Tensor;
use candle_keras_layers::Layer;
use candle_keras_ops::{Error, warnings};
use candle_keras_training::Direction;

/// Which values of what is watched are better.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// What the loss or metric itself says.
    Auto,
    /// The smaller.
    Min,
    /// The larger.
    Max,
    /// A name that is none of these.
    Unknown(String),
}

impl From<&str> for Mode {
    fn from(name: &str) -> Self {
        match name {
            "auto" => Self::Auto,
            "min" => Self::Min,
            "max" => Self::Max,
            other => Self::Unknown(other.into()),
        }
    }
}

/// Ends the training when `monitor` has not improved for `patience` epochs.
///
/// ```
/// use candle_keras_models::callbacks::EarlyStopping;
/// let early_stopping = EarlyStopping::new().monitor("val_loss").patience(3).restore_best_weights(true);
/// assert_eq!(early_stopping.stopped_epoch(), None);
/// ```
#[derive(Debug, Clone)]
pub struct EarlyStopping {
    monitor: String,
    min_delta: f64,
    patience: usize,
    verbose: u8,
    mode: Mode,
    baseline: Option<f64>,
    restore_best_weights: bool,
    start_from_epoch: usize,
    wait: usize,
    best: Option<f64>,
    best_epoch: usize,
    best_weights: Option<Vec<Tensor>>,
    stopped_epoch: Option<usize>,
    larger_is_better: Option<bool>,
}

impl Default for EarlyStopping {
    fn default() -> Self {
        Self {
            monitor: "val_loss".into(),
            min_delta: 0.0,
            patience: 0,
            verbose: 0,
            mode: Mode::Auto,
            baseline: None,
            restore_best_weights: false,
            start_from_epoch: 0,
            wait: 0,
            best: None,
            best_epoch: 0,
            best_weights: None,
            stopped_epoch: None,
            larger_is_better: None,
        }
    }
}

impl EarlyStopping {
    /// Keras's defaults: `"val_loss"`, and no patience.
    pub fn new() -> Self {
        Self::default()
    }

    /// The name in the logs that is watched.
    #[must_use]
    pub fn monitor(mut self, monitor: impl Into<String>) -> Self {
        self.monitor = monitor.into();
        self
    }

    /// By how much a value must be better to count.
    #[must_use]
    pub fn min_delta(mut self, min_delta: f64) -> Self {
        self.min_delta = min_delta.abs();
        self
    }

    /// How many epochs without improvement are borne.
    #[must_use]
    pub fn patience(mut self, patience: usize) -> Self {
        self.patience = patience;
        self
    }

    /// 1 to say when and what.
    #[must_use]
    pub fn verbose(mut self, verbose: u8) -> Self {
        self.verbose = verbose;
        self
    }

    /// `"auto"`, `"min"` or `"max"`.
    #[must_use]
    pub fn mode(mut self, mode: impl Into<Mode>) -> Self {
        self.mode = mode.into();
        self
    }

    /// A value that must be beaten within the patience.
    #[must_use]
    pub fn baseline(mut self, baseline: f64) -> Self {
        self.baseline = Some(baseline);
        self
    }

    /// Whether the weights of the best epoch come back at the end, even if the training was not cut short.
    #[must_use]
    pub fn restore_best_weights(mut self, restore: bool) -> Self {
        self.restore_best_weights = restore;
        self
    }

    /// How many epochs go by before anything is watched.
    #[must_use]
    pub fn start_from_epoch(mut self, epoch: usize) -> Self {
        self.start_from_epoch = epoch;
        self
    }

    /// The epoch after which the training was ended, if it was.
    pub fn stopped_epoch(&self) -> Option<usize> {
        self.stopped_epoch
    }

    /// The epoch with the best value.
    pub fn best_epoch(&self) -> usize {
        self.best_epoch
    }

    fn improves(&self, value: f64, reference: Option<f64>) -> bool {
        match (reference, self.larger_is_better) {
            (None, _) => true,
            (Some(reference), Some(true)) => value - self.min_delta > reference,
            (Some(reference), _) => value + self.min_delta < reference,
        }
    }

    fn decide_direction(&mut self, model: &mut Model) -> Result<()> {
        self.larger_is_better = Some(match &self.mode {
            Mode::Min => false,
            Mode::Max => true,
            Mode::Auto => match model.compiled()?.direction(&self.monitor) {
                Some(direction) => direction == Direction::Up,
                None => {
                    return Err(Error::new(format!(
                        "EarlyStopping does not know which values of {:?} are better",
                        self.monitor
                    ))
                    .help("say so with mode(\"min\") or mode(\"max\")"));
                }
            },
            Mode::Unknown(name) => return Err(Error::unknown("mode", name, &["auto", "min", "max"])),
        });
        Ok(())
    }
}

impl Callback for EarlyStopping {
    fn on_train_begin(&mut self, _: &mut Model, _: &Logs) -> Result<()> {
        (self.wait, self.best, self.best_epoch, self.best_weights) = (0, None, 0, None);
        self.stopped_epoch = None;
        Ok(())
    }

    fn on_epoch_end(&mut self, model: &mut Model, epoch: usize, logs: &Logs) -> Result<()> {
        let Some(value) = logs.get(&self.monitor) else {
            let names: Vec<_> = logs.iter().map(|(name, _)| name).collect();
            warnings::warn(format!(
                "EarlyStopping watches {:?}, which is not in the logs; there are {}",
                self.monitor,
                names.join(", ")
            ));
            return Ok(());
        };
        if self.larger_is_better.is_none() {
            self.decide_direction(model)?;
        }
        if epoch < self.start_from_epoch {
            return Ok(());
        }
        if self.restore_best_weights && self.best_weights.is_none() {
            // If nothing ever improves, the first weights are the best.
            (self.best_weights, self.best_epoch) = (Some(model.get_weights()?), epoch);
        }
        self.wait += 1;
        if self.improves(value, self.best) {
            (self.best, self.best_epoch) = (Some(value), epoch);
            if self.restore_best_weights {
                self.best_weights = Some(model.get_weights()?);
            }
            if self.improves(value, self.baseline) {
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
}
