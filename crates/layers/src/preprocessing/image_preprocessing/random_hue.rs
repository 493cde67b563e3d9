//! RandomHue: images of other colors. Keras: `keras.layers.RandomHue`.

use super::arguments::{ImageArguments, image_setters};
use super::base_image_preprocessing_layer::{ImagePreprocessing, image_layer};
use super::factor::{Factor, ValueRange};
use super::functions::{check_channels, in_range, uniform};
use crate::spatial::run_channels_last;
use crate::{Result, Shape};
use candle_core::Tensor;
use candle_keras_ops::image::{HsvToRgb, Number, PixelFunction, RgbToHsv, pixelwise};
use candle_keras_ops::random::Stream;
use serde::{Deserialize, Serialize};

layer! {
    /// In training, moves the hue of each image by a random amount.
    ///
    /// Keras: `keras.layers.RandomHue`.
    ///
    /// # Shapes
    /// - input and output: `(batch, height, width, channels)`, or one image without the batch
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{RandomHue, Input, Layer};
    /// let y = RandomHue::new(0.2).value_range((0, 1)).call(&Input::shape([32, 32, 3]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 32, 32, 3)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct RandomHue(
        /// How far the hue moves, 0 to 1; 1 is half of the circle of colors: a range, or a number for the range from 0 to it.
        factor: Factor,
    ) {
        /// The lowest and the highest value of images.
        value_range: ValueRange = (0, 255),
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
        ..image: ImageArguments = ImageArguments::new() => image_setters,
    }
}

image_layer!(RandomHue, seed);

/// How far hues move.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomHueTransformation {
    /// For each image, as a share of the circle of colors.
    pub factor: Vec<f64>,
}

/// Moves the hue.
struct Shift(f64, [f64; 2]);

impl PixelFunction<3, 3> for Shift {
    #[inline(always)]
    fn apply<S: Number>(&self, color: [S; 3]) -> [S; 3] {
        let Self(shift, range) = *self;
        let (zero, one) = (S::constant(0.0), S::constant(1.0));
        let [hue, saturation, value] = RgbToHsv.apply(color.map(|x| in_range(x, range, [0.0, 1.0])));
        let hue = hue + S::constant(shift);
        let hue = if hue > one { hue - one } else { hue };
        let hue = if hue < zero { hue + one } else { hue };
        HsvToRgb.apply([hue, saturation, value]).map(|x| in_range(x.clipped(0.0, 1.0), [0.0, 1.0], range))
    }
}

impl ImagePreprocessing for RandomHue {
    type Transformation = RandomHueTransformation;

    fn check(&self) -> Result<()> {
        self.factor.range("factor", [0.0, 1.0])?;
        self.value_range.check()
    }

    fn output_shape(&self, input: &Shape) -> Result<Shape> {
        check_channels(input, &self.image.data_format, &[3])?;
        Ok(input.clone())
    }

    fn get_random_transformation(&self, images: &Tensor, random: &mut Stream) -> Result<RandomHueTransformation> {
        let batch = images.dim(0)?;
        let sign = random.uniform(batch).into_iter().map(|x| if x > 0.5 { -0.5 } else { 0.5 });
        let factor = uniform(random, batch, self.factor.range("factor", [0.0, 1.0])?);
        Ok(RandomHueTransformation { factor: sign.zip(factor).map(|(sign, factor)| sign * factor).collect() })
    }

    fn transform_images(&self, images: &Tensor, drawn: &RandomHueTransformation) -> Result<Tensor> {
        let range = self.value_range.ends();
        run_channels_last(images, &self.image.data_format, |images| {
            Ok(pixelwise(images, drawn.factor.iter().map(|&factor| Shift(factor, range)).collect())?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        let layer = || RandomHue::new((0.2, 0.9)).value_range((-3, 3));
        check_layer(layer, Check::inputs([[3, 2, 2, 3]]).output([3, 2, 2, 3]));
        let first = || RandomHue::new(0.5).data_format("channels_first");
        check_layer(first, Check::inputs([[2, 3, 2, 2]]).output([2, 3, 2, 2]));
        assert!(RandomHue::new(0.5).call(Input::shape([2, 2, 4])).shape().is_err());
        assert!(RandomHue::new(1.5).call(Input::shape([2, 2, 3])).shape().is_err());
    }
}
