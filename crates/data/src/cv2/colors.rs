//! Colors: `cv2.cvtColor`.

use super::pixels::{Fraction, Pixels, Size, each, read, tensor};
use candle_core::Tensor;
use candle_keras_ops::{Error, Result};

/// A conversion of colors. Python: `cv2.COLOR_BGR2RGB` and others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// `COLOR_BGR2RGB`: the channels in the opposite order.
    BgrToRgb,
    /// `COLOR_RGB2BGR`: the same.
    RgbToBgr,
    /// `COLOR_BGR2GRAY`: brightness, of ITU-R 601.
    BgrToGray,
    /// `COLOR_RGB2GRAY`: brightness, of ITU-R 601.
    RgbToGray,
    /// `COLOR_GRAY2BGR`: three equal channels.
    GrayToBgr,
    /// `COLOR_GRAY2RGB`: three equal channels.
    GrayToRgb,
}

/// An image in other colors. Python: `cv2.cvtColor`.
///
/// # Shapes
/// - `image`: `(height, width, 3)`, or `(height, width)` of gray
/// - the result: likewise
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::cv2::{Color, cvt_color};
/// let image = Tensor::new(&[[[10u8, 20, 30]]], &Device::Cpu)?;
/// assert_eq!(cvt_color(&image, Color::BgrToRgb)?.to_vec3::<u8>()?, [[[30, 20, 10]]]);
/// assert_eq!(cvt_color(&image, Color::BgrToGray)?.to_vec2::<u8>()?, [[22]]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If the image has another number of channels.
pub fn cvt_color(image: &Tensor, color: Color) -> Result<Tensor> {
    let (size, pixels) = read(image, "cvt_color")?;
    let (from, to) = match color {
        Color::BgrToRgb | Color::RgbToBgr => (3, 3),
        Color::BgrToGray | Color::RgbToGray => (3, 1),
        Color::GrayToBgr | Color::GrayToRgb => (1, 3),
    };
    if size.channels != from {
        return Err(Error::new(format!("cvt_color with {color:?} takes an image of {from} channels"))
            .received(format!("{:?}", image.dims())));
    }
    let size = Size { channels: to, ..size };
    size.check()?;
    let pixels = match color {
        Color::BgrToRgb | Color::RgbToBgr => each!(pixels, reversed, reversed),
        Color::GrayToBgr | Color::GrayToRgb => each!(pixels, repeated, repeated),
        Color::BgrToGray => each!(pixels, |all| gray_bytes(all, false), |all| gray(all, false)),
        Color::RgbToGray => each!(pixels, |all| gray_bytes(all, true), |all| gray(all, true)),
    };
    tensor(size, pixels)
}

fn reversed<T: Copy>(pixels: &[T]) -> Vec<T> {
    pixels.as_chunks().0.iter().flat_map(|&[a, b, c]| [c, b, a]).collect()
}

fn repeated<T: Copy>(pixels: &[T]) -> Vec<T> {
    pixels.iter().flat_map(|&gray| [gray; 3]).collect()
}

/// With weights of 15 bits.
fn gray_bytes(pixels: &[u8], is_red_first: bool) -> Vec<u8> {
    let of = |&[a, b, c]: &[u8; 3]| {
        let (red, blue) = if is_red_first { (a, c) } else { (c, a) };
        ((u32::from(red) * 9798 + u32::from(b) * 19235 + u32::from(blue) * 3735 + (1 << 14)) >> 15) as u8
    };
    pixels.as_chunks().0.iter().map(of).collect()
}

fn gray<T: Fraction>(pixels: &[T], is_red_first: bool) -> Vec<T> {
    let [red, green, blue] = [0.299f32, 0.587, 0.114].map(T::from);
    let weights = if is_red_first { [red, green, blue] } else { [blue, green, red] };
    pixels.as_chunks().0.iter().map(|&[a, b, c]| a * weights[0] + b * weights[1] + c * weights[2]).collect()
}
