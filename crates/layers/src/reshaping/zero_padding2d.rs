//! ZeroPadding2D: zeros around an image. Keras: `keras.layers.ZeroPadding2D`.

use super::borders::ZeroPadding;
use crate::Pairs;
use crate::spatial::spatial_layer;
use candle_keras_ops::config::image_data_format;

layer! {
    /// Puts zeros around an image.
    ///
    /// Keras: `keras.layers.ZeroPadding2D`.
    ///
    /// # Shapes
    /// - input: `(batch, height, width, channels)`
    /// - output: `(batch, new height, new width, channels)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{ZeroPadding2D, Input, Layer};
    /// let y = ZeroPadding2D::new().padding(((1, 0), (2, 2))).call(&Input::shape([28, 28, 3]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 29, 32, 3)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct ZeroPadding2D() {
        /// How many zeros: for all sides, for the height and the width, or before and behind each.
        padding: Pairs<2> = 1,
        /// Where the channels are: `"channels_last"`, or `"channels_first"`, behind the batch.
        data_format: String = image_data_format(),
    }
}

spatial_layer!(ZeroPadding2D, |layer| ZeroPadding { padding: layer.padding, data_format: &layer.data_format });

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(ZeroPadding2D::new, Check::inputs([[2, 3, 2, 2]]).output([2, 5, 4, 2]));
        check_layer(|| ZeroPadding2D::new().padding((2, 0)), Check::inputs([[2, 1, 2, 2]]).output([2, 5, 2, 2]));
        let first = || ZeroPadding2D::new().padding(((1, 0), (0, 2))).data_format("channels_first");
        check_layer(first, Check::inputs([[2, 3, 2, 2]]).output([2, 3, 3, 4]));
    }
}
