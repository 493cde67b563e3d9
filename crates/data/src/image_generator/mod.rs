//! Batches of randomly transformed images. Keras: `keras.preprocessing.image.ImageDataGenerator`.

mod affine;
mod directory;
mod flow;
mod transform;

pub use directory::FlowFromDirectory;
pub use flow::{Flow, ImageFlow};

use crate::ToTensor;
use affine::Fill;
use candle_core::{DType, Device, Tensor};
use candle_keras_ops::{Error, Result, cores};
use std::sync::Arc;
use transform::Transform;

/// Changes an image of `(height, width, channels)`.
type Function = Arc<dyn Fn(&Tensor) -> Result<Tensor> + Send + Sync>;

/// Transforms images at random while a model trains. The arguments are those of Keras, and the numbers come from
/// [`numpy::random`](crate::numpy::random), in its order: with the same seed, the images are those of Python.
///
/// New programs have layers for it, such as `RandomFlip` and `RandomRotation`, which are a part of the model; this class is for those that were written for
/// Keras 2. Keras: `keras.preprocessing.image.ImageDataGenerator`.
///
/// ```
/// use candle_keras_data::{Flow, ImageDataGenerator, numpy};
/// numpy::random::seed(0);
/// let x = numpy::random::rand((6, 8, 8, 1))?;
/// let generator = ImageDataGenerator::new().rotation_range(20.0).width_shift_range(0.1).horizontal_flip(true);
/// let flow = generator.flow(&x, &vec![0f32, 1., 0., 1., 0., 1.], Flow::new().batch_size(4))?;
/// assert_eq!((flow.samples(), flow.batches()), (6, 2));
/// let batch = flow.next_batch()?;
/// assert_eq!((batch.x[0].dims(), batch.y[0].dims()), (&[4, 8, 8, 1][..], &[4][..]));
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct ImageDataGenerator {
    featurewise_center: bool,
    samplewise_center: bool,
    featurewise_std_normalization: bool,
    samplewise_std_normalization: bool,
    rotation_range: f64,
    width_shift_range: Shift,
    height_shift_range: Shift,
    brightness_range: Option<[f64; 2]>,
    shear_range: f64,
    zoom_range: [f64; 2],
    channel_shift_range: f64,
    fill_mode: String,
    cval: f64,
    horizontal_flip: bool,
    vertical_flip: bool,
    rescale: Option<f64>,
    preprocessing_function: Option<Function>,
    validation_split: f64,
    interpolation_order: usize,
    mean: Option<Vec<f32>>,
    std: Option<Vec<f32>>,
}

impl Default for ImageDataGenerator {
    fn default() -> Self {
        Self {
            featurewise_center: false,
            samplewise_center: false,
            featurewise_std_normalization: false,
            samplewise_std_normalization: false,
            rotation_range: 0.0,
            width_shift_range: Shift::Within(0.0),
            height_shift_range: Shift::Within(0.0),
            brightness_range: None,
            shear_range: 0.0,
            zoom_range: [1.0, 1.0],
            channel_shift_range: 0.0,
            fill_mode: "nearest".into(),
            cval: 0.0,
            horizontal_flip: false,
            vertical_flip: false,
            rescale: None,
            preprocessing_function: None,
            validation_split: 0.0,
            interpolation_order: 1,
            mean: None,
            std: None,
        }
    }
}

impl std::fmt::Debug for ImageDataGenerator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ImageDataGenerator").finish_non_exhaustive()
    }
}

/// How far an image is shifted along an axis: a number with a fraction is the largest shift, a part of the axis below 1 and of pixels otherwise; an integer
/// `n` shifts by fewer than `n` whole pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shift {
    /// At most so far.
    Within(f64),
    /// By whole pixels below this number.
    Pixels(usize),
}

impl From<f64> for Shift {
    fn from(range: f64) -> Self {
        Self::Within(range)
    }
}

impl From<usize> for Shift {
    fn from(pixels: usize) -> Self {
        Self::Pixels(pixels)
    }
}

/// The range of a zoom.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Zoom([f64; 2]);

impl From<f64> for Zoom {
    fn from(range: f64) -> Self {
        Self([1.0 - range, 1.0 + range])
    }
}

impl From<[f64; 2]> for Zoom {
    fn from(range: [f64; 2]) -> Self {
        Self(range)
    }
}

impl ImageDataGenerator {
    /// Keras's defaults: nothing is changed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the mean of all images is subtracted, for each channel. It needs [`fit`](Self::fit).
    pub fn featurewise_center(mut self, center: bool) -> Self {
        self.featurewise_center = center;
        self
    }

    /// Whether the mean of each image is subtracted from it.
    pub fn samplewise_center(mut self, center: bool) -> Self {
        self.samplewise_center = center;
        self
    }

    /// Whether images are divided by the standard deviation of all, for each channel, after the mean is subtracted. It needs [`fit`](Self::fit).
    pub fn featurewise_std_normalization(mut self, normalize: bool) -> Self {
        self.featurewise_std_normalization = normalize;
        self.featurewise_center |= normalize;
        self
    }

    /// Whether each image is divided by its standard deviation, after its mean is subtracted.
    pub fn samplewise_std_normalization(mut self, normalize: bool) -> Self {
        self.samplewise_std_normalization = normalize;
        self.samplewise_center |= normalize;
        self
    }

    /// The largest rotation, in degrees.
    pub fn rotation_range(mut self, degrees: f64) -> Self {
        self.rotation_range = degrees;
        self
    }

    /// The largest shift along the width: a part of it, or pixels.
    pub fn width_shift_range(mut self, range: impl Into<Shift>) -> Self {
        self.width_shift_range = range.into();
        self
    }

    /// The largest shift along the height: a part of it, or pixels.
    pub fn height_shift_range(mut self, range: impl Into<Shift>) -> Self {
        self.height_shift_range = range.into();
        self
    }

    /// Between which factors the brightness changes.
    pub fn brightness_range(mut self, range: [f64; 2]) -> Self {
        self.brightness_range = Some(range);
        self
    }

    /// The largest angle of a shear, in degrees.
    pub fn shear_range(mut self, degrees: f64) -> Self {
        self.shear_range = degrees;
        self
    }

    /// The zoom: `0.2` is from 0.8 to 1.2, as is `[0.8, 1.2]`.
    pub fn zoom_range(mut self, range: impl Into<Zoom>) -> Self {
        self.zoom_range = range.into().0;
        self
    }

    /// The largest number that is added to all pixels.
    pub fn channel_shift_range(mut self, range: f64) -> Self {
        self.channel_shift_range = range;
        self
    }

    /// What is outside of a transformed image: `"nearest"`, by default, `"constant"`, `"reflect"` or `"wrap"`.
    pub fn fill_mode(mut self, mode: &str) -> Self {
        self.fill_mode = mode.into();
        self
    }

    /// The number outside of an image, for the `fill_mode` `"constant"`.
    pub fn cval(mut self, number: f64) -> Self {
        self.cval = number;
        self
    }

    /// Whether half of the images are flipped left to right.
    pub fn horizontal_flip(mut self, flip: bool) -> Self {
        self.horizontal_flip = flip;
        self
    }

    /// Whether half of the images are flipped upside down.
    pub fn vertical_flip(mut self, flip: bool) -> Self {
        self.vertical_flip = flip;
        self
    }

    /// The factor of all pixels, after the transformation.
    pub fn rescale(mut self, factor: f64) -> Self {
        self.rescale = Some(factor).filter(|factor| *factor != 0.0);
        self
    }

    /// A function of the transformed image `(height, width, channels)`, before it is rescaled.
    pub fn preprocessing_function(
        mut self,
        function: impl Fn(&Tensor) -> Result<Tensor> + Send + Sync + 'static,
    ) -> Self {
        self.preprocessing_function = Some(Arc::new(function));
        self
    }

    /// The fraction of the images that is for validation: the `subset` of a flow says which part it is.
    pub fn validation_split(mut self, fraction: f64) -> Self {
        self.validation_split = fraction;
        self
    }

    /// 1, by default: pixels are interpolated; 0: the nearest one is taken.
    pub fn interpolation_order(mut self, order: usize) -> Self {
        self.interpolation_order = order;
        self
    }

    /// Learns the mean and the standard deviation of images, `(images, height, width, channels)`, for the arguments that begin with `featurewise`.
    ///
    /// # Errors
    /// If these are not images.
    pub fn fit(&mut self, x: impl ToTensor) -> Result<()> {
        let x = images(x)?;
        let x = match self.rescale {
            Some(factor) => (x * f64::from(factor as f32))?,
            None => x,
        };
        let x = x.to_dtype(DType::F64)?;
        let channels = x.dim(3)?;
        let rows = x.reshape(((), channels))?;
        let mut centered = rows.clone();
        if self.featurewise_center {
            let mean = rows.mean(0)?;
            centered = rows.broadcast_sub(&mean)?;
            self.mean = Some(mean.to_dtype(DType::F32)?.to_vec1()?);
        }
        if self.featurewise_std_normalization {
            let own = centered.mean(0)?;
            let std = centered.broadcast_sub(&own)?.sqr()?.mean(0)?.sqrt()?;
            self.std = Some(std.to_dtype(DType::F32)?.to_vec1()?);
        }
        Ok(())
    }

    fn check(&self) -> Result<Fill> {
        if self.validation_split != 0.0 && !(self.validation_split > 0.0 && self.validation_split < 1.0) {
            return Err(Error::new("validation_split is a fraction of the images")
                .expected("more than 0, less than 1")
                .received(self.validation_split.to_string()));
        }
        if self.interpolation_order > 1 {
            return Err(Error::new("images are interpolated linearly, or not at all")
                .expected("interpolation_order 0 or 1")
                .received(self.interpolation_order.to_string()));
        }
        if (self.featurewise_center && self.mean.is_none())
            || (self.featurewise_std_normalization && self.std.is_none())
        {
            return Err(Error::new("featurewise_center and featurewise_std_normalization need numbers of the images")
                .help("generator.fit(&x) before the flow is made"));
        }
        Fill::by_name(&self.fill_mode, self.cval)
    }

    /// The images in order, each transformed: what is random is drawn first, and done on all cores.
    fn transformed(&self, images: Vec<Vec<f32>>, size: [usize; 3], fill: Fill) -> Result<Vec<f32>> {
        let draw = |pixels| Ok((pixels, Transform::draw(self, [size[0], size[1]])?));
        let drawn = images.into_iter().map(draw).collect::<Result<Vec<_>>>()?;
        let done = cores::map(drawn, |(pixels, transform)| {
            self.standardized(transform.apply(pixels, size, self.interpolation_order, fill)?, size)
        });
        Ok(done.into_iter().collect::<Result<Vec<_>>>()?.concat())
    }

    fn standardized(&self, mut x: Vec<f32>, size: [usize; 3]) -> Result<Vec<f32>> {
        if let Some(function) = &self.preprocessing_function {
            let image = function(&Tensor::from_vec(x, &size, &Device::Cpu)?)?;
            if image.dims() != size {
                return Err(Error::new("preprocessing_function returns an image of the same size")
                    .expected(format!("{size:?}"))
                    .received(format!("{:?}", image.dims())));
            }
            x = image.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?;
        }
        if let Some(factor) = self.rescale {
            x.iter_mut().for_each(|pixel| *pixel *= factor as f32);
        }
        let count = x.len() as f64;
        let mean = |x: &[f32]| x.iter().map(|pixel| f64::from(*pixel)).sum::<f64>() / count;
        if self.samplewise_center {
            let mean = mean(&x) as f32;
            x.iter_mut().for_each(|pixel| *pixel -= mean);
        }
        if self.samplewise_std_normalization {
            let mean = mean(&x);
            let variance = x.iter().map(|pixel| (f64::from(*pixel) - mean).powi(2)).sum::<f64>() / count;
            let std = variance.sqrt() as f32 + 1e-6;
            x.iter_mut().for_each(|pixel| *pixel /= std);
        }
        if let Some(mean) = self.mean.as_ref().filter(|_| self.featurewise_center) {
            x.chunks_mut(mean.len()).for_each(|pixel| pixel.iter_mut().zip(mean).for_each(|(x, mean)| *x -= mean));
        }
        if let Some(std) = self.std.as_ref().filter(|_| self.featurewise_std_normalization) {
            x.chunks_mut(std.len()).for_each(|pixel| pixel.iter_mut().zip(std).for_each(|(x, std)| *x /= std + 1e-6));
        }
        Ok(x)
    }
}

/// Images as `(images, height, width, channels)` in f32.
fn images(x: impl ToTensor) -> Result<Tensor> {
    let x = x.to_tensor()?.to_device(&Device::Cpu)?.to_dtype(DType::F32)?;
    match x.rank() {
        4 => Ok(x.contiguous()?),
        _ => Err(Error::new("images have four axes")
            .expected("(images, height, width, channels)")
            .received(format!("{:?}", x.dims()))),
    }
}

/// The parts of a [`validation_split`](ImageDataGenerator::validation_split): which of `count` images are in it.
fn part(generator: &ImageDataGenerator, subset: Option<&str>, count: usize) -> Result<std::ops::Range<usize>> {
    let end = |fraction: f64| (fraction * count as f64) as usize;
    match subset {
        None => Ok(0..count),
        Some("validation") => Ok(0..end(generator.validation_split)),
        Some("training") => Ok(end(generator.validation_split)..count),
        Some(other) => Err(Error::unknown("subset", other, &["training", "validation"])),
    }
}

#[cfg(test)]
mod tests;
