//! GlobalAveragePooling2D: the mean over the whole image. Keras: `keras.layers.GlobalAveragePooling2D`.

use super::{global_pooling, pooled_image_shape};
use crate::layer::single;
use crate::spatial::channels_last;
use crate::{Context, Layer, Shape};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Result, axes};

global_pooling! {
    /// The mean of each channel over an image.
    ///
    /// Keras: `keras.layers.GlobalAveragePooling2D`.
    ///
    /// # Shapes
    /// - input: `(batch, height, width, channels)`
    /// - output: `(batch, channels)`, or `(batch, 1, 1, channels)` with `keepdims`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{GlobalAveragePooling2D, Input, Layer};
    /// assert_eq!(GlobalAveragePooling2D::new().call(&Input::shape([7, 7, 8])).shape()?.to_string(), "(None, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    GlobalAveragePooling2D
}

impl Layer for GlobalAveragePooling2D {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        pooled_image_shape(single(inputs)?, &self.data_format, self.keepdims)
    }

    fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        let first = if channels_last(&self.data_format)? { 1 } else { 2 };
        Ok(vec![ops::mean(single(inputs)?, axes([first, first + 1]).keepdims(self.keepdims))?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(GlobalAveragePooling2D::new, Check::inputs([[2, 3, 2, 4]]).output([2, 4]));
        let other = || GlobalAveragePooling2D::new().data_format("channels_first").keepdims(true);
        check_layer(other, Check::inputs([[2, 3, 2, 4]]).output([2, 3, 1, 1]));
    }
}
