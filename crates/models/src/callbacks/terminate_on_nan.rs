//! TerminateOnNaN: ends a training whose loss is no number. Keras: `keras.callbacks.TerminateOnNaN`.

use super::Callback;
use crate::model::Model;
use crate::{Logs, Result};
use candle_keras_ops::Error;
use candle_keras_ops::console::print_line;

/// Ends the training at the first step after which the loss is NaN or infinite.
///
/// ```
/// use candle_keras_models::callbacks::TerminateOnNaN;
/// let terminate = TerminateOnNaN::new().raise_error(true);
/// # let _ = terminate;
/// ```
///
/// The loss is read after each step, for which a GPU is waited for.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct TerminateOnNaN {
    raise_error: bool,
}

impl TerminateOnNaN {
    /// One that stops the training as [`EarlyStopping`](super::EarlyStopping) does: the hooks at the end of the epoch and of the training run.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether `fit` fails instead, without these hooks, so that a backup from before remains. Default: false.
    pub fn raise_error(mut self, raise_error: bool) -> Self {
        self.raise_error = raise_error;
        self
    }
}

impl Callback for TerminateOnNaN {
    fn on_train_batch_end(&mut self, model: &mut Model, batch: usize, logs: &Logs) -> Result<()> {
        let Some(loss) = logs.get("loss").filter(|loss| !loss.is_finite()) else { return Ok(()) };
        if self.raise_error {
            return Err(Error::new(format!("TerminateOnNaN: the loss is no finite number after batch {batch}"))
                .received(loss.to_string())
                .help("a smaller learning rate, clipnorm, or other data may help"));
        }
        print_line(&format!("Batch {batch}: Invalid loss, terminating training"));
        model.stop_training = true;
        Ok(())
    }
}
