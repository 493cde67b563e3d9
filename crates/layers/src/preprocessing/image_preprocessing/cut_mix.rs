//! CutMix: images with parts of others. Keras: `keras.layers.CutMix`.

use super::arguments::{ImageArguments, image_setters};
use super::base_image_preprocessing_layer::{ImagePreprocessing, image_layer};
use super::factor::Factor;
use super::functions::{Region, inside, mixed, part, permuted, uniform};
use crate::Result;
use candle_core::Tensor;
use candle_keras_ops as ops;
use candle_keras_ops::image::DataFormat;
use candle_keras_ops::random::Stream;
use serde::{Deserialize, Serialize};

layer! {
    /// In training, replaces a random rectangle of each image by that of another image of the batch (Yun et al., "CutMix", 2019). Labels are mixed
    /// by the areas: see [`ImagePreprocessing::transform_labels`].
    ///
    /// Keras: `keras.layers.CutMix`.
    ///
    /// # Shapes
    /// - input and output: `(batch, height, width, channels)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{CutMix, Input, Layer};
    /// let y = CutMix::new().call(&Input::shape([32, 32, 3]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 32, 32, 3)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct CutMix() {
        /// The parameter of the beta distribution from which the area is drawn, 0 to 1: a range, or a number for the range from 0 to it.
        factor: Factor = 1.0,
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
        ..image: ImageArguments = ImageArguments::new() => image_setters,
    }
}

image_layer!(CutMix, seed);

/// Which parts of which images are exchanged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CutMixTransformation {
    /// For each image, that of which a part is taken.
    pub permutation_order: Vec<u32>,
    /// For each image `[left, right, top, bottom]`, in pixels; a pixel is inside if its index is.
    pub regions: Vec<[f64; 4]>,
    /// For each image, the share of its area that stays.
    pub mix_weight: Vec<f64>,
}

impl ImagePreprocessing for CutMix {
    type Transformation = CutMixTransformation;

    fn check(&self) -> Result<()> {
        self.factor.range("factor", [0.0, 1.0]).map(drop)
    }

    fn get_random_transformation(&self, images: &Tensor, random: &mut Stream) -> Result<CutMixTransformation> {
        let sizes = self.image.sizes(images)?;
        let alpha = uniform(random, 1, self.factor.range("factor", [0.0, 1.0])?)[0] + 1e-6;
        let stays = random.beta(alpha, alpha, sizes.batch);
        let mut region = |stays: f64| -> Region {
            let side = |random: &mut Stream, size: usize| part(random, size, size as f64 * (1.0 - stays).sqrt());
            let ([left, right], [top, bottom]) = (side(random, sizes.width), side(random, sizes.height));
            [left, right, top, bottom]
        };
        let regions: Vec<Region> = stays.into_iter().map(&mut region).collect();
        let area = (sizes.width * sizes.height) as f64;
        let weight = |&[left, right, top, bottom]: &Region| 1.0 - (right - left) * (bottom - top) / area;
        let mix_weight = regions.iter().map(weight).collect();
        Ok(CutMixTransformation { permutation_order: random.permutation(sizes.batch), regions, mix_weight })
    }

    fn transform_images(&self, images: &Tensor, drawn: &CutMixTransformation) -> Result<Tensor> {
        let last = self.image.format()? == DataFormat::ChannelsLast;
        let mask = inside(&drawn.regions, images.dims4()?.into(), last)?.to_device(images.device())?;
        Ok(ops::where_(&mask, &permuted(images, &drawn.permutation_order)?, images)?)
    }

    fn transform_labels(&self, labels: &Tensor, drawn: &CutMixTransformation) -> Result<Tensor> {
        mixed(labels, &permuted(labels, &drawn.permutation_order)?, &drawn.mix_weight)
    }

    fn transform_segmentation_masks(&self, masks: &Tensor, drawn: &CutMixTransformation) -> Result<Tensor> {
        self.transform_images(masks, drawn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};
    use candle_keras_ops::gradcheck::values;

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(CutMix::new, Check::inputs([[4, 3, 4, 2]]).output([4, 3, 4, 2]));
        let first = || CutMix::new().factor((0.5, 1.0)).data_format("channels_first");
        check_layer(first, Check::inputs([[4, 2, 3, 4]]).output([4, 2, 3, 4]));
        assert!(CutMix::new().factor(1.5).call(Input::shape([2, 2, 3])).shape().is_err());
    }

    #[test]
    fn labels_are_mixed_as_images_are() {
        let (images, layer) = (values([5, 6, 6, 1], 1), CutMix::new());
        let drawn = layer.get_random_transformation(&images, &mut Stream::new(3, 0)).unwrap();
        let labels = Tensor::eye(5, candle_core::DType::F64, &candle_core::Device::Cpu).unwrap();
        let mixed = layer.transform_labels(&labels, &drawn).unwrap().to_vec2::<f64>().unwrap();
        for (i, (row, &other)) in mixed.iter().zip(&drawn.permutation_order).enumerate() {
            assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            if other as usize != i {
                assert!((row[i] - drawn.mix_weight[i]).abs() < 1e-12);
            }
        }
    }
}
