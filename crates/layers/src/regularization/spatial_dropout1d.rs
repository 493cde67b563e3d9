//! SpatialDropout1D: whole channels are 0 in training. Keras: `keras.layers.SpatialDropout1D`.

use super::base_spatial_dropout::{SpatialDropout, spatial_dropout};

layer! {
    /// In training, sets each channel of a sequence to 0 with the probability `rate` and divides the others by `1 - rate`; otherwise does
    /// nothing (Tompson et al., 2014).
    ///
    /// Keras: `keras.layers.SpatialDropout1D`.
    ///
    /// # Shapes
    /// - input and output: `(batch, steps, channels)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Input, Layer, SpatialDropout1D};
    /// assert_eq!(SpatialDropout1D::new(0.5).call(&Input::shape([20, 8])).shape()?.to_string(), "(None, 20, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct SpatialDropout1D(
        /// The share of the channels that is dropped, 0 to 1.
        rate: f64,
    ) {
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
    }
}

spatial_dropout!(SpatialDropout1D, |layer| SpatialDropout::<1> {
    rate: layer.rate,
    seed: layer.seed,
    data_format: "channels_last",
});

#[cfg(test)]
mod tests {
    use super::super::base_spatial_dropout::tests::check_channels;
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| SpatialDropout1D::new(0.3).seed(1), Check::inputs([[2, 3, 2]]).output([2, 3, 2]));
        assert!(SpatialDropout1D::new(1.5).call(&Input::shape([20, 8])).shape().is_err());
        assert!(SpatialDropout1D::new(0.5).call(&Input::shape([2])).shape().is_err());
    }

    #[test]
    fn channels_are_dropped_whole() {
        check_channels(&SpatialDropout1D::new(0.25), &[40, 3, 20], 2, 0.25);
    }
}
