//! LeakyReLU: the identity above 0, and a small slope below. Keras: `keras.layers.LeakyReLU`.

use crate::layer::{keeps_shape_and_mask, single};
use crate::spatial::not_negative;
use crate::{Build, Context, Layer, Shape};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Rectifier, Result};

layer! {
    /// `x` above 0, `negative_slope * x` below (Maas et al., 2013).
    ///
    /// Keras: `keras.layers.LeakyReLU`.
    ///
    /// # Shapes
    /// - input and output: any
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Input, Layer, LeakyReLU};
    /// assert_eq!(LeakyReLU::new().negative_slope(0.1).call(&Input::shape([8])).shape()?.to_string(), "(None, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct LeakyReLU() {
        /// The slope below 0.
        negative_slope: f64 = 0.3,
    }
}

impl Layer for LeakyReLU {
    keeps_shape_and_mask!();

    fn build(&self, _: &[Shape], _: &mut Build) -> Result<()> {
        not_negative("negative_slope", self.negative_slope)
    }

    fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        let by = Rectifier { negative_slope: self.negative_slope, ..Rectifier::default() };
        Ok(vec![ops::rectify(single(inputs)?, by)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(LeakyReLU::new, Check::inputs([[2, 3]]).output([2, 3]));
        assert!(LeakyReLU::new().negative_slope(-0.1).call(Input::shape([2])).shape().is_err());
    }
}
