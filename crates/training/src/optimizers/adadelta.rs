//! Adadelta: steps in the unit of the weights, from recent gradients and recent updates. Keras: `keras.optimizers.Adadelta`.

use super::{Options, Slot, Step, UpdateRule, ZeroGradientRule, options_setters};
use candle_keras_layers::{Variable, setters};
use candle_keras_ops::{Error, Result, elementwise, json, update::Elementwise};
use serde::{Deserialize, Serialize};

/// `v = rho v + (1 - rho) g²; u = g sqrt(d + epsilon) / sqrt(v + epsilon); d = rho d + (1 - rho) u²; w -= lr u` (Zeiler, 2012).
///
/// The paper has a learning rate of 1; the default of 0.001 is Keras's, and mostly too small.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Adadelta {
    #[serde(flatten)]
    options: Options,
    rho: f64,
    epsilon: f64,
}

impl Default for Adadelta {
    fn default() -> Self {
        Self { options: Options::new(0.001), rho: 0.95, epsilon: 1e-7 }
    }
}

impl Adadelta {
    /// With Keras's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    options_setters!();

    setters! {
        /// The decay rate of the means of squared gradients and of squared updates. Default: 0.95.
        rho: f64,
        /// Added under both roots for numerical stability. Default: 1e-7.
        epsilon: f64,
    }
}

impl UpdateRule for Adadelta {
    fn name(&self) -> &str {
        "adadelta"
    }

    fn options(&self) -> Options {
        self.options.clone()
    }

    fn config(&self) -> Option<(&str, serde_json::Value)> {
        Some(("Adadelta", json::to_value(self).unwrap_or_default()))
    }

    fn slots(&self, _: &Variable) -> Vec<Vec<Slot>> {
        vec![vec![Slot::new("accumulated_grad"), Slot::new("accumulated_delta_var")]]
    }

    fn check(&self) -> Result<()> {
        if !(0.0..=1.0).contains(&self.rho) {
            return Err(Error::new("rho must be between 0 and 1").received(self.rho.to_string()));
        }
        Ok(())
    }

    fn elementwise(&self, step: Step, _: &Variable) -> Option<Elementwise> {
        Some(adadelta(step.learning_rate, self.epsilon, self.rho))
    }

    /// Without a gradient there is no update, and both means decay.
    fn zero_gradient(&self, _: Step) -> Option<ZeroGradientRule> {
        Some(ZeroGradientRule::new([self.rho, self.rho]))
    }
}

elementwise! {
    fn adadelta(w, g, [v, d], [lr, epsilon, rho]) {
        v = rho * v + (1.0 - rho) * (g * g);
        let delta = g * sqrt(d + epsilon) / sqrt(v + epsilon);
        d = rho * d + (1.0 - rho) * (delta * delta);
        w -= lr * delta;
    }
}
