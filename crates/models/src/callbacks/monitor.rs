//! The value in the logs that a callback monitors, and whether smaller or larger values are better.

use crate::model::Model;
use crate::{Logs, Result};
use candle_keras_ops::{Error, warnings};
use candle_keras_training::Direction;

/// Whether smaller or larger values are better.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// The direction of the loss or metric.
    Auto,
    /// Smaller values.
    Min,
    /// Larger values.
    Max,
    /// An unknown name.
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

/// A name in the logs and its direction.
#[derive(Debug, Clone)]
pub(super) struct Monitor {
    /// The name of the callback.
    who: &'static str,
    pub(super) name: String,
    pub(super) mode: Mode,
    /// The minimum change that counts as an improvement.
    pub(super) min_delta: f64,
    larger_is_better: Option<bool>,
}

impl Monitor {
    /// Monitors `val_loss`, with the direction of the loss or metric.
    pub(super) fn new(who: &'static str) -> Self {
        Self { who, name: "val_loss".into(), mode: Mode::Auto, min_delta: 0.0, larger_is_better: None }
    }

    /// The value in the logs; a warning if there is none.
    ///
    /// # Errors
    /// If it is not known which values are better.
    pub(super) fn value(&mut self, model: &mut Model, logs: &Logs) -> Result<Option<f64>> {
        if self.larger_is_better.is_none() {
            self.larger_is_better = Some(self.decide(model)?);
        }
        let value = logs.get(&self.name);
        if value.is_none() {
            let names: Vec<_> = logs.iter().map(|(name, _)| name).collect();
            warnings::warn(format!(
                "{} monitors {:?}, which is not in the logs; there are {}",
                self.who,
                self.name,
                names.join(", ")
            ));
        }
        Ok(value)
    }

    fn decide(&self, model: &mut Model) -> Result<bool> {
        match &self.mode {
            Mode::Min => Ok(false),
            Mode::Max => Ok(true),
            Mode::Auto => match model.compiled()?.direction(&self.name) {
                Some(direction) => Ok(direction == Direction::Up),
                None => {
                    Err(Error::new(format!("{} does not know which values of {:?} are better", self.who, self.name))
                        .help("set mode(\"min\") or mode(\"max\")"))
                }
            },
            Mode::Unknown(name) => Err(Error::unknown("mode", name, &["auto", "min", "max"])),
        }
    }

    /// Whether a value is better than another; any value is better than `None`.
    pub(super) fn improves(&self, value: f64, reference: Option<f64>) -> bool {
        match (reference, self.larger_is_better) {
            (None, _) => true,
            (Some(reference), Some(true)) => value - self.min_delta > reference,
            (Some(reference), _) => value + self.min_delta < reference,
        }
    }
}
