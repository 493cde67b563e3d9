//! AdaptiveAveragePooling2D: the mean of each window, for an output of a given size. Keras: `keras.layers.AdaptiveAveragePooling2D`.

use super::base_adaptive_pooling::AdaptivePooling;
use crate::Sizes;
use crate::spatial::spatial_layer;
use candle_keras_ops::Pool;
use candle_keras_ops::config::image_data_format;

layer! {
    /// The mean of each window of an image, for each channel. The windows are as large as an output of this size needs, and may overlap by an
    /// element.
    ///
    /// Keras: `keras.layers.AdaptiveAveragePooling2D`.
    ///
    /// # Shapes
    /// - input: `(batch, height, width, channels)`
    /// - output: `(batch, new height, new width, channels)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{AdaptiveAveragePooling2D, Input, Layer};
    /// assert_eq!(AdaptiveAveragePooling2D::new(5).call(&Input::shape([20, 20, 8])).shape()?.to_string(), "(None, 5, 5, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct AdaptiveAveragePooling2D(
        /// The size of the output.
        output_size: Sizes<2>,
    ) {
        /// `"channels_last"`, or `"channels_first"`, which is transposed and costs a copy each way.
        data_format: String = image_data_format(),
    }
}

spatial_layer!(AdaptiveAveragePooling2D, |layer| AdaptivePooling {
    pool: Pool::Average,
    output_size: layer.output_size,
    data_format: &layer.data_format,
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| AdaptiveAveragePooling2D::new((3, 2)), Check::inputs([[2, 5, 4, 2]]).output([2, 3, 2, 2]));
        let first = || AdaptiveAveragePooling2D::new((3, 2)).data_format("channels_first");
        check_layer(first, Check::inputs([[2, 2, 5, 4]]).output([2, 2, 3, 2]));
        assert!(AdaptiveAveragePooling2D::new(0).call(&Input::shape([20, 20, 8])).shape().is_err());
        assert!(AdaptiveAveragePooling2D::new(2).call(&Input::shape([4])).shape().is_err());
    }
}
