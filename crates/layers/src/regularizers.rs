//! A penalty on a weight or an output, which is added to the loss. Keras: `keras.regularizers`.

use crate::object::{Described, Named};
use crate::spatial::not_negative;
use candle_keras_ops::{self as ops, Error, Result, Tensor};
use serde::{Deserialize, Serialize};

/// A regularizer: a class of this module, its Keras name such as `"l2"`, or a custom [`Regularize`].
pub type Regularizer = Named<dyn Regularize>;

/// Computes a penalty.
pub trait Regularize: Described {
    /// The penalty on `x`: a scalar.
    ///
    /// # Errors
    /// If `x` does not fit.
    fn call(&self, x: &Tensor) -> Result<Tensor>;
}

impl<R: Regularize> From<R> for Regularizer {
    fn from(regularizer: R) -> Self {
        Self::of(std::sync::Arc::new(regularizer))
    }
}

impl Regularizer {
    /// The penalty on `x`: a scalar.
    ///
    /// # Errors
    /// If the name is not a regularizer, or `x` does not fit.
    pub fn call(&self, x: &Tensor) -> Result<Tensor> {
        self.get()?.call(x)
    }
}

kind! {
    Regularize, "regularizer", "keras.regularizers", {
        L1: "l1",
        L2: "l2",
        L1L2: "l1l2",
        OrthogonalRegularizer: "orthogonal_regularizer",
    }
}

object! {
    /// `l1 * sum(|w|)`.
    pub struct L1(
        /// The factor; Keras's default is 0.01.
        l1: f64,
    ) {}
}

object! {
    /// `l2 * sum(w²)`; there is no half in it.
    pub struct L2(
        /// The factor; Keras's default is 0.01.
        l2: f64,
    ) {}
}

object! {
    /// [`L1`] and [`L2`] together. Keras: `L1L2`, `l1_l2`.
    pub struct L1L2(
        /// The factor on the absolute values; Keras's default is 0.
        l1: f64,
        /// The factor on the squares; Keras's default is 0.
        l2: f64,
    ) {}
}

impl Default for L1 {
    fn default() -> Self {
        Self::new(0.01)
    }
}

impl Default for L2 {
    fn default() -> Self {
        Self::new(0.01)
    }
}

impl Default for L1L2 {
    fn default() -> Self {
        Self::new(0.0, 0.0)
    }
}

impl Regularize for L1 {
    fn call(&self, x: &Tensor) -> Result<Tensor> {
        not_negative("l1", self.l1)?;
        Ok((ops::sum(&ops::abs(&ops::float(x)?)?, ())? * self.l1)?)
    }
}

impl Regularize for L2 {
    fn call(&self, x: &Tensor) -> Result<Tensor> {
        not_negative("l2", self.l2)?;
        Ok((ops::sum(&ops::square(&ops::float(x)?)?, ())? * self.l2)?)
    }
}

impl Regularize for L1L2 {
    fn call(&self, x: &Tensor) -> Result<Tensor> {
        match (self.l1 != 0.0, self.l2 != 0.0) {
            (true, true) => Ok((L1::new(self.l1).call(x)? + L2::new(self.l2).call(x)?)?),
            (true, false) => L1::new(self.l1).call(x),
            _ => L2::new(self.l2).call(x),
        }
    }
}

/// Whether [`OrthogonalRegularizer`] compares rows or columns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vectors {
    /// The rows.
    #[default]
    Rows,
    /// The columns.
    Columns,
}

object! {
    /// `factor` times the mean of `|cos|` over all pairs of rows (or columns) of a matrix.
    pub struct OrthogonalRegularizer() {
        /// The factor on the penalty.
        factor: f64 = 0.01,
        /// Rows or columns.
        mode: Vectors = Vectors::Rows,
    }
}

impl Regularize for OrthogonalRegularizer {
    fn call(&self, x: &Tensor) -> Result<Tensor> {
        not_negative("factor", self.factor)?;
        let (rows, columns) = x.dims2().map_err(|_| {
            Error::new("OrthogonalRegularizer takes matrices only").received(format!("shape {:?}", x.dims()))
        })?;
        let (x, count) = match self.mode {
            Vectors::Rows => (ops::l2_normalize(x, 1)?, rows),
            Vectors::Columns => (ops::l2_normalize(x, 0)?.t()?.contiguous()?, columns),
        };
        let others = (1.0 - Tensor::eye(count, x.dtype(), x.device())?)?;
        let pairs = (count * (count - 1)) as f64 / 2.0;
        let cosines = (ops::matmul(&x, &x.t()?)? * others)?;
        Ok((ops::sum(&ops::abs(&cosines)?, ())? * (self.factor * 0.5 / pairs))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_keras_ops::gradcheck::{assert_gradients, values};

    #[test]
    fn penalties_are_those_of_keras() {
        let x = Tensor::new(&[[1f64, -2.], [3., 4.]], &candle_keras_ops::Device::Cpu).unwrap();
        // What Keras 3.15.1 answers for the same matrix.
        let of = |regularizer: Regularizer| regularizer.call(&x).unwrap().to_scalar::<f64>().unwrap();
        assert!((of("l1".into()) - 0.1).abs() < 1e-12);
        assert!((of("l2".into()) - 0.3).abs() < 1e-12);
        assert!((of(L1L2::new(0.1, 0.2).into()) - 7.0).abs() < 1e-12);
        assert!((of("orthogonal_regularizer".into()) - 0.01 * 5.0 / 5f64.sqrt() / 5.0).abs() < 1e-12);
        assert!(Regularizer::from("l3").call(&x).is_err());
        assert!(Regularizer::from(L1::new(-0.1)).call(&x).unwrap_err().to_string().contains("l1"));
        assert!(Regularizer::from(L1L2::new(0.1, f64::NAN)).call(&x).unwrap_err().to_string().contains("l2"));
        assert!(Regularizer::from(OrthogonalRegularizer::new().factor(-1.0)).call(&x).is_err());
        assert_eq!(of("l1l2".into()), 0.0);
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        for name in ["l1", "l2", "orthogonal_regularizer"] {
            let regularizer = Regularizer::from(name);
            assert_gradients(&[values([3, 4], 1)], |x| regularizer.call(&x[0]).map_err(candle_core::Error::wrap));
        }
    }
}
