//! Adamax: Adam with a decaying maximum of absolute gradients in place of the mean square. Keras: `keras.optimizers.Adamax`.

use super::{Denominator, MomentumDrift, Options, Slot, Step, UpdateRule, ZeroGradientRule};
use super::{check_betas, options_setters};
use candle_keras_layers::{Variable, setters};
use candle_keras_ops::{Result, elementwise, json, update::Elementwise};
use serde::{Deserialize, Serialize};

/// `m += (1 - b1)(g - m); u = max(b2 u, |g|); w -= lr / (1 - b1^t) m / (u + epsilon)` (Kingma and Ba, 2014, section 7).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Adamax {
    #[serde(flatten)]
    options: Options,
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
}

impl Default for Adamax {
    fn default() -> Self {
        Self { options: Options::new(0.001), beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 }
    }
}

impl Adamax {
    /// With Keras's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    options_setters!();

    setters! {
        /// The decay rate of the mean of gradients. Default: 0.9.
        beta_1: f64,
        /// The decay rate of the maximum of absolute gradients. Default: 0.999.
        beta_2: f64,
        /// Added to the denominator for numerical stability. Default: 1e-7.
        epsilon: f64,
    }

    fn alpha(&self, step: Step) -> f64 {
        step.learning_rate / (1.0 - self.beta_1.powf(step.number as f64))
    }
}

impl UpdateRule for Adamax {
    fn name(&self) -> &str {
        "adamax"
    }

    fn options(&self) -> Options {
        self.options.clone()
    }

    fn config(&self) -> Option<(&str, serde_json::Value)> {
        Some(("Adamax", json::to_value(self).unwrap_or_default()))
    }

    fn slots(&self, _: &Variable) -> Vec<Vec<Slot>> {
        vec![vec![Slot::new("momentum"), Slot::new("norm")]]
    }

    fn check(&self) -> Result<()> {
        check_betas(self.beta_1, self.beta_2)
    }

    fn elementwise(&self, step: Step, _: &Variable) -> Option<Elementwise> {
        Some(adamax(self.alpha(step), self.epsilon, 1.0 - self.beta_1, self.beta_2))
    }

    fn zero_gradient(&self, step: Step) -> Option<ZeroGradientRule> {
        let drift = MomentumDrift::new(0, self.alpha(step)).over(Denominator::Slot(1), self.epsilon);
        Some(ZeroGradientRule::new([self.beta_1, self.beta_2]).drift(drift))
    }
}

elementwise! {
    fn adamax(w, g, [m, u], [alpha, epsilon, fresh, kept]) {
        m += (g - m) * fresh;
        u = max(u * kept, abs(g));
        w -= alpha * m / (u + epsilon);
    }
}
