//! AutoContrast: images with all of the range of values. Keras: `keras.layers.AutoContrast`.

use super::arguments::{ImageArguments, image_setters};
use super::base_image_preprocessing_layer::{ImagePreprocessing, image_layer};
use super::factor::ValueRange;
use super::functions::{clipped, images_in_range};
use crate::Result;
use candle_core::Tensor;
use candle_keras_ops::random::Stream;
use candle_keras_ops::{self as ops, axes};

layer! {
    /// Stretches the values of each channel of an image over the range of values. A channel with one value stays as it is.
    ///
    /// As in Keras, the axes 1 and 2 are taken for height and width, whatever the `data_format`.
    ///
    /// Keras: `keras.layers.AutoContrast`.
    ///
    /// # Shapes
    /// - input and output: `(batch, height, width, channels)`, or one image without the batch
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{AutoContrast, Layer};
    /// use candle_keras_ops::{Device, Tensor};
    /// let image = Tensor::new(&[[[100f32], [120.], [150.]]], &Device::Cpu)?;
    /// let y = AutoContrast::new().call(&image)?.flatten_all()?.to_vec1::<f32>()?;
    /// assert_eq!(y.iter().map(|y| y.round()).collect::<Vec<_>>(), [0., 102., 255.]);
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct AutoContrast() {
        /// The lowest and the highest value of images.
        value_range: ValueRange = (0, 255),
        ..image: ImageArguments = ImageArguments::new() => image_setters,
    }
}

image_layer!(AutoContrast);

impl ImagePreprocessing for AutoContrast {
    type Transformation = ();

    const IN_INFERENCE: bool = true;

    fn check(&self) -> Result<()> {
        self.value_range.check()
    }

    fn get_random_transformation(&self, _: &Tensor, _: &mut Stream) -> Result<()> {
        Ok(())
    }

    fn transform_images(&self, images: &Tensor, (): &()) -> Result<Tensor> {
        let range = self.value_range.ends();
        let bytes = images_in_range(images, range, ValueRange::BYTES)?;
        let low = ops::min(&bytes, axes([1, 2]).keepdims(true))?;
        let distance = ops::subtract(&ops::max(&bytes, axes([1, 2]).keepdims(true))?, &low)?;
        // Not 0: its quotients, which are not used, would make gradients that are no numbers.
        let is_flat = distance.detach().eq(0.0)?;
        let distance = ops::where_(&is_flat, &distance.ones_like()?, &distance)?;
        let share = ops::divide(&ops::subtract(&bytes, &low)?, &distance)?;
        let stretched = clipped(&share.affine(255.0, 0.0)?, (0, 255).into())?;
        let is_flat = is_flat.broadcast_as(images.shape())?;
        Ok(ops::where_(&is_flat, images, &images_in_range(&stretched, ValueRange::BYTES, range)?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(AutoContrast::new, Check::inputs([[2, 2, 3, 2]]).without_narrow().output([2, 2, 3, 2]));
        check_layer(
            || AutoContrast::new().value_range((-1, 1)),
            Check::inputs([[2, 2, 1, 1]]).without_narrow().output([2, 2, 1, 1]),
        );
        // One value a channel.
        check_layer(AutoContrast::new, Check::inputs([[2, 1, 1, 2]]).without_narrow().output([2, 1, 1, 2]));
        assert!(AutoContrast::new().value_range((3, 3)).call(Input::shape([2, 2, 3])).shape().is_err());
    }
}
