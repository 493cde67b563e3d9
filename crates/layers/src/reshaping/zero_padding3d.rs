//! ZeroPadding3D: zeros around a volume. Keras: `keras.layers.ZeroPadding3D`.

use super::borders::ZeroPadding;
use crate::Pairs;
use crate::spatial::spatial_layer;
use candle_keras_ops::config::image_data_format;

layer! {
    /// Puts zeros around a volume.
    ///
    /// Keras: `keras.layers.ZeroPadding3D`.
    ///
    /// # Shapes
    /// - input: `(batch, depth, height, width, channels)`
    /// - output: `(batch, new depth, new height, new width, channels)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{ZeroPadding3D, Input, Layer};
    /// let y = ZeroPadding3D::new().padding(2).call(&Input::shape([4, 7, 7, 8]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 8, 11, 11, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct ZeroPadding3D() {
        /// How many zeros: for all sides, for the depth, the height and the width, or before and behind each.
        padding: Pairs<3> = 1,
        /// Where the channels are: `"channels_last"`, or `"channels_first"`, behind the batch.
        data_format: String = image_data_format(),
    }
}

spatial_layer!(ZeroPadding3D, |layer| ZeroPadding { padding: layer.padding, data_format: &layer.data_format });

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(ZeroPadding3D::new, Check::inputs([[1, 2, 1, 2, 2]]).output([1, 4, 3, 4, 2]));
        let first = || ZeroPadding3D::new().padding(((1, 0), (0, 2), (1, 1))).data_format("channels_first");
        check_layer(first, Check::inputs([[2, 2, 1, 2, 1]]).output([2, 2, 2, 4, 3]));
    }
}
