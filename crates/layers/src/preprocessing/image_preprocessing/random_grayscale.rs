//! RandomGrayscale: some images without colors. Keras: `keras.layers.RandomGrayscale`.

use super::arguments::{ImageArguments, image_setters};
use super::base_image_preprocessing_layer::{ImagePreprocessing, image_layer};
use super::functions::check_channels;
use crate::spatial::{fraction, run_channels_last};
use crate::{Result, Shape};
use candle_core::Tensor;
use candle_keras_ops::image::{Grayscale, Number, PixelFunction, pixelwise};
use candle_keras_ops::random::Stream;
use serde::{Deserialize, Serialize};

layer! {
    /// In training, takes the colors of some images.
    ///
    /// Keras: `keras.layers.RandomGrayscale`.
    ///
    /// # Shapes
    /// - input and output: `(batch, height, width, channels)`, or one image without the batch
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{RandomGrayscale, Input, Layer};
    /// let y = RandomGrayscale::new().factor(0.3).call(&Input::shape([32, 32, 3]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 32, 32, 3)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct RandomGrayscale() {
        /// The probability with which an image loses its colors.
        factor: f64 = 0.5,
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
        ..image: ImageArguments = ImageArguments::new() => image_setters,
    }
}

image_layer!(RandomGrayscale, seed);

/// Which images lose their colors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomGrayscaleTransformation {
    /// One for each image.
    pub should_apply: Vec<bool>,
}

/// The brightness in all channels, if it applies.
struct WithoutColors(bool);

impl PixelFunction<3, 3> for WithoutColors {
    #[inline(always)]
    fn apply<S: Number>(&self, color: [S; 3]) -> [S; 3] {
        if self.0 { [Grayscale.apply(color)[0]; 3] } else { color }
    }
}

impl ImagePreprocessing for RandomGrayscale {
    type Transformation = RandomGrayscaleTransformation;

    const KEEPS_WHOLE_NUMBERS: bool = true;

    fn check(&self) -> Result<()> {
        fraction("factor", self.factor)
    }

    fn output_shape(&self, input: &Shape) -> Result<Shape> {
        check_channels(input, &self.image.data_format, &[1, 3])?;
        Ok(input.clone())
    }

    fn get_random_transformation(&self, images: &Tensor, random: &mut Stream) -> Result<RandomGrayscaleTransformation> {
        let should_apply = random.uniform(images.dim(0)?).into_iter().map(|x| x < self.factor).collect();
        Ok(RandomGrayscaleTransformation { should_apply })
    }

    fn transform_images(&self, images: &Tensor, drawn: &RandomGrayscaleTransformation) -> Result<Tensor> {
        if self.image.sizes(images)?.channels == 1 {
            return Ok(images.clone());
        }
        run_channels_last(images, &self.image.data_format, |images| {
            Ok(pixelwise(images, drawn.should_apply.iter().map(|&apply| WithoutColors(apply)).collect())?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(RandomGrayscale::new, Check::inputs([[4, 2, 3, 3]]).output([4, 2, 3, 3]));
        check_layer(RandomGrayscale::new, Check::inputs([[4, 2, 3, 1]]).output([4, 2, 3, 1]));
        let first = || RandomGrayscale::new().factor(1.0).data_format("channels_first");
        check_layer(first, Check::inputs([[2, 3, 2, 3]]).output([2, 3, 2, 3]));
        assert!(RandomGrayscale::new().call(Input::shape([2, 2, 4])).shape().is_err());
        assert!(RandomGrayscale::new().factor(1.5).call(Input::shape([2, 2, 3])).shape().is_err());
    }
}
