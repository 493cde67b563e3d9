//! AdaptiveMaxPooling1D: the largest element of each window, for an output of a given size. Keras: `keras.layers.AdaptiveMaxPooling1D`.

use super::base_adaptive_pooling::AdaptivePooling;
use crate::Sizes;
use crate::spatial::spatial_layer;
use candle_keras_ops::Pool;
use candle_keras_ops::config::image_data_format;

layer! {
    /// The largest element of each window of a sequence, for each channel. The windows are as large as an output of this size needs, and may overlap by an
    /// element.
    ///
    /// Keras: `keras.layers.AdaptiveMaxPooling1D`.
    ///
    /// # Shapes
    /// - input: `(batch, steps, channels)`
    /// - output: `(batch, new steps, channels)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{AdaptiveMaxPooling1D, Input, Layer};
    /// assert_eq!(AdaptiveMaxPooling1D::new(5).call(&Input::shape([20, 8])).shape()?.to_string(), "(None, 5, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct AdaptiveMaxPooling1D(
        /// The size of the output.
        output_size: Sizes<1>,
    ) {
        /// `"channels_last"`, or `"channels_first"`, which is transposed and costs a copy each way.
        data_format: String = image_data_format(),
    }
}

spatial_layer!(AdaptiveMaxPooling1D, |layer| AdaptivePooling {
    pool: Pool::Max,
    output_size: layer.output_size,
    data_format: &layer.data_format,
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| AdaptiveMaxPooling1D::new(3), Check::inputs([[2, 5, 2]]).output([2, 3, 2]));
        let first = || AdaptiveMaxPooling1D::new(3).data_format("channels_first");
        check_layer(first, Check::inputs([[2, 2, 5]]).output([2, 2, 3]));
        assert!(AdaptiveMaxPooling1D::new(0).call(&Input::shape([20, 8])).shape().is_err());
        assert!(AdaptiveMaxPooling1D::new(2).call(&Input::shape([4])).shape().is_err());
    }
}
