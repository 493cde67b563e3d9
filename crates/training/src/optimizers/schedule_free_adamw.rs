//! Schedule-free AdamW: an average of the weights in place of a falling learning rate. Keras: `keras.optimizers.ScheduleFreeAdamW`.

use super::{MomentumDrift, Options, Slot, Step, UpdateRule, ZeroGradientRule, options_setters};
use candle_keras_layers::{Variable, setters};
use candle_keras_ops::{Error, Result, elementwise, json, update::Elementwise};
use serde::{Deserialize, Serialize};

/// Gradients move `z` (the slot `momentum`, which starts as the weight), `x` is its average over all steps, and the weight is between them
/// (Defazio et al., 2024): `v += (1 - b2)(g² - v); z -= lr g / (sqrt(v / (1 - b2^t)) + epsilon); x += (z - x) / t; w = (1 - b1) z + b1 x`.
///
/// It has no weight decay by default, and a model predicts by `w`, not by `x`: both as in Keras.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ScheduleFreeAdamW {
    #[serde(flatten)]
    options: Options,
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
    warmup_steps: u64,
}

impl Default for ScheduleFreeAdamW {
    fn default() -> Self {
        Self { options: Options::new(0.0025), beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8, warmup_steps: 0 }
    }
}

impl ScheduleFreeAdamW {
    /// With Keras's defaults: learning rate 0.0025.
    pub fn new() -> Self {
        Self::default()
    }

    options_setters!();

    setters! {
        /// The share of the average in the weight: above 0 and below 1. Default: 0.9.
        beta_1: f64,
        /// The decay rate of the mean of squared gradients. Default: 0.999.
        beta_2: f64,
        /// Added to the denominator for numerical stability. Default: 1e-8.
        epsilon: f64,
    }

    /// The number of steps in which the learning rate rises to its value. Default: 0.
    #[must_use]
    pub fn warmup_steps(mut self, steps: u64) -> Self {
        self.warmup_steps = steps;
        self
    }
}

impl UpdateRule for ScheduleFreeAdamW {
    fn name(&self) -> &str {
        "schedule_free_adam_w"
    }

    fn options(&self) -> Options {
        self.options.clone()
    }

    fn config(&self) -> Option<(&str, serde_json::Value)> {
        Some(("ScheduleFreeAdamW", json::to_value(self).unwrap_or_default()))
    }

    fn slots(&self, _: &Variable) -> Vec<Vec<Slot>> {
        vec![vec![Slot::new("momentum").starts_as_weight(), Slot::new("velocity")]]
    }

    fn check(&self) -> Result<()> {
        if self.beta_1 > 0.0 && self.beta_1 < 1.0 && (0.0..1.0).contains(&self.beta_2) {
            return Ok(());
        }
        Err(Error::new("beta_1 must be above 0 and below 1, and beta_2 at least 0 and below 1")
            .received(format!("beta_1 = {}, beta_2 = {}", self.beta_1, self.beta_2)))
    }

    fn elementwise(&self, step: Step, _: &Variable) -> Option<Elementwise> {
        let t = step.number as f64;
        let warm = if self.warmup_steps == 0 { 1.0 } else { (t / self.warmup_steps as f64).min(1.0) };
        let correction = 1.0 - self.beta_2.powf(t);
        let (lr, fresh) = (step.learning_rate * warm, 1.0 / t);
        Some(schedule_free(lr, self.epsilon, correction, 1.0 - self.beta_2, self.beta_1, 1.0 - self.beta_1, fresh))
    }

    /// `z` stays, and the average and with it the weight move towards it: `w += (z - w) / t`.
    fn zero_gradient(&self, step: Step) -> Option<ZeroGradientRule> {
        let fresh = 1.0 / step.number as f64;
        let drift = MomentumDrift::new(0, -fresh);
        // The first step replaces the weight.
        (step.number > 1).then(|| ZeroGradientRule::new([1.0, self.beta_2]).shrinks(fresh).drift(drift))
    }
}

elementwise! {
    fn schedule_free(w, g, [z, v], [lr, epsilon, correction, fresh_v, beta, rest, fresh]) {
        v += (g * g - v) * fresh_v;
        let average = (w - rest * z) / beta;
        z -= lr * g / (sqrt(v / correction) + epsilon);
        w = rest * z + beta * ((1.0 - fresh) * average + fresh * z);
    }
}
