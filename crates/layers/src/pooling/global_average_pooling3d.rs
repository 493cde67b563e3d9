//! GlobalAveragePooling3D: the mean over the whole volume. Keras: `keras.layers.GlobalAveragePooling3D`.

use super::base_global_pooling::{GlobalPooling, GlobalPoolingArguments, global_pooling_setters};
use crate::spatial::spatial_layer;
use candle_keras_ops::Pool;

layer! {
    /// The mean of each channel over a volume.
    ///
    /// Keras: `keras.layers.GlobalAveragePooling3D`.
    ///
    /// # Shapes
    /// - input: `(batch, depth, height, width, channels)`
    /// - output: `(batch, channels)`, or `(batch, 1, 1, 1, channels)` with `keepdims`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{GlobalAveragePooling3D, Input, Layer};
    /// assert_eq!(GlobalAveragePooling3D::new().call(&Input::shape([4, 7, 7, 8])).shape()?.to_string(), "(None, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct GlobalAveragePooling3D() {
        ..arguments: GlobalPoolingArguments = GlobalPoolingArguments::new() => global_pooling_setters,
    }
}

impl GlobalAveragePooling3D {
    /// What the layer does.
    pub(super) fn pooling(&self) -> GlobalPooling<'_, 3> {
        GlobalPooling { pool: Pool::Average, arguments: &self.arguments }
    }
}

spatial_layer!(GlobalAveragePooling3D, |layer| layer.pooling());

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(GlobalAveragePooling3D::new, Check::inputs([[2, 3, 2, 1, 4]]).output([2, 4]));
        let other = || GlobalAveragePooling3D::new().data_format("channels_first").keepdims(true);
        check_layer(other, Check::inputs([[2, 3, 2, 2, 2]]).output([2, 3, 1, 1, 1]));
    }
}
