//! CLAHE: images with even histograms around each pixel. Keras: `keras.layers.ContrastLimitedAdaptiveHistogramEqualization`.

use super::arguments::{ImageArguments, image_setters};
use super::base_image_preprocessing_layer::{ImagePreprocessing, image_layer};
use super::factor::ValueRange;
use super::functions::images_in_range;
use crate::spatial::positive;
use crate::{Error, Result, Sizes};
use candle_core::{DType, Tensor};
use candle_keras_ops::image::{Clahe, clahe};
use candle_keras_ops::random::Stream;

layer! {
    /// Spreads the brightness around each pixel evenly, for each channel by itself, with a limit to how much contrast grows (Zuiderveld, "Contrast
    /// limited adaptive histogram equalization", 1994). The gradient is zero.
    ///
    /// Keras: `keras.layers.ContrastLimitedAdaptiveHistogramEqualization`.
    ///
    /// # Shapes
    /// - input and output: `(batch, height, width, channels)`, or one image without the batch
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{ContrastLimitedAdaptiveHistogramEqualization, Input, Layer};
    /// let y = ContrastLimitedAdaptiveHistogramEqualization::new().tile_grid_size((4, 4)).call(&Input::shape([32, 32, 3]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 32, 32, 3)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct ContrastLimitedAdaptiveHistogramEqualization() {
        /// The lowest and the highest value of images.
        value_range: ValueRange = (0, 255),
        /// How many times the mean count a bin of a histogram may have; 0 for any count.
        clip_limit: f64 = 4.0,
        /// The number of tiles along the rows and columns, each with its histogram.
        tile_grid_size: Sizes<2> = 8,
        ..image: ImageArguments = ImageArguments::new() => image_setters,
    }
}

image_layer!(ContrastLimitedAdaptiveHistogramEqualization);

impl ImagePreprocessing for ContrastLimitedAdaptiveHistogramEqualization {
    type Transformation = ();

    const IN_INFERENCE: bool = true;
    const KEEPS_WHOLE_NUMBERS: bool = true;

    fn check(&self) -> Result<()> {
        positive("tile_grid_size", &self.tile_grid_size.0)?;
        if !self.clip_limit.is_finite() {
            return Err(Error::new("clip_limit must be a number").received(self.clip_limit.to_string()));
        }
        self.value_range.check()
    }

    fn get_random_transformation(&self, _: &Tensor, _: &mut Stream) -> Result<()> {
        Ok(())
    }

    fn transform_images(&self, images: &Tensor, (): &()) -> Result<Tensor> {
        let (dtype, range) = (images.dtype(), self.value_range.ends());
        let images = images.detach().to_dtype(if dtype.is_float() { dtype } else { DType::F32 })?;
        let arguments = Clahe {
            clip_limit: self.clip_limit,
            tile_grid_size: self.tile_grid_size.0,
            data_format: self.image.format()?,
        };
        let y = clahe(&images_in_range(&images, range, ValueRange::BYTES)?, &arguments)?;
        Ok(images_in_range(&y, ValueRange::BYTES, range)?.to_dtype(dtype)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        let layer = || ContrastLimitedAdaptiveHistogramEqualization::new().value_range((-2, 2)).tile_grid_size((2, 3));
        check_layer(layer, Check::inputs([[2, 3, 4, 2]]).output([2, 3, 4, 2]));
        let first = || layer().data_format("channels_first").clip_limit(0.0);
        check_layer(first, Check::inputs([[2, 1, 4, 5]]).output([2, 1, 4, 5]));
        let new = ContrastLimitedAdaptiveHistogramEqualization::new;
        assert!(new().tile_grid_size((0, 2)).call(Input::shape([2, 2, 3])).shape().is_err());
        assert!(new().clip_limit(f64::NAN).call(Input::shape([2, 2, 3])).shape().is_err());
        let bytes = Tensor::zeros((9, 9, 1), DType::U8, &candle_core::Device::Cpu).unwrap();
        assert_eq!(new().call(&bytes).unwrap().dtype(), DType::U8);
    }
}
