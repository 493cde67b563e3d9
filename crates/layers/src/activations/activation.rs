//! Activation: a function as a layer. Keras: `keras.layers.Activation`.

use super::ActivationFunction;
use crate::layer::single;
use crate::{Context, Layer, Shape};
use candle_core::Tensor;
use candle_keras_ops::{FusedActivation, Result};

layer! {
    /// Applies an activation function.
    ///
    /// Keras: `keras.layers.Activation`.
    ///
    /// # Shapes
    /// - input and output: any; `"glu"` halves the last axis
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

impl Activation {
    /// The function, if other layers can fuse it.
    pub(super) fn fused(&self) -> Option<FusedActivation> {
        self.activation.fused()
    }
}

impl Layer for Activation {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        Ok(vec![self.activation.get()?.output_shape(single(inputs)?)?])
    }

    fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        Ok(vec![self.activation.get()?.call(single(inputs)?)?])
    }

    fn supports_masking(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Dense, Input, check_layer};
    use candle_core::{DType, Device};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| Activation::new("softmax"), Check::inputs([[2, 3]]).output([2, 3]));
        check_layer(|| Activation::new("glu"), Check::inputs([[2, 4]]).output([2, 2]));
        assert!(Activation::new("sofmax").call(Input::shape([2])).shape().is_err());
        assert!(Activation::new("glu").call(Input::shape([3])).shape().unwrap_err().to_string().contains("halves"));
        let x = Tensor::ones((1, 2), DType::F32, &Device::Cpu).unwrap();
        let error = Dense::new(2).activation("glu").call(&x).unwrap_err().to_string();
        assert!(error.contains("layer \"dense") && error.contains("changes the shape"), "{error}");
    }
}
