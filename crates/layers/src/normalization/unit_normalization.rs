//! UnitNormalization: each sample brought to length 1. Keras: `keras.layers.UnitNormalization`.

use crate::layer::{keeps_shape_and_mask, single};
use crate::{Build, Context, Layer, Shape};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, AxisList, Result, axes};

layer! {
    /// `x` divided by its Euclidean norm over one axis or several; zeros stay zeros. A composition.
    ///
    /// Keras: `keras.layers.UnitNormalization`.
    ///
    /// # Shapes
    /// - input and output: any
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Input, Layer, UnitNormalization};
    /// assert_eq!(UnitNormalization::new().call(&Input::shape([20, 8])).shape()?.to_string(), "(None, 20, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct UnitNormalization() {
        /// The axis or axes of a vector, from the end if negative.
        axis: AxisList = -1,
    }
}

impl Layer for UnitNormalization {
    keeps_shape_and_mask!();

    fn build(&self, inputs: &[Shape], _: &mut Build) -> Result<()> {
        Ok(axes(self.axis.as_slice()).resolve(single(inputs)?.len()).map(drop)?)
    }

    fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        Ok(vec![ops::unit_normalize(single(inputs)?, self.axis.as_slice())?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(UnitNormalization::new, Check::inputs([[2, 3]]).output([2, 3]));
        check_layer(|| UnitNormalization::new().axis([1, 3]), Check::inputs([[2, 3, 2, 2]]).output([2, 3, 2, 2]));
        for axis in [2, -3, i64::MAX] {
            let error = UnitNormalization::new().axis(axis).call(&Input::shape([2])).shape().unwrap_err().to_string();
            assert!(error.contains("out of range"), "{error}");
        }
    }
}
