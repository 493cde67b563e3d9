//! Colors. Keras: `keras.ops.image.rgb_to_grayscale`, `rgb_to_hsv`, `hsv_to_rgb`.

use super::{DataFormat, Number, PixelFunction, pixelwise, with_channels_last};
use candle_core::{Result, Tensor, bail};

/// The brightness of a color, as the eye weighs red, green and blue.
#[derive(Debug, Clone, Copy)]
pub struct Grayscale;

impl PixelFunction<3, 1> for Grayscale {
    #[inline(always)]
    fn apply<S: Number>(&self, [red, green, blue]: [S; 3]) -> [S; 1] {
        [S::constant(0.2989) * red + S::constant(0.587) * green + S::constant(0.114) * blue]
    }
}

/// From red, green, blue to hue, saturation, value.
#[derive(Debug, Clone, Copy)]
pub struct RgbToHsv;

impl PixelFunction<3, 3> for RgbToHsv {
    #[inline(always)]
    fn apply<S: Number>(&self, rgb: [S; 3]) -> [S; 3] {
        let (zero, one, sixth) = (S::constant(0.0), S::constant(1.0), S::constant(1.0 / 6.0));
        let tiny = S::constant(f64::from(f32::EPSILON));
        let [red, green, blue] = rgb.map(|x| if x < tiny && -x < tiny { zero } else { x });
        let value = red.greater(green).greater(blue);
        let range = value - red.smaller(green).smaller(blue);
        let saturation = if value > zero { range / value } else { zero };
        // 1 instead of 0 for grays, which have no hue.
        let norm = sixth / if range > zero { range } else { one };
        let hue = if value == red {
            norm * (green - blue)
        } else if value == green {
            norm * (blue - red) + S::constant(2.0 / 6.0)
        } else {
            norm * (red - green) + S::constant(4.0 / 6.0)
        };
        let hue = if range > zero { hue } else { zero };
        [if hue < zero { hue + one } else { hue }, saturation, value]
    }
}

/// From hue, saturation, value to red, green, blue.
#[derive(Debug, Clone, Copy)]
pub struct HsvToRgb;

impl PixelFunction<3, 3> for HsvToRgb {
    #[inline(always)]
    fn apply<S: Number>(&self, [hue, saturation, value]: [S; 3]) -> [S; 3] {
        let (one, two) = (S::constant(1.0), S::constant(2.0));
        let sixths = (hue - hue.floor()) * S::constant(6.0);
        let distance = |from: f64| {
            let x = sixths - S::constant(from);
            x.greater(-x)
        };
        let parts = [distance(3.0) - one, two - distance(2.0), two - distance(4.0)];
        parts.map(|part| value * (one - saturation + saturation * part.clipped(0.0, 1.0)))
    }
}

/// Grayscale images with one channel; those that have one already are returned as they are.
///
/// # Shapes
/// - `images`: `(batch, height, width, 3)` or `(height, width, 3)`
/// - the result: the same with one channel
///
/// # Errors
/// If there are neither one nor three channels.
pub fn rgb_to_grayscale(images: &Tensor, data_format: DataFormat) -> Result<Tensor> {
    of_colors("rgb_to_grayscale", images, data_format, |x| match x.dims().last() {
        Some(1) => Ok(x.clone()),
        _ => pixelwise(x, vec![Grayscale]),
    })
}

/// Hue, saturation and value of images of floating-point numbers in 0..1.
///
/// # Shapes
/// - `images` and the result: `(batch, height, width, 3)` or `(height, width, 3)`
///
/// # Errors
/// If there are not three channels, or the images are of whole numbers.
///
/// ```
/// use candle_keras_ops::image::{DataFormat, hsv_to_rgb, rgb_to_hsv};
/// use candle_keras_ops::{Device, Tensor};
/// let green = Tensor::new(&[[[0f32, 0.5, 0.]]], &Device::Cpu)?;
/// let hsv = rgb_to_hsv(&green, DataFormat::ChannelsLast)?;
/// assert_eq!(hsv.flatten_all()?.to_vec1::<f32>()?, [1. / 3., 1., 0.5]);
/// assert_eq!(hsv_to_rgb(&hsv, DataFormat::ChannelsLast)?.flatten_all()?.to_vec1::<f32>()?, [0., 0.5, 0.]);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn rgb_to_hsv(images: &Tensor, data_format: DataFormat) -> Result<Tensor> {
    of_floats("rgb_to_hsv", images, data_format, |x| pixelwise(x, vec![RgbToHsv]))
}

/// Red, green and blue of images of hue, saturation and value.
///
/// # Shapes
/// - `images` and the result: `(batch, height, width, 3)` or `(height, width, 3)`
///
/// # Errors
/// If there are not three channels, or the images are of whole numbers.
pub fn hsv_to_rgb(images: &Tensor, data_format: DataFormat) -> Result<Tensor> {
    of_floats("hsv_to_rgb", images, data_format, |x| pixelwise(x, vec![HsvToRgb]))
}

pub(super) fn of_floats(
    op: &str,
    images: &Tensor,
    format: DataFormat,
    f: impl FnOnce(&Tensor) -> Result<Tensor>,
) -> Result<Tensor> {
    if !images.dtype().is_float() {
        bail!("{op} takes images of floating-point numbers, received {:?}", images.dtype())
    }
    of_colors(op, images, format, f)
}

fn of_colors(
    op: &str,
    images: &Tensor,
    format: DataFormat,
    f: impl FnOnce(&Tensor) -> Result<Tensor>,
) -> Result<Tensor> {
    crate::lengths::check([images])?;
    if !matches!(images.rank(), 3 | 4) {
        bail!("{op} takes one image with 3 axes, or a batch with 4, received the shape {:?}", images.dims())
    }
    with_channels_last(images, format, |x| match x.dims().last() {
        Some(1 | 3) => f(x),
        _ => bail!("{op} takes images with 3 channels, received the shape {:?}", images.dims()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, values};
    use candle_core::{DType, Device};

    #[test]
    fn gradients_agree_with_finite_differences() {
        let x = [values([2, 3, 2, 3], 1)];
        let first = [values([3, 2, 4], 2)];
        for f in [rgb_to_grayscale, rgb_to_hsv, hsv_to_rgb] {
            assert_gradients(&x, |x| f(&x[0], DataFormat::ChannelsLast));
            assert_gradients(&first, |x| f(&x[0], DataFormat::ChannelsFirst));
        }
    }

    #[test]
    fn colors_come_back() {
        let x = values([4, 5, 3], 3).abs().unwrap();
        let x = (&x / x.max_all().unwrap().to_scalar::<f64>().unwrap()).unwrap();
        let y = hsv_to_rgb(&rgb_to_hsv(&x, DataFormat::ChannelsLast).unwrap(), DataFormat::ChannelsLast).unwrap();
        let off = (x - y).unwrap().abs().unwrap().max_all().unwrap().to_scalar::<f64>().unwrap();
        assert!(off < 1e-12, "{off}");
    }

    #[test]
    fn other_channels_and_whole_numbers_are_errors() {
        let zeros = |shape: [usize; 3], dtype| Tensor::zeros(&shape, dtype, &Device::Cpu).unwrap();
        assert!(rgb_to_grayscale(&zeros([2, 2, 2], DType::F32), DataFormat::ChannelsLast).is_err());
        assert!(rgb_to_hsv(&zeros([2, 2, 3], DType::U8), DataFormat::ChannelsLast).is_err());
        let gray = rgb_to_grayscale(&zeros([2, 2, 3], DType::U8), DataFormat::ChannelsLast).unwrap();
        assert_eq!((gray.dims(), gray.dtype()), (&[2, 2, 1][..], DType::U8));
    }
}
