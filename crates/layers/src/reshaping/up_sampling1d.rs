//! UpSampling1D: a sequence made larger. Keras: `keras.layers.UpSampling1D`.

use super::repetition::UpSampling;
use crate::spatial::spatial_layer;
use candle_keras_ops::image::Interpolation;

layer! {
    /// Repeats each step of a sequence.
    ///
    /// Keras: `keras.layers.UpSampling1D`.
    ///
    /// # Shapes
    /// - input: `(batch, steps, channels)`
    /// - output: `(batch, new steps, channels)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{UpSampling1D, Input, Layer};
    /// let y = UpSampling1D::new().size(3).call(&Input::shape([20, 8]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 60, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct UpSampling1D() {
        /// How often each step is repeated.
        size: usize = 2,
    }
}

spatial_layer!(UpSampling1D, |layer| UpSampling::<1> {
    size: layer.size.into(),
    data_format: "channels_last",
    interpolation: Interpolation::Nearest,
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(UpSampling1D::new, Check::inputs([[2, 3, 2]]).output([2, 6, 2]));
        check_layer(|| UpSampling1D::new().size(3), Check::inputs([[2, 2, 1]]).output([2, 6, 1]));
        assert!(UpSampling1D::new().size(0).call(Input::shape([3, 2])).shape().is_err());
    }
}
