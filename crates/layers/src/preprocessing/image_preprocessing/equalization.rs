//! Equalization: images with an even histogram. Keras: `keras.layers.Equalization`.

use super::arguments::{ImageArguments, image_setters};
use super::base_image_preprocessing_layer::{ImagePreprocessing, image_layer};
use super::factor::ValueRange;
use super::functions::images_in_range;
use crate::Result;
use crate::spatial::positive;
use candle_core::Tensor;
use candle_keras_ops::image::equalize;
use candle_keras_ops::random::Stream;

layer! {
    /// In training, spreads the values of each channel of all images together evenly. The gradient is zero.
    ///
    /// Keras: `keras.layers.Equalization`.
    ///
    /// # Shapes
    /// - input and output: `(batch, height, width, channels)`, or one image without the batch
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Equalization, Input, Layer};
    /// let y = Equalization::new().value_range((0, 1)).call(&Input::shape([32, 32, 3]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 32, 32, 3)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct Equalization() {
        /// The lowest and the highest value of images.
        value_range: ValueRange = (0, 255),
        /// The number of bins of the histogram.
        bins: usize = 256,
        ..image: ImageArguments = ImageArguments::new() => image_setters,
    }
}

image_layer!(Equalization);

impl ImagePreprocessing for Equalization {
    type Transformation = ();

    fn check(&self) -> Result<()> {
        positive("bins", &[self.bins])?;
        self.value_range.check()
    }

    fn get_random_transformation(&self, _: &Tensor, _: &mut Stream) -> Result<()> {
        Ok(())
    }

    fn transform_images(&self, images: &Tensor, (): &()) -> Result<Tensor> {
        let range = self.value_range.ends();
        let bytes = images_in_range(&images.detach(), range, ValueRange::BYTES)?;
        images_in_range(&equalize(&bytes, self.bins, self.image.format()?)?, ValueRange::BYTES, range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        let layer = || Equalization::new().value_range((-2, 2)).bins(4);
        check_layer(layer, Check::inputs([[2, 2, 3, 2]]).without_narrow().output([2, 2, 3, 2]));
        let first = || Equalization::new().value_range((-2, 2)).data_format("channels_first");
        check_layer(first, Check::inputs([[2, 2, 3, 2]]).without_narrow().output([2, 2, 3, 2]));
        assert!(Equalization::new().bins(0).call(Input::shape([2, 2, 3])).shape().is_err());
        assert!(Equalization::new().value_range((3, 3)).call(Input::shape([2, 2, 3])).shape().is_err());
    }
}
