//! TerminateOnNaN: ends training at a loss that is no number. Keras: `keras.callbacks.TerminateOnNaN`.

use super::Callback;
use crate::model::Model;
use crate::{Logs, Result};
use candle_keras_ops::Error;
use candle_keras_ops::console::print_line;

/// Ends the training after a batch whose loss is NaN or infinite. It reads the loss at each step, which waits for a GPU.
///
/// ```
/// # use candle_keras_layers::{layers, Dense, Input};
/// # use candle_keras_models::{callbacks::TerminateOnNaN, Fit, Sequential};
/// # let mut model = Sequential::new(layers![Input::shape([1]), Dense::new(1)]);
/// # model.compile("sgd", "mse")?;
/// let fit = Fit::new().epochs(3).verbose(0).callback(TerminateOnNaN::new());
/// let history = model.fit(vec![f32::NAN, 2.], vec![2f32, 4.], fit)?;
/// assert_eq!(history["loss"].len(), 1);
/// # Ok::<(), candle_keras_models::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct TerminateOnNaN {
    raise_error: bool,
}

impl TerminateOnNaN {
    /// Ends the training with a message.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether `fit` returns an error. Default: false, it ends as after its last epoch.
    #[must_use]
    pub fn raise_error(mut self, raise_error: bool) -> Self {
        self.raise_error = raise_error;
        self
    }
}

impl Callback for TerminateOnNaN {
    fn on_train_batch_end(&mut self, model: &mut Model, batch: usize, logs: &Logs) -> Result<()> {
        let Some(loss) = logs.get("loss").filter(|loss| !loss.is_finite()) else { return Ok(()) };
        if self.raise_error {
            return Err(Error::new(format!(
                "the loss is {loss} at batch {batch}, and TerminateOnNaN ends the training"
            ))
            .help("a smaller learning rate or other data may help"));
        }
        print_line(&format!("Batch {batch}: Invalid loss, terminating training"));
        model.stop_training = true;
        Ok(())
    }
}
