//! RandomFlip: images turned over at random. Keras: `keras.layers.RandomFlip`.

use super::arguments::{ImageArguments, image_setters};
use super::base_image_preprocessing_layer::{ImagePreprocessing, image_layer};
use crate::{Error, Result};
use candle_core::Tensor;
use candle_keras_ops::image::flip;
use candle_keras_ops::random::Stream;
use serde::{Deserialize, Serialize};

layer! {
    /// In training, turns each image over with the probability 1/2.
    ///
    /// Keras: `keras.layers.RandomFlip`.
    ///
    /// # Shapes
    /// - input and output: `(batch, height, width, channels)`, or one image without the batch
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Input, Layer, RandomFlip};
    /// let y = RandomFlip::new().mode("horizontal").call(&Input::shape([32, 32, 3]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 32, 32, 3)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct RandomFlip() {
        /// `"horizontal"` exchanges left and right, `"vertical"` top and bottom, `"horizontal_and_vertical"` does both.
        mode: String = "horizontal_and_vertical",
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
        ..image: ImageArguments = ImageArguments::new() => image_setters,
    }
}

image_layer!(RandomFlip, seed);

/// Which images are turned over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomFlipTransformation {
    /// One for each image.
    pub flips: Vec<bool>,
}

impl RandomFlip {
    /// Horizontally, and vertically.
    fn directions(&self) -> Result<(bool, bool)> {
        match self.mode.as_str() {
            "horizontal" => Ok((true, false)),
            "vertical" => Ok((false, true)),
            "horizontal_and_vertical" => Ok((true, true)),
            other => Err(Error::unknown("mode", other, &["horizontal", "vertical", "horizontal_and_vertical"])),
        }
    }
}

impl ImagePreprocessing for RandomFlip {
    type Transformation = RandomFlipTransformation;

    fn check(&self) -> Result<()> {
        self.directions().map(drop)
    }

    fn get_random_transformation(&self, images: &Tensor, random: &mut Stream) -> Result<RandomFlipTransformation> {
        Ok(RandomFlipTransformation { flips: random.uniform(images.dim(0)?).into_iter().map(|x| x <= 0.5).collect() })
    }

    fn transform_images(&self, images: &Tensor, drawn: &RandomFlipTransformation) -> Result<Tensor> {
        let (horizontal, vertical) = self.directions()?;
        Ok(flip(images, drawn.flips.clone(), horizontal, vertical, self.image.format()?)?)
    }

    fn transform_segmentation_masks(&self, masks: &Tensor, drawn: &RandomFlipTransformation) -> Result<Tensor> {
        self.transform_images(masks, drawn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Call, Check, Input, Layer, check_layer};
    use candle_core::{DType, Device};
    use candle_keras_ops::random::set_random_seed;

    #[test]
    fn behaves_as_every_layer_must() {
        for mode in ["horizontal", "vertical", "horizontal_and_vertical"] {
            check_layer(|| RandomFlip::new().mode(mode), Check::inputs([[4, 2, 3, 2]]).output([4, 2, 3, 2]));
        }
        let first = || RandomFlip::new().seed(1).data_format("channels_first");
        check_layer(first, Check::inputs([[4, 2, 3, 2]]).output([4, 2, 3, 2]));
        let error = RandomFlip::new().mode("horizontl").call(Input::shape([2, 2, 1])).shape().unwrap_err();
        assert!(error.to_string().contains("did you mean \"horizontal\"?"), "{error}");
    }

    /// A layer with a seed draws other numbers in each call, and the same in each run of a program.
    #[test]
    fn calls_on_tensors_draw_anew_and_follow_from_the_seed() {
        let images = Tensor::arange(0f32, 64.0, &Device::Cpu).unwrap().reshape((32, 1, 2, 1)).unwrap();
        let run = |layer: RandomFlip| {
            let call = |_| layer.call_with(&images, Call::new().training(true)).unwrap();
            (0..2).map(call).map(|y| y.flatten_all().unwrap().to_vec1::<f32>().unwrap()).collect::<Vec<_>>()
        };
        let seeded = run(RandomFlip::new().seed(5));
        assert_eq!(seeded, run(RandomFlip::new().seed(5)));
        assert_ne!(seeded[0], seeded[1]);
        assert_ne!(seeded, run(RandomFlip::new().seed(6)));
        let of_run = |seed| {
            set_random_seed(seed);
            run(RandomFlip::new())
        };
        assert_eq!(of_run(3), of_run(3));
        assert_ne!(of_run(3), of_run(4));
    }

    #[test]
    fn single_images_and_bytes_are_taken() {
        let image = Tensor::new(&[[[1u8], [2]]], &Device::Cpu).unwrap();
        let y = RandomFlip::new().call(&image).unwrap();
        assert_eq!((y.dims(), y.dtype()), (&[1, 2, 1][..], DType::F32));
        let all: Vec<_> = (0..40)
            .map(|_| RandomFlip::new().call_with(&image, Call::new().training(true)).unwrap())
            .map(|y| y.flatten_all().unwrap().to_vec1::<f32>().unwrap())
            .collect();
        assert!(all.contains(&vec![1., 2.]) && all.contains(&vec![2., 1.]));
    }
}
