//! RandomPosterization: images of few colors. Keras: `keras.layers.RandomPosterization`.

use super::arguments::{ImageArguments, image_setters};
use super::base_image_preprocessing_layer::{ImagePreprocessing, image_layer};
use super::factor::{Factor, ValueRange};
use super::functions::in_range;
use crate::Result;
use candle_core::Tensor;
use candle_keras_ops::image::{Number, PixelFunction, pixelwise};
use candle_keras_ops::random::Stream;
use serde::{Deserialize, Serialize};

layer! {
    /// In training, reduces the number of bits of each color, by a random number for each image.
    ///
    /// Keras: `keras.layers.RandomPosterization`.
    ///
    /// # Shapes
    /// - input and output: `(batch, height, width, channels)`, or one image without the batch
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{RandomPosterization, Input, Layer};
    /// let y = RandomPosterization::new((3.0, 6.0)).call(&Input::shape([32, 32, 3]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 32, 32, 3)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct RandomPosterization(
        /// The number of bits that are left, 1 to 8: from the first number to one below the second; one number is the range from 1.
        factor: Factor,
    ) {
        /// The lowest and the highest value of images.
        value_range: ValueRange = (0, 255),
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
        ..image: ImageArguments = ImageArguments::new() => image_setters,
    }
}

image_layer!(RandomPosterization, seed);

/// How many bits images lose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomPosterizationTransformation {
    /// The number of each image, of 8.
    pub shift_factor: Vec<u32>,
}

/// Removes the lowest bits of a byte.
struct Posterize(u32, [f64; 2]);

impl PixelFunction<1, 1> for Posterize {
    #[inline(always)]
    fn apply<S: Number>(&self, [x]: [S; 1]) -> [S; 1] {
        let Self(bits, range) = *self;
        let step = S::constant(f64::from(1u32 << bits.min(8)));
        let byte = in_range(x, range, ValueRange::BYTES).clipped(0.0, 255.0).floor();
        [in_range((byte / step).floor() * step, ValueRange::BYTES, range)]
    }
}

impl RandomPosterization {
    fn range(&self) -> Result<[u64; 2]> {
        Ok(self.factor.strict("factor", [1.0, 8.0])?.map(|bits| bits as u64))
    }
}

impl ImagePreprocessing for RandomPosterization {
    type Transformation = RandomPosterizationTransformation;

    fn check(&self) -> Result<()> {
        self.range()?;
        self.value_range.check()
    }

    fn get_random_transformation(
        &self,
        images: &Tensor,
        random: &mut Stream,
    ) -> Result<RandomPosterizationTransformation> {
        let [low, high] = self.range()?;
        let mut bits = || low + if high > low { random.below(high - low) } else { 0 };
        Ok(RandomPosterizationTransformation { shift_factor: (0..images.dim(0)?).map(|_| 8 - bits() as u32).collect() })
    }

    fn transform_images(&self, images: &Tensor, drawn: &RandomPosterizationTransformation) -> Result<Tensor> {
        let range = self.value_range.ends();
        Ok(pixelwise(images, drawn.shift_factor.iter().map(|&bits| Posterize(bits, range)).collect())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        let layer = || RandomPosterization::new((2.0, 5.0)).value_range((-1, 1));
        check_layer(layer, Check::inputs([[3, 3, 4, 2]]).without_narrow().output([3, 3, 4, 2]));
        check_layer(
            || RandomPosterization::new(8),
            Check::inputs([[3, 3, 4, 2]]).without_narrow().output([3, 3, 4, 2]),
        );
        assert!(RandomPosterization::new(9).call(Input::shape([2, 2, 3])).shape().is_err());
        assert!(RandomPosterization::new(0).call(Input::shape([2, 2, 3])).shape().is_err());
    }
}
