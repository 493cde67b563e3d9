//! RMSprop: gradients divided by their recent root mean square. Keras: `keras.optimizers.RMSprop`.

use super::{MomentumDrift, Options, Slot, Step, UpdateRule, ZeroGradientRule, options_setters};
use candle_keras_layers::{Variable, setters};
use candle_keras_ops::{Error, Result, elementwise, json, update::Elementwise};
use serde::{Deserialize, Serialize};

/// `v = rho v + (1 - rho) g²; w -= lr g / sqrt(v + epsilon)` (Hinton, 2012): epsilon inside of the root, as in Keras.
///
/// `centered` subtracts the square of the mean gradient from `v`; with momentum, `m = momentum m + the step; w -= m`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RMSprop {
    #[serde(flatten)]
    options: Options,
    rho: f64,
    momentum: f64,
    epsilon: f64,
    centered: bool,
}

impl Default for RMSprop {
    fn default() -> Self {
        Self { options: Options::new(0.001), rho: 0.9, momentum: 0.0, epsilon: 1e-7, centered: false }
    }
}

impl RMSprop {
    /// With Keras's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    options_setters!();

    setters! {
        /// The decay rate of the mean of squared gradients. Default: 0.9.
        rho: f64,
        /// The momentum. Default: 0.
        momentum: f64,
        /// Added under the root for numerical stability. Default: 1e-7.
        epsilon: f64,
        /// Whether the variance is used in place of the mean square. Default: false.
        centered: bool,
    }
}

impl UpdateRule for RMSprop {
    fn name(&self) -> &str {
        "rm_sprop"
    }

    fn options(&self) -> Options {
        self.options.clone()
    }

    fn config(&self) -> Option<(&str, serde_json::Value)> {
        Some(("RMSprop", json::to_value(self).unwrap_or_default()))
    }

    fn slots(&self, _: &Variable) -> Vec<Vec<Slot>> {
        let mut slots = vec![vec![Slot::new("velocity")]];
        slots.extend((self.momentum > 0.0).then(|| vec![Slot::new("momentum")]));
        slots.extend(self.centered.then(|| vec![Slot::new("average_gradient")]));
        slots
    }

    fn check(&self) -> Result<()> {
        if !(0.0..=1.0).contains(&self.rho) || self.momentum.is_nan() || self.momentum < 0.0 {
            return Err(Error::new("rho must be between 0 and 1, and momentum not negative")
                .received(format!("rho = {}, momentum = {}", self.rho, self.momentum)));
        }
        Ok(())
    }

    fn elementwise(&self, step: Step, _: &Variable) -> Option<Elementwise> {
        let (lr, epsilon, rho, momentum) = (step.learning_rate, self.epsilon, self.rho, self.momentum);
        Some(match (self.momentum > 0.0, self.centered) {
            (false, false) => rmsprop(lr, epsilon, rho),
            (true, false) => rmsprop_momentum(lr, epsilon, rho, momentum),
            (false, true) => rmsprop_centered(lr, epsilon, rho),
            (true, true) => rmsprop_centered_momentum(lr, epsilon, rho, momentum),
        })
    }

    fn zero_gradient(&self, _: Step) -> Option<ZeroGradientRule> {
        let mut kept = vec![self.rho];
        kept.extend((self.momentum > 0.0).then_some(self.momentum));
        kept.extend(self.centered.then_some(self.rho));
        let rule = ZeroGradientRule::new(kept);
        Some(if self.momentum > 0.0 { rule.drift(MomentumDrift::new(1, 1.0)) } else { rule })
    }
}

elementwise! {
    fn rmsprop(w, g, [v], [lr, epsilon, rho]) {
        v = rho * v + (1.0 - rho) * (g * g);
        w -= lr * g / sqrt(v + epsilon);
    }

    fn rmsprop_momentum(w, g, [v, m], [lr, epsilon, rho, momentum]) {
        v = rho * v + (1.0 - rho) * (g * g);
        m = momentum * m + lr * g / sqrt(v + epsilon);
        w -= m;
    }

    fn rmsprop_centered(w, g, [v, average], [lr, epsilon, rho]) {
        v = rho * v + (1.0 - rho) * (g * g);
        average = rho * average + (1.0 - rho) * g;
        w -= lr * g / sqrt(v - average * average + epsilon);
    }

    fn rmsprop_centered_momentum(w, g, [v, m, average], [lr, epsilon, rho, momentum]) {
        v = rho * v + (1.0 - rho) * (g * g);
        average = rho * average + (1.0 - rho) * g;
        m = momentum * m + lr * g / sqrt(v - average * average + epsilon);
        w -= m;
    }
}
