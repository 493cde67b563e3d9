//! Identity: what it is given. Keras: `keras.layers.Identity`.

use crate::layer::spec_of_elements;
use crate::{CallArguments, Context, Layer, Shape, TensorSpec};
use candle_core::Tensor;
use candle_keras_ops::Result;

layer! {
    /// Returns its inputs as they are.
    ///
    /// Keras: `keras.layers.Identity`.
    ///
    /// # Shapes
    /// - inputs: one or several of any shape; an output for each
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Identity, Input, Layer};
    /// assert_eq!(Identity::new().call(&Input::shape([8])).shape()?.to_string(), "(None, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct Identity() {}
}

impl Layer for Identity {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        Ok(inputs.to_vec())
    }

    fn compute_output_spec(&self, inputs: &[TensorSpec], _: &CallArguments<TensorSpec>) -> Result<Vec<TensorSpec>> {
        spec_of_elements(self, inputs)
    }

    fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        Ok(inputs.to_vec())
    }

    fn supports_masking(&self) -> bool {
        true
    }

    fn compute_mask(&self, _: &[Tensor], masks: &[Option<Tensor>]) -> Result<Vec<Option<Tensor>>> {
        Ok(masks.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, check_layer};
    use candle_keras_ops::DType;

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(Identity::new, Check::inputs([[2, 3]]).output([2, 3]));
        check_layer(Identity::new, Check::inputs([[2, 3], [2, 4]]).output([2, 3]));
        let ids = Identity::new().call(&Input::shape([3]).dtype("int32"));
        assert_eq!(ids.output().unwrap().dtype(), DType::I32);
    }
}
