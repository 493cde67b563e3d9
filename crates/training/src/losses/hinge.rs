//! Hinge losses: how far predictions are from the right side of a margin.

use super::regression::at_least;
use crate::function::function;
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Result};

function! {
    /// `mean(max(1 - y_true y_pred, 0))` over the last axis, for targets of -1 and 1. A batch whose targets are all 0 or 1 is taken as -1 and 1.
    /// Keras: `Hinge`.
    pub struct Hinge: "hinge" {}

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        Ok(ops::mean(&margins(y_true, y_pred)?, -1)?)
    }
}

function! {
    /// `mean(max(1 - y_true y_pred, 0)²)` over the last axis, for targets as in [`Hinge`]. Keras: `SquaredHinge`.
    pub struct SquaredHinge: "squared_hinge" {}

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        Ok(ops::mean(&margins(y_true, y_pred)?.sqr()?, -1)?)
    }
}

function! {
    /// `max(wrong - right + 1, 0)` of the prediction of the right class and the largest of the others, for one-hot targets. Keras: `CategoricalHinge`.
    pub struct CategoricalHinge: "categorical_hinge" {}

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let right = ops::sum(&(y_true * y_pred)?, -1)?;
        let wrong = ops::max(&((1.0 - y_true)? * y_pred)?, -1)?;
        at_least(&((wrong - right)? + 1.0)?, 0.0)
    }
}

/// `max(1 - y_true y_pred, 0)`.
fn margins(y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
    at_least(&(1.0 - (signs(y_true)? * y_pred)?)?, 0.0)
}

/// `2 y - 1` if all targets are 0 or 1, else the targets. Nothing is read from the device.
fn signs(y: &Tensor) -> Result<Tensor> {
    if y.elem_count() == 0 {
        return Ok(y.clone());
    }
    let is_binary = (y * (y - 1.0)?)?.abs()?.max_all()?.eq(0.0)?.to_dtype(y.dtype())?;
    Ok((y + (y - 1.0)?.broadcast_mul(&is_binary)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn only_a_batch_of_zeros_and_ones_is_converted() {
        let signs = |y: &[f32]| signs(&Tensor::new(y, &Device::Cpu).unwrap()).unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(signs(&[0.0, 1.0, 1.0]), [-1.0, 1.0, 1.0]);
        assert_eq!(signs(&[0.0, 1.0, -1.0]), [0.0, 1.0, -1.0]);
        assert_eq!(signs(&[1.0, 1.0]), [1.0, 1.0]);
    }
}
