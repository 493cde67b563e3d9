//! ELU: the identity above 0, an exponential below. Keras: `keras.layers.ELU`.

use crate::layer::{keeps_shape_and_mask, single};
use crate::{Build, Context, Layer, Shape};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Error, Result};

layer! {
    /// `x` above 0, `alpha * (exp(x) - 1)` below (Clevert et al., 2015).
    ///
    /// Keras: `keras.layers.ELU`.
    ///
    /// # Shapes
    /// - input and output: any
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{ELU, Input, Layer};
    /// assert_eq!(ELU::new().alpha(0.5).call(&Input::shape([8])).shape()?.to_string(), "(None, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct ELU() {
        /// Minus the limit of the values below 0.
        alpha: f64 = 1.0,
    }
}

impl Layer for ELU {
    keeps_shape_and_mask!();

    fn build(&self, _: &[Shape], _: &mut Build) -> Result<()> {
        match self.alpha.is_finite() {
            true => Ok(()),
            false => Err(Error::new("alpha must be a number").received(self.alpha.to_string())),
        }
    }

    fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        Ok(vec![ops::exponential_linear(single(inputs)?, self.alpha)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(ELU::new, Check::inputs([[2, 3]]).output([2, 3]));
        check_layer(|| ELU::new().alpha(0.4), Check::inputs([[2, 3]]).output([2, 3]));
        assert!(ELU::new().alpha(f64::NAN).call(Input::shape([2])).shape().is_err());
    }
}
