//! RandomSaturation: images of stronger or weaker colors. Keras: `keras.layers.RandomSaturation`.

use super::arguments::{ImageArguments, image_setters};
use super::base_image_preprocessing_layer::{ImagePreprocessing, image_layer};
use super::factor::{Factor, ValueRange};
use super::functions::{check_channels, uniform};
use crate::spatial::run_channels_last;
use crate::{Result, Shape};
use candle_core::Tensor;
use candle_keras_ops::config::epsilon;
use candle_keras_ops::image::{HsvToRgb, Number, PixelFunction, RgbToHsv, pixelwise};
use candle_keras_ops::random::Stream;
use serde::{Deserialize, Serialize};

layer! {
    /// In training, scales the saturation of each image by a random factor. Images are hardly clipped by the `value_range`, as in Keras.
    ///
    /// Keras: `keras.layers.RandomSaturation`.
    ///
    /// # Shapes
    /// - input and output: `(batch, height, width, channels)`, or one image without the batch
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{RandomSaturation, Input, Layer};
    /// let y = RandomSaturation::new((0.4, 0.6)).call(&Input::shape([32, 32, 3]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 32, 32, 3)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct RandomSaturation(
        /// The range of a number `x`, -1 to 1: the factor is `x / (1 - x)`, so that 0.5 changes nothing. One number is the range around 0.
        factor: Factor,
    ) {
        /// The lowest and the highest value of images.
        value_range: ValueRange = (0, 255),
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
        ..image: ImageArguments = ImageArguments::new() => image_setters,
    }
}

image_layer!(RandomSaturation, seed);

/// The saturation of images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomSaturationTransformation {
    /// The factor of each image; 1 changes nothing.
    pub factor: Vec<f64>,
}

/// Scales the saturation.
struct Saturate(f64, [f64; 2]);

impl PixelFunction<3, 3> for Saturate {
    #[inline(always)]
    fn apply<S: Number>(&self, color: [S; 3]) -> [S; 3] {
        let Self(factor, [low, high]) = *self;
        let [hue, saturation, value] = RgbToHsv.apply(color);
        HsvToRgb.apply([hue, (saturation * S::constant(factor)).clipped(low, high), value])
    }
}

impl ImagePreprocessing for RandomSaturation {
    type Transformation = RandomSaturationTransformation;

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
    ) -> Result<RandomSaturationTransformation> {
        let share = uniform(random, images.dim(0)?, self.factor.range("factor", [-1.0, 1.0])?);
        // Keras's epsilon keeps the factor of a share of 1 finite.
        Ok(RandomSaturationTransformation { factor: share.into_iter().map(|x| x / (1.0 - x + epsilon())).collect() })
    }

    fn transform_images(&self, images: &Tensor, drawn: &RandomSaturationTransformation) -> Result<Tensor> {
        let range = self.value_range.ends();
        run_channels_last(images, &self.image.data_format, |images| {
            Ok(pixelwise(images, drawn.factor.iter().map(|&factor| Saturate(factor, range)).collect())?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        let layer = || RandomSaturation::new((0.2, 0.7));
        check_layer(layer, Check::inputs([[3, 2, 2, 3]]).output([3, 2, 2, 3]));
        let first = || RandomSaturation::new(0.5).value_range((0, 1)).data_format("channels_first");
        check_layer(first, Check::inputs([[2, 3, 2, 2]]).output([2, 3, 2, 2]));
        assert!(RandomSaturation::new(0.5).call(Input::shape([2, 2, 4])).shape().is_err());
        assert!(RandomSaturation::new(1.5).call(Input::shape([2, 2, 3])).shape().is_err());
    }
}
