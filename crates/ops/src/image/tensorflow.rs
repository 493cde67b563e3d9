//! What TensorFlow's `tf.image` has and Keras has not. The channels are last.

use super::colors::of_floats;
use super::{DataFormat, Number, PixelFunction, pixelwise};
use crate::{lengths, shape};
use candle_core::{DType, Result, Tensor, bail};

/// From red, green, blue to brightness and two differences of colors.
#[derive(Debug, Clone, Copy)]
struct RgbToYuv;

impl PixelFunction<3, 3> for RgbToYuv {
    #[inline(always)]
    fn apply<S: Number>(&self, [red, green, blue]: [S; 3]) -> [S; 3] {
        [[0.299, 0.587, 0.114], [-0.14714119, -0.28886916, 0.43601035], [0.61497538, -0.51496512, -0.10001026]]
            .map(|[r, g, b]| S::constant(r) * red + S::constant(g) * green + S::constant(b) * blue)
    }
}

/// From brightness and two differences of colors to red, green, blue.
#[derive(Debug, Clone, Copy)]
struct YuvToRgb;

impl PixelFunction<3, 3> for YuvToRgb {
    #[inline(always)]
    fn apply<S: Number>(&self, [y, u, v]: [S; 3]) -> [S; 3] {
        [
            y + S::constant(1.13988303) * v,
            y - S::constant(0.394642334) * u - S::constant(0.58062185) * v,
            y + S::constant(2.03206185) * u,
        ]
    }
}

/// Brightness and two differences of colors, of images of floating-point numbers. TensorFlow: `tf.image.rgb_to_yuv`.
///
/// # Shapes
/// - `images` and the result: `(batch, height, width, 3)` or `(height, width, 3)`
///
/// # Errors
/// If there are not three channels, or the images are of whole numbers.
///
/// ```
/// use candle_keras_ops::image::{rgb_to_yuv, yuv_to_rgb};
/// use candle_keras_ops::{Device, Tensor};
/// let white = Tensor::new(&[[[1f32, 1., 1.]]], &Device::Cpu)?;
/// let yuv = rgb_to_yuv(&white)?;
/// assert!((yuv.flatten_all()?.to_vec1::<f32>()?[0] - 1.0).abs() < 1e-6);
/// assert!((yuv_to_rgb(&yuv)?.flatten_all()?.to_vec1::<f32>()?[1] - 1.0).abs() < 1e-6);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn rgb_to_yuv(images: &Tensor) -> Result<Tensor> {
    of_floats("rgb_to_yuv", images, DataFormat::ChannelsLast, |x| pixelwise(x, vec![RgbToYuv]))
}

/// Red, green and blue of images of brightness and two differences of colors. TensorFlow: `tf.image.yuv_to_rgb`.
///
/// # Shapes
/// - `images` and the result: `(batch, height, width, 3)` or `(height, width, 3)`
///
/// # Errors
/// If there are not three channels, or the images are of whole numbers.
pub fn yuv_to_rgb(images: &Tensor) -> Result<Tensor> {
    of_floats("yuv_to_rgb", images, DataFormat::ChannelsLast, |x| pixelwise(x, vec![YuvToRgb]))
}

/// How alike two images are, in decibels: their peak signal-to-noise ratio, where the largest possible number of a pixel is `max_val`. TensorFlow:
/// `tf.image.psnr`.
///
/// # Shapes
/// - both images: `(height, width, channels)`
///
/// # Errors
/// If they are not two images of one shape. [`functions::psnr`](crate::functions::psnr) is the ratio of whole batches.
///
/// ```
/// use candle_keras_ops::image::psnr;
/// use candle_keras_ops::{Device, Tensor};
/// let image = Tensor::new(&[[[0f32], [10.]]], &Device::Cpu)?;
/// let other = Tensor::new(&[[[1f32], [9.]]], &Device::Cpu)?;
/// assert!((psnr(&image, &other, 10.0)? - 20.0).abs() < 1e-4);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn psnr(image1: &Tensor, image2: &Tensor, max_val: f64) -> Result<f64> {
    lengths::check([image1, image2])?;
    if image1.rank() != 3 || image1.dims() != image2.dims() || image1.elem_count() == 0 {
        bail!(
            "psnr takes two images of one shape, (height, width, channels), received {:?} and {:?}",
            image1.dims(),
            image2.dims()
        )
    }
    let difference = (image1.to_dtype(DType::F64)? - image2.to_dtype(DType::F64)?)?;
    let mean = difference.sqr()?.mean_all()?.to_scalar::<f64>()?;
    Ok(20.0 * max_val.log10() - 10.0 * mean.log10())
}

/// The middle of images: this fraction of their height and width. TensorFlow: `tf.image.central_crop`.
///
/// # Shapes
/// - `images`: `(batch, height, width, channels)` or `(height, width, channels)`
///
/// # Errors
/// If they are no images, or the fraction is not above 0 and at most 1.
///
/// ```
/// use candle_keras_ops::image::central_crop;
/// use candle_keras_ops::{DType, Device, Tensor};
/// let image = Tensor::zeros((10, 9, 3), DType::F32, &Device::Cpu)?;
/// assert_eq!(central_crop(&image, 0.5)?.dims(), [6, 5, 3]);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn central_crop(images: &Tensor, central_fraction: f64) -> Result<Tensor> {
    lengths::check([images])?;
    let is_part = central_fraction > 0.0 && central_fraction <= 1.0;
    if !matches!(images.rank(), 3 | 4) || !is_part {
        bail!(
            "central_crop takes images and a fraction above 0 and at most 1, received the shape {:?} and {central_fraction}",
            images.dims()
        )
    }
    let axis = images.rank() - 3;
    [axis, axis + 1].into_iter().try_fold(images.clone(), |x, axis| {
        let length = x.dim(axis)?;
        let start = ((length as f64 - length as f64 * central_fraction) / 2.0) as usize;
        shape::part(&x, axis, start, length - 2 * start)
    })
}

/// Images as float32: whole numbers from 0 to the largest of their dtype become fractions from 0 to 1. TensorFlow:
/// `tf.image.convert_image_dtype(images, tf.float32)`.
///
/// # Errors
/// If there is no memory for it.
///
/// ```
/// use candle_keras_ops::image::to_fractions;
/// use candle_keras_ops::{Device, Tensor};
/// let bytes = Tensor::new(&[0u8, 51, 255], &Device::Cpu)?;
/// assert_eq!(to_fractions(&bytes)?.to_vec1::<f32>()?, [0.0, 0.20000002, 1.0]);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn to_fractions(images: &Tensor) -> Result<Tensor> {
    lengths::check([images])?;
    let largest = match images.dtype() {
        DType::U8 => f64::from(u8::MAX),
        DType::U32 => f64::from(u32::MAX),
        DType::I16 => f64::from(i16::MAX),
        DType::I32 => f64::from(i32::MAX),
        DType::I64 => i64::MAX as f64,
        _ => return images.to_dtype(DType::F32),
    };
    images.to_dtype(DType::F32)? * (1.0 / largest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, values};
    use candle_core::Device;

    #[test]
    fn gradients_agree_with_finite_differences() {
        let x = [values([2, 3, 2, 3], 1)];
        assert_gradients(&x, |x| rgb_to_yuv(&x[0]));
        assert_gradients(&x, |x| yuv_to_rgb(&x[0]));
        assert_gradients(&x, |x| central_crop(&x[0], 0.5));
    }

    /// Those of TensorFlow 2.21.
    #[test]
    fn colors_are_those_of_tensorflow() {
        let x = Tensor::new(&[[[0.2f64, 0.5, 0.9], [0.0, 1.0, 0.3]]], &Device::Cpu).unwrap();
        let off = |x: Tensor, expected: &[f64]| {
            let numbers = x.flatten_all().unwrap().to_vec1::<f64>().unwrap();
            numbers.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
        };
        let yuv = [0.4559, 0.21854649, -0.22449671, 0.6212, -0.15806605, -0.5449682];
        assert!(off(rgb_to_yuv(&x).unwrap(), &yuv) < 1e-6);
        let rgb = [1.2258947, -0.5198808, 1.2160309, 0.3419649, -0.56882886, 2.03206185];
        assert!(off(yuv_to_rgb(&x).unwrap(), &rgb) < 1e-6);
    }

    #[test]
    fn other_shapes_and_whole_numbers_are_errors() {
        let zeros = |shape: &[usize], dtype| Tensor::zeros(shape, dtype, &Device::Cpu).unwrap();
        assert!(rgb_to_yuv(&zeros(&[2, 2, 3], DType::U8)).is_err());
        assert!(rgb_to_yuv(&zeros(&[2, 2, 2], DType::F32)).is_err());
        assert!(psnr(&zeros(&[1, 2, 2, 3], DType::F32), &zeros(&[1, 2, 2, 3], DType::F32), 1.0).is_err());
        assert!(psnr(&zeros(&[2, 2, 3], DType::F32), &zeros(&[2, 3, 3], DType::F32), 1.0).is_err());
        assert_eq!(psnr(&zeros(&[2, 2, 3], DType::U8), &zeros(&[2, 2, 3], DType::U8), 1.0).unwrap(), f64::INFINITY);
        for fraction in [0.0, -1.0, 1.5, f64::NAN] {
            assert!(central_crop(&zeros(&[2, 2, 3], DType::F32), fraction).is_err());
        }
        assert!(central_crop(&zeros(&[2, 2], DType::F32), 0.5).is_err());
        assert_eq!(to_fractions(&zeros(&[2], DType::F64)).unwrap().dtype(), DType::F32);
    }
}
