//! Accuracies: the fraction of correct predictions.

use crate::function::{Direction, Target, class_ids, function};
use candle_core::{D, DType, Tensor};
use candle_keras_ops::{self as ops, Error, Result};

function! {
    /// The fraction of predictions that are equal to the targets. Keras: `Accuracy`; the name `"accuracy"` in `compile` is one of the next three.
    pub struct Accuracy: "accuracy" {}

    fn direction(&self) -> Direction {
        Direction::Up
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        Ok(ops::mean(&y_true.eq(y_pred)?.to_dtype(y_pred.dtype())?, -1)?)
    }
}

function! {
    /// The fraction of predictions on the correct side of a threshold. Keras: `BinaryAccuracy`.
    pub struct BinaryAccuracy: "binary_accuracy" {
        /// Predictions above it are positive. Default: 0.5.
        threshold: f64 = 0.5,
    }

    fn direction(&self) -> Direction {
        Direction::Up
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let right = y_pred.gt(self.threshold)?.to_dtype(y_true.dtype())?.eq(y_true)?;
        Ok(ops::mean(&right, -1)?)
    }
}

function! {
    /// The fraction of rows where the argmax of predictions and targets is the same. Keras: `CategoricalAccuracy`.
    pub struct CategoricalAccuracy: "categorical_accuracy" {}

    fn direction(&self) -> Direction {
        Direction::Up
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        Ok(ops::argmax_of_rows(y_pred)?.eq(&ops::argmax_of_rows(y_true)?)?.to_dtype(DType::F32)?)
    }
}

function! {
    /// The fraction of rows where the argmax of the predictions is the target's class. Keras: `SparseCategoricalAccuracy`.
    pub struct SparseCategoricalAccuracy: "sparse_categorical_accuracy" {}

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

function! {
    /// The fraction of rows where the target's class is among the `k` largest predictions, for one-hot targets. Keras: `TopKCategoricalAccuracy`.
    pub struct TopKCategoricalAccuracy: "top_k_categorical_accuracy" {
        /// How many predictions. Default: 5.
        k: usize = 5usize,
    }

    fn direction(&self) -> Direction {
        Direction::Up
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        in_top_k(&ops::argmax_of_rows(y_true)?, y_pred, self.k)
    }
}

function! {
    /// The fraction of rows where the target's class is among the `k` largest predictions, for class indices. Keras: `SparseTopKCategoricalAccuracy`.
    pub struct SparseTopKCategoricalAccuracy: "sparse_top_k_categorical_accuracy" {
        /// How many predictions. Default: 5.
        k: usize = 5usize,
        /// Whether the predictions are classes, the most probable first, as from a retrieval. Default: false.
        from_sorted_ids: bool = false => "std::ops::Not::not",
    }

    fn target(&self) -> Target {
        Target::Class
    }

    fn direction(&self) -> Direction {
        Direction::Up
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        if !self.from_sorted_ids {
            return in_top_k(&class_ids(y_true, y_pred.dim(D::Minus1)?)?, y_pred, self.k);
        }
        let first = y_pred.narrow(D::Minus1, 0, self.k.min(y_pred.dim(D::Minus1)?))?;
        let found = first.broadcast_eq(&y_true.to_dtype(first.dtype())?.unsqueeze(D::Minus1)?)?.to_dtype(DType::F32)?;
        Ok(ops::max(&found, -1)?)
    }
}

/// 1 for each row whose class `ids` has fewer than `k` larger predictions; ties count as larger for none, as in Keras.
fn in_top_k(ids: &Tensor, y_pred: &Tensor, k: usize) -> Result<Tensor> {
    if k == 0 {
        return Err(Error::new("k of a top-k accuracy must be positive").received("0"));
    }
    let y_pred = y_pred.contiguous()?;
    let own = y_pred.gather(&ids.to_dtype(DType::U32)?.unsqueeze(D::Minus1)?.contiguous()?, D::Minus1)?;
    let larger = ops::sum(&y_pred.broadcast_gt(&own)?.to_dtype(DType::F32)?, -1)?;
    Ok(larger.lt(k as f64)?.to_dtype(DType::F32)?)
}
