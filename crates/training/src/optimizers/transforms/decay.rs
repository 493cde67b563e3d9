//! Weight decay: a fraction of each weight is subtracted before each update. Keras: `weight_decay`, `exclude_from_weight_decay`.

use crate::optimizers::{Options, UpdateRule, Weights};
use candle_keras_layers::Variable;

/// Subtracts the fraction `weight_decay * learning_rate`. It is part of the pass of an update, and of pending updates;
/// so it is not a [`Transform`](super::Transform).
#[derive(Debug)]
pub(in crate::optimizers) struct WeightDecay {
    rate: f64,
    excluded: Vec<Weights>,
}

impl WeightDecay {
    pub(in crate::optimizers) fn of(options: &Options) -> Self {
        Self { rate: options.weight_decay.unwrap_or(0.0), excluded: options.exclude_from_weight_decay.clone() }
    }

    /// Times the learning rate, the fraction that is subtracted from this weight; 0 if it does not decay.
    pub(in crate::optimizers) fn rate_of(&self, weight: &Variable, rule: &dyn UpdateRule) -> f64 {
        let rate = rule.weight_decay(weight, self.rate);
        if rate != 0.0 && self.excluded.iter().any(|weights| weights.name_has(weight)) { 0.0 } else { rate }
    }
}
