//! Resizing: images in another size. Keras: `keras.layers.Resizing`.

use super::arguments::{ImageArguments, image_setters};
use super::base_image_preprocessing_layer::{ImagePreprocessing, image_layer};
use crate::spatial::positive;
use crate::{Error, Result, Shape};
use candle_core::Tensor;
use candle_keras_ops::image::{Interpolation, Resize, resize};
use candle_keras_ops::random::Stream;

layer! {
    /// Resizes images; whole numbers are rounded and stay whole.
    ///
    /// Keras: `keras.layers.Resizing`.
    ///
    /// # Shapes
    /// - input: `(batch, height, width, channels)`, or one image without the batch
    /// - output: the same with the new height and width
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Input, Layer, Resizing};
    /// let y = Resizing::new(32, 48).interpolation("bicubic").antialias(true).call(&Input::shape([224, 224, 3]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 32, 48, 3)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct Resizing(
        /// The new height.
        height: usize,
        /// The new width.
        width: usize,
    ) {
        /// How values between pixels are computed: `"nearest"`, `"bilinear"`, `"bicubic"`, `"lanczos3"`, `"lanczos5"` or `"area"`.
        interpolation: String = "bilinear",
        /// Whether the largest part in the middle with the new aspect ratio is resized.
        crop_to_aspect_ratio: bool = false,
        /// Whether borders are added, so that the image has the new aspect ratio.
        pad_to_aspect_ratio: bool = false,
        /// What these borders are: `"constant"`, the `fill_value`.
        fill_mode: String = "constant",
        /// The value of these borders.
        fill_value: f64 = 0.0,
        /// Whether an image that becomes smaller is smoothed, so that all its pixels count.
        antialias: bool = false,
        ..image: ImageArguments = ImageArguments::new() => image_setters,
    }
}

image_layer!(Resizing);

impl Resizing {
    fn resize(&self, images: &Tensor, interpolation: &str) -> Result<Tensor> {
        let arguments = Resize {
            size: [self.height, self.width],
            interpolation: Interpolation::by_name(interpolation)?,
            antialias: self.antialias,
            crop_to_aspect_ratio: self.crop_to_aspect_ratio,
            pad_to_aspect_ratio: self.pad_to_aspect_ratio,
            fill_value: self.fill_value,
            data_format: self.image.format()?,
        };
        Ok(resize(images, &arguments)?)
    }
}

impl ImagePreprocessing for Resizing {
    type Transformation = ();

    const IN_INFERENCE: bool = true;
    const KEEPS_WHOLE_NUMBERS: bool = true;

    fn check(&self) -> Result<()> {
        positive("height and width", &[self.height, self.width])?;
        Interpolation::by_name(&self.interpolation)?;
        if self.fill_mode != "constant" {
            return Err(Error::unknown("fill_mode", &self.fill_mode, &["constant"]));
        }
        match self.crop_to_aspect_ratio && self.pad_to_aspect_ratio {
            true => Err(Error::new("an image is cropped or padded to an aspect ratio, not both")),
            false => Ok(()),
        }
    }

    fn output_shape(&self, input: &Shape) -> Result<Shape> {
        self.image.resized(input, self.height, self.width)
    }

    fn get_random_transformation(&self, _: &Tensor, _: &mut Stream) -> Result<()> {
        Ok(())
    }

    fn transform_images(&self, images: &Tensor, (): &()) -> Result<Tensor> {
        self.resize(images, &self.interpolation)
    }

    fn transform_segmentation_masks(&self, masks: &Tensor, (): &()) -> Result<Tensor> {
        self.resize(masks, "nearest")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};
    use candle_core::{DType, Device};

    #[test]
    fn behaves_as_every_layer_must() {
        for name in Interpolation::NAMES {
            check_layer(
                || Resizing::new(3, 5).interpolation(*name),
                Check::inputs([[2, 4, 4, 2]]).output([2, 3, 5, 2]),
            );
        }
        let first = || Resizing::new(2, 3).antialias(true).data_format("channels_first");
        check_layer(first, Check::inputs([[2, 1, 4, 5]]).output([2, 1, 2, 3]));
        let crop = || Resizing::new(3, 2).crop_to_aspect_ratio(true);
        check_layer(crop, Check::inputs([[2, 4, 5, 1]]).output([2, 3, 2, 1]));
        let pad = || Resizing::new(3, 2).pad_to_aspect_ratio(true).fill_value(0.5);
        check_layer(pad, Check::inputs([[2, 4, 5, 1]]).output([2, 3, 2, 1]));
    }

    #[test]
    fn bytes_stay_bytes_in_models_and_alone() {
        let image = Tensor::new(&[[[0u8], [255]]], &Device::Cpu).unwrap();
        let y = Resizing::new(1, 4).call(&image).unwrap();
        assert_eq!(y.flatten_all().unwrap().to_vec1::<u8>().unwrap(), [0, 64, 191, 255]);
        let symbolic = Resizing::new(1, 4).call(Input::shape([1, 2, 1]).dtype("uint8"));
        assert_eq!(symbolic.output().unwrap().dtype(), DType::U8);
    }

    #[test]
    fn arguments_that_cannot_be_are_errors() {
        let error = |layer: Resizing| layer.call(Input::shape([4, 4, 3])).shape().unwrap_err().to_string();
        assert!(error(Resizing::new(0, 3)).contains("height and width"));
        assert!(error(Resizing::new(2, 3).interpolation("bilinaer")).contains("did you mean \"bilinear\"?"));
        assert!(error(Resizing::new(2, 3).fill_mode("wrap")).contains("fill_mode"));
        assert!(error(Resizing::new(2, 3).crop_to_aspect_ratio(true).pad_to_aspect_ratio(true)).contains("not both"));
        assert!(Resizing::new(2, 3).call(Input::shape([4])).shape().unwrap_err().to_string().contains("images"));
        let huge = Resizing::new(usize::MAX, 3);
        assert!(huge.call(Tensor::zeros((1, 2, 2, 1), DType::F32, &Device::Cpu).unwrap()).is_err());
    }
}
