//! RandomErasing: images with random rectangles erased. Keras: `keras.layers.RandomErasing`.

use super::arguments::{ImageArguments, image_setters};
use super::base_image_preprocessing_layer::{ImagePreprocessing, image_layer};
use super::factor::{Factor, ValueRange};
use super::functions::{Region, applies, choose, inside, part, uniform};
use crate::{Error, Result};
use candle_core::Tensor;
use candle_keras_ops as ops;
use candle_keras_ops::image::DataFormat;
use candle_keras_ops::random::Stream;
use serde::{Deserialize, Serialize};

/// What is in place of what is erased.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FillValue {
    /// One number for all channels.
    One(f64),
    /// A number for each of three channels.
    Color([f64; 3]),
}

impl From<f64> for FillValue {
    fn from(value: f64) -> Self {
        Self::One(value)
    }
}

impl From<[f64; 3]> for FillValue {
    fn from(color: [f64; 3]) -> Self {
        Self::Color(color)
    }
}

layer! {
    /// In training, erases a random rectangle of some images (Zhong et al., "Random erasing data augmentation", 2017).
    ///
    /// Keras: `keras.layers.RandomErasing`.
    ///
    /// # Shapes
    /// - input and output: `(batch, height, width, channels)`, or one image without the batch
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Input, Layer, RandomErasing};
    /// let y = RandomErasing::new().factor(0.5).fill_value(0.0).call(&Input::shape([32, 32, 3]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 32, 32, 3)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct RandomErasing() {
        /// The probability with which an image changes: a number, or a range from which it is drawn.
        factor: Factor = 1.0,
        /// The share of the image that is erased, 0 to 1: a range, or a number for the range from 0 to it.
        scale: Factor = (0.02, 0.33),
        /// What is in its place: a number, or one for each of three channels; by default noise from the normal distribution.
        fill_value: Option<FillValue>,
        /// The lowest and the highest value of images.
        value_range: ValueRange = (0, 255),
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
        ..image: ImageArguments = ImageArguments::new() => image_setters,
    }
}

image_layer!(RandomErasing, seed);

/// What is erased.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomErasingTransformation {
    /// Which images change.
    pub apply_erasing: Vec<bool>,
    /// For each image `[left, right, top, bottom]`, in pixels; a pixel is inside if its index is.
    pub regions: Vec<[f64; 4]>,
    /// What is in its place: one number, one for each channel, or one for each element of the images.
    pub fill_value: Vec<f64>,
}

impl RandomErasing {
    /// The fill values as images.
    fn fill(&self, images: &Tensor, values: &[f64]) -> Result<Tensor> {
        let channels = self.image.sizes(images)?.channels;
        let axis = if self.image.format()? == DataFormat::ChannelsLast { 3 } else { 1 };
        let mut shape = [1; 4];
        match values.len() {
            1 => (),
            count if count == channels => shape[axis] = channels,
            count if count == images.elem_count() => shape.copy_from_slice(images.dims()),
            count => {
                return Err(Error::new("fill_value does not fit the images")
                    .expected(format!("a number, or {channels}"))
                    .received(count.to_string()));
            }
        }
        let [low, high] = self.value_range.ends();
        let values: Vec<f64> = values.iter().map(|x| x.clamp(low, high)).collect();
        Ok(Tensor::from_vec(values, &shape, images.device())?.to_dtype(images.dtype())?)
    }
}

impl ImagePreprocessing for RandomErasing {
    type Transformation = RandomErasingTransformation;

    fn check(&self) -> Result<()> {
        self.factor.range("factor", [0.0, 1.0])?;
        self.scale.strict("scale", [0.0, 1.0])?;
        self.value_range.check()
    }

    fn get_random_transformation(&self, images: &Tensor, random: &mut Stream) -> Result<RandomErasingTransformation> {
        let sizes = self.image.sizes(images)?;
        let scale = self.scale.strict("scale", [0.0, 1.0])?;
        let region = |_| -> Region {
            let shares = uniform(random, 2, scale);
            let side = |random: &mut Stream, size: usize, share: f64| part(random, size, size as f64 * share.sqrt());
            let ([left, right], [top, bottom]) =
                (side(random, sizes.width, shares[0]), side(random, sizes.height, shares[1]));
            [left, right, top, bottom]
        };
        let regions = (0..sizes.batch).map(region).collect();
        let apply_erasing = applies(random, sizes.batch, self.factor.range("factor", [0.0, 1.0])?);
        let fill_value = match self.fill_value {
            Some(FillValue::One(value)) => vec![value],
            Some(FillValue::Color(color)) => color.to_vec(),
            None => {
                let [_, high] = self.value_range.ends();
                random.normal(images.elem_count()).into_iter().map(|x| x * high).collect()
            }
        };
        Ok(RandomErasingTransformation { apply_erasing, regions, fill_value })
    }

    fn transform_images(&self, images: &Tensor, drawn: &RandomErasingTransformation) -> Result<Tensor> {
        let last = self.image.format()? == DataFormat::ChannelsLast;
        let mask = inside(&drawn.regions, images.dims4()?.into(), last)?.to_device(images.device())?;
        let erased = ops::where_(&mask, &self.fill(images, &drawn.fill_value)?, images)?;
        choose(&drawn.apply_erasing, &erased, images)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        let layer = || RandomErasing::new().factor((0.4, 0.9)).scale(0.9).value_range((-2, 2));
        check_layer(layer, Check::inputs([[4, 3, 4, 2]]).output([4, 3, 4, 2]));
        let first = || RandomErasing::new().fill_value([0.5, 1.0, 1.5]).data_format("channels_first").scale((0.5, 1.0));
        check_layer(first, Check::inputs([[2, 3, 3, 4]]).output([2, 3, 3, 4]));
        let error = |layer: RandomErasing| layer.call(Input::shape([2, 2, 3])).shape().unwrap_err().to_string();
        assert!(error(RandomErasing::new().scale((0.5, 1.5))).contains("scale"));
        assert!(error(RandomErasing::new().factor(1.5)).contains("factor"));
    }

    #[test]
    fn a_color_needs_three_channels() {
        let images = candle_keras_ops::gradcheck::values([2, 3, 3, 2], 1);
        let layer = RandomErasing::new().fill_value([1.0, 2.0, 3.0]);
        let drawn = layer.get_random_transformation(&images, &mut Stream::new(1, 0)).unwrap();
        assert!(layer.transform_images(&images, &drawn).unwrap_err().to_string().contains("fill_value"));
    }
}
