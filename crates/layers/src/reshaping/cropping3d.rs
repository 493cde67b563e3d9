//! Cropping3D: less of a volume. Keras: `keras.layers.Cropping3D`.

use super::borders::Cropping;
use crate::Pairs;
use crate::spatial::spatial_layer;
use candle_keras_ops::config::image_data_format;

layer! {
    /// Cuts elements off at the borders of a volume.
    ///
    /// Keras: `keras.layers.Cropping3D`.
    ///
    /// # Shapes
    /// - input: `(batch, depth, height, width, channels)`
    /// - output: `(batch, new depth, new height, new width, channels)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Cropping3D, Input, Layer};
    /// let y = Cropping3D::new().cropping(1).call(&Input::shape([4, 7, 7, 8]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 2, 5, 5, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct Cropping3D() {
        /// How many elements: for all sides, for the depth, the height and the width, or before and behind each.
        cropping: Pairs<3> = 1,
        /// Where the channels are: `"channels_last"`, or `"channels_first"`, behind the batch.
        data_format: String = image_data_format(),
    }
}

spatial_layer!(Cropping3D, |layer| Cropping { cropping: layer.cropping, data_format: &layer.data_format });

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(Cropping3D::new, Check::inputs([[1, 3, 3, 4, 2]]).output([1, 1, 1, 2, 2]));
        let first = || Cropping3D::new().cropping(((1, 0), (0, 1), (0, 0))).data_format("channels_first");
        check_layer(first, Check::inputs([[2, 2, 2, 2, 2]]).output([2, 2, 1, 1, 2]));
    }
}
