//! MixUp: mixtures of two images. Keras: `keras.layers.MixUp`.

use super::arguments::{ImageArguments, image_setters};
use super::base_image_preprocessing_layer::{ImagePreprocessing, image_layer};
use super::functions::{mixed, permuted};
use crate::{Error, Result};
use candle_core::Tensor;
use candle_keras_ops::random::Stream;
use serde::{Deserialize, Serialize};

layer! {
    /// In training, mixes each image with another image of the batch by a random share (Zhang et al., "mixup", 2017). Labels are mixed in the
    /// same way: see [`ImagePreprocessing::transform_labels`].
    ///
    /// Keras: `keras.layers.MixUp`.
    ///
    /// # Shapes
    /// - input and output: `(batch, height, width, channels)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Input, Layer, MixUp};
    /// let y = MixUp::new().alpha(0.4).call(&Input::shape([32, 32, 3]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 32, 32, 3)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct MixUp() {
        /// The parameter of the beta distribution from which the share is drawn; shares are near 0 and 1 for a small one.
        alpha: f64 = 0.2,
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
        ..image: ImageArguments = ImageArguments::new() => image_setters,
    }
}

image_layer!(MixUp, seed);

/// Which images are mixed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MixUpTransformation {
    /// For each image, its own share.
    pub mix_weight: Vec<f64>,
    /// For each image, that with which it is mixed.
    pub permutation_order: Vec<u32>,
}

impl ImagePreprocessing for MixUp {
    type Transformation = MixUpTransformation;

    fn check(&self) -> Result<()> {
        match self.alpha > 0.0 && self.alpha.is_finite() {
            true => Ok(()),
            false => Err(Error::new("alpha must be positive").received(self.alpha.to_string())),
        }
    }

    fn get_random_transformation(&self, images: &Tensor, random: &mut Stream) -> Result<MixUpTransformation> {
        let batch = images.dim(0)?;
        let permutation_order = random.permutation(batch);
        Ok(MixUpTransformation { mix_weight: random.beta(self.alpha, self.alpha, batch), permutation_order })
    }

    fn transform_images(&self, images: &Tensor, drawn: &MixUpTransformation) -> Result<Tensor> {
        mixed(images, &permuted(images, &drawn.permutation_order)?, &drawn.mix_weight)
    }

    fn transform_labels(&self, labels: &Tensor, drawn: &MixUpTransformation) -> Result<Tensor> {
        self.transform_images(labels, drawn)
    }

    fn transform_segmentation_masks(&self, masks: &Tensor, drawn: &MixUpTransformation) -> Result<Tensor> {
        self.transform_images(masks, drawn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(MixUp::new, Check::inputs([[4, 3, 4, 2]]).output([4, 3, 4, 2]));
        check_layer(|| MixUp::new().alpha(2.0).seed(3), Check::inputs([[4, 3, 4, 2]]).output([4, 3, 4, 2]));
        let images =
            |count: usize| Tensor::zeros((count, 2, 2, 3), candle_core::DType::F32, &candle_core::Device::Cpu).unwrap();
        let drawn = MixUp::new().get_random_transformation(&images(4), &mut Stream::new(0, 0)).unwrap();
        for count in [3, 5] {
            let error = MixUp::new().transform_images(&images(count), &drawn).unwrap_err().to_string();
            assert!(error.contains("drawn for another batch"), "{error}");
        }
        for alpha in [0.0, -1.0, f64::NAN] {
            assert!(MixUp::new().alpha(alpha).call(Input::shape([2, 2, 3])).shape().is_err());
        }
    }
}
