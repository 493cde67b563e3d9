//! RandomInvert: images as negatives at random. Keras: `keras.layers.RandomInvert`.

use super::arguments::{ImageArguments, image_setters};
use super::base_image_preprocessing_layer::{ImagePreprocessing, image_layer};
use super::factor::{Factor, ValueRange};
use super::functions::applies;
use crate::Result;
use candle_core::Tensor;
use candle_keras_ops::image::{Number, PixelFunction, pixelwise};
use candle_keras_ops::random::Stream;
use serde::{Deserialize, Serialize};

layer! {
    /// In training, inverts the colors of some images.
    ///
    /// Keras: `keras.layers.RandomInvert`.
    ///
    /// # Shapes
    /// - input and output: `(batch, height, width, channels)`, or one image without the batch
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{RandomInvert, Input, Layer};
    /// let y = RandomInvert::new().factor(0.5).call(&Input::shape([32, 32, 3]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 32, 32, 3)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct RandomInvert() {
        /// The probability with which an image is inverted: a range from which it is drawn, or a number for the range from 0 to it.
        factor: Factor = 1.0,
        /// The lowest and the highest value of images.
        value_range: ValueRange = (0, 255),
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
        ..image: ImageArguments = ImageArguments::new() => image_setters,
    }
}

image_layer!(RandomInvert, seed);

/// Which images are inverted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomInvertTransformation {
    /// One for each image.
    pub apply_inversion: Vec<bool>,
}

/// The distance to the highest value, if there is one.
struct Invert(Option<f64>);

impl PixelFunction<1, 1> for Invert {
    #[inline(always)]
    fn apply<S: Number>(&self, [x]: [S; 1]) -> [S; 1] {
        [self.0.map_or(x, |high| S::constant(high) - x)]
    }
}

impl ImagePreprocessing for RandomInvert {
    type Transformation = RandomInvertTransformation;

    fn check(&self) -> Result<()> {
        self.factor.range("factor", [0.0, 1.0])?;
        self.value_range.check()
    }

    fn get_random_transformation(&self, images: &Tensor, random: &mut Stream) -> Result<RandomInvertTransformation> {
        let apply_inversion = applies(random, images.dim(0)?, self.factor.range("factor", [0.0, 1.0])?);
        Ok(RandomInvertTransformation { apply_inversion })
    }

    fn transform_images(&self, images: &Tensor, drawn: &RandomInvertTransformation) -> Result<Tensor> {
        let [_, high] = self.value_range.ends();
        let invert = |&apply: &bool| Invert(apply.then_some(high));
        Ok(pixelwise(images, drawn.apply_inversion.iter().map(invert).collect())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| RandomInvert::new().factor((0.5, 0.9)), Check::inputs([[4, 3, 2, 2]]).output([4, 3, 2, 2]));
        check_layer(|| RandomInvert::new().value_range((0, 1)), Check::inputs([[4, 3, 2, 2]]).output([4, 3, 2, 2]));
        assert!(RandomInvert::new().factor(1.5).call(Input::shape([2, 2, 1])).shape().is_err());
    }
}
