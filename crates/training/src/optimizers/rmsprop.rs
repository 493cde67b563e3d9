//! RMSprop: gradients divided by their recent size. Keras: `keras.optimizers.RMSprop`.

use super::{Drift, Idle, Options, Pass, Step, UpdateRule, options_setters};
use candle_core::Tensor;
use candle_keras_layers::setters;
use candle_keras_ops::{Error, Result, simd, update::Kernel};
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
        /// How much of the squares' mean is kept at each step. Default: 0.9.
        rho: f64,
        /// How much of the last step is made again. Default: 0.
        momentum: f64,
        /// What keeps the divisor from 0. Default: 1e-7.
        epsilon: f64,
        /// Whether the variance takes the place of the mean square. Default: false.
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

    fn pass(&self, step: Step) -> Option<Pass> {
        let c = Constants {
            lr: step.learning_rate as f32,
            rho: self.rho as f32,
            momentum: self.momentum as f32,
            epsilon: self.epsilon as f32,
        };
        let (moves, centered) = (self.momentum > 0.0, self.centered);
        Some(Box::new(move |w, g, slots| match slots {
            [v] => simd!(plain(w, g, v, c)),
            [v, m] if moves => simd!(with_momentum(w, g, v, m, c)),
            [v, average] if centered => simd!(centered_plain(w, g, v, average, c)),
            [v, m, average] => simd!(centered_with_momentum(w, g, v, m, average, c)),
            _ => (),
        }))
    }

    fn kernel(&self, step: Step) -> Option<Kernel> {
        let (name, slots, body): (_, &[_], _) = match (self.momentum > 0.0, self.centered) {
            (false, false) => (
                "rmsprop",
                &["v"],
                "v += (1 - rho) * (g * g - v);
                w -= lr * g / sqrt(v + epsilon);",
            ),
            (true, false) => (
                "rmsprop_momentum",
                &["v", "m"],
                "v += (1 - rho) * (g * g - v);
                m = momentum * m + lr * g / sqrt(v + epsilon);
                w -= m;",
            ),
            (false, true) => (
                "rmsprop_centered",
                &["v", "average"],
                "v += (1 - rho) * (g * g - v);
                average += (1 - rho) * (g - average);
                w -= lr * g / sqrt(v - average * average + epsilon);",
            ),
            (true, true) => (
                "rmsprop_centered_momentum",
                &["v", "m", "average"],
                "v += (1 - rho) * (g * g - v);
                average += (1 - rho) * (g - average);
                m = momentum * m + lr * g / sqrt(v - average * average + epsilon);
                w -= m;",
            ),
        };
        let (lr, momentum) = (step.learning_rate, self.momentum);
        let numbers = vec![("lr", lr), ("rho", self.rho), ("momentum", momentum), ("epsilon", self.epsilon)];
        Some(Kernel { name, slots, body, numbers })
    }

    fn idle(&self) -> Option<Idle> {
        let mut keeps = vec![self.rho];
        keeps.extend((self.momentum > 0.0).then_some(self.momentum));
        keeps.extend(self.centered.then_some(self.rho));
        let drift = Drift { numerator: 1, denominator: None, epsilon_changes: false };
        Some(Idle { keeps, drift: (self.momentum > 0.0).then_some(drift) })
    }

    fn push(&self, _: Step) -> (f64, f64) {
        (1.0, 0.0)
    }
}

#[derive(Clone, Copy)]
struct Constants {
    lr: f32,
    rho: f32,
    momentum: f32,
    epsilon: f32,
}

impl Constants {
    #[inline(always)]
    fn mean(self, kept: &mut f32, new: f32) -> f32 {
        *kept = self.rho * *kept + (1.0 - self.rho) * new;
        *kept
    }
}

#[inline(always)]
fn plain(w: &mut [f32], g: &[f32], v: &mut [f32], c: Constants) {
    for ((w, &g), v) in w.iter_mut().zip(g).zip(v) {
        *w -= c.lr * g / (c.mean(v, g * g) + c.epsilon).sqrt();
    }
}

#[inline(always)]
fn with_momentum(w: &mut [f32], g: &[f32], v: &mut [f32], m: &mut [f32], c: Constants) {
    for (((w, &g), v), m) in w.iter_mut().zip(g).zip(v).zip(m) {
        *m = c.momentum * *m + c.lr * g / (c.mean(v, g * g) + c.epsilon).sqrt();
        *w -= *m;
    }
}

#[inline(always)]
fn centered_plain(w: &mut [f32], g: &[f32], v: &mut [f32], average: &mut [f32], c: Constants) {
    for (((w, &g), v), average) in w.iter_mut().zip(g).zip(v).zip(average) {
        let mean = c.mean(average, g);
        *w -= c.lr * g / (c.mean(v, g * g) - mean * mean + c.epsilon).sqrt();
    }
}

#[inline(always)]
fn centered_with_momentum(w: &mut [f32], g: &[f32], v: &mut [f32], m: &mut [f32], average: &mut [f32], c: Constants) {
    for ((((w, &g), v), m), average) in w.iter_mut().zip(g).zip(v).zip(m).zip(average) {
        let mean = c.mean(average, g);
        *m = c.momentum * *m + c.lr * g / (c.mean(v, g * g) - mean * mean + c.epsilon).sqrt();
        *w -= *m;
    }
}
