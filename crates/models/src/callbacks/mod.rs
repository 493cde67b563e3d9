//! Callbacks: hooks of training, evaluation and prediction. Keras: `keras.callbacks`.

mod backup_and_restore;
mod callback_list;
pub(crate) mod chart;
mod csv_logger;
mod early_stopping;
mod event_file;
mod lambda_callback;
mod learning_rate_scheduler;
mod learning_rates;
mod model_checkpoint;
mod monitor;
mod number_format;
mod plot_losses;
mod progbar_logger;
mod projector;
mod reduce_lr_on_plateau;
mod remote_monitor;
mod swap_ema_weights;
mod tensor_board;
mod terminate_on_nan;
mod words;

pub use backup_and_restore::BackupAndRestore;
pub use callback_list::CallbackList;
pub use csv_logger::CSVLogger;
pub use early_stopping::EarlyStopping;
pub use lambda_callback::LambdaCallback;
pub use learning_rate_scheduler::LearningRateScheduler;
pub use model_checkpoint::ModelCheckpoint;
pub use monitor::Mode;
pub use plot_losses::PlotLosses;
pub use progbar_logger::ProgbarLogger;
pub use projector::EmbeddingsMetadata;
pub use reduce_lr_on_plateau::ReduceLROnPlateau;
pub use remote_monitor::RemoteMonitor;
pub use swap_ema_weights::SwapEMAWeights;
pub use tensor_board::TensorBoard;
pub use terminate_on_nan::TerminateOnNaN;

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
    /// Every so many steps.
    Batches(usize),
    /// A name other than `"epoch"`.
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
        self.check_as("save_freq", &["epoch"])
    }

    /// An error that names the argument and its names.
    fn check_as(&self, argument: &str, names: &[&str]) -> Result<()> {
        match self {
            Self::Epoch | Self::Batches(1..) => Ok(()),
            Self::Batches(0) => Err(Error::new(format!("{argument} must be positive")).received("0")),
            Self::Unknown(name) => Err(Error::unknown(argument, name, names)),
        }
    }
}

/// The state of a callback, so that an interrupted training resumes exactly.
#[derive(Debug, Clone, Default)]
pub struct CallbackState {
    /// Integers.
    pub counts: Vec<u64>,
    /// Floats.
    pub numbers: Vec<f64>,
    /// Tensors.
    pub tensors: Vec<Tensor>,
}

/// The parameters of a training.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Params {
    /// The verbosity: 0, 1 or 2.
    pub verbose: u8,
    /// The index after the last epoch.
    pub epochs: usize,
    /// The number of steps per epoch, if known.
    pub steps: Option<usize>,
    /// Whether each epoch ends with a validation.
    pub validates: bool,
}

/// Keras's hooks. Each does nothing by default.
///
/// The logs of a batch are the means since the start of the epoch. A hook that sets [`Model::stop_training`] ends the training: in
/// a batch hook, the rest of the epoch is skipped, but not its validation and `on_epoch_end`.
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
    /// Before all other hooks.
    fn set_params(&mut self, params: &Params) {}

    /// Before the first epoch.
    fn on_train_begin(&mut self, model: &mut Model, logs: &Logs) -> Result<()> {
        Ok(())
    }

    /// After the last epoch, with its logs.
    fn on_train_end(&mut self, model: &mut Model, logs: &Logs) -> Result<()> {
        Ok(())
    }

    /// Before the rest of an epoch, in a training that [`BackupAndRestore`] resumes within it: `on_epoch_begin` ran before the interruption.
    fn on_epoch_resume(&mut self, model: &mut Model, epoch: usize, logs: &Logs) -> Result<()> {
        Ok(())
    }

    /// Before an epoch.
    fn on_epoch_begin(&mut self, model: &mut Model, epoch: usize, logs: &Logs) -> Result<()> {
        Ok(())
    }

    /// Adds to the logs of an epoch, just before its own [`on_epoch_end`](Self::on_epoch_end): later callbacks and the history have the value too, as when a
    /// callback of Keras writes to `logs`.
    fn extend_logs(&mut self, model: &mut Model, epoch: usize, logs: &mut Logs) -> Result<()> {
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

    /// Whether it reads the logs of this batch. Default: true. If no callback does, metrics stay on their device, and no step waits for it.
    fn reads_logs_of(&self, batch: usize) -> bool {
        true
    }

    /// Its state.
    fn state(&self) -> CallbackState {
        CallbackState::default()
    }

    /// Restores what [`state`](Self::state) returned; after `on_train_begin`.
    fn set_state(&mut self, state: CallbackState) {}

    /// The file to back up the training to and to resume it from; see [`BackupAndRestore`].
    fn backup(&self) -> Option<&Path> {
        None
    }

    /// Whether to back up now: after `step` steps of this epoch, or at its end (`None`). Only with a [`backup`](Self::backup).
    fn wants_backup(&mut self, step: Option<usize>) -> bool {
        false
    }
}

/// Forwards every hook, so that a callback can be passed by reference and inspected afterwards.
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

            fn extend_logs(&mut self, model: &mut Model, epoch: usize, logs: &mut Logs) -> Result<()> {
                (**self).extend_logs(model, epoch, logs)
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
        on_train_begin(), on_train_end(), on_epoch_begin(epoch), on_epoch_resume(epoch), on_epoch_end(epoch), on_train_batch_begin(batch),
        on_train_batch_end(batch), on_test_begin(), on_test_end(), on_test_batch_begin(batch), on_test_batch_end(batch),
    }
    &Model { on_predict_begin(), on_predict_end(), on_predict_batch_begin(batch), on_predict_batch_end(batch) }
}
