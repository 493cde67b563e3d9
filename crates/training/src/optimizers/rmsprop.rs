//! RMSprop: gradients divided by their recent size. Keras: `keras.optimizers.RMSprop`.

use super::{Options, Step, UpdateRule, options_setters};
use candle_core::Tensor;
use candle_keras_layers::setters;
use candle_keras_ops::{Error, Result};
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
        /// How much of the squares' mean is kept at each step; 0.9 unless said.
        rho: f64,
        /// How much of the last step is made again; 0 unless said.
        momentum: f64,
        /// What keeps the divisor from 0; 1e-7 unless said.
        epsilon: f64,
        /// Whether the variance takes the place of the mean square; false unless said.
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
        Some(("RMSprop", serde_json::to_value(self).unwrap_or_default()))
    }

    fn slots(&self) -> Vec<Vec<&'static str>> {
        let mut slots = vec![vec!["velocity"]];
        slots.extend((self.momentum > 0.0).then(|| vec!["momentum"]));
        slots.extend(self.centered.then(|| vec!["average_gradient"]));
        slots
    }

    fn check(&self) -> Result<()> {
        if !(0.0..=1.0).contains(&self.rho) || self.momentum.is_nan() || self.momentum < 0.0 {
            return Err(Error::new("rho must be between 0 and 1, and momentum not negative")
                .received(format!("rho = {}, momentum = {}", self.rho, self.momentum)));
        }
        Ok(())
    }

    fn update(&self, step: Step, w: &Tensor, g: &Tensor, slots: &mut [Tensor]) -> candle_core::Result<Tensor> {
        let kept = |old: &Tensor, new: &Tensor| (old * self.rho)? + (new * (1.0 - self.rho))?;
        let [v, rest @ ..] = slots else { candle_core::bail!("rmsprop has at least one slot") };
        *v = kept(v, &g.sqr()?)?;
        let mut denominator = v.clone();
        if let (true, Some(average)) = (self.centered, rest.last_mut()) {
            *average = kept(average, g)?;
            denominator = (&denominator - average.sqr()?)?;
        }
        let increment = ((g * step.learning_rate)? / (denominator + self.epsilon)?.sqrt()?)?;
        match rest.first_mut() {
            Some(m) if self.momentum > 0.0 => {
                *m = ((&*m * self.momentum)? + increment)?;
                w - &*m
            }
            _ => w - increment,
        }
    }

    fn update_in_place(&self, step: Step, w: &mut [f32], g: &[f32], slots: &mut [&mut [f32]]) -> Option<()> {
        let (lr, rho, momentum) = (step.learning_rate as f32, self.rho as f32, self.momentum as f32);
        let (fresh, epsilon) = (1.0 - rho, self.epsilon as f32);
        let [v, rest @ ..] = slots else { return None };
        if rest.is_empty() {
            for ((w, &g), v) in w.iter_mut().zip(g).zip(v.iter_mut()) {
                *v = rho * *v + fresh * g * g;
                *w -= lr * g / (*v + epsilon).sqrt();
            }
            return Some(());
        }
        for i in 0..w.len().min(g.len()) {
            let g = g[i];
            v[i] = rho * v[i] + fresh * g * g;
            let mut denominator = v[i];
            if self.centered {
                let average = &mut rest.last_mut()?[i];
                *average = rho * *average + fresh * g;
                denominator -= *average * *average;
            }
            let increment = lr * g / (denominator + epsilon).sqrt();
            w[i] -= if momentum > 0.0 {
                let m = &mut rest.first_mut()?[i];
                *m = momentum * *m + increment;
                *m
            } else {
                increment
            };
        }
        Some(())
    }
}
