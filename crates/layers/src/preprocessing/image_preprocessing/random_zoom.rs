//! RandomZoom: images nearer or farther at random. Keras: `keras.layers.RandomZoom`.

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
    /// In training, zooms each image by a random factor: a positive one shows more of what is around, a negative one a smaller part.
    ///
    /// Keras: `keras.layers.RandomZoom`.
    ///
    /// # Shapes
    /// - input and output: `(batch, height, width, channels)`, or one image without the batch
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Input, Layer, RandomZoom};
    /// let y = RandomZoom::new((-0.2, 0.1)).call(&Input::shape([32, 32, 3]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 32, 32, 3)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct RandomZoom(
        /// The zoom of the height: a range above -1 up to 1, or a number for the range around 0.
        height_factor: Factor,
    ) {
        /// The zoom of the width; by default that of the height.
        width_factor: Option<Factor>,
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
        ..warp: WarpArguments = WarpArguments::new() => warp_setters,
        ..image: ImageArguments = ImageArguments::new() => image_setters,
    }
}

image_layer!(RandomZoom, seed);

/// How much of the height and the width of an image is seen; 1 is all of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomZoomTransformation {
    /// Of each image's height.
    pub height_zoom: Vec<f64>,
    /// Of each image's width.
    pub width_zoom: Vec<f64>,
}

impl RandomZoom {
    /// The ranges of the zoom of the height and of the width.
    fn ranges(&self) -> Result<([f64; 2], Option<[f64; 2]>)> {
        // A zoom by -1 shows nothing.
        let bounds = [(-1.0f64).next_up(), 1.0];
        let range = |name: &str, factor: Factor| factor.strict(name, bounds).map(|range| range.map(|end| 1.0 + end));
        let width = self.width_factor.map(|factor| range("width_factor", factor)).transpose()?;
        Ok((range("height_factor", self.height_factor)?, width))
    }

    fn zoom(&self, images: &Tensor, drawn: &RandomZoomTransformation, how: Affine) -> Result<Tensor> {
        let sizes = self.image.sizes(images)?;
        let offset = |zoom: f64, size: usize| (size as f64 - 1.0) / 2.0 * (1.0 - zoom);
        let transform =
            |(&y, &x): (&f64, &f64)| [x, 0.0, offset(x, sizes.width), 0.0, y, offset(y, sizes.height), 0.0, 0.0];
        Ok(warp(images, drawn.height_zoom.iter().zip(&drawn.width_zoom).map(transform).collect(), &how)?)
    }
}

impl ImagePreprocessing for RandomZoom {
    type Transformation = RandomZoomTransformation;

    fn check(&self) -> Result<()> {
        self.ranges()?;
        self.warp.affine(&self.image).map(drop)
    }

    fn get_random_transformation(&self, images: &Tensor, random: &mut Stream) -> Result<RandomZoomTransformation> {
        let (batch, (height, width)) = (images.dim(0)?, self.ranges()?);
        let height_zoom = uniform(random, batch, height);
        let width_zoom = width.map_or_else(|| height_zoom.clone(), |width| uniform(random, batch, width));
        Ok(RandomZoomTransformation { height_zoom, width_zoom })
    }

    fn transform_images(&self, images: &Tensor, drawn: &RandomZoomTransformation) -> Result<Tensor> {
        self.zoom(images, drawn, self.warp.affine(&self.image)?)
    }

    fn transform_segmentation_masks(&self, masks: &Tensor, drawn: &RandomZoomTransformation) -> Result<Tensor> {
        let how = Affine { interpolation: Interpolation::Nearest, ..self.warp.affine(&self.image)? };
        self.zoom(masks, drawn, how)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| RandomZoom::new(0.4), Check::inputs([[3, 3, 4, 2]]).output([3, 3, 4, 2]));
        let first = || RandomZoom::new((-0.5, 0.2)).width_factor(0.3).data_format("channels_first").fill_mode("wrap");
        check_layer(first, Check::inputs([[3, 2, 3, 4]]).output([3, 2, 3, 4]));
        let error = |layer: RandomZoom| layer.call(Input::shape([2, 2, 1])).shape().unwrap_err().to_string();
        assert!(error(RandomZoom::new((-1.0, 0.5))).contains("height_factor"));
        assert!(error(RandomZoom::new(0.5).width_factor(1.1)).contains("width_factor"));
    }
}
