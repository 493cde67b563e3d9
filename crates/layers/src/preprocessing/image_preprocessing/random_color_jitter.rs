//! RandomColorJitter: images of random brightness, contrast, saturation and hue. Keras: `keras.layers.RandomColorJitter`.

use super::arguments::{ImageArguments, image_setters};
use super::base_image_preprocessing_layer::{ImagePreprocessing, image_layer};
use super::factor::{Factor, ValueRange};
use super::functions::check_channels;
use super::{
    RandomBrightness, RandomBrightnessTransformation, RandomContrast, RandomContrastTransformation, RandomHue,
    RandomHueTransformation, RandomSaturation, RandomSaturationTransformation,
};
use crate::{Result, Shape};
use candle_core::Tensor;
use candle_keras_ops::random::Stream;
use serde::{Deserialize, Serialize};

layer! {
    /// In training, changes brightness, contrast, saturation and hue of each image by random numbers, one after the other.
    ///
    /// Keras: `keras.layers.RandomColorJitter`.
    ///
    /// # Shapes
    /// - input and output: `(batch, height, width, channels)`, or one image without the batch
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Input, Layer, RandomColorJitter};
    /// let y = RandomColorJitter::new().brightness_factor(0.2).hue_factor(0.1).call(&Input::shape([32, 32, 3]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 32, 32, 3)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct RandomColorJitter() {
        /// The lowest and the highest value of images.
        value_range: ValueRange = (0, 255),
        /// The factor of a [`RandomBrightness`].
        brightness_factor: Option<Factor>,
        /// The factor of a [`RandomContrast`].
        contrast_factor: Option<Factor>,
        /// The factor of a [`RandomSaturation`].
        saturation_factor: Option<Factor>,
        /// The factor of a [`RandomHue`].
        hue_factor: Option<Factor>,
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
        ..image: ImageArguments = ImageArguments::new() => image_setters,
    }
}

image_layer!(RandomColorJitter, seed);

/// What is drawn by each of the layers that change something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomColorJitterTransformation {
    /// By a [`RandomBrightness`].
    pub brightness: Option<RandomBrightnessTransformation>,
    /// By a [`RandomContrast`].
    pub contrast: Option<RandomContrastTransformation>,
    /// By a [`RandomSaturation`].
    pub saturation: Option<RandomSaturationTransformation>,
    /// By a [`RandomHue`].
    pub hue: Option<RandomHueTransformation>,
}

impl RandomColorJitter {
    fn brightness(&self) -> Option<RandomBrightness> {
        let layer = |factor| RandomBrightness::new(factor).value_range(self.value_range);
        self.brightness_factor.map(|factor| layer(factor).data_format(self.image.data_format.as_str()))
    }

    fn contrast(&self) -> Option<RandomContrast> {
        let layer = |factor| RandomContrast::new(factor).value_range(self.value_range);
        self.contrast_factor.map(|factor| layer(factor).data_format(self.image.data_format.as_str()))
    }

    fn saturation(&self) -> Option<RandomSaturation> {
        let layer = |factor| RandomSaturation::new(factor).value_range(self.value_range);
        self.saturation_factor.map(|factor| layer(factor).data_format(self.image.data_format.as_str()))
    }

    fn hue(&self) -> Option<RandomHue> {
        let layer = |factor| RandomHue::new(factor).value_range(self.value_range);
        self.hue_factor.map(|factor| layer(factor).data_format(self.image.data_format.as_str()))
    }
}

impl ImagePreprocessing for RandomColorJitter {
    type Transformation = RandomColorJitterTransformation;

    fn check(&self) -> Result<()> {
        self.brightness().map_or(Ok(()), |layer| layer.check())?;
        self.contrast().map_or(Ok(()), |layer| layer.check())?;
        self.saturation().map_or(Ok(()), |layer| layer.check())?;
        self.hue().map_or(Ok(()), |layer| layer.check())?;
        self.value_range.check()
    }

    fn output_shape(&self, input: &Shape) -> Result<Shape> {
        if self.saturation_factor.is_some() || self.hue_factor.is_some() {
            check_channels(input, &self.image.data_format, &[3])?;
        }
        Ok(input.clone())
    }

    fn get_random_transformation(
        &self,
        images: &Tensor,
        random: &mut Stream,
    ) -> Result<RandomColorJitterTransformation> {
        let brightness = self.brightness().map(|layer| layer.get_random_transformation(images, random)).transpose()?;
        let contrast = self.contrast().map(|layer| layer.get_random_transformation(images, random)).transpose()?;
        let saturation = self.saturation().map(|layer| layer.get_random_transformation(images, random)).transpose()?;
        let hue = self.hue().map(|layer| layer.get_random_transformation(images, random)).transpose()?;
        Ok(RandomColorJitterTransformation { brightness, contrast, saturation, hue })
    }

    fn transform_images(&self, images: &Tensor, drawn: &RandomColorJitterTransformation) -> Result<Tensor> {
        fn then<L: ImagePreprocessing>(
            x: Tensor,
            layer: Option<L>,
            drawn: &Option<L::Transformation>,
        ) -> Result<Tensor> {
            match (layer, drawn) {
                (Some(layer), Some(drawn)) => layer.transform_images(&x, drawn),
                _ => Ok(x),
            }
        }
        let x = then(images.clone(), self.brightness(), &drawn.brightness)?;
        let x = then(x, self.contrast(), &drawn.contrast)?;
        let x = then(x, self.saturation(), &drawn.saturation)?;
        then(x, self.hue(), &drawn.hue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        let all = || {
            let layer = RandomColorJitter::new().brightness_factor(0.2).contrast_factor((0.1, 0.3));
            layer.saturation_factor((0.4, 0.6)).hue_factor(0.3).value_range((-3, 3))
        };
        check_layer(all, Check::inputs([[2, 2, 2, 3]]).output([2, 2, 2, 3]));
        let first = || all().data_format("channels_first");
        check_layer(first, Check::inputs([[2, 3, 2, 2]]).output([2, 3, 2, 2]));
        check_layer(RandomColorJitter::new, Check::inputs([[2, 2, 2, 2]]).output([2, 2, 2, 2]));
        assert!(RandomColorJitter::new().hue_factor(2.0).call(Input::shape([2, 2, 3])).shape().is_err());
        assert!(RandomColorJitter::new().hue_factor(0.2).call(Input::shape([2, 2, 1])).shape().is_err());
    }
}
