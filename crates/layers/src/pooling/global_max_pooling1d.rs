//! GlobalMaxPooling1D: the maximum over all steps. Keras: `keras.layers.GlobalMaxPooling1D`.

use super::{global_pooling, pooled_shape, steps_axis};
use crate::layer::single;
use crate::{Context, Layer, Shape};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Result, axes};

global_pooling! {
    /// The largest value of each feature over the steps of a sequence. A mask ends here, as in Keras.
    ///
    /// Keras: `keras.layers.GlobalMaxPooling1D`.
    ///
    /// # Shapes
    /// - input: `(batch, steps, features)`
    /// - output: `(batch, features)`, or `(batch, 1, features)` with `keepdims`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{GlobalMaxPooling1D, Input, Layer};
    /// assert_eq!(GlobalMaxPooling1D::new().call(&Input::shape([20, 8])).shape()?.to_string(), "(None, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    GlobalMaxPooling1D
}

impl Layer for GlobalMaxPooling1D {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        pooled_shape(single(inputs)?, &self.data_format, self.keepdims)
    }

    fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        let over = axes(steps_axis(&self.data_format)?).keepdims(self.keepdims);
        Ok(vec![ops::max(single(inputs)?, over)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(GlobalMaxPooling1D::new, Check::inputs([[2, 3, 4]]).output([2, 4]));
        let other = || GlobalMaxPooling1D::new().data_format("channels_first").keepdims(true);
        check_layer(other, Check::inputs([[2, 3, 4]]).output([2, 3, 1]));
    }
}
