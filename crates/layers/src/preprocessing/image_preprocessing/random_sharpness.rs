//! RandomSharpness: images of random sharpness. Keras: `keras.layers.RandomSharpness`.

use super::arguments::{ImageArguments, image_setters};
use super::base_image_preprocessing_layer::{ImagePreprocessing, image_layer};
use super::factor::{Factor, ValueRange};
use super::functions::{clipped, scaled, uniform};
use crate::Result;
use crate::spatial::run_channels_last;
use candle_core::Tensor;
use candle_keras_ops::random::Stream;
use candle_keras_ops::{self as ops, Axis, FusedActivation, Padding};
use serde::{Deserialize, Serialize};

layer! {
    /// In training, makes each image sharper or smoother by a random factor.
    ///
    /// Keras: `keras.layers.RandomSharpness`.
    ///
    /// # Shapes
    /// - input and output: `(batch, height, width, channels)`, or one image without the batch
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{RandomSharpness, Input, Layer};
    /// let y = RandomSharpness::new((0.3, 0.7)).call(&Input::shape([32, 32, 3]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 32, 32, 3)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct RandomSharpness(
        /// The sharpness, 0 to 1: 0 is smooth, 0.5 changes nothing, 1 is sharp. A range, or a number for the range from 0 to it.
        factor: Factor,
    ) {
        /// The lowest and the highest value of images.
        value_range: ValueRange = (0, 255),
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
        ..image: ImageArguments = ImageArguments::new() => image_setters,
    }
}

image_layer!(RandomSharpness, seed);

/// The sharpness of images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomSharpnessTransformation {
    /// The factor of each image; 0.5 changes nothing.
    pub factor: Vec<f64>,
}

impl ImagePreprocessing for RandomSharpness {
    type Transformation = RandomSharpnessTransformation;

    fn check(&self) -> Result<()> {
        self.factor.range("factor", [0.0, 1.0])?;
        self.value_range.check()
    }

    fn get_random_transformation(&self, images: &Tensor, random: &mut Stream) -> Result<RandomSharpnessTransformation> {
        let factor = uniform(random, images.dim(0)?, self.factor.range("factor", [0.0, 1.0])?);
        Ok(RandomSharpnessTransformation { factor })
    }

    fn transform_images(&self, images: &Tensor, drawn: &RandomSharpnessTransformation) -> Result<Tensor> {
        run_channels_last(images, &self.image.data_format, |images| {
            let difference = ops::subtract(&smoothed(images)?, images)?;
            let part = scaled(&difference, drawn.factor.iter().map(|factor| 1.0 - 2.0 * factor))?;
            clipped(&ops::add(images, &part)?, self.value_range)
        })
    }
}

/// The mean of each pixel, five times, and those around it; zeros are beyond the border.
fn smoothed(images: &Tensor) -> Result<Tensor> {
    let (_, height, width, channels) = images.dims4()?;
    let kernel: Vec<f64> = (0..9).map(|i| if i == 4 { 5.0 / 13.0 } else { 1.0 / 13.0 }).collect();
    let kernel = Tensor::from_vec(kernel, (3, 3, 1, 1), images.device())?.to_dtype(images.dtype())?;
    let kernel = kernel.broadcast_as((3, 3, channels, 1))?.contiguous()?;
    let axes = [height, width].map(|size| Axis::new(size, 3, 1, 1, Padding::Same));
    Ok(ops::depthwise_conv(images, &kernel, None, &axes, FusedActivation::Linear)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        let layer = || RandomSharpness::new(0.9).value_range((-2, 2));
        check_layer(layer, Check::inputs([[3, 3, 4, 2]]).without_narrow().output([3, 3, 4, 2]));
        let first = || RandomSharpness::new((0.2, 0.4)).data_format("channels_first");
        check_layer(first, Check::inputs([[3, 2, 3, 4]]).without_narrow().output([3, 2, 3, 4]));
        assert!(RandomSharpness::new(1.5).call(Input::shape([2, 2, 3])).shape().is_err());
    }
}
