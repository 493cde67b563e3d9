//! RandomElasticTransform: images pulled in all directions. Keras: `keras.layers.RandomElasticTransform`.

use super::arguments::interpolation;
use super::arguments::{ImageArguments, image_setters};
use super::base_image_preprocessing_layer::{ImagePreprocessing, image_layer};
use super::factor::{Factor, ValueRange};
use super::functions::{applies, choose, clipped, uniform};
use crate::Result;
use candle_core::Tensor;
use candle_keras_ops::image::{Affine, Elastic, FillMode, Interpolation, elastic_transform_by};
use candle_keras_ops::random::Stream;
use serde::{Deserialize, Serialize};

layer! {
    /// In training, pulls some images in all directions, a little differently at each pixel.
    ///
    /// Keras: `keras.layers.RandomElasticTransform`.
    ///
    /// # Shapes
    /// - input and output: `(batch, height, width, channels)`, or one image without the batch
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{RandomElasticTransform, Input, Layer};
    /// let y = RandomElasticTransform::new().factor(0.5).scale((0.3, 0.6)).call(&Input::shape([32, 32, 3]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 32, 32, 3)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct RandomElasticTransform() {
        /// The probability with which an image changes: a number, or a range from which it is drawn.
        factor: Factor = 1.0,
        /// The strength, 0 to 1: a range from which it is drawn, or a number for the range from 0 to it.
        scale: Factor = 1.0,
        /// How values between pixels are computed: `"nearest"` or `"bilinear"`.
        interpolation: String = "bilinear",
        /// What is beyond the border: `"reflect"`, `"mirror"`, `"wrap"`, `"nearest"`, or `"constant"`, the `fill_value`.
        fill_mode: String = "reflect",
        /// The value beyond the border for the `fill_mode` `"constant"`.
        fill_value: f64 = 0.0,
        /// The lowest and the highest value of images.
        value_range: ValueRange = (0, 255),
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
        ..image: ImageArguments = ImageArguments::new() => image_setters,
    }
}

image_layer!(RandomElasticTransform, seed);

/// How images are pulled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomElasticTransformTransformation {
    /// Which images change.
    pub apply_transform: Vec<bool>,
    /// The strength.
    pub distortion_factor: f64,
    /// Standard normal noise: a number for the column of each pixel, then one for the row of each.
    pub noise: Vec<f64>,
}

impl RandomElasticTransform {
    fn pull(
        &self,
        images: &Tensor,
        drawn: &RandomElasticTransformTransformation,
        interpolation: Interpolation,
    ) -> Result<Tensor> {
        let (sizes, factor) = (self.image.sizes(images)?, drawn.distortion_factor);
        if factor <= 0.0 {
            return Ok(images.clone());
        }
        let elastic = Elastic {
            alpha: 0.1 * factor * sizes.height.max(sizes.width) as f64,
            sigma: 0.05 * factor * sizes.height.min(sizes.width) as f64,
            sampling: Affine {
                interpolation,
                fill_mode: FillMode::by_name(&self.fill_mode)?,
                fill_value: self.fill_value,
                data_format: self.image.format()?,
            },
        };
        let pulled = elastic_transform_by(images, &elastic, &drawn.noise)?;
        clipped(&choose(&drawn.apply_transform, &pulled, images)?, self.value_range)
    }
}

impl ImagePreprocessing for RandomElasticTransform {
    type Transformation = RandomElasticTransformTransformation;

    fn check(&self) -> Result<()> {
        self.factor.range("factor", [0.0, 1.0])?;
        self.scale.range("scale", [0.0, 1.0])?;
        FillMode::by_name(&self.fill_mode)?;
        interpolation(&self.interpolation)?;
        self.value_range.check()
    }

    fn get_random_transformation(
        &self,
        images: &Tensor,
        random: &mut Stream,
    ) -> Result<RandomElasticTransformTransformation> {
        let sizes = self.image.sizes(images)?;
        let apply_transform = applies(random, sizes.batch, self.factor.range("factor", [0.0, 1.0])?);
        let distortion_factor = uniform(random, 1, self.scale.range("scale", [0.0, 1.0])?)[0];
        let noise = random.normal(2 * sizes.batch * sizes.height * sizes.width);
        Ok(RandomElasticTransformTransformation { apply_transform, distortion_factor, noise })
    }

    fn transform_images(&self, images: &Tensor, drawn: &RandomElasticTransformTransformation) -> Result<Tensor> {
        self.pull(images, drawn, interpolation(&self.interpolation)?)
    }

    fn transform_segmentation_masks(
        &self,
        masks: &Tensor,
        drawn: &RandomElasticTransformTransformation,
    ) -> Result<Tensor> {
        self.pull(masks, drawn, Interpolation::Nearest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        let layer = || RandomElasticTransform::new().factor((0.4, 0.8)).value_range((-2, 2));
        check_layer(layer, Check::inputs([[3, 4, 4, 2]]).without_narrow().output([3, 4, 4, 2]));
        let first = || RandomElasticTransform::new().scale((0.5, 0.9)).data_format("channels_first").fill_mode("wrap");
        check_layer(first, Check::inputs([[3, 2, 4, 5]]).without_narrow().output([3, 2, 4, 5]));
        let error = RandomElasticTransform::new().scale(2.0).call(Input::shape([2, 2, 1])).shape().unwrap_err();
        assert!(error.to_string().contains("scale"), "{error}");
    }
}
