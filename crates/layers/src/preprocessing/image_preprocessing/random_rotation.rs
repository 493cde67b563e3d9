//! RandomRotation: images turned at random. Keras: `keras.layers.RandomRotation`.

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
    /// In training, turns each image by a random angle about its centre.
    ///
    /// Keras: `keras.layers.RandomRotation`.
    ///
    /// # Shapes
    /// - input and output: `(batch, height, width, channels)`, or one image without the batch
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Input, Layer, RandomRotation};
    /// let y = RandomRotation::new(0.1).call(&Input::shape([32, 32, 3])); // up to 36 degrees in both directions
    /// assert_eq!(y.shape()?.to_string(), "(None, 32, 32, 3)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct RandomRotation(
        /// The angle, as a share of the full circle: a range within -1 to 1, or a number for the range around 0.
        factor: Factor,
    ) {
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
        ..warp: WarpArguments = WarpArguments::new() => warp_setters,
        ..image: ImageArguments = ImageArguments::new() => image_setters,
    }
}

image_layer!(RandomRotation, seed);

/// How far images turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomRotationTransformation {
    /// The angle of each image, in degrees.
    pub angle: Vec<f64>,
}

impl RandomRotation {
    fn rotate(&self, images: &Tensor, drawn: &RandomRotationTransformation, how: Affine) -> Result<Tensor> {
        let sizes = self.image.sizes(images)?;
        let [x, y] = [sizes.width, sizes.height].map(|size| (size as f64 - 1.0) / 2.0);
        let transform = |angle: &f64| {
            let (sin, cos) = angle.to_radians().sin_cos();
            [cos, -sin, x - x * cos + y * sin, sin, cos, y - x * sin - y * cos, 0.0, 0.0]
        };
        Ok(warp(images, drawn.angle.iter().map(transform).collect(), &how)?)
    }
}

impl ImagePreprocessing for RandomRotation {
    type Transformation = RandomRotationTransformation;

    fn check(&self) -> Result<()> {
        self.factor.range("factor", [-1.0, 1.0])?;
        self.warp.affine(&self.image).map(drop)
    }

    fn get_random_transformation(&self, images: &Tensor, random: &mut Stream) -> Result<RandomRotationTransformation> {
        let range = self.factor.range("factor", [-1.0, 1.0])?.map(|share| share * 360.0);
        Ok(RandomRotationTransformation { angle: uniform(random, images.dim(0)?, range) })
    }

    fn transform_images(&self, images: &Tensor, drawn: &RandomRotationTransformation) -> Result<Tensor> {
        self.rotate(images, drawn, self.warp.affine(&self.image)?)
    }

    fn transform_segmentation_masks(&self, masks: &Tensor, drawn: &RandomRotationTransformation) -> Result<Tensor> {
        let how = Affine { interpolation: Interpolation::Nearest, ..self.warp.affine(&self.image)? };
        self.rotate(masks, drawn, how)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| RandomRotation::new(0.3), Check::inputs([[3, 3, 4, 2]]).output([3, 3, 4, 2]));
        let first = || RandomRotation::new((0.1, 0.3)).fill_mode("constant").data_format("channels_first");
        check_layer(first, Check::inputs([[3, 2, 3, 4]]).output([3, 2, 3, 4]));
        let error = |layer: RandomRotation| layer.call(Input::shape([2, 2, 1])).shape().unwrap_err().to_string();
        assert!(error(RandomRotation::new(1.5)).contains("factor"));
        assert!(error(RandomRotation::new(0.5).interpolation("bicubic")).contains("interpolation"));
    }
}
