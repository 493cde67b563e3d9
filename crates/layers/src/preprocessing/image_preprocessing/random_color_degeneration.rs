//! RandomColorDegeneration: images that lose their colors at random. Keras: `keras.layers.RandomColorDegeneration`.

use super::arguments::{ImageArguments, image_setters};
use super::base_image_preprocessing_layer::{ImagePreprocessing, image_layer};
use super::factor::{Factor, ValueRange};
use super::functions::{check_channels, uniform};
use crate::spatial::run_channels_last;
use crate::{Result, Shape};
use candle_core::Tensor;
use candle_keras_ops::image::{Grayscale, Number, PixelFunction, pixelwise};
use candle_keras_ops::random::Stream;
use serde::{Deserialize, Serialize};

layer! {
    /// In training, mixes each image with itself in gray, by a random share.
    ///
    /// Keras: `keras.layers.RandomColorDegeneration`.
    ///
    /// # Shapes
    /// - input and output: `(batch, height, width, channels)`, or one image without the batch
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{RandomColorDegeneration, Input, Layer};
    /// let y = RandomColorDegeneration::new(0.5).call(&Input::shape([32, 32, 3]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 32, 32, 3)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct RandomColorDegeneration(
        /// The share of gray: a range within -1 to 1, or a number for the range around 0.
        factor: Factor,
    ) {
        /// The lowest and the highest value of images.
        value_range: ValueRange = (0, 255),
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
        ..image: ImageArguments = ImageArguments::new() => image_setters,
    }
}

image_layer!(RandomColorDegeneration, seed);

/// How much gray images get.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomColorDegenerationTransformation {
    /// The share of each image.
    pub factor: Vec<f64>,
}

/// Mixes a color with its brightness.
struct Degenerate(f64, [f64; 2]);

impl PixelFunction<3, 3> for Degenerate {
    #[inline(always)]
    fn apply<S: Number>(&self, color: [S; 3]) -> [S; 3] {
        let Self(factor, [low, high]) = *self;
        let [gray] = Grayscale.apply(color);
        color.map(|x| (x + S::constant(factor) * (gray - x)).clipped(low, high))
    }
}

impl ImagePreprocessing for RandomColorDegeneration {
    type Transformation = RandomColorDegenerationTransformation;

    fn check(&self) -> Result<()> {
        self.factor.range("factor", [-1.0, 1.0])?;
        self.value_range.check()
    }

    fn output_shape(&self, input: &Shape) -> Result<Shape> {
        check_channels(input, &self.image.data_format, &[3])?;
        Ok(input.clone())
    }

    fn get_random_transformation(
        &self,
        images: &Tensor,
        random: &mut Stream,
    ) -> Result<RandomColorDegenerationTransformation> {
        let factor = uniform(random, images.dim(0)?, self.factor.range("factor", [-1.0, 1.0])?);
        Ok(RandomColorDegenerationTransformation { factor })
    }

    fn transform_images(&self, images: &Tensor, drawn: &RandomColorDegenerationTransformation) -> Result<Tensor> {
        let range = self.value_range.ends();
        run_channels_last(images, &self.image.data_format, |images| {
            Ok(pixelwise(images, drawn.factor.iter().map(|&factor| Degenerate(factor, range)).collect())?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        let layer = || RandomColorDegeneration::new((0.2, 0.9)).value_range((-1, 1));
        check_layer(layer, Check::inputs([[3, 2, 2, 3]]).output([3, 2, 2, 3]));
        let first = || RandomColorDegeneration::new(0.5).data_format("channels_first");
        check_layer(first, Check::inputs([[2, 3, 2, 2]]).output([2, 3, 2, 2]));
        assert!(RandomColorDegeneration::new(0.5).call(Input::shape([2, 2, 4])).shape().is_err());
        assert!(RandomColorDegeneration::new(1.5).call(Input::shape([2, 2, 3])).shape().is_err());
    }
}
