//! Metrics of predicted values that are no losses.

use crate::function::{Direction, function};
use crate::losses::{LogCosh, MeanSquaredError, cosine};
use candle_core::Tensor;
use candle_keras_ops::config::epsilon;
use candle_keras_ops::{self as ops, Result, axes};

function! {
    /// The square root of the mean squared error over all samples. Keras: `RootMeanSquaredError`.
    pub struct RootMeanSquaredError: "root_mean_squared_error" {}

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        MeanSquaredError::new().values(y_true, y_pred)
    }

    fn of_mean(&self, mean: f64) -> f64 {
        mean.sqrt()
    }
}

function! {
    /// The cosine of the angle between targets and predictions: 1 for the same direction, where the loss of that name is -1. Keras:
    /// `keras.metrics.CosineSimilarity`.
    pub struct CosineSimilarity: "cosine_similarity" {
        /// The axis of the vectors. Default: -1.
        axis: i64 = -1,
    }

    fn direction(&self) -> Direction {
        Direction::Up
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        cosine(y_true, y_pred, self.axis)
    }
}

function! {
    /// The loss [`LogCosh`], by the name that it has as a metric. Keras: `LogCoshError`.
    pub struct LogCoshError: "logcosh" {}

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        LogCosh::new().values(y_true, y_pred)
    }
}

function! {
    /// The correlation of targets and predictions: 1 if one is a growing linear function of the other. Keras: `PearsonCorrelation`.
    pub struct PearsonCorrelation: "pearson_correlation" {
        /// The axis along which they are correlated. Default: -1.
        axis: i64 = -1,
    }

    fn direction(&self) -> Direction {
        Direction::Up
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let standardized = |x: &Tensor| -> Result<Tensor> {
            let x = x.broadcast_sub(&self.mean(x)?)?;
            Ok(x.broadcast_div(&self.mean(&x.sqr()?)?.sqrt()?)?)
        };
        Ok(ops::mean(&(standardized(y_true)? * standardized(y_pred)?)?, self.axis)?)
    }
}

impl PearsonCorrelation {
    fn mean(&self, x: &Tensor) -> Result<Tensor> {
        Ok(ops::mean(x, axes(self.axis).keepdims(true))?)
    }
}

function! {
    /// The concordance of targets and predictions: their correlation, less if they differ in mean or spread. Keras: `ConcordanceCorrelation`.
    pub struct ConcordanceCorrelation: "concordance_correlation" {
        /// The axis along which they are correlated. Default: -1.
        axis: i64 = -1,
    }

    fn direction(&self) -> Direction {
        Direction::Up
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let mean = |x: &Tensor| ops::mean(x, axes(self.axis).keepdims(true));
        let (mean_true, mean_pred) = (mean(y_true)?, mean(y_pred)?);
        let spread = |x: &Tensor, center: &Tensor| mean(&x.broadcast_sub(center)?.sqr()?);
        let norm = ((spread(y_true, &mean_true)? + spread(y_pred, &mean_pred)?)? + (&mean_true - &mean_pred)?.sqr()?)?;
        // Keras takes both from the mean of the predictions, which leaves the mean as it is.
        let common = (y_true.broadcast_sub(&mean_pred)? * y_pred.broadcast_sub(&mean_pred)?)?;
        Ok(ops::mean(&(common * 2.0)?.broadcast_div(&(norm + epsilon())?)?, self.axis)?)
    }
}
