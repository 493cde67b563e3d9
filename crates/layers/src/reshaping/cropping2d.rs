//! Cropping2D: less of an image. Keras: `keras.layers.Cropping2D`.

use super::borders::Cropping;
use crate::Pairs;
use crate::spatial::spatial_layer;
use candle_keras_ops::config::image_data_format;

layer! {
    /// Cuts elements off at the borders of an image.
    ///
    /// Keras: `keras.layers.Cropping2D`.
    ///
    /// # Shapes
    /// - input: `(batch, height, width, channels)`
    /// - output: `(batch, new height, new width, channels)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Cropping2D, Input, Layer};
    /// let y = Cropping2D::new().cropping(((1, 0), (2, 2))).call(&Input::shape([28, 28, 3]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 27, 24, 3)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct Cropping2D() {
        /// How many elements: for all sides, for the height and the width, or before and behind each.
        cropping: Pairs<2> = 0,
        /// Where the channels are: `"channels_last"`, or `"channels_first"`, behind the batch.
        data_format: String = image_data_format(),
    }
}

spatial_layer!(Cropping2D, |layer| Cropping { cropping: layer.cropping, data_format: &layer.data_format });

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(Cropping2D::new, Check::inputs([[2, 3, 2, 2]]).output([2, 3, 2, 2]));
        check_layer(|| Cropping2D::new().cropping((1, 0)), Check::inputs([[2, 3, 2, 2]]).output([2, 1, 2, 2]));
        let first = || Cropping2D::new().cropping(((1, 0), (0, 2))).data_format("channels_first");
        check_layer(first, Check::inputs([[2, 2, 3, 3]]).output([2, 2, 2, 1]));
    }
}
