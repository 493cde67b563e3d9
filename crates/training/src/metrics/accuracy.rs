//! Accuracies: the fraction of correct predictions.

use crate::function::{Direction, Function, Target};
use candle_core::{DType, Tensor};
use candle_keras_layers::{Config, setters};
use candle_keras_ops::{self as ops, Result, json};
use serde::{Deserialize, Serialize};

/// The fraction of predictions on the correct side of a threshold. Keras: `BinaryAccuracy`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct BinaryAccuracy {
    threshold: f64,
}

impl Default for BinaryAccuracy {
    fn default() -> Self {
        Self { threshold: 0.5 }
    }
}

impl BinaryAccuracy {
    /// With a threshold of 0.5.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Predictions above it are positive.
        threshold: f64,
    }
}

impl Function for BinaryAccuracy {
    fn name(&self) -> &str {
        "binary_accuracy"
    }

    fn config(&self) -> Option<(&str, Config)> {
        Some(("BinaryAccuracy", json::to_value(self).unwrap_or_default()))
    }

    fn direction(&self) -> Direction {
        Direction::Up
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let right = y_pred.gt(self.threshold)?.to_dtype(y_true.dtype())?.eq(y_true)?;
        Ok(ops::mean(&right, -1)?)
    }
}

/// The fraction of rows where the argmax of predictions and targets is the same. Keras: `CategoricalAccuracy`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CategoricalAccuracy {}

impl CategoricalAccuracy {
    /// A new metric.
    pub fn new() -> Self {
        Self {}
    }
}

impl Function for CategoricalAccuracy {
    fn name(&self) -> &str {
        "categorical_accuracy"
    }

    fn config(&self) -> Option<(&str, Config)> {
        Some(("CategoricalAccuracy", json::to_value(self).unwrap_or_default()))
    }

    fn direction(&self) -> Direction {
        Direction::Up
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        Ok(ops::argmax_of_rows(y_pred)?.eq(&ops::argmax_of_rows(y_true)?)?.to_dtype(DType::F32)?)
    }
}

/// The fraction of rows where the argmax of the predictions is the target's class. Keras: `SparseCategoricalAccuracy`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SparseCategoricalAccuracy {}

impl SparseCategoricalAccuracy {
    /// A new metric.
    pub fn new() -> Self {
        Self {}
    }
}

impl Function for SparseCategoricalAccuracy {
    fn name(&self) -> &str {
        "sparse_categorical_accuracy"
    }

    fn config(&self) -> Option<(&str, Config)> {
        Some(("SparseCategoricalAccuracy", json::to_value(self).unwrap_or_default()))
    }

    fn target(&self) -> Target {
        Target::Class
    }

    fn direction(&self) -> Direction {
        Direction::Up
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let predicted = ops::argmax_of_rows(y_pred)?.to_dtype(DType::F64)?;
        Ok(predicted.eq(&y_true.to_dtype(DType::F64)?)?.to_dtype(DType::F32)?)
    }
}
