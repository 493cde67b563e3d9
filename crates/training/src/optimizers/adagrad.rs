//! Adagrad: gradients divided by the root of the sum of their squares so far (Duchi et al., 2011). Keras: `keras.optimizers.Adagrad`.

use super::{Options, Slot, Step, UpdateRule, ZeroGradientRule, options_setters};
use candle_keras_layers::{Variable, setters};
use candle_keras_ops::{Error, Result, elementwise, json, update::Elementwise};
use serde::{Deserialize, Serialize};

/// `v += g²; w -= lr g / sqrt(v + epsilon)`: the more a weight has changed, the smaller its next updates.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Adagrad {
    #[serde(flatten)]
    options: Options,
    initial_accumulator_value: f64,
    epsilon: f64,
}

impl Default for Adagrad {
    fn default() -> Self {
        Self { options: Options::new(0.001), initial_accumulator_value: 0.1, epsilon: 1e-7 }
    }
}

impl Adagrad {
    /// With Keras's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    options_setters!();

    setters! {
        /// The initial value of the sums of squares. Default: 0.1.
        initial_accumulator_value: f64,
        /// Added under the root for numerical stability. Default: 1e-7.
        epsilon: f64,
    }
}

impl UpdateRule for Adagrad {
    fn name(&self) -> &str {
        "adagrad"
    }

    fn options(&self) -> Options {
        self.options.clone()
    }

    fn config(&self) -> Option<(&str, serde_json::Value)> {
        Some(("Adagrad", json::to_value(self).unwrap_or_default()))
    }

    fn slots(&self, _: &Variable) -> Vec<Vec<Slot>> {
        vec![vec![Slot::new("accumulator").initial(self.initial_accumulator_value)]]
    }

    fn check(&self) -> Result<()> {
        if self.initial_accumulator_value.is_nan() || self.initial_accumulator_value < 0.0 {
            return Err(Error::new("initial_accumulator_value must not be negative")
                .received(self.initial_accumulator_value.to_string()));
        }
        Ok(())
    }

    fn elementwise(&self, step: Step, _: &Variable) -> Option<Elementwise> {
        Some(adagrad(step.learning_rate, self.epsilon))
    }

    fn zero_gradient(&self, _: Step) -> Option<ZeroGradientRule> {
        Some(ZeroGradientRule::new([1.0]))
    }
}

elementwise! {
    fn adagrad(w, g, [v], [lr, epsilon]) {
        v += g * g;
        w -= lr * g / sqrt(v + epsilon);
    }
}
