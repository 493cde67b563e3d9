//! SpatialDropout3D: whole channels are 0 in training. Keras: `keras.layers.SpatialDropout3D`.

use super::base_spatial_dropout::{SpatialDropout, spatial_dropout};
use candle_keras_ops::config::image_data_format;

layer! {
    /// In training, sets each channel of a volume to 0 with the probability `rate` and divides the others by `1 - rate`; otherwise does
    /// nothing (Tompson et al., 2014).
    ///
    /// Keras: `keras.layers.SpatialDropout3D`.
    ///
    /// # Shapes
    /// - input and output: `(batch, depth, height, width, channels)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Input, Layer, SpatialDropout3D};
    /// assert_eq!(SpatialDropout3D::new(0.5).call(&Input::shape([4, 7, 7, 8])).shape()?.to_string(), "(None, 4, 7, 7, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct SpatialDropout3D(
        /// The share of the channels that is dropped, 0 to 1.
        rate: f64,
    ) {
        /// Where the channels are: `"channels_last"`, or `"channels_first"`, behind the batch.
        data_format: String = image_data_format(),
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
    }
}

spatial_dropout!(SpatialDropout3D, |layer| SpatialDropout::<3> {
    rate: layer.rate,
    seed: layer.seed,
    data_format: &layer.data_format,
});

#[cfg(test)]
mod tests {
    use super::super::base_spatial_dropout::tests::check_channels;
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| SpatialDropout3D::new(0.3).seed(1), Check::inputs([[2, 3, 2, 1, 2]]).output([2, 3, 2, 1, 2]));
        assert!(SpatialDropout3D::new(1.5).call(&Input::shape([4, 7, 7, 8])).shape().is_err());
        assert!(SpatialDropout3D::new(0.5).call(&Input::shape([2])).shape().is_err());
        assert!(SpatialDropout3D::new(0.5).data_format("last").call(&Input::shape([4, 7, 7, 8])).shape().is_err());
    }

    #[test]
    fn channels_are_dropped_whole() {
        check_channels(&SpatialDropout3D::new(0.25), &[40, 3, 2, 2, 20], 4, 0.25);
        let first = SpatialDropout3D::new(0.3).data_format("channels_first");
        check_channels(&first, &[40, 20, 3, 2, 2], 1, 0.3);
    }
}
