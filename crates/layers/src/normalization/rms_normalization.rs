//! RMSNormalization: each sample brought to mean square 1. Keras: `keras.layers.RMSNormalization`.

use super::{NormalizedAxes, check_epsilon, run_with_axes_last};
use crate::layer::single;
use crate::{Build, Context, Initializer, Layer, Shape, Weight};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Groups, Result};

layer! {
    /// `x / sqrt(mean(x²) + epsilon) scale`, of each sample over the last axis or others (Zhang and Sennrich, 2019). Masks end here, as in Keras.
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
    pub struct RMSNormalization() {
        /// The axis or axes that are normalized together. Axes that are not the last cost a copy each way.
        axis: NormalizedAxes = -1,
        /// Added to the mean of the squares.
        epsilon: f64 = 1e-6,
    }
}

impl Layer for RMSNormalization {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let input = single(inputs)?;
        self.axis.resolve(input.len())?;
        Ok(vec![input.clone()])
    }

    fn build(&self, inputs: &[Shape], build: &mut Build) -> Result<()> {
        check_epsilon(self.epsilon)?;
        let sizes = self.axis.sizes(single(inputs)?, build)?;
        build.add_weight(Weight::new("scale", sizes, &Initializer::from("ones")));
        Ok(())
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let (x, scale) = (single(inputs)?, self.weight("scale", ctx)?);
        let by = Groups { repeats: 1, groups: 1, center: false, epsilon: self.epsilon };
        let axes = self.axis.resolve(x.rank())?;
        Ok(vec![run_with_axes_last(x, &axes, |x| Ok(ops::normalize(x, Some(&scale), None, by)?))?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(RMSNormalization::new, Check::inputs([[2, 3, 4]]).output([2, 3, 4]).weights(1));
        assert!(!RMSNormalization::new().supports_masking());
        check_layer(|| RMSNormalization::new().axis(1), Check::inputs([[2, 3, 4]]).output([2, 3, 4]).weights(1));
    }
}
