//! Regression losses: errors of predicted values.

use crate::function::Function;
use candle_core::Tensor;
use candle_keras_layers::Config;
use candle_keras_ops::{self as ops, Result, json};
use serde::{Deserialize, Serialize};

/// `mean((y_true - y_pred)²)` over the last axis. Keras: `MeanSquaredError`, `"mse"`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MeanSquaredError {}

impl MeanSquaredError {
    /// A new loss.
    pub fn new() -> Self {
        Self {}
    }
}

impl Function for MeanSquaredError {
    fn name(&self) -> &str {
        "mean_squared_error"
    }

    fn config(&self) -> Option<(&str, Config)> {
        Some(("MeanSquaredError", json::to_value(self).unwrap_or_default()))
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        if ops::has_row_losses(y_true, y_pred) {
            return Ok(ops::pairwise_mean(ops::Pairwise::SquaredError, y_true, y_pred)?);
        }
        Ok(ops::mean(&(y_pred - y_true)?.sqr()?, -1)?)
    }
}

/// `mean(|y_true - y_pred|)` over the last axis. Keras: `MeanAbsoluteError`, `"mae"`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MeanAbsoluteError {}

impl MeanAbsoluteError {
    /// A new loss.
    pub fn new() -> Self {
        Self {}
    }
}

impl Function for MeanAbsoluteError {
    fn name(&self) -> &str {
        "mean_absolute_error"
    }

    fn config(&self) -> Option<(&str, Config)> {
        Some(("MeanAbsoluteError", json::to_value(self).unwrap_or_default()))
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        if ops::has_row_losses(y_true, y_pred) {
            return Ok(ops::pairwise_mean(ops::Pairwise::AbsoluteError, y_true, y_pred)?);
        }
        Ok(ops::mean(&ops::abs(&(y_pred - y_true)?)?, -1)?)
    }
}
