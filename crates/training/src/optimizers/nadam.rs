//! Nadam: Adam with the momentum of Nesterov. Keras: `keras.optimizers.Nadam`.

use super::{Denominator, Drift, Idle, Options, Pass, Step, UpdateRule, check_betas, options_setters};
use candle_core::Tensor;
use candle_keras_layers::setters;
use candle_keras_ops::{Result, simd, update::Kernel};
use serde::{Deserialize, Serialize};

/// With `u_t = b1 (1 - 0.96^t / 2)` and `U_t` the product of all so far: `m += (1 - b1)(g - m); v += (1 - b2)(g² - v)`,
/// `w -= lr (u_{t+1} m / (1 - U_{t+1}) + (1 - u_t) g / (1 - U_t)) / (sqrt(v / (1 - b2^t)) + epsilon)` (Dozat, 2016).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Nadam {
    #[serde(flatten)]
    options: Options,
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
}

impl Default for Nadam {
    fn default() -> Self {
        Self { options: Options::new(0.001), beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 }
    }
}

impl Nadam {
    /// With Keras's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    options_setters!();

    setters! {
        /// How much of the gradients' mean is kept at each step. Default: 0.9.
        beta_1: f64,
        /// How much of the squares' mean is kept at each step. Default: 0.999.
        beta_2: f64,
        /// What keeps the divisor from 0. Default: 1e-7.
        epsilon: f64,
    }
}

impl UpdateRule for Nadam {
    fn name(&self) -> &str {
        "nadam"
    }

    fn options(&self) -> Options {
        self.options.clone()
    }

    fn config(&self) -> Option<(&str, serde_json::Value)> {
        Some(("Nadam", serde_json::to_value(self).unwrap_or_default()))
    }

    fn slots(&self) -> Vec<Vec<&'static str>> {
        vec![vec!["momentum", "velocity"]]
    }

    fn check(&self) -> Result<()> {
        check_betas(self.beta_1, self.beta_2)
    }

    /// The product of the momenta, which Keras keeps as a variable without a name.
    fn counters(&self, iterations: u64) -> Vec<(&'static str, f64)> {
        vec![("variable", self.product(iterations))]
    }

    fn update(&self, step: Step, w: &Tensor, g: &Tensor, slots: &mut [Tensor]) -> candle_core::Result<Tensor> {
        let [m, v] = slots else { candle_core::bail!("nadam has two slots") };
        let (of_m, of_g, epsilon) = self.rates(step);
        *m = (&*m + ((g - &*m)? * (1.0 - self.beta_1))?)?;
        *v = (&*v + ((g.sqr()? - &*v)? * (1.0 - self.beta_2))?)?;
        w - (((&*m * of_m)? + (g * of_g)?)? / (v.sqrt()? + epsilon)?)?
    }

    fn pass(&self, step: Step) -> Option<Pass> {
        let (of_m, of_g, epsilon) = self.rates(step);
        let rates = (of_m as f32, of_g as f32);
        let fresh = ((1.0 - self.beta_1) as f32, (1.0 - self.beta_2) as f32);
        Some(Box::new(move |w, g, slots| {
            if let [m, v] = slots {
                simd!(nadam(w, g, m, v, fresh, rates, epsilon as f32));
            }
        }))
    }

    fn kernel(&self, step: Step) -> Option<Kernel> {
        let body = "m += (g - m) * fresh_m;
            v += (g * g - v) * fresh_v;
            w -= (of_m * m + of_g * g) / (sqrt(v) + epsilon);";
        let (of_m, of_g, epsilon) = self.rates(step);
        let (fresh_m, fresh_v) = (1.0 - self.beta_1, 1.0 - self.beta_2);
        let rates = [("of_m", of_m), ("of_g", of_g), ("epsilon", epsilon)];
        let numbers = rates.into_iter().chain([("fresh_m", fresh_m), ("fresh_v", fresh_v)]).collect();
        Some(Kernel { name: "nadam", slots: &["m", "v"], body, numbers })
    }

    fn idle(&self) -> Option<Idle> {
        let drift = Drift { numerator: 0, denominator: Some(Denominator::RootOf(1)), epsilon_changes: true };
        Some(Idle { keeps: vec![self.beta_1, self.beta_2], drift: Some(drift) })
    }

    fn push(&self, step: Step) -> (f64, f64) {
        let (of_m, _, epsilon) = self.rates(step);
        (of_m, epsilon)
    }
}

impl Nadam {
    /// `u_t`.
    fn momentum(&self, t: u64) -> f64 {
        self.beta_1 * (1.0 - 0.5 * 0.96f64.powf(t as f64))
    }

    /// `U_t`.
    fn product(&self, t: u64) -> f64 {
        let mut product = 1.0;
        // It vanishes long before t is large.
        for t in 1..=t {
            product *= self.momentum(t);
            if product < 1e-30 {
                return 0.0;
            }
        }
        product
    }

    /// The factors of `m` and `g`, and epsilon, in `(m, g) / (sqrt(v) + epsilon)`.
    fn rates(&self, step: Step) -> (f64, f64, f64) {
        let t = step.number;
        let correction = (1.0 - self.beta_2.powf(t as f64)).sqrt();
        let (now, product, next) = (self.momentum(t), self.product(t), self.momentum(t + 1));
        let rate = step.learning_rate * correction;
        (rate * next / (1.0 - product * next), rate * (1.0 - now) / (1.0 - product), self.epsilon * correction)
    }
}

#[inline(always)]
fn nadam(w: &mut [f32], g: &[f32], m: &mut [f32], v: &mut [f32], fresh: (f32, f32), rates: (f32, f32), epsilon: f32) {
    for (((w, &g), m), v) in w.iter_mut().zip(g).zip(m).zip(v) {
        *m += (g - *m) * fresh.0;
        *v += (g * g - *v) * fresh.1;
        *w -= (rates.0 * *m + rates.1 * g) / (v.sqrt() + epsilon);
    }
}
