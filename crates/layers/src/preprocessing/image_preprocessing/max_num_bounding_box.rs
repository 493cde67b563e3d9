//! MaxNumBoundingBoxes: the same number of boxes for all images. Keras: `keras.layers.MaxNumBoundingBoxes`.

use super::arguments::{ImageArguments, image_setters};
use super::base_image_preprocessing_layer::{ImagePreprocessing, image_layer};
use crate::Result;
use candle_core::Tensor;
use candle_keras_ops as ops;
use candle_keras_ops::random::Stream;

layer! {
    /// Gives all images the same number of bounding boxes. As a layer of images, it changes nothing.
    ///
    /// Keras: `keras.layers.MaxNumBoundingBoxes`.
    ///
    /// # Shapes
    /// - input and output: `(batch, height, width, channels)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::MaxNumBoundingBoxes;
    /// use candle_keras_ops::{DType, Device, Tensor};
    /// let boxes = Tensor::zeros((2, 3, 4), DType::F32, &Device::Cpu)?;
    /// let labels = Tensor::zeros((2, 3), DType::F32, &Device::Cpu)?;
    /// let (boxes, labels) = MaxNumBoundingBoxes::new(5).transform_bounding_boxes(&boxes, &labels)?;
    /// assert_eq!((boxes.dims(), labels.to_vec2::<f32>()?[0].as_slice()), (&[2, 5, 4][..], &[0., 0., 0., -1., -1.][..]));
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct MaxNumBoundingBoxes(
        /// The number of boxes.
        max_number: usize,
    ) {
        let fill_value: f64 = -1.0,
        ..image: ImageArguments = ImageArguments::new() => image_setters,
    }
}

image_layer!(MaxNumBoundingBoxes);

impl MaxNumBoundingBoxes {
    /// The number that stands for a box that is missing. Default: -1. As in Keras, it is not in files.
    #[must_use]
    pub fn fill_value(mut self, fill_value: f64) -> Self {
        self.fill_value = fill_value;
        self
    }

    /// The first boxes, `(batch, boxes, 4)`, and labels, `(batch, boxes)`, of each image, filled up to the number.
    ///
    /// # Errors
    /// If there is not enough memory for so many.
    pub fn transform_bounding_boxes(&self, boxes: &Tensor, labels: &Tensor) -> Result<(Tensor, Tensor)> {
        let to_number = |x: &Tensor| -> Result<Tensor> {
            let kept = x.narrow(1, 0, x.dim(1)?.min(self.max_number))?;
            let mut shape = kept.dims().to_vec();
            shape[1] = self.max_number - shape[1];
            ops::check_memory(&shape, x.dtype())?;
            let missing = Tensor::full(self.fill_value, shape, x.device())?.to_dtype(x.dtype())?;
            Ok(Tensor::cat(&[&kept, &missing], 1)?)
        };
        Ok((to_number(boxes)?, to_number(labels)?))
    }
}

impl ImagePreprocessing for MaxNumBoundingBoxes {
    type Transformation = ();

    const KEEPS_WHOLE_NUMBERS: bool = true;

    fn get_random_transformation(&self, _: &Tensor, _: &mut Stream) -> Result<()> {
        Ok(())
    }

    fn transform_images(&self, images: &Tensor, (): &()) -> Result<Tensor> {
        Ok(images.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, check_layer};
    use candle_keras_ops::gradcheck::values;

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| MaxNumBoundingBoxes::new(3), Check::inputs([[2, 2, 3, 1]]).output([2, 2, 3, 1]));
    }

    #[test]
    fn boxes_beyond_the_number_are_left_out() {
        let (boxes, labels) = (values([2, 3, 4], 1), values([2, 3], 2));
        let (few, _) = MaxNumBoundingBoxes::new(2).transform_bounding_boxes(&boxes, &labels).unwrap();
        assert_eq!(few.dims(), [2, 2, 4]);
        assert!(MaxNumBoundingBoxes::new(usize::MAX).transform_bounding_boxes(&boxes, &labels).is_err());
    }
}
