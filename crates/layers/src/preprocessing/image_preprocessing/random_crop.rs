//! RandomCrop: a random part of images. Keras: `keras.layers.RandomCrop`.

use super::arguments::{ImageArguments, image_setters};
use super::base_image_preprocessing_layer::{ImagePreprocessing, image_layer};
use crate::spatial::positive;
use crate::{Result, Shape};
use candle_core::Tensor;
use candle_keras_ops::image::{Resize, resize};
use candle_keras_ops::random::Stream;
use serde::{Deserialize, Serialize};

layer! {
    /// In training, a random part of the images, the same for a batch; a smaller image is cropped to the aspect ratio and resized. Otherwise
    /// images stay whole, as in Keras 3.15, although the shape of the output is that of the part.
    ///
    /// Keras: `keras.layers.RandomCrop`.
    ///
    /// # Shapes
    /// - input: `(batch, height, width, channels)`, or one image without the batch
    /// - output: the same with the new height and width
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Call, Layer, RandomCrop};
    /// use candle_keras_ops::{DType, Device, Tensor};
    /// let images = Tensor::zeros((4, 28, 28, 1), DType::F32, &Device::Cpu)?;
    /// let y = RandomCrop::new(24, 24).call_with(&images, Call::new().training(true))?;
    /// assert_eq!(y.dims(), [4, 24, 24, 1]);
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct RandomCrop(
        /// The height of the part.
        height: usize,
        /// The width of the part.
        width: usize,
    ) {
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
        ..image: ImageArguments = ImageArguments::new() => image_setters,
    }
}

image_layer!(RandomCrop, seed);

/// The first row and column of the part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomCropTransformation {
    /// The first row.
    pub h_start: usize,
    /// The first column.
    pub w_start: usize,
}

impl ImagePreprocessing for RandomCrop {
    type Transformation = RandomCropTransformation;

    fn check(&self) -> Result<()> {
        positive("height and width", &[self.height, self.width])
    }

    fn output_shape(&self, input: &Shape) -> Result<Shape> {
        self.image.resized(input, self.height, self.width)
    }

    fn get_random_transformation(&self, images: &Tensor, random: &mut Stream) -> Result<RandomCropTransformation> {
        let sizes = self.image.sizes(images)?;
        if sizes.height > self.height && sizes.width > self.width {
            let mut start = |size: usize, part: usize| random.below((size - part + 1) as u64) as usize;
            let h_start = start(sizes.height, self.height);
            return Ok(RandomCropTransformation { h_start, w_start: start(sizes.width, self.width) });
        }
        // The middle, with the aspect ratio.
        let start = |size: usize, other: usize, over: usize, under: usize| {
            let part = (other as f64 * over as f64 / under as f64) as usize;
            (size - size.min(part).max(1)) / 2
        };
        Ok(RandomCropTransformation {
            h_start: start(sizes.height, sizes.width, self.height, self.width),
            w_start: start(sizes.width, sizes.height, self.width, self.height),
        })
    }

    fn transform_images(&self, images: &Tensor, start: &RandomCropTransformation) -> Result<Tensor> {
        let (axis, data_format) = (self.image.height_axis(images.rank())?, self.image.format()?);
        let part = |x: &Tensor, axis: usize, from: usize, size: usize| {
            x.narrow(axis, from, size.min(x.dim(axis)?.saturating_sub(from)))
        };
        let rows = part(images, axis, start.h_start, self.height)?;
        let y = part(&rows, axis + 1, start.w_start, self.width)?;
        if (y.dim(axis)?, y.dim(axis + 1)?) == (self.height, self.width) {
            return Ok(y);
        }
        Ok(resize(&y, &Resize { data_format, ..Resize::to([self.height, self.width]) })?)
    }

    fn transform_segmentation_masks(&self, masks: &Tensor, start: &RandomCropTransformation) -> Result<Tensor> {
        self.transform_images(masks, start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Call, Input, Layer};
    use candle_keras_ops::gradcheck::values;

    /// `check_layer` compares the shape in predictions, which stays, with the promised one.
    #[test]
    fn parts_are_everywhere_and_the_same_for_a_batch() {
        let images = values([3, 6, 5, 2], 1);
        let layer = RandomCrop::new(4, 4);
        let numbers = |x: &Tensor| x.flatten_all().unwrap().to_vec1::<f64>().unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for i in 0..200 {
            let start = layer.get_random_transformation(&images, &mut Stream::new(1, i)).unwrap();
            seen.insert((start.h_start, start.w_start));
            let y = layer.transform_images(&images, &start).unwrap();
            let expected = images.narrow(1, start.h_start, 4).unwrap().narrow(2, start.w_start, 4).unwrap();
            assert_eq!(numbers(&y), numbers(&expected));
        }
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]);
    }

    #[test]
    fn small_images_are_resized_and_predictions_are_whole() {
        let images = values([3, 6, 5, 2], 1);
        for layer in [RandomCrop::new(8, 4), RandomCrop::new(4, 9), RandomCrop::new(7, 7).dtype("float64")] {
            let y = layer.call_with(&images, Call::new().training(true)).unwrap();
            assert_eq!(y.dims(), [3, layer.height, layer.width, 2]);
            assert_eq!(layer.call(&images).unwrap().dims(), images.dims());
        }
        assert!(RandomCrop::new(4, 0).call(Input::shape([4, 4, 1])).shape().is_err());
    }
}
