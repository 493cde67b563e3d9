//! AugMix: a mixture of several chains of random changes. Keras: `keras.layers.AugMix`.

use super::arguments::{ImageArguments, image_setters, interpolation};
use super::augmentations::{Augmentation, AugmentationTransformation, Common};
use super::base_image_preprocessing_layer::{ImagePreprocessing, image_layer};
use super::factor::{Factor, ValueRange};
use super::functions::{check_channels, clipped};
use crate::{Error, Result, Shape};
use candle_core::Tensor;
use candle_keras_ops::random::Stream;
use serde::{Deserialize, Serialize};

layer! {
    /// In training, mixes images with several chains of random changes to them (Hendrycks et al., "AugMix", 2019).
    ///
    /// Keras: `keras.layers.AugMix`.
    ///
    /// # Shapes
    /// - input and output: `(batch, height, width, 3)`, or one image without the batch
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{AugMix, Input, Layer};
    /// let y = AugMix::new().num_chains(2).call(&Input::shape([32, 32, 3]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 32, 32, 3)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct AugMix() {
        /// The lowest and the highest value of images.
        value_range: ValueRange = (0, 255),
        /// The number of chains.
        num_chains: usize = 3,
        /// The number of changes of a chain, of which some are none.
        chain_depth: usize = 3,
        /// How much they change, 0 to 1: a range, or a number for the range from 0 to it.
        factor: Factor = 0.3,
        /// The parameter of the distributions of the shares of chains and images.
        alpha: f64 = 1.0,
        /// Whether brightness, colors, contrast and sharpness change too.
        all_ops: bool = true,
        /// How values between pixels are computed: `"nearest"` or `"bilinear"`.
        interpolation: String = "bilinear",
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
        ..image: ImageArguments = ImageArguments::new() => image_setters,
    }
}

image_layer!(AugMix, seed);

/// What is mixed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AugMixTransformation {
    /// The share of each chain in the mixture of chains.
    pub chain_mixing_weights: Vec<f64>,
    /// The share of the images themselves.
    pub weight_sample: f64,
    /// The changes of each chain.
    pub chain_transforms: Vec<Vec<AugmentationTransformation>>,
}

/// More than anyone applies: a file may ask for any number.
const MOST_CHANGES: usize = 1000;

impl AugMix {
    fn common(&self) -> Result<Common<'_>> {
        Ok(Common {
            factor: self.factor.strict("factor", [0.0, 1.0])?,
            value_range: self.value_range,
            interpolation: &self.interpolation,
            data_format: &self.image.data_format,
        })
    }

    /// A mixture of `x` and of chains of `change`.
    fn mix(
        &self,
        x: &Tensor,
        drawn: &AugMixTransformation,
        change: impl Fn(&AugmentationTransformation, &Common, &Tensor) -> Result<Tensor>,
    ) -> Result<Tensor> {
        let common = self.common()?;
        let mut mixture = (x * drawn.weight_sample)?;
        for (chain, weight) in drawn.chain_transforms.iter().zip(&drawn.chain_mixing_weights) {
            let changed = chain.iter().try_fold(x.clone(), |x, step| change(step, &common, &x))?;
            mixture = (mixture + (changed * (weight * (1.0 - drawn.weight_sample)))?)?;
        }
        Ok(mixture)
    }
}

impl ImagePreprocessing for AugMix {
    type Transformation = AugMixTransformation;

    fn check(&self) -> Result<()> {
        self.common()?;
        interpolation(&self.interpolation)?;
        if self.num_chains == 0 || self.num_chains.saturating_mul(self.chain_depth) > MOST_CHANGES {
            return Err(Error::new("num_chains must be positive, and its product with chain_depth at most 1000")
                .received(format!("{} and {}", self.num_chains, self.chain_depth)));
        }
        if !(self.alpha > 0.0 && self.alpha.is_finite()) {
            return Err(Error::new("alpha must be positive").received(self.alpha.to_string()));
        }
        self.value_range.check()
    }

    fn output_shape(&self, input: &Shape) -> Result<Shape> {
        check_channels(input, &self.image.data_format, &[3])?;
        Ok(input.clone())
    }

    fn get_random_transformation(&self, images: &Tensor, random: &mut Stream) -> Result<AugMixTransformation> {
        let common = self.common()?;
        let shares = random.gamma(self.alpha, self.num_chains);
        let sum: f64 = shares.iter().sum();
        let chain_mixing_weights = shares.into_iter().map(|share| share / sum).collect();
        let weight_sample = random.beta(self.alpha, self.alpha, 1)[0];
        let choices = if self.all_ops { Augmentation::ALL.len() } else { Augmentation::FEW };
        let mut chain = || -> Result<Vec<AugmentationTransformation>> {
            let mut steps = Vec::new();
            for _ in 0..self.chain_depth {
                // One more choice: no change.
                if let Some(chosen) = Augmentation::ALL[..choices].get(random.below(choices as u64 + 1) as usize) {
                    steps.push(chosen.draw(&common, images, random)?);
                }
            }
            Ok(steps)
        };
        let chain_transforms = (0..self.num_chains).map(|_| chain()).collect::<Result<_>>()?;
        Ok(AugMixTransformation { chain_mixing_weights, weight_sample, chain_transforms })
    }

    fn transform_images(&self, images: &Tensor, drawn: &AugMixTransformation) -> Result<Tensor> {
        let mixture = self.mix(images, drawn, AugmentationTransformation::transform_images)?;
        clipped(&mixture, self.value_range)
    }

    fn transform_segmentation_masks(&self, masks: &Tensor, drawn: &AugMixTransformation) -> Result<Tensor> {
        self.mix(masks, drawn, AugmentationTransformation::transform_masks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        for seed in 0..4 {
            let layer = || AugMix::new().seed(seed).value_range((-3, 3)).factor((0.2, 0.4));
            check_layer(layer, Check::inputs([[2, 3, 3, 3]]).without_narrow().output([2, 3, 3, 3]));
        }
        let first = || AugMix::new().all_ops(false).num_chains(2).data_format("channels_first").alpha(0.5);
        check_layer(first, Check::inputs([[2, 3, 3, 3]]).without_narrow().output([2, 3, 3, 3]));
        let error = |layer: AugMix| layer.call(Input::shape([2, 2, 3])).shape().unwrap_err().to_string();
        assert!(error(AugMix::new().num_chains(usize::MAX)).contains("num_chains"));
        assert!(error(AugMix::new().alpha(0.0)).contains("alpha"));
        assert!(AugMix::new().call(Input::shape([2, 2, 1])).shape().is_err());
    }
}
