//! SGD: gradient descent, with momentum. Keras: `keras.optimizers.SGD`.

use super::{Drift, Idle, Options, Pass, Step, UpdateRule, options_setters};
use candle_core::Tensor;
use candle_keras_layers::setters;
use candle_keras_ops::{Error, Result, simd, update::Kernel};
use serde::{Deserialize, Serialize};

/// `w -= lr g`; with momentum `m = momentum m - lr g; w += m`; with Nesterov's `w += momentum m - lr g` of the new `m`.
///
/// The learning rate is inside of the momentum, as in Keras (PyTorch: outside).
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
        /// How much of the last step is made again, 0 to 1. Default: 0.
        momentum: f64,
        /// Whether the gradient is taken as if the momentum had been followed (Nesterov, 1983).
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
        Some(("SGD", serde_json::to_value(self).unwrap_or_default()))
    }

    fn slots(&self) -> Vec<Vec<&'static str>> {
        if self.momentum == 0.0 { vec![] } else { vec![vec!["momentum"]] }
    }

    fn check(&self) -> Result<()> {
        if !(0.0..=1.0).contains(&self.momentum) {
            return Err(Error::new("momentum must be between 0 and 1").received(self.momentum.to_string()));
        }
        Ok(())
    }

    fn update(&self, step: Step, w: &Tensor, g: &Tensor, slots: &mut [Tensor]) -> candle_core::Result<Tensor> {
        let down = (g * -step.learning_rate)?;
        let [m] = slots else { return w + down };
        *m = ((&*m * self.momentum)? + &down)?;
        if self.nesterov { (w + (&*m * self.momentum)?)? + down } else { w + &*m }
    }

    fn pass(&self, step: Step) -> Option<Pass> {
        let (lr, momentum, nesterov) = (step.learning_rate as f32, self.momentum as f32, self.nesterov);
        Some(Box::new(move |w, g, slots| match slots {
            [m] if nesterov => simd!(with_nesterov(w, g, m, lr, momentum)),
            [m] => simd!(with_momentum(w, g, m, lr, momentum)),
            _ => simd!(plain(w, g, lr)),
        }))
    }

    fn kernel(&self, step: Step) -> Option<Kernel> {
        let mut numbers = vec![("lr", step.learning_rate)];
        if self.momentum == 0.0 {
            return Some(Kernel { name: "sgd", slots: &[], body: "w -= lr * g;", numbers });
        }
        numbers.push(("momentum", self.momentum));
        let (name, body) = if self.nesterov {
            ("nesterov", "m = momentum * m - lr * g; w += momentum * m - lr * g;")
        } else {
            ("momentum", "m = momentum * m - lr * g; w += m;")
        };
        Some(Kernel { name, slots: &["m"], body, numbers })
    }

    fn idle(&self) -> Option<Idle> {
        let keeps = if self.momentum == 0.0 { vec![] } else { vec![self.momentum] };
        let drift = Drift { numerator: 0, denominator: None, epsilon_changes: false };
        Some(Idle { drift: (!keeps.is_empty()).then_some(drift), keeps })
    }

    fn push(&self, _: Step) -> (f64, f64) {
        (if self.nesterov { -self.momentum } else { -1.0 }, 0.0)
    }
}

#[inline(always)]
fn plain(w: &mut [f32], g: &[f32], lr: f32) {
    for (w, g) in w.iter_mut().zip(g) {
        *w -= lr * g;
    }
}

#[inline(always)]
fn with_momentum(w: &mut [f32], g: &[f32], m: &mut [f32], lr: f32, momentum: f32) {
    for ((w, g), m) in w.iter_mut().zip(g).zip(m) {
        *m = momentum * *m - lr * g;
        *w += *m;
    }
}

#[inline(always)]
fn with_nesterov(w: &mut [f32], g: &[f32], m: &mut [f32], lr: f32, momentum: f32) {
    for ((w, g), m) in w.iter_mut().zip(g).zip(m) {
        *m = momentum * *m - lr * g;
        *w += momentum * *m - lr * g;
    }
}
