//! GlobalMaxPooling2D: the largest value over the whole image. Keras: `keras.layers.GlobalMaxPooling2D`.

use super::base_global_pooling::{GlobalPooling, GlobalPoolingArguments, global_pooling_setters};
use crate::spatial::spatial_layer;
use candle_keras_ops::Pool;

layer! {
    /// The largest value of each channel over an image.
    ///
    /// Keras: `keras.layers.GlobalMaxPooling2D`.
    ///
    /// # Shapes
    /// - input: `(batch, height, width, channels)`
    /// - output: `(batch, channels)`, or `(batch, 1, 1, channels)` with `keepdims`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{GlobalMaxPooling2D, Input, Layer};
    /// assert_eq!(GlobalMaxPooling2D::new().call(&Input::shape([7, 7, 8])).shape()?.to_string(), "(None, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct GlobalMaxPooling2D() {
        ..arguments: GlobalPoolingArguments = GlobalPoolingArguments::new() => global_pooling_setters,
    }
}

impl GlobalMaxPooling2D {
    /// What the layer does.
    pub(super) fn pooling(&self) -> GlobalPooling<'_, 2> {
        GlobalPooling { pool: Pool::Max, arguments: &self.arguments }
    }
}

spatial_layer!(GlobalMaxPooling2D, |layer| layer.pooling());

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(GlobalMaxPooling2D::new, Check::inputs([[2, 3, 2, 4]]).output([2, 4]));
        let other = || GlobalMaxPooling2D::new().data_format("channels_first").keepdims(true);
        check_layer(other, Check::inputs([[2, 3, 2, 4]]).output([2, 3, 1, 1]));
    }
}
