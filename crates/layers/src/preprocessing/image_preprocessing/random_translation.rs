//! RandomTranslation: images moved at random. Keras: `keras.layers.RandomTranslation`.

use super::arguments::{ImageArguments, WarpArguments, image_setters, warp_setters};
use super::base_image_preprocessing_layer::{ImagePreprocessing, image_layer};
use super::factor::Factor;
use super::functions::uniform;
use crate::Result;
use candle_core::Tensor;
use candle_keras_ops::image::{Affine, Interpolation, warp};
use candle_keras_ops::random::Stream;
use serde::{Deserialize, Serialize};

layer! {
    /// In training, moves each image by a random distance.
    ///
    /// Keras: `keras.layers.RandomTranslation`.
    ///
    /// # Shapes
    /// - input and output: `(batch, height, width, channels)`, or one image without the batch
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Input, Layer, RandomTranslation};
    /// let y = RandomTranslation::new(0.2, (-0.1, 0.3)).fill_mode("constant").call(&Input::shape([32, 32, 3]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 32, 32, 3)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct RandomTranslation(
        /// How far down, as shares of the height: a range within -1 to 1, or a number for the range around 0.
        height_factor: Factor,
        /// How far to the right, as shares of the width.
        width_factor: Factor,
    ) {
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
        ..warp: WarpArguments = WarpArguments::new() => warp_setters,
        ..image: ImageArguments = ImageArguments::new() => image_setters,
    }
}

image_layer!(RandomTranslation, seed);

/// How far images move.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomTranslationTransformation {
    /// For each image, to the right and down, in pixels.
    pub translations: Vec<[f64; 2]>,
}

impl RandomTranslation {
    fn ranges(&self) -> Result<[[f64; 2]; 2]> {
        let bounds = [-1.0, 1.0];
        Ok([self.height_factor.strict("height_factor", bounds)?, self.width_factor.strict("width_factor", bounds)?])
    }

    fn translate(&self, images: &Tensor, drawn: &RandomTranslationTransformation, how: Affine) -> Result<Tensor> {
        let transform = |&[right, down]: &[f64; 2]| [1.0, 0.0, -right, 0.0, 1.0, -down, 0.0, 0.0];
        Ok(warp(images, drawn.translations.iter().map(transform).collect(), &how)?)
    }
}

impl ImagePreprocessing for RandomTranslation {
    type Transformation = RandomTranslationTransformation;

    fn check(&self) -> Result<()> {
        self.ranges()?;
        self.warp.affine(&self.image).map(drop)
    }

    fn get_random_transformation(
        &self,
        images: &Tensor,
        random: &mut Stream,
    ) -> Result<RandomTranslationTransformation> {
        let (sizes, [height, width]) = (self.image.sizes(images)?, self.ranges()?);
        let down = uniform(random, sizes.batch, height.map(|share| share * sizes.height as f64));
        let right = uniform(random, sizes.batch, width.map(|share| share * sizes.width as f64));
        Ok(RandomTranslationTransformation {
            translations: right.into_iter().zip(down).map(|(right, down)| [right, down]).collect(),
        })
    }

    fn transform_images(&self, images: &Tensor, drawn: &RandomTranslationTransformation) -> Result<Tensor> {
        self.translate(images, drawn, self.warp.affine(&self.image)?)
    }

    fn transform_segmentation_masks(&self, masks: &Tensor, drawn: &RandomTranslationTransformation) -> Result<Tensor> {
        let how = Affine { interpolation: Interpolation::Nearest, ..self.warp.affine(&self.image)? };
        self.translate(masks, drawn, how)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        for fill_mode in ["reflect", "wrap", "constant", "nearest"] {
            let layer = || RandomTranslation::new(0.4, (0.1, 0.5)).fill_mode(fill_mode).fill_value(2.0);
            check_layer(layer, Check::inputs([[3, 3, 4, 2]]).output([3, 3, 4, 2]));
        }
        let first = || RandomTranslation::new(0.4, 0.3).data_format("channels_first").interpolation("nearest");
        check_layer(first, Check::inputs([[3, 2, 3, 4]]).output([3, 2, 3, 4]));
        let error = |layer: RandomTranslation| layer.call(Input::shape([2, 2, 1])).shape().unwrap_err().to_string();
        assert!(error(RandomTranslation::new(1.5, 0.1)).contains("height_factor"));
        assert!(error(RandomTranslation::new(0.5, (0.1, f64::NAN))).contains("width_factor"));
        assert!(error(RandomTranslation::new(0.5, 0.1).fill_mode("wrp")).contains("did you mean \"wrap\"?"));
    }
}
