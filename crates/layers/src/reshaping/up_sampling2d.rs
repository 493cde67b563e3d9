//! UpSampling2D: an image made larger. Keras: `keras.layers.UpSampling2D`.

use super::repetition::{UpSampling, interpolation};
use crate::Sizes;
use crate::spatial::spatial_layer;
use candle_keras_ops::config::image_data_format;

layer! {
    /// Makes an image larger.
    ///
    /// Keras: `keras.layers.UpSampling2D`.
    ///
    /// # Shapes
    /// - input: `(batch, height, width, channels)`
    /// - output: `(batch, new height, new width, channels)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{UpSampling2D, Input, Layer};
    /// let y = UpSampling2D::new().interpolation("bilinear").call(&Input::shape([14, 14, 8]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 28, 28, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct UpSampling2D() {
        /// How many times as large the height and the width become.
        size: Sizes<2> = 2,
        /// Where the channels are: `"channels_last"`, or `"channels_first"`, behind the batch.
        data_format: String = image_data_format(),
        /// `"nearest"` repeats the elements; `"bilinear"`, `"bicubic"`, `"lanczos3"` and `"lanczos5"` mix those around a place.
        interpolation: String = "nearest",
    }
}

spatial_layer!(UpSampling2D, |layer| UpSampling {
    size: layer.size,
    data_format: &layer.data_format,
    interpolation: interpolation(&layer.interpolation)?,
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Context, Input, Layer, check_layer};
    use candle_core::{Device, Tensor};

    #[test]
    fn behaves_as_every_layer_must() {
        for interpolation in ["nearest", "bilinear", "Bicubic", "lanczos3", "lanczos5"] {
            let plain = || UpSampling2D::new().interpolation(interpolation);
            check_layer(plain, Check::inputs([[2, 2, 3, 2]]).output([2, 4, 6, 2]));
            let first = || UpSampling2D::new().size((3, 1)).data_format("channels_first").interpolation(interpolation);
            check_layer(first, Check::inputs([[2, 2, 2, 3]]).output([2, 2, 6, 3]));
        }
        let other = UpSampling2D::new().interpolation("bilinaer").call(Input::shape([2, 2, 1]));
        assert!(other.shape().unwrap_err().to_string().contains("did you mean \"bilinear\"?"));
        assert!(UpSampling2D::new().interpolation("area").call(Input::shape([2, 2, 1])).shape().is_err());
    }

    /// Keras: elements lie at the middle of their parts, and the outer ones go on to the ends.
    #[test]
    fn what_lies_between_is_a_mixture() {
        let x = Tensor::new(&[[[[0f32], [4.]]]], &Device::Cpu).unwrap();
        let layer = UpSampling2D::new().interpolation("bilinear");
        let y = layer.forward(&[x], &mut Context::inference()).unwrap().remove(0);
        assert_eq!(y.flatten_all().unwrap().to_vec1::<f32>().unwrap(), [0., 1., 3., 4., 0., 1., 3., 4.]);
    }
}
