//! RandomPerspective: images seen from random sides. Keras: `keras.layers.RandomPerspective`.

use super::arguments::interpolation;
use super::arguments::{ImageArguments, image_setters};
use super::base_image_preprocessing_layer::{ImagePreprocessing, image_layer};
use super::factor::Factor;
use super::functions::{applies, choose, uniform};
use crate::Result;
use crate::spatial::fraction;
use candle_core::Tensor;
use candle_keras_ops::image::{Affine, FillMode, Interpolation, homography, warp};
use candle_keras_ops::random::Stream;
use serde::{Deserialize, Serialize};

layer! {
    /// In training, moves the corners of some images by random distances, as if they were seen from another side.
    ///
    /// Keras: `keras.layers.RandomPerspective`.
    ///
    /// # Shapes
    /// - input and output: `(batch, height, width, channels)`, or one image without the batch
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{RandomPerspective, Input, Layer};
    /// let y = RandomPerspective::new().factor(0.5).scale(0.3).call(&Input::shape([32, 32, 3]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 32, 32, 3)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct RandomPerspective() {
        /// The probability with which an image changes: a number, or a range from which it is drawn.
        factor: Factor = 1.0,
        /// The most that a corner moves, as a share of twice the size of the image.
        scale: f64 = 1.0,
        /// How values between pixels are computed: `"nearest"` or `"bilinear"`.
        interpolation: String = "bilinear",
        /// The value beyond the border.
        fill_value: f64 = 0.0,
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
        ..image: ImageArguments = ImageArguments::new() => image_setters,
    }
}

image_layer!(RandomPerspective, seed);

/// Where the corners of images go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomPerspectiveTransformation {
    /// Which images change.
    pub apply_perspective: Vec<bool>,
    /// The corners of each image, as `[x, y]`.
    pub start_points: Vec<[[f64; 2]; 4]>,
    /// Where they go.
    pub end_points: Vec<[[f64; 2]; 4]>,
}

impl RandomPerspective {
    fn project(
        &self,
        images: &Tensor,
        drawn: &RandomPerspectiveTransformation,
        interpolation: Interpolation,
    ) -> Result<Tensor> {
        let points = drawn.start_points.iter().zip(&drawn.end_points);
        let transforms = points.map(|(start, end)| homography(start, end)).collect::<candle_core::Result<_>>()?;
        let (fill_mode, fill_value) = (FillMode::Constant, self.fill_value);
        let how = Affine { interpolation, fill_mode, fill_value, data_format: self.image.format()? };
        choose(&drawn.apply_perspective, &warp(images, transforms, &how)?, images)
    }
}

impl ImagePreprocessing for RandomPerspective {
    type Transformation = RandomPerspectiveTransformation;

    fn check(&self) -> Result<()> {
        self.factor.range("factor", [0.0, 1.0])?;
        fraction("scale", self.scale)?;
        interpolation(&self.interpolation).map(drop)
    }

    fn get_random_transformation(
        &self,
        images: &Tensor,
        random: &mut Stream,
    ) -> Result<RandomPerspectiveTransformation> {
        let sizes = self.image.sizes(images)?;
        let apply_perspective = applies(random, sizes.batch, self.factor.range("factor", [0.0, 1.0])?);
        let moves = uniform(random, sizes.batch * 8, [-0.5 * self.scale, 0.5 * self.scale]);
        let [right, bottom] = [sizes.width, sizes.height].map(|size| size as f64 - 1.0);
        let corners = [[0.0, 0.0], [right, 0.0], [0.0, bottom], [right, bottom]];
        let moved = |moves: &[f64; 8]| {
            std::array::from_fn(|i| std::array::from_fn(|j| corners[i][j] * (1.0 + moves[2 * i + j])))
        };
        let end_points = moves.as_chunks().0.iter().map(moved).collect();
        Ok(RandomPerspectiveTransformation { apply_perspective, start_points: vec![corners; sizes.batch], end_points })
    }

    fn transform_images(&self, images: &Tensor, drawn: &RandomPerspectiveTransformation) -> Result<Tensor> {
        self.project(images, drawn, interpolation(&self.interpolation)?)
    }

    fn transform_segmentation_masks(&self, masks: &Tensor, drawn: &RandomPerspectiveTransformation) -> Result<Tensor> {
        self.project(masks, drawn, Interpolation::Nearest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        let layer = || RandomPerspective::new().factor((0.3, 0.9)).scale(0.8).fill_value(1.0);
        check_layer(layer, Check::inputs([[4, 3, 4, 2]]).output([4, 3, 4, 2]));
        check_layer(
            || RandomPerspective::new().data_format("channels_first"),
            Check::inputs([[3, 2, 3, 4]]).output([3, 2, 3, 4]),
        );
        let error = |layer: RandomPerspective| layer.call(Input::shape([2, 2, 1])).shape().unwrap_err().to_string();
        assert!(error(RandomPerspective::new().scale(1.5)).contains("scale"));
        assert!(error(RandomPerspective::new().factor(-0.5)).contains("factor"));
    }
}
