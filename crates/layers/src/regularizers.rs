//! A penalty on a weight or an output, which is added to the loss. Keras: `keras.regularizers`.

use crate::setters;
use candle_keras_ops::{self as ops, Error, Result, Tensor};
use serde::{Deserialize, Serialize};

keras_objects! {
    /// A penalty: a class of this module, or its Keras name such as `"l2"`.
    Regularizer, "regularizer", "keras.regularizers", {
        L1: "l1",
        L2: "l2",
        L1L2: "l1l2",
        OrthogonalRegularizer: "orthogonal_regularizer",
    }
}

/// `l1 * sum(|w|)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct L1 {
    l1: f64,
}

impl Default for L1 {
    fn default() -> Self {
        Self::new(0.01)
    }
}

impl L1 {
    /// With this factor; Keras's default is 0.01.
    pub fn new(l1: f64) -> Self {
        Self { l1 }
    }
}

/// `l2 * sum(w²)`; there is no half in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct L2 {
    l2: f64,
}

impl Default for L2 {
    fn default() -> Self {
        Self::new(0.01)
    }
}

impl L2 {
    /// With this factor; Keras's default is 0.01.
    pub fn new(l2: f64) -> Self {
        Self { l2 }
    }
}

/// [`L1`] and [`L2`] together, both 0 unless said. Keras: `L1L2`, `l1_l2`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct L1L2 {
    l1: f64,
    l2: f64,
}

impl L1L2 {
    /// With both factors.
    pub fn new(l1: f64, l2: f64) -> Self {
        Self { l1, l2 }
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

/// `factor` times the mean of `|cos|` over all pairs of rows (or columns) of a matrix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrthogonalRegularizer {
    factor: f64,
    mode: Vectors,
}

impl Default for OrthogonalRegularizer {
    fn default() -> Self {
        Self { factor: 0.01, mode: Vectors::Rows }
    }
}

impl OrthogonalRegularizer {
    /// With Keras's defaults: 0.01 and rows.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// The factor on the penalty.
        factor: f64,
        /// Rows or columns.
        mode: Vectors,
    }

    fn penalty(&self, x: &Tensor) -> Result<Tensor> {
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

impl Regularizer {
    /// The penalty on `x`: a scalar.
    ///
    /// # Errors
    /// If the name is not a regularizer, or `x` does not suit it.
    pub fn call(&self, x: &Tensor) -> Result<Tensor> {
        let (l1, l2) = match self {
            Self::L1(L1 { l1 }) => (*l1, 0.0),
            Self::L2(L2 { l2 }) => (0.0, *l2),
            Self::L1L2(L1L2 { l1, l2 }) => (*l1, *l2),
            Self::OrthogonalRegularizer(orthogonal) => return orthogonal.penalty(x),
            Self::Unknown(name) => return Err(Self::unknown(name)),
        };
        let mut penalty = None;
        if l1 != 0.0 {
            penalty = Some((ops::sum(&ops::abs(x)?, ())? * l1)?);
        }
        if l2 != 0.0 {
            let squares = (ops::sum(&x.sqr()?, ())? * l2)?;
            penalty = Some(penalty.map_or_else(|| Ok(squares.clone()), |l1| l1 + &squares)?);
        }
        Ok(penalty.map_or_else(|| Tensor::zeros((), x.dtype(), x.device()), Ok)?)
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
