//! FTRL: the weights that are best for all gradients so far, with regularization. Keras: `keras.optimizers.Ftrl`.

use super::{Options, Slot, Step, UpdateRule, options_setters};
use candle_keras_layers::{Variable, setters};
use candle_keras_ops::{Error, Result, elementwise, json, update::Elementwise};
use serde::{Deserialize, Serialize};

/// "Follow the regularized leader" (McMahan et al., 2013), for shallow models with many sparse features: with `p` the negative of
/// `learning_rate_power`, `z += g + 2 shrinkage w - ((n + g²)^p - n^p) / lr w; n += g²` and
/// `w = (clip(z, -l1, l1) - z) / ((beta + n^p) / lr + 2 l2)`.
///
/// A weight follows from its slots alone, and is 0 after the first step if it has had no gradient; so each step updates the whole table of an
/// Embedding, as in Keras.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ftrl {
    #[serde(flatten)]
    options: Options,
    learning_rate_power: f64,
    initial_accumulator_value: f64,
    l1_regularization_strength: f64,
    l2_regularization_strength: f64,
    l2_shrinkage_regularization_strength: f64,
    beta: f64,
}

impl Default for Ftrl {
    fn default() -> Self {
        Self {
            options: Options::new(0.001),
            learning_rate_power: -0.5,
            initial_accumulator_value: 0.1,
            l1_regularization_strength: 0.0,
            l2_regularization_strength: 0.0,
            l2_shrinkage_regularization_strength: 0.0,
            beta: 0.0,
        }
    }
}

impl Ftrl {
    /// With Keras's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    options_setters!();

    setters! {
        /// How the learning rate falls with the sum of squared gradients: at most 0, which leaves it as it is. Default: -0.5.
        learning_rate_power: f64,
        /// The initial value of the sums of squared gradients. Default: 0.1.
        initial_accumulator_value: f64,
        /// The strength of the L1 regularization, which makes weights exactly 0. Default: 0.
        l1_regularization_strength: f64,
        /// The strength of the L2 regularization of the paper, which stabilizes. Default: 0.
        l2_regularization_strength: f64,
        /// The strength of an L2 penalty on the size of the weights. Default: 0.
        l2_shrinkage_regularization_strength: f64,
        /// The beta of the paper, which makes the first steps smaller. Default: 0.
        beta: f64,
    }
}

impl UpdateRule for Ftrl {
    fn name(&self) -> &str {
        "ftrl"
    }

    fn options(&self) -> Options {
        self.options.clone()
    }

    fn config(&self) -> Option<(&str, serde_json::Value)> {
        Some(("Ftrl", json::to_value(self).unwrap_or_default()))
    }

    fn slots(&self, _: &Variable) -> Vec<Vec<Slot>> {
        vec![vec![Slot::new("accumulator").initial(self.initial_accumulator_value), Slot::new("linear")]]
    }

    fn check(&self) -> Result<()> {
        for (name, value) in [
            ("initial_accumulator_value", self.initial_accumulator_value),
            ("l1_regularization_strength", self.l1_regularization_strength),
            ("l2_regularization_strength", self.l2_regularization_strength),
            ("l2_shrinkage_regularization_strength", self.l2_shrinkage_regularization_strength),
        ] {
            if value.is_nan() || value < 0.0 {
                return Err(Error::new(format!("{name} must not be negative")).received(value.to_string()));
            }
        }
        if self.learning_rate_power.is_nan() || self.learning_rate_power > 0.0 {
            return Err(Error::new("learning_rate_power must not be positive")
                .received(self.learning_rate_power.to_string())
                .help("0 is a learning rate that does not fall"));
        }
        Ok(())
    }

    fn elementwise(&self, step: Step, _: &Variable) -> Option<Elementwise> {
        let (lr, power, l1) = (step.learning_rate, -self.learning_rate_power, self.l1_regularization_strength);
        let shrinkage = 2.0 * self.l2_shrinkage_regularization_strength;
        let l2 = 2.0 * self.l2_regularization_strength + self.beta / lr;
        Some(if power == 0.5 {
            ftrl_root(lr, l1, l2, shrinkage)
        } else if power == 0.0 {
            ftrl_fixed(lr, l1, l2, shrinkage)
        } else {
            ftrl(lr, l1, l2, shrinkage, power)
        })
    }
}

elementwise! {
    fn ftrl_root(w, g, [n, z], [lr, l1, l2, shrinkage]) {
        let sum = n + g * g;
        let root = sqrt(sum);
        z += g + shrinkage * w - (root - sqrt(n)) / lr * w;
        w = (max(min(z, l1), 0.0 - l1) - z) / (root / lr + l2);
        n = sum;
    }

    // Without a fall of the learning rate, all powers are 1.
    fn ftrl_fixed(w, g, [n, z], [lr, l1, l2, shrinkage]) {
        n += g * g;
        z += g + shrinkage * w;
        w = (max(min(z, l1), 0.0 - l1) - z) / (1.0 / lr + l2);
    }

    fn ftrl(w, g, [n, z], [lr, l1, l2, shrinkage, power]) {
        let sum = n + g * g;
        let raised = exp(power * log(sum));
        z += g + shrinkage * w - (raised - exp(power * log(n))) / lr * w;
        w = (max(min(z, l1), 0.0 - l1) - z) / (raised / lr + l2);
        n = sum;
    }
}
