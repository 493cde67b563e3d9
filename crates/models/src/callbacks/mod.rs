//! Callbacks: what happens between the steps of training. Keras: `keras.callbacks`.

mod backup_and_restore;
mod early_stopping;
mod lambda_callback;
mod model_checkpoint;
mod monitor;
mod progbar_logger;

pub use backup_and_restore::BackupAndRestore;
pub use early_stopping::EarlyStopping;
pub use lambda_callback::LambdaCallback;
pub use model_checkpoint::ModelCheckpoint;
pub use monitor::Mode;
pub use progbar_logger::ProgbarLogger;

pub use crate::History;

use crate::model::Model;
use crate::{Logs, Result};
use candle_core::Tensor;
use candle_keras_ops::Error;
use monitor::Monitor;
use std::path::Path;

/// How often something is saved. Keras: `save_freq`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SaveFreq {
    /// After each epoch.
    Epoch,
    /// After each so many steps.
    Batches(usize),
    /// A word that is not `"epoch"`.
    Unknown(String),
}

impl From<&str> for SaveFreq {
    fn from(name: &str) -> Self {
        if name == "epoch" { Self::Epoch } else { Self::Unknown(name.into()) }
    }
}

impl From<usize> for SaveFreq {
    fn from(batches: usize) -> Self {
        Self::Batches(batches)
    }
}

impl SaveFreq {
    fn check(&self) -> Result<()> {
        match self {
            Self::Epoch | Self::Batches(1..) => Ok(()),
            Self::Batches(0) => Err(Error::new("save_freq must be positive").received("0")),
            Self::Unknown(name) => Err(Error::unknown("save_freq", name, &["epoch"])),
        }
    }
}

/// What a callback remembers, so that a training that was cut off goes on exactly.
#[derive(Debug, Clone, Default)]
pub struct CallbackState {
    /// Whole numbers.
    pub counts: Vec<u64>,
    /// Other numbers.
    pub numbers: Vec<f64>,
    /// Tensors.
    pub tensors: Vec<Tensor>,
}

/// How a training is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Params {
    /// 0, 1 or 2.
    pub verbose: u8,
    /// The index of the epoch before which it ends.
    pub epochs: usize,
    /// The number of steps an epoch, if it is known.
    pub steps: Option<usize>,
}

/// Keras's hooks, each of which does nothing unless it is implemented.
///
/// The logs of a batch are the means since the epoch began. A hook that sets [`Model::stop_training`] ends the training: in
/// a batch's hook the epoch is cut short, but still validated and closed.
///
/// ```
/// use candle_keras_models::{callbacks::Callback, Logs, Model};
/// struct StopBelow(f64);
/// impl Callback for StopBelow {
///     fn on_epoch_end(&mut self, model: &mut Model, _: usize, logs: &Logs) -> candle_keras_models::Result<()> {
///         model.stop_training = logs["loss"] < self.0;
///         Ok(())
///     }
/// }
/// ```
#[allow(unused_variables)]
pub trait Callback: Send {
    /// Before everything else.
    fn set_params(&mut self, params: &Params) {}

    /// Before the first epoch.
    fn on_train_begin(&mut self, model: &mut Model, logs: &Logs) -> Result<()> {
        Ok(())
    }

    /// After the last epoch, with its logs.
    fn on_train_end(&mut self, model: &mut Model, logs: &Logs) -> Result<()> {
        Ok(())
    }

    /// Before an epoch.
    fn on_epoch_begin(&mut self, model: &mut Model, epoch: usize, logs: &Logs) -> Result<()> {
        Ok(())
    }

    /// After an epoch and its validation.
    fn on_epoch_end(&mut self, model: &mut Model, epoch: usize, logs: &Logs) -> Result<()> {
        Ok(())
    }

    /// Before a step.
    fn on_train_batch_begin(&mut self, model: &mut Model, batch: usize, logs: &Logs) -> Result<()> {
        Ok(())
    }

    /// After a step.
    fn on_train_batch_end(&mut self, model: &mut Model, batch: usize, logs: &Logs) -> Result<()> {
        Ok(())
    }

    /// Before an evaluation, also within `fit`.
    fn on_test_begin(&mut self, model: &mut Model, logs: &Logs) -> Result<()> {
        Ok(())
    }

    /// After an evaluation.
    fn on_test_end(&mut self, model: &mut Model, logs: &Logs) -> Result<()> {
        Ok(())
    }

    /// Before a batch of an evaluation.
    fn on_test_batch_begin(&mut self, model: &mut Model, batch: usize, logs: &Logs) -> Result<()> {
        Ok(())
    }

    /// After a batch of an evaluation.
    fn on_test_batch_end(&mut self, model: &mut Model, batch: usize, logs: &Logs) -> Result<()> {
        Ok(())
    }

    /// Before predictions.
    fn on_predict_begin(&mut self, model: &Model, logs: &Logs) -> Result<()> {
        Ok(())
    }

    /// After predictions.
    fn on_predict_end(&mut self, model: &Model, logs: &Logs) -> Result<()> {
        Ok(())
    }

    /// Before a batch of predictions.
    fn on_predict_batch_begin(&mut self, model: &Model, batch: usize, logs: &Logs) -> Result<()> {
        Ok(())
    }

    /// After a batch of predictions.
    fn on_predict_batch_end(&mut self, model: &Model, batch: usize, logs: &Logs) -> Result<()> {
        Ok(())
    }

    /// Whether it looks at the logs of this batch. Default: yes. If no callback does, metrics stay on their device, and no step waits for it.
    fn reads_logs_of(&self, batch: usize) -> bool {
        true
    }

    /// What it remembers of the training so far.
    fn state(&self) -> CallbackState {
        CallbackState::default()
    }

    /// Takes over what [`state`](Self::state) said; after `on_train_begin`.
    fn set_state(&mut self, state: CallbackState) {}

    /// Where the whole training is to be saved and taken up again; see [`BackupAndRestore`].
    fn backup(&self) -> Option<&Path> {
        None
    }

    /// Whether it is to be saved now: after `step` steps of this epoch, or at its end. With a [`backup`](Self::backup) only.
    fn wants_backup(&mut self, step: Option<usize>) -> bool {
        false
    }
}

/// Passes every hook on, so that a callback can be lent and looked at afterwards.
macro_rules! forward {
    ($($model:ty { $($hook:ident($($index:ident)?)),* $(,)? })*) => {
        impl<C: Callback + ?Sized> Callback for &mut C {
            fn set_params(&mut self, params: &Params) {
                (**self).set_params(params);
            }

            fn state(&self) -> CallbackState {
                (**self).state()
            }

            fn set_state(&mut self, state: CallbackState) {
                (**self).set_state(state);
            }

            fn reads_logs_of(&self, batch: usize) -> bool {
                (**self).reads_logs_of(batch)
            }

            fn backup(&self) -> Option<&Path> {
                (**self).backup()
            }

            fn wants_backup(&mut self, step: Option<usize>) -> bool {
                (**self).wants_backup(step)
            }

            $($(fn $hook(&mut self, model: $model, $($index: usize,)? logs: &Logs) -> Result<()> {
                (**self).$hook(model, $($index,)? logs)
            })*)*
        }
    };
}

forward! {
    &mut Model {
        on_train_begin(), on_train_end(), on_epoch_begin(epoch), on_epoch_end(epoch), on_train_batch_begin(batch),
        on_train_batch_end(batch), on_test_begin(), on_test_end(), on_test_batch_begin(batch), on_test_batch_end(batch),
    }
    &Model { on_predict_begin(), on_predict_end(), on_predict_batch_begin(batch), on_predict_batch_end(batch) }
}
