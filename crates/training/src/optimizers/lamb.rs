//! LAMB: Adam whose steps are in proportion to the weights. Keras: `keras.optimizers.Lamb`.

use super::{Options, Slot, Step, UpdateRule, check_betas, options_setters, widened};
use candle_core::Tensor;
use candle_keras_layers::{Variable, setters};
use candle_keras_ops::{Error, Result, json};
use serde::{Deserialize, Serialize};

/// `m += (1 - b1)(g - m); v += (1 - b2)(g² - v); u = m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + epsilon); w -= lr |w| / |u| u`, for large batches
/// (You et al., 2019). `|w|` and `|u|` are the norms of the whole tensors; their quotient is 1 if one of them is 0.
///
/// The weight decay is not part of `u`, as in Keras. Keras 3.15.1 does not know the string `"lamb"`; here it is this class.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Lamb {
    #[serde(flatten)]
    options: Options,
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
}

impl Default for Lamb {
    fn default() -> Self {
        Self { options: Options::new(0.001), beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 }
    }
}

impl Lamb {
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

impl UpdateRule for Lamb {
    fn name(&self) -> &str {
        "lamb"
    }

    fn options(&self) -> Options {
        self.options.clone()
    }

    fn config(&self) -> Option<(&str, serde_json::Value)> {
        Some(("Lamb", json::to_value(self).unwrap_or_default()))
    }

    fn slots(&self, _: &Variable) -> Vec<Vec<Slot>> {
        vec![vec![Slot::new("momentum"), Slot::new("velocity")]]
    }

    fn check(&self) -> Result<()> {
        check_betas(self.beta_1, self.beta_2)
    }

    fn update(&self, step: Step, weight: &Tensor, gradient: &Tensor, slots: &mut [Tensor]) -> Result<Tensor> {
        let [momentum, velocity] = slots else { return Err(Error::new("Lamb has two slots for each weight")) };
        let (w, m, v) = (widened(weight)?, widened(momentum)?, widened(velocity)?);
        let (g, t) = (gradient.to_dtype(w.dtype())?, step.number as f64);
        let m = (&m + ((&g - &m)? * (1.0 - self.beta_1))?)?;
        let v = (&v + ((g.sqr()? - &v)? * (1.0 - self.beta_2))?)?;
        let root = ((&v / (1.0 - self.beta_2.powf(t)))?.sqrt()? + self.epsilon)?;
        let update = ((&m / (1.0 - self.beta_1.powf(t)))? / root)?;
        let norm = |x: &Tensor| x.sqr()?.sum_all()?.sqrt();
        let (of_weight, of_update) = (norm(&w)?, norm(&update)?);
        let both = (of_weight.gt(0.0)? * of_update.gt(0.0)?)?;
        let ratio = both.where_cond(&(&of_weight / &of_update)?, &of_weight.ones_like()?)?;
        (*momentum, *velocity) = (m, v);
        Ok((w - (update.broadcast_mul(&ratio)? * step.learning_rate)?)?)
    }
}
