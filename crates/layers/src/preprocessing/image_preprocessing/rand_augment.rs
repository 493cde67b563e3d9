//! RandAugment: a few random changes one after the other. Keras: `keras.layers.RandAugment`.

use super::arguments::{ImageArguments, image_setters, interpolation};
use super::augmentations::{Augmentation, AugmentationTransformation, Common};
use super::base_image_preprocessing_layer::{ImagePreprocessing, image_layer};
use super::factor::{Factor, ValueRange};
use super::functions::check_channels;
use crate::{Error, Result, Shape};
use candle_core::Tensor;
use candle_keras_ops::random::Stream;
use serde::{Deserialize, Serialize};

layer! {
    /// In training, applies a few layers that are chosen at random, of eleven, to a batch (Cubuk et al., "RandAugment", 2019).
    ///
    /// Keras: `keras.layers.RandAugment`.
    ///
    /// # Shapes
    /// - input and output: `(batch, height, width, 3)`, or one image without the batch
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Input, Layer, RandAugment};
    /// let y = RandAugment::new().num_ops(3).factor(0.3).call(&Input::shape([32, 32, 3]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 32, 32, 3)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct RandAugment() {
        /// The lowest and the highest value of images.
        value_range: ValueRange = (0, 255),
        /// How many layers are applied one after the other.
        num_ops: usize = 2,
        /// How much they change, 0 to 1: a range, or a number for the range from 0 to it.
        factor: Factor = 0.5,
        /// How values between pixels are computed: `"nearest"` or `"bilinear"`.
        interpolation: String = "bilinear",
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
        ..image: ImageArguments = ImageArguments::new() => image_setters,
    }
}

image_layer!(RandAugment, seed);

/// What is done one after the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandAugmentTransformation {
    /// Each step.
    pub steps: Vec<AugmentationTransformation>,
}

/// More than anyone applies: a file may ask for any number.
const MOST_OPS: usize = 1000;

impl RandAugment {
    fn common(&self) -> Result<Common<'_>> {
        Ok(Common {
            factor: self.factor.strict("factor", [0.0, 1.0])?,
            value_range: self.value_range,
            interpolation: &self.interpolation,
            data_format: &self.image.data_format,
        })
    }
}

impl ImagePreprocessing for RandAugment {
    type Transformation = RandAugmentTransformation;

    fn check(&self) -> Result<()> {
        self.common()?;
        interpolation(&self.interpolation)?;
        if self.num_ops > MOST_OPS {
            return Err(Error::new("num_ops is too large")
                .expected(format!("at most {MOST_OPS}"))
                .received(self.num_ops.to_string()));
        }
        self.value_range.check()
    }

    fn output_shape(&self, input: &Shape) -> Result<Shape> {
        check_channels(input, &self.image.data_format, &[3])?;
        Ok(input.clone())
    }

    fn get_random_transformation(&self, images: &Tensor, random: &mut Stream) -> Result<RandAugmentTransformation> {
        let common = self.common()?;
        let steps = (0..self.num_ops).map(|_| {
            let chosen = Augmentation::ALL[random.below(Augmentation::ALL.len() as u64) as usize];
            chosen.draw(&common, images, random)
        });
        Ok(RandAugmentTransformation { steps: steps.collect::<Result<_>>()? })
    }

    fn transform_images(&self, images: &Tensor, drawn: &RandAugmentTransformation) -> Result<Tensor> {
        let common = self.common()?;
        drawn.steps.iter().try_fold(images.clone(), |images, step| step.transform_images(&common, &images))
    }

    fn transform_segmentation_masks(&self, masks: &Tensor, drawn: &RandAugmentTransformation) -> Result<Tensor> {
        let common = self.common()?;
        drawn.steps.iter().try_fold(masks.clone(), |masks, step| step.transform_masks(&common, &masks))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        for seed in 0..6 {
            let layer = || RandAugment::new().seed(seed).value_range((-3, 3)).factor((0.2, 0.4));
            check_layer(layer, Check::inputs([[2, 3, 3, 3]]).output([2, 3, 3, 3]));
        }
        let first = || RandAugment::new().num_ops(1).data_format("channels_first");
        check_layer(first, Check::inputs([[2, 3, 3, 3]]).output([2, 3, 3, 3]));
        let error = |layer: RandAugment| layer.call(Input::shape([2, 2, 3])).shape().unwrap_err().to_string();
        assert!(error(RandAugment::new().num_ops(usize::MAX)).contains("num_ops"));
        assert!(error(RandAugment::new().factor(1.5)).contains("factor"));
        assert!(RandAugment::new().call(Input::shape([2, 2, 1])).shape().is_err());
    }

    #[test]
    fn all_layers_are_chosen() {
        let images = candle_keras_ops::gradcheck::values([1, 2, 2, 3], 1);
        let of_first = |i| {
            let drawn = RandAugment::new().get_random_transformation(&images, &mut Stream::new(1, i)).unwrap();
            let name = serde_json::to_value(&drawn.steps[0]).unwrap();
            name.as_object().unwrap().keys().next().unwrap().clone()
        };
        let names: std::collections::BTreeSet<String> = (0..300).map(of_first).collect();
        assert_eq!(names.len(), Augmentation::ALL.len());
    }
}
