//! RMSNormalization: each sample brought to mean square 1. Keras: `keras.layers.RMSNormalization`.

use super::{NormalizedAxes, run_with_axes_last};
use crate::layer::single;
use crate::{Base, Context, Initializer, Layer, Shape, Weight, Weights, layer_common, setters};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Groups, Result};
use serde::{Deserialize, Serialize};

/// `x / sqrt(mean(x²) + epsilon) scale`, of each sample over the last axis or others (Zhang and Sennrich, 2019).
///
/// Keras: `keras.layers.RMSNormalization`.
///
/// # Shapes
/// - input and output: any; `scale` has the sizes of the normalized axes
///
/// # Example
/// ```
/// use candle_keras_layers::{Input, Layer, RMSNormalization};
/// assert_eq!(RMSNormalization::new().call(&Input::shape([20, 8])).shape()?.to_string(), "(None, 20, 8)");
/// # Ok::<(), candle_keras_layers::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RMSNormalization {
    #[serde(flatten)]
    base: Base,
    axis: NormalizedAxes,
    epsilon: f64,
}

impl RMSNormalization {
    /// Over the last axis.
    pub fn new() -> Self {
        Self { base: Base::new("RMSNormalization"), axis: NormalizedAxes::One(-1), epsilon: 1e-6 }
    }

    setters! {
        /// The axis, or a list of axes; the last unless said. Others than those at the end cost a copy each way.
        axis: NormalizedAxes,
        /// What is added to the mean square; 1e-6 unless said.
        epsilon: f64,
    }
}

impl Default for RMSNormalization {
    fn default() -> Self {
        Self::new()
    }
}

impl Layer for RMSNormalization {
    layer_common!("RMSNormalization");

    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let input = single(inputs)?;
        self.axis.resolve(input.len())?;
        Ok(vec![input.clone()])
    }

    fn build(&self, inputs: &[Shape], weights: &mut Weights) -> Result<()> {
        weights.add(Weight::new("scale", self.axis.sizes(single(inputs)?)?, &Initializer::from("ones")));
        Ok(())
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let (x, scale) = (single(inputs)?, self.weight("scale", ctx)?);
        let by = Groups { repeats: 1, groups: 1, center: false, epsilon: self.epsilon };
        let axes = self.axis.resolve(x.rank())?;
        Ok(vec![run_with_axes_last(x, &axes, |x| Ok(ops::normalize(x, Some(&scale), None, by)?))?])
    }

    fn supports_masking(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(RMSNormalization::new, Check::inputs([[2, 3, 4]]).output([2, 3, 4]).weights(1));
        check_layer(|| RMSNormalization::new().axis(1), Check::inputs([[2, 3, 4]]).output([2, 3, 4]).weights(1));
    }
}
