//! Adamax: Adam with the largest gradient in place of the mean square. Keras: `keras.optimizers.Adamax`.

use super::{Denominator, Drift, Idle, Options, Pass, Step, UpdateRule, check_betas, options_setters};
use candle_core::Tensor;
use candle_keras_layers::setters;
use candle_keras_ops::{Result, simd, update::Kernel};
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
        /// How much of the gradients' mean is kept at each step. Default: 0.9.
        beta_1: f64,
        /// How much of the largest gradient is kept at each step. Default: 0.999.
        beta_2: f64,
        /// What keeps the divisor from 0. Default: 1e-7.
        epsilon: f64,
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
        Some(("Adamax", serde_json::to_value(self).unwrap_or_default()))
    }

    fn slots(&self) -> Vec<Vec<&'static str>> {
        vec![vec!["momentum", "norm"]]
    }

    fn check(&self) -> Result<()> {
        check_betas(self.beta_1, self.beta_2)
    }

    fn update(&self, step: Step, w: &Tensor, g: &Tensor, slots: &mut [Tensor]) -> candle_core::Result<Tensor> {
        let [m, u] = slots else { candle_core::bail!("adamax has two slots") };
        *m = (&*m + ((g - &*m)? * (1.0 - self.beta_1))?)?;
        *u = (&*u * self.beta_2)?.maximum(&g.abs()?)?;
        w - ((&*m * self.push(step).0)? / (&*u + self.epsilon)?)?
    }

    fn pass(&self, step: Step) -> Option<Pass> {
        let (alpha, epsilon) = (self.push(step).0 as f32, self.epsilon as f32);
        let (fresh, kept) = ((1.0 - self.beta_1) as f32, self.beta_2 as f32);
        Some(Box::new(move |w, g, slots| {
            if let [m, u] = slots {
                simd!(adamax(w, g, m, u, (fresh, kept), alpha, epsilon));
            }
        }))
    }

    fn kernel(&self, step: Step) -> Option<Kernel> {
        let body = "m += (g - m) * fresh;
            u = fmax(u * kept, fabs(g));
            w -= alpha * m / (u + epsilon);";
        let (alpha, epsilon) = self.push(step);
        let (fresh, kept) = (1.0 - self.beta_1, self.beta_2);
        let numbers = vec![("alpha", alpha), ("epsilon", epsilon), ("fresh", fresh), ("kept", kept)];
        Some(Kernel { name: "adamax", slots: &["m", "u"], body, numbers })
    }

    fn idle(&self) -> Option<Idle> {
        let drift = Drift { numerator: 0, denominator: Some(Denominator::Slot(1)), epsilon_changes: false };
        Some(Idle { keeps: vec![self.beta_1, self.beta_2], drift: Some(drift) })
    }

    fn push(&self, step: Step) -> (f64, f64) {
        (step.learning_rate / (1.0 - self.beta_1.powf(step.number as f64)), self.epsilon)
    }
}

#[inline(always)]
fn adamax(w: &mut [f32], g: &[f32], m: &mut [f32], u: &mut [f32], rates: (f32, f32), alpha: f32, epsilon: f32) {
    for (((w, &g), m), u) in w.iter_mut().zip(g).zip(m).zip(u) {
        *m += (g - *m) * rates.0;
        let (kept, size) = (*u * rates.1, g.abs());
        *u = if kept > size { kept } else { size };
        *w -= alpha * *m / (*u + epsilon);
    }
}
