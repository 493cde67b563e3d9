//! RandomBrightness: images of random brightness. Keras: `keras.layers.RandomBrightness`.

use super::arguments::{ImageArguments, image_setters};
use super::base_image_preprocessing_layer::{ImagePreprocessing, image_layer};
use super::factor::{Factor, ValueRange};
use super::functions::uniform;
use crate::Result;
use candle_core::Tensor;
use candle_keras_ops::image::{Number, PixelFunction, pixelwise};
use candle_keras_ops::random::Stream;
use serde::{Deserialize, Serialize};

layer! {
    /// In training, adds a random number to all pixels of each image.
    ///
    /// Keras: `keras.layers.RandomBrightness`.
    ///
    /// # Shapes
    /// - input and output: `(batch, height, width, channels)`, or one image without the batch
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Input, Layer, RandomBrightness};
    /// let y = RandomBrightness::new(0.2).value_range((0, 1)).call(&Input::shape([32, 32, 3]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 32, 32, 3)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct RandomBrightness(
        /// The number that is added, as a share of the range of values: a range within -1 to 1, or a number for the range around 0.
        factor: Factor,
    ) {
        /// The lowest and the highest value of images.
        value_range: ValueRange = (0, 255),
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
        ..image: ImageArguments = ImageArguments::new() => image_setters,
    }
}

image_layer!(RandomBrightness, seed);

/// The brightness of images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomBrightnessTransformation {
    /// What is added to each image.
    pub rgb_delta: Vec<f64>,
}

/// Adds a number, and clips to the range of values.
struct Brighten(f64, [f64; 2]);

impl PixelFunction<1, 1> for Brighten {
    #[inline(always)]
    fn apply<S: Number>(&self, [x]: [S; 1]) -> [S; 1] {
        let Self(delta, [low, high]) = *self;
        [(x + S::constant(delta)).clipped(low, high)]
    }
}

impl ImagePreprocessing for RandomBrightness {
    type Transformation = RandomBrightnessTransformation;

    fn check(&self) -> Result<()> {
        self.factor.range("factor", [-1.0, 1.0])?;
        self.value_range.check()
    }

    fn get_random_transformation(
        &self,
        images: &Tensor,
        random: &mut Stream,
    ) -> Result<RandomBrightnessTransformation> {
        let [low, high] = self.value_range.ends();
        let range = self.factor.range("factor", [-1.0, 1.0])?.map(|share| share * (high - low));
        Ok(RandomBrightnessTransformation { rgb_delta: uniform(random, images.dim(0)?, range) })
    }

    fn transform_images(&self, images: &Tensor, drawn: &RandomBrightnessTransformation) -> Result<Tensor> {
        let brighten = |&delta: &f64| Brighten(delta, self.value_range.ends());
        Ok(pixelwise(images, drawn.rgb_delta.iter().map(brighten).collect())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        let layer = || RandomBrightness::new(0.6).value_range((-1, 1));
        check_layer(layer, Check::inputs([[3, 3, 4, 2]]).output([3, 3, 4, 2]));
        check_layer(|| RandomBrightness::new((0.1, 0.2)), Check::inputs([[3, 3, 4, 2]]).output([3, 3, 4, 2]));
        assert!(RandomBrightness::new(-1.5).call(Input::shape([2, 2, 1])).shape().is_err());
    }
}
