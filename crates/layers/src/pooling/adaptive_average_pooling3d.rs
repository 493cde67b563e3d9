//! AdaptiveAveragePooling3D: the mean of each window, for an output of a given size. Keras: `keras.layers.AdaptiveAveragePooling3D`.

use super::base_adaptive_pooling::AdaptivePooling;
use crate::Sizes;
use crate::spatial::spatial_layer;
use candle_keras_ops::Pool;
use candle_keras_ops::config::image_data_format;

layer! {
    /// The mean of each window of a volume, for each channel. The windows are as large as an output of this size needs, and may overlap by an
    /// element.
    ///
    /// Keras: `keras.layers.AdaptiveAveragePooling3D`.
    ///
    /// # Shapes
    /// - input: `(batch, depth, height, width, channels)`
    /// - output: `(batch, new depth, new height, new width, channels)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{AdaptiveAveragePooling3D, Input, Layer};
    /// assert_eq!(AdaptiveAveragePooling3D::new(5).call(&Input::shape([20, 20, 20, 8])).shape()?.to_string(), "(None, 5, 5, 5, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct AdaptiveAveragePooling3D(
        /// The size of the output.
        output_size: Sizes<3>,
    ) {
        /// `"channels_last"`, or `"channels_first"`, which is transposed and costs a copy each way.
        data_format: String = image_data_format(),
    }
}

spatial_layer!(AdaptiveAveragePooling3D, |layer| AdaptivePooling {
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
        check_layer(
            || AdaptiveAveragePooling3D::new((2, 1, 3)),
            Check::inputs([[1, 3, 2, 4, 2]]).output([1, 2, 1, 3, 2]),
        );
        let first = || AdaptiveAveragePooling3D::new((2, 1, 3)).data_format("channels_first");
        check_layer(first, Check::inputs([[1, 2, 3, 2, 4]]).output([1, 2, 2, 1, 3]));
        assert!(AdaptiveAveragePooling3D::new(0).call(&Input::shape([20, 20, 20, 8])).shape().is_err());
        assert!(AdaptiveAveragePooling3D::new(2).call(&Input::shape([4])).shape().is_err());
    }
}
