//! Solarization: images that are partly negatives. Keras: `keras.layers.Solarization`.

use super::arguments::{ImageArguments, image_setters};
use super::base_image_preprocessing_layer::{ImagePreprocessing, image_layer};
use super::factor::{Factor, ValueRange};
use super::functions::{in_range, uniform};
use crate::Result;
use candle_core::Tensor;
use candle_keras_ops::image::{Number, PixelFunction, pixelwise};
use candle_keras_ops::random::Stream;
use serde::{Deserialize, Serialize};

layer! {
    /// In training, adds a random number to each image and inverts the values that are not below a random threshold.
    ///
    /// Keras: `keras.layers.Solarization`.
    ///
    /// # Shapes
    /// - input and output: `(batch, height, width, channels)`, or one image without the batch
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Solarization, Input, Layer};
    /// let y = Solarization::new().threshold_factor(0.5).call(&Input::shape([32, 32, 3]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 32, 32, 3)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct Solarization() {
        /// The number that is added, as a share of 255: a range within 0 to 1, or a number for the range from 0 to it.
        addition_factor: Factor = 0.0,
        /// The threshold, as a share of 255.
        threshold_factor: Factor = 0.0,
        /// The lowest and the highest value of images.
        value_range: ValueRange = (0, 255),
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
        ..image: ImageArguments = ImageArguments::new() => image_setters,
    }
}

image_layer!(Solarization, seed);

/// How images are solarized: numbers between 0 and 255.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SolarizationTransformation {
    /// What is added to each image.
    pub additions: Vec<f64>,
    /// From which value on each image is inverted.
    pub thresholds: Vec<f64>,
}

/// Adds a number, and inverts what is not below a threshold.
struct Solarize {
    addition: f64,
    threshold: f64,
    range: [f64; 2],
}

impl PixelFunction<1, 1> for Solarize {
    #[inline(always)]
    fn apply<S: Number>(&self, [x]: [S; 1]) -> [S; 1] {
        let [low, high] = ValueRange::BYTES;
        let x = (in_range(x, self.range, [low, high]) + S::constant(self.addition)).clipped(low, high);
        let x = if x < S::constant(self.threshold) { x } else { S::constant(high) - x };
        [in_range(x, [low, high], self.range)]
    }
}

impl Solarization {
    /// Keras multiplies the upper end alone by 255.
    fn ranges(&self) -> Result<[[f64; 2]; 2]> {
        let range = |name: &str, factor: Factor| factor.strict(name, [0.0, 1.0]).map(|[low, high]| [low, high * 255.0]);
        Ok([range("addition_factor", self.addition_factor)?, range("threshold_factor", self.threshold_factor)?])
    }
}

impl ImagePreprocessing for Solarization {
    type Transformation = SolarizationTransformation;

    fn check(&self) -> Result<()> {
        self.ranges()?;
        self.value_range.check()
    }

    fn get_random_transformation(&self, images: &Tensor, random: &mut Stream) -> Result<SolarizationTransformation> {
        let (batch, [additions, thresholds]) = (images.dim(0)?, self.ranges()?);
        let additions = uniform(random, batch, additions);
        Ok(SolarizationTransformation { additions, thresholds: uniform(random, batch, thresholds) })
    }

    fn transform_images(&self, images: &Tensor, drawn: &SolarizationTransformation) -> Result<Tensor> {
        let range = self.value_range.ends();
        let each = drawn.additions.iter().zip(&drawn.thresholds);
        let solarize = each.map(|(&addition, &threshold)| Solarize { addition, threshold, range });
        Ok(pixelwise(images, solarize.collect())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        let layer = || Solarization::new().addition_factor(0.2).threshold_factor((0.3, 0.9)).value_range((-2, 2));
        check_layer(layer, Check::inputs([[3, 3, 4, 2]]).output([3, 3, 4, 2]));
        check_layer(Solarization::new, Check::inputs([[3, 3, 4, 2]]).output([3, 3, 4, 2]));
        assert!(Solarization::new().threshold_factor(-0.5).call(Input::shape([2, 2, 3])).shape().is_err());
    }
}
