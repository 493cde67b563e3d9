//! Activation: a function as a layer. Keras: `keras.layers.Activation`.

use super::ActivationFunction;
use crate::layer::single;
use crate::{Build, Context, Layer, Shape};
use candle_core::Tensor;
use candle_keras_ops::Result;

layer! {
    /// Applies an activation function.
    ///
    /// Keras: `keras.layers.Activation`.
    ///
    /// # Shapes
    /// - input and output: any
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Activation, Input, Layer};
    /// assert_eq!(Activation::new("relu").call(&Input::shape([8])).shape()?.to_string(), "(None, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct Activation(
        /// The function, or its name.
        activation: ActivationFunction,
    ) {}
}

impl Layer for Activation {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        Ok(vec![single(inputs)?.clone()])
    }

    fn build(&self, _: &[Shape], _: &mut Build) -> Result<()> {
        self.activation.check()
    }

    fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        Ok(vec![self.activation.call(single(inputs)?)?])
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
        check_layer(|| Activation::new("softmax"), Check::inputs([[2, 3]]).output([2, 3]));
        assert!(Activation::new("sofmax").call(crate::Input::shape([2])).shape().is_err());
    }
}
