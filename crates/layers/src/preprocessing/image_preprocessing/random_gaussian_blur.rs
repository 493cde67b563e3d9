//! RandomGaussianBlur: images blurred at random. Keras: `keras.layers.RandomGaussianBlur`.

use super::arguments::{ImageArguments, image_setters};
use super::base_image_preprocessing_layer::{ImagePreprocessing, image_layer};
use super::factor::{Factor, ValueRange};
use super::functions::{applies, choose, clipped, uniform};
use crate::{Error, Result, Sizes};
use candle_core::Tensor;
use candle_keras_ops::image::gaussian_blur;
use candle_keras_ops::random::Stream;
use serde::{Deserialize, Serialize};

layer! {
    /// In training, blurs some images, all by the same random Gaussian.
    ///
    /// Keras: `keras.layers.RandomGaussianBlur`.
    ///
    /// # Shapes
    /// - input and output: `(batch, height, width, channels)`, or one image without the batch
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{RandomGaussianBlur, Input, Layer};
    /// let y = RandomGaussianBlur::new().factor(0.5).kernel_size(5).sigma((0.3, 1.0)).call(&Input::shape([32, 32, 3]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 32, 32, 3)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct RandomGaussianBlur() {
        /// The probability with which an image is blurred: a number, or a range from which it is drawn.
        factor: Factor = 1.0,
        /// The size of the kernel, which is odd: one number, or that of the columns and of the rows.
        kernel_size: Sizes<2> = 3,
        /// The standard deviation in pixels, 0 to 1: a range from which it is drawn, or a number for the range from 0 to it.
        sigma: Factor = 1.0,
        /// The lowest and the highest value of images.
        value_range: ValueRange = (0, 255),
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
        ..image: ImageArguments = ImageArguments::new() => image_setters,
    }
}

image_layer!(RandomGaussianBlur, seed);

/// How images are blurred.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomGaussianBlurTransformation {
    /// Which images are blurred.
    pub should_apply_blur: Vec<bool>,
    /// The standard deviation along the columns and along the rows.
    pub blur_factor: [f64; 2],
}

impl ImagePreprocessing for RandomGaussianBlur {
    type Transformation = RandomGaussianBlurTransformation;

    fn check(&self) -> Result<()> {
        self.factor.range("factor", [0.0, 1.0])?;
        self.sigma.range("sigma", [0.0, 1.0])?;
        if self.kernel_size.0.iter().any(|size| size % 2 == 0 || *size >= 1 << 16) {
            return Err(
                Error::new("kernel_size must be odd, and below 65536").received(format!("{:?}", self.kernel_size.0))
            );
        }
        self.value_range.check()
    }

    fn get_random_transformation(
        &self,
        images: &Tensor,
        random: &mut Stream,
    ) -> Result<RandomGaussianBlurTransformation> {
        let should_apply_blur = applies(random, images.dim(0)?, self.factor.range("factor", [0.0, 1.0])?);
        let sigma = uniform(random, 2, self.sigma.range("sigma", [0.0, 1.0])?);
        // Not 0, by which Keras would divide.
        Ok(RandomGaussianBlurTransformation { should_apply_blur, blur_factor: [sigma[0] + 1e-6, sigma[1] + 1e-6] })
    }

    fn transform_images(&self, images: &Tensor, drawn: &RandomGaussianBlurTransformation) -> Result<Tensor> {
        let blurred = gaussian_blur(images, self.kernel_size.0, drawn.blur_factor, self.image.format()?)?;
        clipped(&choose(&drawn.should_apply_blur, &blurred, images)?, self.value_range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        let layer = || RandomGaussianBlur::new().factor(0.8).kernel_size((3, 5)).value_range((-2, 2));
        check_layer(layer, Check::inputs([[3, 3, 4, 2]]).without_narrow().output([3, 3, 4, 2]));
        let first = || RandomGaussianBlur::new().sigma((0.5, 0.9)).data_format("channels_first");
        check_layer(first, Check::inputs([[3, 2, 3, 4]]).without_narrow().output([3, 2, 3, 4]));
        let error = |layer: RandomGaussianBlur| layer.call(Input::shape([2, 2, 1])).shape().unwrap_err().to_string();
        assert!(error(RandomGaussianBlur::new().kernel_size(4)).contains("odd"));
        assert!(error(RandomGaussianBlur::new().sigma(-1.0)).contains("sigma"));
    }
}
