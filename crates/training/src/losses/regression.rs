//! Regression losses: errors of predicted values. The squared and the absolute error are one loop each; the others are composed of ops.

use crate::function::function;
use candle_core::Tensor;
use candle_keras_ops::config::epsilon;
use candle_keras_ops::{self as ops, Pairwise, Result};
use std::f64::consts::LN_2;

function! {
    /// `mean((y_true - y_pred)²)` over the last axis. Keras: `MeanSquaredError`, `"mse"`.
    pub struct MeanSquaredError: "mean_squared_error" {}

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        if ops::has_row_losses(y_true, y_pred) {
            return Ok(ops::pairwise_mean(Pairwise::SquaredError, y_true, y_pred)?);
        }
        Ok(ops::mean(&(y_pred - y_true)?.sqr()?, -1)?)
    }
}

function! {
    /// `mean(|y_true - y_pred|)` over the last axis. Keras: `MeanAbsoluteError`, `"mae"`.
    pub struct MeanAbsoluteError: "mean_absolute_error" {}

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        if ops::has_row_losses(y_true, y_pred) {
            return Ok(ops::pairwise_mean(Pairwise::AbsoluteError, y_true, y_pred)?);
        }
        Ok(ops::mean(&ops::abs(&(y_pred - y_true)?)?, -1)?)
    }
}

function! {
    /// `100 mean(|y_true - y_pred| / |y_true|)` over the last axis, with a divisor of at least 1e-7. Keras: `MeanAbsolutePercentageError`, `"mape"`.
    pub struct MeanAbsolutePercentageError: "mean_absolute_percentage_error" {}

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let size = at_least(&ops::abs(y_true)?, epsilon())?;
        Ok((ops::mean(&ops::abs(&((y_true - y_pred)? / size)?)?, -1)? * 100.0)?)
    }
}

function! {
    /// `mean((log(y_true + 1) - log(y_pred + 1))²)` over the last axis, of values of at least 1e-7. Keras: `MeanSquaredLogarithmicError`,
    /// `"msle"`.
    pub struct MeanSquaredLogarithmicError: "mean_squared_logarithmic_error" {}

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let log = |x: &Tensor| -> Result<Tensor> { Ok((at_least(x, epsilon())? + 1.0)?.log()?) };
        Ok(ops::mean(&(log(y_pred)? - log(y_true)?)?.sqr()?, -1)?)
    }
}

function! {
    /// The mean over the last axis of `error²/2` for errors up to `delta`, and of `delta |error| - delta²/2` beyond. Keras: `Huber`.
    pub struct Huber: "huber_loss" {
        /// The error at which the square becomes a line. Default: 1.
        delta: f64 = 1.0,
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let error = (y_pred - y_true)?;
        let size = ops::abs(&error)?;
        let (square, line) = ((error.sqr()? * 0.5)?, ((&size * self.delta)? - 0.5 * self.delta * self.delta)?);
        Ok(ops::mean(&ops::where_(&size.le(self.delta)?, &square, &line)?, -1)?)
    }
}

function! {
    /// `mean(log(cosh(y_pred - y_true)))` over the last axis, without overflow. Keras: `LogCosh`.
    pub struct LogCosh: "log_cosh" {}

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let error = (y_pred - y_true)?;
        let softplus = ops::softplus(&(&error * -2.0)?)?;
        Ok(ops::mean(&((error + softplus)? - LN_2)?, -1)?)
    }
}

function! {
    /// Minus the cosine of the angle between targets and predictions: -1 for the same direction. Of a zero vector it is 0. Keras: `CosineSimilarity`.
    pub struct CosineSimilarity: "cosine_similarity" {
        /// The axis of the vectors. Default: -1.
        axis: i64 = -1,
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        Ok(cosine(y_true, y_pred, self.axis)?.neg()?)
    }
}

/// The cosine of the angle between vectors along an axis.
pub(crate) fn cosine(y_true: &Tensor, y_pred: &Tensor, axis: i64) -> Result<Tensor> {
    Ok(ops::sum(&(ops::unit_normalize(y_true, axis)? * ops::unit_normalize(y_pred, axis)?)?, axis)?)
}

/// `max(x, least)`.
pub(super) fn at_least(x: &Tensor, least: f64) -> Result<Tensor> {
    Ok(ops::maximum(x, &Tensor::new(least, x.device())?.to_dtype(x.dtype())?)?)
}
