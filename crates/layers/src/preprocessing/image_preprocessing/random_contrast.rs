//! RandomContrast: images of random contrast. Keras: `keras.layers.RandomContrast`.

use super::arguments::{ImageArguments, image_setters};
use super::base_image_preprocessing_layer::{ImagePreprocessing, image_layer};
use super::factor::{Factor, ValueRange};
use super::functions::uniform;
use crate::Result;
use candle_core::Tensor;
use candle_keras_ops::image::adjust_contrast;
use candle_keras_ops::random::Stream;
use serde::{Deserialize, Serialize};

layer! {
    /// In training, scales the distance of the pixels of each image from their mean by a random factor, for each channel by itself.
    ///
    /// Keras: `keras.layers.RandomContrast`.
    ///
    /// # Shapes
    /// - input and output: `(batch, height, width, channels)`, or one image without the batch
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Input, Layer, RandomContrast};
    /// let y = RandomContrast::new((0.5, 0.5)).value_range((0, 1)).call(&Input::shape([32, 32, 3]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 32, 32, 3)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct RandomContrast(
        /// The range `(low, high)`: the factor is between `1 - low` and `1 + high`. One number is `high`, and `low` is 0 then.
        factor: Factor,
    ) {
        /// The lowest and the highest value of images.
        value_range: ValueRange = (0, 255),
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
        ..image: ImageArguments = ImageArguments::new() => image_setters,
    }
}

image_layer!(RandomContrast, seed);

/// The contrast of images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomContrastTransformation {
    /// The factor of each image; 1 changes nothing.
    pub contrast_factor: Vec<f64>,
}

impl ImagePreprocessing for RandomContrast {
    type Transformation = RandomContrastTransformation;

    fn check(&self) -> Result<()> {
        self.factor.range("factor", [0.0, 1.0])?;
        self.value_range.check()
    }

    fn get_random_transformation(&self, images: &Tensor, random: &mut Stream) -> Result<RandomContrastTransformation> {
        let [low, high] = self.factor.range("factor", [0.0, 1.0])?;
        let contrast_factor = uniform(random, images.dim(0)?, [1.0 - low, 1.0 + high]);
        Ok(RandomContrastTransformation { contrast_factor })
    }

    fn transform_images(&self, images: &Tensor, drawn: &RandomContrastTransformation) -> Result<Tensor> {
        let [low, high] = self.value_range.ends();
        Ok(adjust_contrast(images, &drawn.contrast_factor, (low, high), self.image.format()?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        let layer = || RandomContrast::new(0.6).value_range((-1, 1));
        check_layer(layer, Check::inputs([[3, 3, 4, 2]]).output([3, 3, 4, 2]));
        let first = || RandomContrast::new((0.2, 0.9)).data_format("channels_first");
        check_layer(first, Check::inputs([[3, 2, 3, 4]]).output([3, 2, 3, 4]));
        let error = |layer: RandomContrast| layer.call(Input::shape([2, 2, 1])).shape().unwrap_err().to_string();
        assert!(error(RandomContrast::new(1.5)).contains("factor"));
        assert!(error(RandomContrast::new(0.5).value_range((1, 1))).contains("value_range"));
    }
}
