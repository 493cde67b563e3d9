//! Adafactor: second moments as a row and a column of means. Keras: `keras.optimizers.Adafactor`.

use super::{Options, Slot, Step, UpdateRule, options_setters, widened};
use candle_core::{D, DType, Tensor};
use candle_keras_layers::{Variable, setters};
use candle_keras_ops::{Error, Result, json};
use serde::{Deserialize, Serialize};

/// With `rho = min(lr, 1 / sqrt(t))` and `b = 1 - t^beta_2_decay` (Shazeer and Stern, 2018): `v` is the mean `v = b v + (1 - b)(g² + epsilon_1)`,
/// of which a tensor of two axes or more has only the means `r` over its last axis and `c` over the one before, and `v = r c / mean(r)`;
/// `u = g / sqrt(v); w -= rho max(epsilon_2, rms(w)) u / max(1, rms(u) / clip_threshold)`.
///
/// It has Keras's slots: also `v` for each weight, and two unused numbers for each weight of one axis. Where `v` underflows to 0, `u` is 0 if the
/// gradient is; Keras's is NaN.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Adafactor {
    #[serde(flatten)]
    options: Options,
    beta_2_decay: f64,
    epsilon_1: f64,
    epsilon_2: f64,
    clip_threshold: f64,
    relative_step: bool,
}

impl Default for Adafactor {
    fn default() -> Self {
        Self {
            options: Options::new(0.001),
            beta_2_decay: -0.8,
            epsilon_1: 1e-30,
            epsilon_2: 1e-3,
            clip_threshold: 1.0,
            relative_step: true,
        }
    }
}

impl Adafactor {
    /// With Keras's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    options_setters!();

    setters! {
        /// The power of the step's number by which the newest gradient has less and less weight. Default: -0.8.
        beta_2_decay: f64,
        /// Added to squared gradients, so that the denominator is not 0. Default: 1e-30.
        epsilon_1: f64,
        /// The least root mean square of a weight to which its steps are in proportion. Default: 0.001.
        epsilon_2: f64,
        /// The root mean square of an update above which it is scaled down to it. It is independent of `clipnorm` and the like. Default: 1.
        clip_threshold: f64,
        /// Whether the learning rate, if it is a number, is at most `1 / sqrt(t)`. Default: true. It changes nothing, in Keras as well, where the step is
        /// bounded by that in any case.
        relative_step: bool,
    }
}

impl UpdateRule for Adafactor {
    fn name(&self) -> &str {
        "adafactor"
    }

    fn options(&self) -> Options {
        self.options.clone()
    }

    fn config(&self) -> Option<(&str, serde_json::Value)> {
        Some(("Adafactor", json::to_value(self).unwrap_or_default()))
    }

    fn slots(&self, weight: &Variable) -> Vec<Vec<Slot>> {
        let dims = weight.dims();
        // Keras names these two as the weight.
        let means = match dims.as_slice() {
            [outer @ .., rows, columns] => [*rows, *columns].map(|n| Slot::new("").shape([outer, &[n]].concat())),
            _ => [(); 2].map(|()| Slot::new("").shape([]).dtype(DType::I64)),
        };
        vec![means.into_iter().chain([Slot::new("velocity")]).collect()]
    }

    fn check(&self) -> Result<()> {
        if self.clip_threshold > 0.0 {
            return Ok(());
        }
        Err(Error::new("clip_threshold must be positive").received(self.clip_threshold.to_string()))
    }

    fn update(&self, step: Step, weight: &Tensor, gradient: &Tensor, slots: &mut [Tensor]) -> Result<Tensor> {
        let [rows, columns, velocity] = slots else {
            return Err(Error::new("Adafactor has three slots for each weight"));
        };
        let (w, t) = (widened(weight)?, step.number as f64);
        let g = gradient.to_dtype(w.dtype())?;
        let rate = step.learning_rate.min(1.0 / t.sqrt());
        let kept = 1.0 - t.powf(self.beta_2_decay);
        let mean = |old: &Tensor, new: Tensor| (widened(old)? * kept)? + (new * (1.0 - kept))?;
        let squares = (g.sqr()? + self.epsilon_1)?;
        *velocity = if w.rank() < 2 {
            mean(velocity, squares)?
        } else {
            *rows = mean(rows, squares.mean(D::Minus1)?)?;
            *columns = mean(columns, squares.mean(D::Minus2)?)?;
            let share = rows.broadcast_div(&rows.mean_keepdim(D::Minus1)?)?;
            share.unsqueeze(D::Minus1)?.broadcast_mul(&columns.unsqueeze(D::Minus2)?)?
        };
        // Far below every root of a number that is not 0.
        let update = (g / velocity.sqrt()?.maximum(1e-30)?)?;
        let rms = |x: &Tensor| x.sqr()?.mean_all()?.sqrt();
        let too_long = (rms(&update)? / self.clip_threshold)?.maximum(1.0)?;
        let rate = ((rms(&w)?.maximum(self.epsilon_2)? * rate)? / too_long)?;
        Ok((w - update.broadcast_mul(&rate)?)?)
    }
}
