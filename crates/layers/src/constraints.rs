//! Constraints: projections of weights after each update. Keras: `keras.constraints`.

use crate::object::{Described, Named};
use candle_keras_ops::config::epsilon;
use candle_keras_ops::{self as ops, Result, Tensor, axes};
use serde::{Deserialize, Serialize};

/// A constraint: a class of this module, its Keras name such as `"max_norm"`, or a custom [`Constrain`].
pub type Constraint = Named<dyn Constrain>;

/// Projects a weight onto its constraint.
pub trait Constrain: Described {
    /// The projection of `w`, as in Keras.
    ///
    /// # Errors
    /// If `w` does not fit.
    fn call(&self, w: &Tensor) -> Result<Tensor>;
}

impl<C: Constrain> From<C> for Constraint {
    fn from(constraint: C) -> Self {
        Self::of(std::sync::Arc::new(constraint))
    }
}

impl Constraint {
    /// The projection of `w`, as in Keras.
    ///
    /// # Errors
    /// If the name is not a constraint, or `w` does not fit.
    pub fn call(&self, w: &Tensor) -> Result<Tensor> {
        self.get()?.call(w)
    }
}

kind! {
    Constrain, "constraint", "keras.constraints", {
        MaxNorm: "max_norm",
        MinMaxNorm: "min_max_norm",
        NonNeg: "non_neg" | "nonneg",
        UnitNorm: "unit_norm",
    }
}

object! {
    /// Negative elements become 0.
    pub struct NonNeg() {}
}

impl Constrain for NonNeg {
    fn call(&self, w: &Tensor) -> Result<Tensor> {
        Ok(w.relu()?)
    }
}

object! {
    /// No vector along `axis` is longer than `max_value`.
    pub struct MaxNorm(
        /// The largest length; Keras's default is 2.
        max_value: f64,
    ) {
        /// Along which axis or axes a vector runs.
        axis: Axis = 0,
    }
}

impl Default for MaxNorm {
    fn default() -> Self {
        Self::new(2.0)
    }
}

impl Constrain for MaxNorm {
    fn call(&self, w: &Tensor) -> Result<Tensor> {
        rescaled(w, &self.axis, |norms| norms.clamp(0.0, self.max_value))
    }
}

object! {
    /// Every vector along `axis` has length 1.
    pub struct UnitNorm() {
        /// Along which axis or axes a vector runs.
        axis: Axis = 0,
    }
}

impl Constrain for UnitNorm {
    fn call(&self, w: &Tensor) -> Result<Tensor> {
        rescaled(w, &self.axis, Tensor::ones_like)
    }
}

object! {
    /// Rescales every vector along `axis`, by the share `rate`, towards a length between `min_value` and `max_value`.
    pub struct MinMaxNorm() {
        /// The smallest length.
        min_value: f64 = 0.0,
        /// The largest length.
        max_value: f64 = 1.0,
        /// The share of the change at each update, 0 to 1.
        rate: f64 = 1.0,
        /// Along which axis or axes a vector runs.
        axis: Axis = 0,
    }
}

impl Constrain for MinMaxNorm {
    fn call(&self, w: &Tensor) -> Result<Tensor> {
        rescaled(w, &self.axis, |norms| {
            (norms.clamp(self.min_value, self.max_value)? * self.rate)? + (norms * (1.0 - self.rate))?
        })
    }
}

/// Rescales the vectors along these axes to the lengths that `wanted` computes from theirs.
fn rescaled(w: &Tensor, axis: &Axis, wanted: impl Fn(&Tensor) -> candle_core::Result<Tensor>) -> Result<Tensor> {
    let axes = match axis {
        Axis::One(axis) => axes(*axis),
        Axis::Many(many) => axes(many.as_slice()),
    };
    let norms = ops::sum(&w.sqr()?, axes.keepdims(true))?.sqrt()?;
    Ok(w.broadcast_mul(&(wanted(&norms)? / (&norms + epsilon())?)?)?)
}

/// One axis or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Axis {
    /// One axis.
    One(i64),
    /// Several axes: the vector runs along all of them.
    Many(Vec<i64>),
}

impl Default for Axis {
    fn default() -> Self {
        Self::One(0)
    }
}

impl From<i64> for Axis {
    fn from(axis: i64) -> Self {
        Self::One(axis)
    }
}

impl<const N: usize> From<[i64; N]> for Axis {
    fn from(axes: [i64; N]) -> Self {
        Self::Many(axes.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_brought_back() {
        let w = Tensor::new(&[[3f64, -0.3], [4., 0.4]], &ops::Device::Cpu).unwrap();
        let close = |constraint: Constraint, expected: [[f64; 2]; 2]| {
            let found = constraint.call(&w).unwrap().to_vec2::<f64>().unwrap();
            for (a, b) in found.iter().flatten().zip(expected.as_flattened()) {
                assert!((a - b).abs() < 1e-6, "{constraint:?}: {found:?}");
            }
        };
        close("non_neg".into(), [[3., 0.], [4., 0.4]]);
        close("max_norm".into(), [[1.2, -0.3], [1.6, 0.4]]);
        close("unit_norm".into(), [[0.6, -0.6], [0.8, 0.8]]);
        close(MinMaxNorm::new().min_value(1.0).max_value(2.0).rate(0.5).into(), [[2.1, -0.45], [2.8, 0.6]]);
        let norm = 25.25f64.sqrt();
        close(UnitNorm::new().axis([0, 1]).into(), [[3. / norm, -0.3 / norm], [4. / norm, 0.4 / norm]]);
        assert!(Constraint::from("max_nrom").call(&w).unwrap_err().to_string().contains("did you mean"));
    }
}
