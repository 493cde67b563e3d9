//! Lion: steps of one size, in the direction of the momentum's sign. Keras: `keras.optimizers.Lion`.

use super::{Options, Slot, Step, UpdateRule, options_setters};
use candle_keras_layers::{Variable, setters};
use candle_keras_ops::{Error, Result, elementwise, json, update::Elementwise};
use serde::{Deserialize, Serialize};

/// `w -= lr sign(b1 m + (1 - b1) g); m = b2 m + (1 - b2) g` (Chen et al., 2023).
///
/// Its steps are larger than those of Adam: a learning rate 3 to 10 times smaller, and a weight decay larger by that factor, suit it.
/// Rows of an Embedding that are not looked up move as well, by the sign of their momentum, so that each step updates the whole table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Lion {
    #[serde(flatten)]
    options: Options,
    beta_1: f64,
    beta_2: f64,
}

impl Default for Lion {
    fn default() -> Self {
        Self { options: Options::new(0.001), beta_1: 0.9, beta_2: 0.99 }
    }
}

impl Lion {
    /// With Keras's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    options_setters!();

    setters! {
        /// The share of the momentum in the direction of a step; the rest is the gradient's. Default: 0.9.
        beta_1: f64,
        /// The decay rate of the momentum. Default: 0.99.
        beta_2: f64,
    }
}

impl UpdateRule for Lion {
    fn name(&self) -> &str {
        "lion"
    }

    fn options(&self) -> Options {
        self.options.clone()
    }

    fn config(&self) -> Option<(&str, serde_json::Value)> {
        Some(("Lion", json::to_value(self).unwrap_or_default()))
    }

    fn slots(&self, _: &Variable) -> Vec<Vec<Slot>> {
        vec![vec![Slot::new("momentum")]]
    }

    fn check(&self) -> Result<()> {
        if self.beta_1 > 0.0 && self.beta_1 <= 1.0 && (0.0..=1.0).contains(&self.beta_2) {
            return Ok(());
        }
        Err(Error::new("beta_1 must be above 0 and at most 1, and beta_2 between 0 and 1")
            .received(format!("beta_1 = {}, beta_2 = {}", self.beta_1, self.beta_2))
            .help("with a beta_1 of 0, only the sign of the gradient would be left"))
    }

    fn elementwise(&self, step: Step, _: &Variable) -> Option<Elementwise> {
        Some(lion(step.learning_rate, self.beta_1, 1.0 - self.beta_1, self.beta_2, 1.0 - self.beta_2))
    }
}

elementwise! {
    fn lion(w, g, [m], [lr, beta_1, fresh_1, beta_2, fresh_2]) {
        w -= lr * sign(m * beta_1 + g * fresh_1);
        m = m * beta_2 + g * fresh_2;
    }
}
