//! Adagrad: gradients divided by the size of all so far (Duchi et al., 2011). Keras: `keras.optimizers.Adagrad`.

use super::{Idle, Options, Pass, Step, UpdateRule, options_setters};
use candle_core::Tensor;
use candle_keras_layers::setters;
use candle_keras_ops::{Error, Result, simd, update::Kernel};
use serde::{Deserialize, Serialize};

/// `v += g²; w -= lr g / sqrt(v + epsilon)`: the more a weight was changed, the less it still is.
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
        /// With what the sums of squares begin. Default: 0.1.
        initial_accumulator_value: f64,
        /// What keeps the divisor from 0. Default: 1e-7.
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
        Some(("Adagrad", serde_json::to_value(self).unwrap_or_default()))
    }

    fn slots(&self) -> Vec<Vec<&'static str>> {
        vec![vec!["accumulator"]]
    }

    fn initial(&self, _: &str) -> f64 {
        self.initial_accumulator_value
    }

    fn check(&self) -> Result<()> {
        if self.initial_accumulator_value.is_nan() || self.initial_accumulator_value < 0.0 {
            return Err(Error::new("initial_accumulator_value must not be negative")
                .received(self.initial_accumulator_value.to_string()));
        }
        Ok(())
    }

    fn update(&self, step: Step, w: &Tensor, g: &Tensor, slots: &mut [Tensor]) -> candle_core::Result<Tensor> {
        let [v] = slots else { candle_core::bail!("adagrad has one slot") };
        *v = (&*v + g.sqr()?)?;
        w - ((g * step.learning_rate)? / (&*v + self.epsilon)?.sqrt()?)?
    }

    fn pass(&self, step: Step) -> Option<Pass> {
        let (lr, epsilon) = (step.learning_rate as f32, self.epsilon as f32);
        Some(Box::new(move |w, g, slots| {
            if let [v] = slots {
                simd!(adagrad(w, g, v, lr, epsilon));
            }
        }))
    }

    fn kernel(&self, step: Step) -> Option<Kernel> {
        let body = "v += g * g; w -= lr * g / sqrt(v + epsilon);";
        let numbers = vec![("lr", step.learning_rate), ("epsilon", self.epsilon)];
        Some(Kernel { name: "adagrad", slots: &["v"], body, numbers })
    }

    fn idle(&self) -> Option<Idle> {
        Some(Idle { keeps: vec![1.0], drift: None })
    }
}

#[inline(always)]
fn adagrad(w: &mut [f32], g: &[f32], v: &mut [f32], lr: f32, epsilon: f32) {
    for ((w, &g), v) in w.iter_mut().zip(g).zip(v) {
        *v += g * g;
        *w -= lr * g / (*v + epsilon).sqrt();
    }
}
