//! SGD: gradient descent, with momentum. Keras: `keras.optimizers.SGD`.

use super::{MomentumDrift, Options, Slot, Step, UpdateRule, ZeroGradientRule, options_setters};
use candle_keras_layers::{Variable, setters};
use candle_keras_ops::{Error, Result, elementwise, json, update::Elementwise};
use serde::{Deserialize, Serialize};

/// `w -= lr g`; with momentum `m = momentum m - lr g; w += m`; with Nesterov momentum `w += momentum m - lr g` with the new `m`.
///
/// The momentum includes the learning rate, as in Keras (not in PyTorch).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SGD {
    #[serde(flatten)]
    options: Options,
    momentum: f64,
    nesterov: bool,
}

impl Default for SGD {
    fn default() -> Self {
        Self { options: Options::new(0.01), momentum: 0.0, nesterov: false }
    }
}

impl SGD {
    /// With Keras's defaults: learning rate 0.01, no momentum.
    pub fn new() -> Self {
        Self::default()
    }

    options_setters!();

    setters! {
        /// The momentum, 0 to 1. Default: 0.
        momentum: f64,
        /// Whether Nesterov momentum is used (Nesterov, 1983). Default: false.
        nesterov: bool,
    }
}

impl UpdateRule for SGD {
    fn name(&self) -> &str {
        "sgd"
    }

    fn options(&self) -> Options {
        self.options.clone()
    }

    fn config(&self) -> Option<(&str, serde_json::Value)> {
        Some(("SGD", json::to_value(self).unwrap_or_default()))
    }

    fn slots(&self, _: &Variable) -> Vec<Vec<Slot>> {
        if self.momentum == 0.0 { vec![] } else { vec![vec![Slot::new("momentum")]] }
    }

    fn check(&self) -> Result<()> {
        if !(0.0..=1.0).contains(&self.momentum) {
            return Err(Error::new("momentum must be between 0 and 1").received(self.momentum.to_string()));
        }
        Ok(())
    }

    fn elementwise(&self, step: Step, _: &Variable) -> Option<Elementwise> {
        Some(match (self.momentum == 0.0, self.nesterov) {
            (true, _) => sgd(step.learning_rate),
            (false, false) => momentum(step.learning_rate, self.momentum),
            (false, true) => nesterov(step.learning_rate, self.momentum),
        })
    }

    fn zero_gradient(&self, _: Step) -> Option<ZeroGradientRule> {
        if self.momentum == 0.0 {
            return Some(ZeroGradientRule::new([]));
        }
        let drift = MomentumDrift::new(0, if self.nesterov { -self.momentum } else { -1.0 });
        Some(ZeroGradientRule::new([self.momentum]).drift(drift))
    }
}

elementwise! {
    fn sgd(w, g, [], [lr]) {
        w -= lr * g;
    }

    fn momentum(w, g, [m], [lr, kept]) {
        m = kept * m - lr * g;
        w += m;
    }

    fn nesterov(w, g, [m], [lr, kept]) {
        m = kept * m - lr * g;
        w += kept * m - lr * g;
    }
}
