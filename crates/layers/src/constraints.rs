//! What a weight is brought back to after each update. Keras: `keras.constraints`.

use crate::setters;
use candle_keras_ops::{self as ops, Result, Tensor, axes};
use serde::{Deserialize, Serialize};

keras_objects! {
    /// A condition on a weight: a class of this module, or its Keras name such as `"max_norm"`.
    Constraint, "constraint", "keras.constraints", {
        MaxNorm: "max_norm",
        MinMaxNorm: "min_max_norm",
        NonNeg: "non_neg" | "nonneg",
        UnitNorm: "unit_norm",
    }
}

/// What Keras adds to a norm before it divides by it.
const EPSILON: f64 = 1e-7;

/// No element is negative: those that are become 0.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NonNeg {}

/// No vector along `axis` is longer than `max_value`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MaxNorm {
    max_value: f64,
    axis: Axis,
}

impl Default for MaxNorm {
    fn default() -> Self {
        Self::new(2.0)
    }
}

impl MaxNorm {
    /// Along axis 0; Keras's default length is 2.
    pub fn new(max_value: f64) -> Self {
        Self { max_value, axis: Axis::One(0) }
    }

    setters! {
        /// Along which axis or axes a vector runs.
        axis: Axis,
    }
}

/// Every vector along `axis` has length 1.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UnitNorm {
    axis: Axis,
}

impl UnitNorm {
    /// Along axis 0.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Along which axis or axes a vector runs.
        axis: Axis,
    }
}

/// Every vector along `axis` moves by `rate` towards a length between `min_value` and `max_value`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MinMaxNorm {
    min_value: f64,
    max_value: f64,
    rate: f64,
    axis: Axis,
}

impl Default for MinMaxNorm {
    fn default() -> Self {
        Self { min_value: 0.0, max_value: 1.0, rate: 1.0, axis: Axis::One(0) }
    }
}

impl MinMaxNorm {
    /// With Keras's defaults: 0 to 1, rate 1, along axis 0.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// The smallest length.
        min_value: f64,
        /// The largest length.
        max_value: f64,
        /// How much of the way is gone at each update, 0 to 1.
        rate: f64,
        /// Along which axis or axes a vector runs.
        axis: Axis,
    }
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

impl Constraint {
    /// The weight nearest to `w`, in Keras's way, that fulfils the condition.
    ///
    /// # Errors
    /// If the name is not a constraint, or an axis is out of range.
    pub fn call(&self, w: &Tensor) -> Result<Tensor> {
        let rescaled = |axis: &Axis, wanted: &dyn Fn(&Tensor) -> candle_core::Result<Tensor>| {
            let axes = match axis {
                Axis::One(axis) => axes(*axis),
                Axis::Many(many) => axes(many.as_slice()),
            };
            let norms = ops::sum(&w.sqr()?, axes.keepdims(true))?.sqrt()?;
            Ok(w.broadcast_mul(&(wanted(&norms)? / (&norms + EPSILON)?)?)?)
        };
        match self {
            Self::NonNeg(NonNeg {}) => Ok(w.relu()?),
            Self::MaxNorm(MaxNorm { max_value, axis }) => rescaled(axis, &|norms| norms.clamp(0.0, *max_value)),
            Self::UnitNorm(UnitNorm { axis }) => rescaled(axis, &|norms| norms.ones_like()),
            Self::MinMaxNorm(MinMaxNorm { min_value, max_value, rate, axis }) => {
                rescaled(axis, &|norms| (norms.clamp(*min_value, *max_value)? * *rate)? + (norms * (1.0 - rate))?)
            }
            Self::Unknown(name) => Err(Self::unknown(name)),
        }
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
