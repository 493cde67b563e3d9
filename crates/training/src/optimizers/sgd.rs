//! SGD: gradient descent, with momentum. Keras: `keras.optimizers.SGD`.

use super::{Options, Step, UpdateRule, options_setters};
use candle_core::Tensor;
use candle_keras_layers::setters;
use candle_keras_ops::{Error, Result};
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
        /// How much of the last step is made again, 0 to 1; 0 unless said.
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

    fn update_in_place(&self, step: Step, w: &mut [f32], g: &[f32], slots: &mut [&mut [f32]]) -> Option<()> {
        let (lr, momentum) = (step.learning_rate as f32, self.momentum as f32);
        let [m] = slots else {
            w.iter_mut().zip(g).for_each(|(w, g)| *w -= lr * g);
            return Some(());
        };
        for ((w, g), m) in w.iter_mut().zip(g).zip(m.iter_mut()) {
            *m = momentum * *m - lr * g;
            *w += if self.nesterov { momentum * *m - lr * g } else { *m };
        }
        Some(())
    }

    fn skips_zero_gradients(&self) -> bool {
        self.momentum == 0.0
    }
}
