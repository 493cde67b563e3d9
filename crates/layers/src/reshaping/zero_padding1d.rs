//! ZeroPadding1D: zeros around a sequence. Keras: `keras.layers.ZeroPadding1D`.

use super::borders::ZeroPadding;
use crate::Pairs;
use crate::spatial::spatial_layer;
use candle_keras_ops::config::image_data_format;

layer! {
    /// Puts zeros around a sequence.
    ///
    /// Keras: `keras.layers.ZeroPadding1D`.
    ///
    /// # Shapes
    /// - input: `(batch, steps, channels)`
    /// - output: `(batch, new steps, channels)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{ZeroPadding1D, Input, Layer};
    /// let y = ZeroPadding1D::new().padding((3, 0)).call(&Input::shape([20, 8]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 23, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct ZeroPadding1D() {
        /// How many zeros: for both sides, or before and behind.
        padding: Pairs<1> = 1,
        /// Where the channels are: `"channels_last"`, or `"channels_first"`, behind the batch.
        data_format: String = image_data_format(),
    }
}

spatial_layer!(ZeroPadding1D, |layer| ZeroPadding { padding: layer.padding, data_format: &layer.data_format });

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(ZeroPadding1D::new, Check::inputs([[2, 3, 2]]).output([2, 5, 2]));
        let first = || ZeroPadding1D::new().padding((0, 2)).data_format("channels_first");
        check_layer(first, Check::inputs([[2, 3, 2]]).output([2, 3, 4]));
    }
}
