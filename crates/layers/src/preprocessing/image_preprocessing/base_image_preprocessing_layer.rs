//! What all layers of images have in common. Keras: `BaseImagePreprocessingLayer`.

use crate::{Context, Error, Layer, Result, Shape, TensorSpec, single};
use candle_core::{DType, Tensor};
use candle_keras_ops as ops;
use candle_keras_ops::random::Stream;

/// A layer of images in two parts: the numbers that it draws for a batch, and what it does with images, labels and masks for given numbers.
///
/// As a layer, it transforms images in training and passes them on otherwise. The parts are for data whose labels or masks change with the
/// images:
///
/// ```
/// use candle_keras_layers::MixUp;
/// use candle_keras_layers::preprocessing::image_preprocessing::ImagePreprocessing;
/// use candle_keras_ops::{DType, Device, Tensor, random::Stream};
/// let images = Tensor::zeros((4, 8, 8, 3), DType::F32, &Device::Cpu)?;
/// let labels = Tensor::eye(4, DType::F32, &Device::Cpu)?;
/// let mix_up = MixUp::new();
/// let drawn = mix_up.get_random_transformation(&images, &mut Stream::new(1, 0))?;
/// let images = mix_up.transform_images(&images, &drawn)?;
/// let labels = mix_up.transform_labels(&labels, &drawn)?;
/// assert_eq!(labels.sum(1)?.to_vec1::<f32>()?.iter().map(|x| x.round()).collect::<Vec<_>>(), [1.; 4]);
/// # Ok::<(), candle_keras_layers::Error>(())
/// ```
pub trait ImagePreprocessing: Layer {
    /// What is drawn for a batch.
    type Transformation;

    /// Whether images are transformed in predictions too.
    const IN_INFERENCE: bool = false;

    /// Whether images of whole numbers stay such; otherwise they become numbers in which the layer computes.
    const KEEPS_WHOLE_NUMBERS: bool = false;

    /// An error if an argument is invalid.
    ///
    /// # Errors
    /// Of the arguments.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// The shape of the images afterwards, with or without a batch.
    ///
    /// # Errors
    /// If the layer does not take such images.
    fn output_shape(&self, input: &Shape) -> Result<Shape> {
        Ok(input.clone())
    }

    /// Draws the numbers for a batch of images, `(batch, height, width, channels)`.
    ///
    /// # Errors
    /// Of the arguments.
    fn get_random_transformation(&self, images: &Tensor, random: &mut Stream) -> Result<Self::Transformation>;

    /// The transformed images.
    ///
    /// # Errors
    /// If the transformation does not fit the images.
    fn transform_images(&self, images: &Tensor, transformation: &Self::Transformation) -> Result<Tensor>;

    /// The labels of the transformed images: by default those that they had.
    ///
    /// # Errors
    /// If the transformation does not fit the labels.
    fn transform_labels(&self, labels: &Tensor, transformation: &Self::Transformation) -> Result<Tensor> {
        let _ = transformation;
        Ok(labels.clone())
    }

    /// The segmentation masks, `(batch, height, width, 1)`, of the transformed images: by default those that they had, for changes of color.
    ///
    /// # Errors
    /// If the transformation does not fit the masks.
    fn transform_segmentation_masks(&self, masks: &Tensor, transformation: &Self::Transformation) -> Result<Tensor> {
        let _ = transformation;
        Ok(masks.clone())
    }
}

/// Runs the two parts one after the other.
pub(super) fn forward<L: ImagePreprocessing>(
    layer: &L,
    seed: Option<u64>,
    inputs: &[Tensor],
    ctx: &mut Context,
) -> Result<Vec<Tensor>> {
    let x = single(inputs)?;
    let keeps = L::KEEPS_WHOLE_NUMBERS || x.dtype().is_float();
    let x = if keeps { x.clone() } else { x.to_dtype(layer.base().compute_dtype())? };
    if !L::IN_INFERENCE && !ctx.is_training() {
        return Ok(vec![x]);
    }
    // A single image is a batch of one.
    let images = if x.rank() == 3 { x.unsqueeze(0)? } else { x.clone() };
    // Images without pixels may have any number of channels, and be any number.
    ops::check_memory(&[images.dims().iter().copied().max().unwrap_or(0), 64], DType::F64)?;
    let transformation = layer.get_random_transformation(&images, &mut ctx.random(seed))?;
    let y = layer.transform_images(&images, &transformation)?;
    Ok(vec![if x.rank() == 3 { y.squeeze(0)? } else { y }])
}

/// The one input, if it is images.
pub(super) fn images(inputs: &[Shape]) -> Result<&Shape> {
    let input = single(inputs)?;
    match input.len() {
        3 | 4 => Ok(input),
        _ => Err(Error::new("the layer takes images")
            .expected("(batch, height, width, channels), or (height, width, channels) for one image")
            .received(format!("an input of shape {input}"))),
    }
}

/// The shapes and dtypes of the outputs.
pub(super) fn output_spec<L: ImagePreprocessing>(layer: &L, inputs: &[TensorSpec]) -> Result<Vec<TensorSpec>> {
    if inputs.iter().any(TensorSpec::is_string) {
        return Err(Error::new("the layer takes images, not text"));
    }
    let shapes: Vec<Shape> = inputs.iter().map(|input| input.shape.clone()).collect();
    let whole = inputs.first().map(|input| input.dtype).filter(|dtype| L::KEEPS_WHOLE_NUMBERS && dtype.is_int());
    let dtype = whole.unwrap_or(layer.base().compute_dtype());
    Ok(layer.compute_output_shape(&shapes)?.into_iter().map(|shape| TensorSpec::new(shape, dtype)).collect())
}

/// `impl Layer` for a layer of images; the second argument is its seed.
macro_rules! image_layer {
    ($class:ident) => {
        $crate::preprocessing::image_preprocessing::base_image_preprocessing_layer::image_layer!(@ $class, |_layer| None);
    };
    ($class:ident, seed) => {
        $crate::preprocessing::image_preprocessing::base_image_preprocessing_layer::image_layer!(@ $class, |layer| layer.seed);
    };
    (@ $class:ident, |$layer:ident| $seed:expr) => {
        impl $crate::Layer for $class {
            fn compute_output_shape(&self, inputs: &[$crate::Shape]) -> $crate::Result<Vec<$crate::Shape>> {
                use $crate::preprocessing::image_preprocessing::{ImagePreprocessing, base_image_preprocessing_layer};
                Ok(vec![ImagePreprocessing::output_shape(self, base_image_preprocessing_layer::images(inputs)?)?])
            }

            fn compute_output_spec(
                &self,
                inputs: &[$crate::TensorSpec],
                _: &$crate::CallArguments<$crate::TensorSpec>,
            ) -> $crate::Result<Vec<$crate::TensorSpec>> {
                $crate::preprocessing::image_preprocessing::base_image_preprocessing_layer::output_spec(self, inputs)
            }

            fn build(&self, _: &[$crate::Shape], _: &mut $crate::Build) -> $crate::Result<()> {
                self.image.format()?;
                $crate::preprocessing::image_preprocessing::ImagePreprocessing::check(self)
            }

            fn forward(
                &self,
                inputs: &[candle_core::Tensor],
                ctx: &mut $crate::Context,
            ) -> $crate::Result<Vec<candle_core::Tensor>> {
                let $layer = self;
                $crate::preprocessing::image_preprocessing::base_image_preprocessing_layer::forward(
                    self, $seed, inputs, ctx,
                )
            }
        }
    };
}
pub(super) use image_layer;
