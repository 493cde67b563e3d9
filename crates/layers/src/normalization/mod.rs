//! Normalization. Keras: `keras/src/layers/normalization`.

mod batch_normalization;
mod group_normalization;
mod layer_normalization;
mod rms_normalization;
mod spectral_normalization;
mod unit_normalization;

pub use batch_normalization::{BatchNormalization, RenormClipping};
pub use group_normalization::GroupNormalization;
pub use layer_normalization::LayerNormalization;
pub use rms_normalization::RMSNormalization;
pub use spectral_normalization::SpectralNormalization;
pub use unit_normalization::UnitNormalization;

use crate::{Build, Shape, Weight};
use candle_core::{DType, Tensor};
use candle_keras_ops::{self as ops, Error, Result};
use serde::{Deserialize, Serialize};

/// The axis or axes that a layer normalizes, from the end if negative.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum NormalizedAxes {
    /// One axis.
    One(i64),
    /// Several.
    Several(Vec<i64>),
}

/// An error if what is added to a variance could make its root NaN.
fn check_epsilon(epsilon: f64) -> Result<()> {
    match epsilon >= 0.0 {
        true => Ok(()),
        false => Err(Error::new("epsilon must not be negative").received(epsilon.to_string())),
    }
}

impl From<i64> for NormalizedAxes {
    fn from(axis: i64) -> Self {
        Self::One(axis)
    }
}

impl<const N: usize> From<[i64; N]> for NormalizedAxes {
    fn from(axes: [i64; N]) -> Self {
        Self::Several(axes.to_vec())
    }
}

impl NormalizedAxes {
    /// The axes in rising order, none of them the batch.
    fn resolve(&self, rank: usize) -> Result<Vec<usize>> {
        let axes = match self {
            Self::One(axis) => std::slice::from_ref(axis),
            Self::Several(axes) => axes.as_slice(),
        };
        let mut resolved = axes.iter().map(|&axis| axis_of(axis, rank)).collect::<Result<Vec<_>>>()?;
        resolved.sort_unstable();
        resolved.dedup();
        Ok(resolved)
    }

    /// The sizes of these axes, which must be known.
    fn sizes(&self, input: &Shape, build: &mut Build) -> Result<Vec<usize>> {
        self.resolve(input.len())?.into_iter().map(|axis| build.input_size(axis as i64)).collect()
    }
}

/// An axis other than the batch.
fn axis_of(axis: i64, rank: usize) -> Result<usize> {
    let resolved = if axis < 0 { axis + rank as i64 } else { axis };
    if (1..rank as i64).contains(&resolved) {
        return Ok(resolved as usize);
    }
    Err(Error::new("an axis to normalize must be one of the input, and not the batch")
        .expected(format!("1 to {}, or -1 to -{}", rank - 1, rank - 1))
        .received(axis.to_string()))
}

/// As in Keras, 16 bits and whole numbers are normalized in float32.
fn wide(x: &Tensor) -> Result<Tensor> {
    Ok(ops::cast(x, if x.dtype() == DType::F64 { DType::F64 } else { DType::F32 })?)
}

/// Runs `f` on the tensor with these axes moved to the end, and moves them back; if they are elsewhere, that copies the tensor.
fn run_with_axes_last(x: &Tensor, axes: &[usize], f: impl FnOnce(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
    let rank = x.rank();
    if axes.iter().copied().eq(rank - axes.len()..rank) {
        return f(x);
    }
    let order: Vec<usize> = (0..rank).filter(|axis| !axes.contains(axis)).chain(axes.iter().copied()).collect();
    let mut back = vec![0i64; rank];
    order.iter().enumerate().for_each(|(i, &axis)| back[axis] = i as i64);
    let order: Vec<i64> = order.into_iter().map(|axis| axis as i64).collect();
    Ok(ops::transpose(&f(&ops::transpose(x, order)?)?, back)?)
}

arguments! {
    /// The scale and the offset after a normalization, with Keras's arguments.
    pub(crate) struct ScaleAndCenter() as affine_setters {
        /// Whether `beta` is added.
        center: bool = true,
        /// Whether the result is multiplied by `gamma`.
        scale: bool = true,
        /// The initializer of `beta`.
        beta_initializer: crate::Initializer = "zeros",
        /// The initializer of `gamma`.
        gamma_initializer: crate::Initializer = "ones",
        /// The regularizer of `beta`.
        beta_regularizer: Option<crate::Regularizer>,
        /// The regularizer of `gamma`.
        gamma_regularizer: Option<crate::Regularizer>,
        /// The constraint on `beta`.
        beta_constraint: Option<crate::Constraint>,
        /// The constraint on `gamma`.
        gamma_constraint: Option<crate::Constraint>,
    }
}

impl ScaleAndCenter {
    fn build(&self, shape: &[usize], build: &mut Build) {
        if self.scale {
            build.add_weight(
                Weight::new("gamma", shape, &self.gamma_initializer)
                    .regularizer(&self.gamma_regularizer)
                    .constraint(&self.gamma_constraint),
            );
        }
        if self.center {
            build.add_weight(
                Weight::new("beta", shape, &self.beta_initializer)
                    .regularizer(&self.beta_regularizer)
                    .constraint(&self.beta_constraint),
            );
        }
    }

    /// `gamma` and `beta`, if the layer has them, in the dtype of `x`.
    fn weights(
        &self,
        layer: &dyn crate::Layer,
        x: &Tensor,
        ctx: &crate::Context,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let weight = |name| Ok::<_, Error>(ops::cast(&layer.weight(name, ctx)?, x.dtype())?);
        let gamma = self.scale.then(|| weight("gamma")).transpose()?;
        let beta = self.center.then(|| weight("beta")).transpose()?;
        Ok((gamma, beta))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Input, Layer};

    #[test]
    fn a_negative_epsilon_is_an_error() {
        let x = Input::shape([4]);
        for epsilon in [-1.0, f64::NAN] {
            let outputs = [
                BatchNormalization::new().epsilon(epsilon).call(&x),
                GroupNormalization::new().groups(2).epsilon(epsilon).call(&x),
                LayerNormalization::new().epsilon(epsilon).call(&x),
                RMSNormalization::new().epsilon(epsilon).call(&x),
            ];
            for output in outputs {
                let error = output.shape().unwrap_err().to_string();
                assert!(error.contains("epsilon must not be negative"), "{error}");
            }
        }
        assert!(LayerNormalization::new().epsilon(0.0).call(&x).shape().is_ok());
    }
}
