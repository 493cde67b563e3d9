//! SwapEMAWeights: evaluation with averaged weights. Keras: `keras.callbacks.SwapEMAWeights`.

use super::{Callback, CallbackState};
use crate::model::Model;
use crate::{Logs, Result};
use candle_core::Tensor;
use candle_keras_ops::Error;

/// Evaluates and predicts with the moving averages of the weights that an optimizer with `use_ema(true)` has, and trains on with the weights themselves.
///
/// ```
/// use candle_keras_models::callbacks::{ModelCheckpoint, SwapEMAWeights};
/// use candle_keras_models::Fit;
/// // A checkpoint that comes later has the averages.
/// let fit = Fit::new().callback(SwapEMAWeights::new().swap_on_epoch(true)).callback(ModelCheckpoint::new("{epoch}.keras"));
/// # drop(fit);
/// ```
///
/// # Differences from Keras
/// The averages stay where they are, and the weights are kept in a copy. A training that another callback stops ends with the averages, too, and after a prediction
/// with this callback the model has its weights again. During one, predictions of other threads have the averages too.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct SwapEMAWeights {
    swap_on_epoch: bool,
    /// The weights while the model has the averages.
    weights: Option<Vec<Tensor>>,
}

impl SwapEMAWeights {
    /// One that swaps around each evaluation and prediction.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the model has the averages also from the end of an epoch to the beginning of the next, for the callbacks that come later. Default: false.
    pub fn swap_on_epoch(mut self, swap_on_epoch: bool) -> Self {
        self.swap_on_epoch = swap_on_epoch;
        self
    }

    /// Gives the model the averages.
    fn swap(&mut self, model: &Model) -> Result<()> {
        if self.weights.is_some() {
            return Ok(());
        }
        let Some(compiled) = &model.compiled else { return Err(without_averages()) };
        let mut averages = compiled.optimizer.state()?;
        let mut weights = Vec::new();
        let mut found = false;
        for weight in &compiled.trainable {
            // A second weight of this name has the next average of this name.
            let name = format!("{}_average", weight.path().replace('/', "_"));
            let weight_before = weight.value().copy()?;
            if let Some(place) = averages.iter().position(|(known, _)| *known == name) {
                weight.assign(&averages.remove(place).1)?;
                found = true;
            }
            weights.push(weight_before);
        }
        if !found {
            return Err(without_averages());
        }
        self.weights = Some(weights);
        Ok(())
    }

    /// Gives the model its weights again.
    fn swap_back(&mut self, model: &Model) -> Result<()> {
        let (Some(weights), Some(compiled)) = (self.weights.take(), &model.compiled) else { return Ok(()) };
        compiled.trainable.iter().zip(weights).try_for_each(|(weight, value)| weight.assign(&value))
    }
}

fn without_averages() -> Error {
    Error::new("SwapEMAWeights needs an optimizer that averages the weights")
        .expected("an optimizer with use_ema(true)")
        .received("a model without averages")
        .help("compile with SGD::new().use_ema(true), for example")
}

impl Callback for SwapEMAWeights {
    fn on_train_begin(&mut self, _: &mut Model, _: &Logs) -> Result<()> {
        self.weights = None;
        Ok(())
    }

    fn on_epoch_begin(&mut self, model: &mut Model, _: usize, _: &Logs) -> Result<()> {
        self.swap_back(model)
    }

    fn on_epoch_end(&mut self, model: &mut Model, _: usize, _: &Logs) -> Result<()> {
        if self.swap_on_epoch { self.swap(model) } else { Ok(()) }
    }

    // `fit` has given the model the averages for good.
    fn on_train_end(&mut self, _: &mut Model, _: &Logs) -> Result<()> {
        self.weights = None;
        Ok(())
    }

    fn on_test_begin(&mut self, model: &mut Model, _: &Logs) -> Result<()> {
        self.swap(model)
    }

    fn on_test_end(&mut self, model: &mut Model, _: &Logs) -> Result<()> {
        self.swap_back(model)
    }

    fn on_predict_begin(&mut self, model: &Model, _: &Logs) -> Result<()> {
        self.swap(model)
    }

    fn on_predict_end(&mut self, model: &Model, _: &Logs) -> Result<()> {
        self.swap_back(model)
    }

    fn reads_logs_of(&self, _: usize) -> bool {
        false
    }

    fn state(&self) -> CallbackState {
        CallbackState { tensors: self.weights.clone().unwrap_or_default(), ..CallbackState::default() }
    }

    fn set_state(&mut self, state: CallbackState) {
        self.weights = Some(state.tensors).filter(|weights| !weights.is_empty());
    }
}
