//! Losses of overlapping regions, as of masks in segmentation.

use crate::function::function;
use candle_core::Tensor;
use candle_keras_ops::config::epsilon;
use candle_keras_ops::{self as ops, AxisList, Result, SomeAxes};
use serde::{Deserialize, Serialize};

/// The axes of a sum: one, several, or all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LossAxes(Option<AxisList>);

impl<A: Into<AxisList>> From<A> for LossAxes {
    fn from(axes: A) -> Self {
        Self(Some(axes.into()))
    }
}

impl LossAxes {
    fn sum(&self, x: &Tensor) -> Result<Tensor> {
        Ok(ops::sum(x, SomeAxes(self.0.clone()))?)
    }
}

function! {
    /// `1 - 2 sum(y_true y_pred) / (sum(y_true) + sum(y_pred))`: 0 for regions that are the same. Keras: `Dice` (Milletari et al., 2016).
    pub struct Dice: "dice" {
        /// The axes of the sums. Default: all, for one value of the whole batch.
        axis: LossAxes = LossAxes::default(),
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let sum = |x: &Tensor| self.axis.sum(x);
        let common = (sum(&(y_true * y_pred)?)? * 2.0)?;
        Ok((1.0 - (common / ((sum(y_true)? + sum(y_pred)?)? + epsilon())?)?)?)
    }
}

function! {
    /// `1 - common / (common + alpha missed + beta false)`, with the sums of `y_true y_pred`, of `y_true (1 - y_pred)` and of `(1 - y_true) y_pred`.
    /// With both weights 0.5 it is [`Dice`]. Keras: `Tversky` (Salehi et al., 2017), whose documentation has the weights the other way round.
    pub struct Tversky: "tversky" {
        /// The weight of what is in the target alone. Default: 0.5.
        alpha: f64 = 0.5,
        /// The weight of what is predicted alone. Default: 0.5.
        beta: f64 = 0.5,
        /// The axes of the sums. Default: all, for one value of the whole batch.
        axis: LossAxes = LossAxes::default(),
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let sum = |x: &Tensor| self.axis.sum(x);
        let common = sum(&(y_true * y_pred)?)?;
        let missed = (sum(&(y_true * (1.0 - y_pred)?)?)? * self.alpha)?;
        let wrong = (sum(&((1.0 - y_true)? * y_pred)?)? * self.beta)?;
        Ok((1.0 - (&common / (((&common + missed)? + wrong)? + epsilon())?)?)?)
    }
}
