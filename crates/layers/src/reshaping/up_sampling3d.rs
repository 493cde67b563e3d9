//! UpSampling3D: a volume made larger. Keras: `keras.layers.UpSampling3D`.

use super::repetition::UpSampling;
use crate::Sizes;
use crate::spatial::spatial_layer;
use candle_keras_ops::config::image_data_format;
use candle_keras_ops::image::Interpolation;

layer! {
    /// Makes a volume larger by repeating its elements.
    ///
    /// Keras: `keras.layers.UpSampling3D`.
    ///
    /// # Shapes
    /// - input: `(batch, depth, height, width, channels)`
    /// - output: `(batch, new depth, new height, new width, channels)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{UpSampling3D, Input, Layer};
    /// let y = UpSampling3D::new().call(&Input::shape([4, 7, 7, 8]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 8, 14, 14, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct UpSampling3D() {
        /// How many times as large the depth, the height and the width become.
        size: Sizes<3> = 2,
        /// Where the channels are: `"channels_last"`, or `"channels_first"`, behind the batch.
        data_format: String = image_data_format(),
    }
}

spatial_layer!(UpSampling3D, |layer| UpSampling {
    size: layer.size,
    data_format: &layer.data_format,
    interpolation: Interpolation::Nearest,
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(UpSampling3D::new, Check::inputs([[1, 2, 1, 2, 2]]).output([1, 4, 2, 4, 2]));
        let first = || UpSampling3D::new().size((1, 2, 3)).data_format("channels_first");
        check_layer(first, Check::inputs([[1, 2, 2, 1, 1]]).output([1, 2, 2, 2, 3]));
    }
}
