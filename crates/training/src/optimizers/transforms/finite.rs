//! Skips steps in which a gradient is not finite.

use super::{Next, Transform, TransformContext};
use crate::optimizers::Options;
use candle_keras_layers::Variable;
use candle_keras_ops::{Gradient, Result};
use std::sync::Arc;

/// Skips a step whose gradients are not finite.
#[derive(Debug)]
pub(super) struct SkipNonfinite;

impl SkipNonfinite {
    pub(super) fn of(options: &Options) -> Option<Arc<dyn Transform>> {
        options.skip_nonfinite.then(|| Arc::new(Self) as _)
    }
}

impl Transform for SkipNonfinite {
    fn gradients(&self, _: &TransformContext, gradients: Vec<(Variable, Gradient)>) -> Result<Next> {
        Ok(if all_finite(&gradients)? { Next::Update(gradients) } else { Next::Skip })
    }
}

/// Whether all elements of all gradients are finite.
pub(in crate::optimizers) fn all_finite(gradients: &[(Variable, Gradient)]) -> Result<bool> {
    for (_, gradient) in gradients {
        if !gradient.is_finite()? {
            return Ok(false);
        }
    }
    Ok(true)
}
