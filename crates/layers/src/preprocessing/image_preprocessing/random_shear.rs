//! RandomShear: images slanted at random. Keras: `keras.layers.RandomShear`.

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
    /// In training, slants each image by a random amount.
    ///
    /// Keras: `keras.layers.RandomShear`.
    ///
    /// # Shapes
    /// - input and output: `(batch, height, width, channels)`, or one image without the batch
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{RandomShear, Input, Layer};
    /// let y = RandomShear::new().x_factor(0.2).y_factor((0.0, 0.1)).call(&Input::shape([32, 32, 3]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 32, 32, 3)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct RandomShear() {
        /// How far rows move to the side, as a share of their distance from the top: a range within 0 to 1, or a number for the range around 0.
        x_factor: Factor = 0.0,
        /// How far columns move down, as a share of their distance from the left.
        y_factor: Factor = 0.0,
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
        ..warp: WarpArguments = WarpArguments::new() => warp_setters,
        ..image: ImageArguments = ImageArguments::new() => image_setters,
    }
}

image_layer!(RandomShear, seed);

/// How far images are slanted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomShearTransformation {
    /// For each image, along the rows and along the columns.
    pub shear_factor: Vec<[f64; 2]>,
}

impl RandomShear {
    /// Keras writes the range of a number into files, which goes below 0.
    fn ranges(&self) -> Result<[[f64; 2]; 2]> {
        let bounds = [-1.0, 1.0];
        Ok([self.x_factor.strict("x_factor", bounds)?, self.y_factor.strict("y_factor", bounds)?])
    }

    fn shear(&self, images: &Tensor, drawn: &RandomShearTransformation, how: Affine) -> Result<Tensor> {
        let transform = |&[x, y]: &[f64; 2]| [1.0, x, 0.0, y, 1.0, 0.0, 0.0, 0.0];
        Ok(warp(images, drawn.shear_factor.iter().map(transform).collect(), &how)?)
    }
}

impl ImagePreprocessing for RandomShear {
    type Transformation = RandomShearTransformation;

    fn check(&self) -> Result<()> {
        self.ranges()?;
        self.warp.affine(&self.image).map(drop)
    }

    fn get_random_transformation(&self, images: &Tensor, random: &mut Stream) -> Result<RandomShearTransformation> {
        let (batch, [of_x, of_y]) = (images.dim(0)?, self.ranges()?);
        let sign = uniform(random, batch, [0.0, 1.0]).into_iter().map(|x| if x > 0.5 { -1.0 } else { 1.0 });
        let (y, x) = (uniform(random, batch, of_y), uniform(random, batch, of_x));
        let shear_factor = sign.zip(x.into_iter().zip(y)).map(|(sign, (x, y))| [sign * x, sign * y]).collect();
        Ok(RandomShearTransformation { shear_factor })
    }

    fn transform_images(&self, images: &Tensor, drawn: &RandomShearTransformation) -> Result<Tensor> {
        self.shear(images, drawn, self.warp.affine(&self.image)?)
    }

    fn transform_segmentation_masks(&self, masks: &Tensor, drawn: &RandomShearTransformation) -> Result<Tensor> {
        let how = Affine { interpolation: Interpolation::Nearest, ..self.warp.affine(&self.image)? };
        self.shear(masks, drawn, how)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        let layer = || RandomShear::new().x_factor(0.4).y_factor((0.1, 0.6));
        check_layer(layer, Check::inputs([[3, 3, 4, 2]]).output([3, 3, 4, 2]));
        let first = || RandomShear::new().x_factor((0.2, 0.3)).data_format("channels_first").fill_mode("constant");
        check_layer(first, Check::inputs([[3, 2, 3, 4]]).output([3, 2, 3, 4]));
        let error = RandomShear::new().y_factor(1.5).call(Input::shape([2, 2, 1])).shape().unwrap_err();
        assert!(error.to_string().contains("y_factor"), "{error}");
    }
}
