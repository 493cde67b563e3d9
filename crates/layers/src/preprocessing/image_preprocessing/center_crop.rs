//! CenterCrop: the middle of images. Keras: `keras.layers.CenterCrop`.

use super::arguments::{ImageArguments, image_setters};
use super::base_image_preprocessing_layer::{ImagePreprocessing, image_layer};
use crate::spatial::positive;
use crate::{Result, Shape};
use candle_core::Tensor;
use candle_keras_ops::image::{Resize, resize};
use candle_keras_ops::random::Stream;

layer! {
    /// The middle of images. Of a smaller image, the largest part with the aspect ratio is resized.
    ///
    /// Keras: `keras.layers.CenterCrop`.
    ///
    /// # Shapes
    /// - input: `(batch, height, width, channels)`, or one image without the batch
    /// - output: the same with the new height and width
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{CenterCrop, Input, Layer};
    /// let y = CenterCrop::new(24, 24).call(&Input::shape([28, 32, 1]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 24, 24, 1)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct CenterCrop(
        /// The height of the part.
        height: usize,
        /// The width of the part.
        width: usize,
    ) {
        ..image: ImageArguments = ImageArguments::new() => image_setters,
    }
}

image_layer!(CenterCrop);

impl ImagePreprocessing for CenterCrop {
    type Transformation = ();

    const IN_INFERENCE: bool = true;

    fn check(&self) -> Result<()> {
        positive("height and width", &[self.height, self.width])
    }

    fn output_shape(&self, input: &Shape) -> Result<Shape> {
        self.image.resized(input, self.height, self.width)
    }

    fn get_random_transformation(&self, _: &Tensor, _: &mut Stream) -> Result<()> {
        Ok(())
    }

    fn transform_images(&self, images: &Tensor, (): &()) -> Result<Tensor> {
        let (sizes, axis) = (self.image.sizes(images)?, self.image.height_axis(images.rank())?);
        match (sizes.height.checked_sub(self.height), sizes.width.checked_sub(self.width)) {
            (Some(rows), Some(columns)) => {
                Ok(images.narrow(axis, rows / 2, self.height)?.narrow(axis + 1, columns / 2, self.width)?)
            }
            _ => {
                let size = Resize::to([self.height, self.width]);
                Ok(resize(images, &Resize { crop_to_aspect_ratio: true, data_format: self.image.format()?, ..size })?)
            }
        }
    }

    fn transform_segmentation_masks(&self, masks: &Tensor, (): &()) -> Result<Tensor> {
        self.transform_images(masks, &())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| CenterCrop::new(2, 3), Check::inputs([[2, 5, 4, 2]]).output([2, 2, 3, 2]));
        check_layer(|| CenterCrop::new(3, 6), Check::inputs([[2, 5, 4, 2]]).output([2, 3, 6, 2]));
        let first = || CenterCrop::new(2, 3).data_format("channels_first");
        check_layer(first, Check::inputs([[2, 1, 4, 4]]).output([2, 1, 2, 3]));
        assert!(CenterCrop::new(0, 3).call(Input::shape([4, 4, 1])).shape().is_err());
    }
}
