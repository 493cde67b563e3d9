//! Nadam: Adam with Nesterov momentum. Keras: `keras.optimizers.Nadam`.

use super::{Denominator, MomentumDrift, Options, Slot, Step, UpdateRule, ZeroGradientRule};
use super::{check_betas, options_setters};
use candle_keras_layers::{Variable, setters};
use candle_keras_ops::{Result, elementwise, json, update::Elementwise};
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
        /// The decay rate of the mean of gradients. Default: 0.9.
        beta_1: f64,
        /// The decay rate of the mean of squared gradients. Default: 0.999.
        beta_2: f64,
        /// Added to the denominator for numerical stability. Default: 1e-7.
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
        Some(("Nadam", json::to_value(self).unwrap_or_default()))
    }

    fn slots(&self, _: &Variable) -> Vec<Vec<Slot>> {
        vec![vec![Slot::new("momentum"), Slot::new("velocity")]]
    }

    fn check(&self) -> Result<()> {
        check_betas(self.beta_1, self.beta_2)
    }

    /// The product of the momenta, which Keras keeps as a variable without a name.
    fn counters(&self, iterations: u64) -> Vec<(&'static str, f64)> {
        vec![("variable", self.product(iterations))]
    }

    fn elementwise(&self, step: Step, _: &Variable) -> Option<Elementwise> {
        let (of_m, of_g, epsilon) = self.rates(step);
        Some(nadam(of_m, of_g, epsilon, 1.0 - self.beta_1, 1.0 - self.beta_2))
    }

    fn zero_gradient(&self, step: Step) -> Option<ZeroGradientRule> {
        let (of_m, _, epsilon) = self.rates(step);
        let drift = MomentumDrift::new(0, of_m).over(Denominator::RootOf(1), epsilon).epsilon_changes();
        Some(ZeroGradientRule::new([self.beta_1, self.beta_2]).drift(drift))
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
        // It underflows long before t is large.
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

elementwise! {
    fn nadam(w, g, [m, v], [of_m, of_g, epsilon, fresh_m, fresh_v]) {
        m += (g - m) * fresh_m;
        v += (g * g - v) * fresh_v;
        w -= (of_m * m + of_g * g) / (sqrt(v) + epsilon);
    }
}
