//! What the channels of an image are, and how they become others: as in PIL, with its whole numbers.

use super::decode::brightness;
use super::{ColorMode, Image};
use candle_keras_ops::{Error, Result};

/// What the channels of an image are. Python: `PIL.Image.mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageMode {
    /// Brightness, from black to white.
    L,
    /// Red, green, blue.
    Rgb,
    /// Red, green, blue, opacity.
    Rgba,
    /// Brightness and two differences of colors, as in JPEG files.
    YCbCr,
}

impl ImageMode {
    /// The one that PIL calls so: `"L"`, `"RGB"`, `"RGBA"` or `"YCbCr"`.
    ///
    /// # Errors
    /// If there is none.
    pub fn by_name(name: &str) -> Result<Self> {
        match name {
            "L" => Ok(Self::L),
            "RGB" => Ok(Self::Rgb),
            "RGBA" => Ok(Self::Rgba),
            "YCbCr" => Ok(Self::YCbCr),
            other => Err(Error::unknown("mode", other, &["L", "RGB", "RGBA", "YCbCr"])),
        }
    }

    /// How many channels an image has.
    pub fn channels(self) -> usize {
        match self {
            Self::L => 1,
            Self::Rgb | Self::YCbCr => 3,
            Self::Rgba => 4,
        }
    }

    /// That of an array with 1, 3 or 4 channels.
    pub(super) fn of_channels(channels: usize) -> Self {
        match channels {
            1 => Self::L,
            3 => Self::Rgb,
            _ => Self::Rgba,
        }
    }
}

/// PIL's name.
impl std::fmt::Display for ImageMode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::L => "L",
            Self::Rgb => "RGB",
            Self::Rgba => "RGBA",
            Self::YCbCr => "YCbCr",
        })
    }
}

impl From<ColorMode> for ImageMode {
    fn from(color: ColorMode) -> Self {
        match color {
            ColorMode::Grayscale => Self::L,
            ColorMode::Rgb => Self::Rgb,
            ColorMode::Rgba => Self::Rgba,
        }
    }
}

impl Image {
    /// The image with other channels. Python: `PIL.Image.convert`.
    ///
    /// ```
    /// use candle_core::{Device, Tensor};
    /// use candle_keras_data::{Image, ImageMode};
    /// let image = Image::from_array(&Tensor::new(&[[[255u8, 0, 0]]], &Device::Cpu)?)?;
    /// assert_eq!(image.convert(ImageMode::L).pixels(), [76]);
    /// assert_eq!(image.convert(ImageMode::YCbCr).pixels(), [76, 84, 255]);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    pub fn convert(&self, mode: ImageMode) -> Self {
        let pixels = &self.pixels;
        let of_three = || pixels.as_chunks::<3>().0.iter();
        let of_four = || pixels.as_chunks::<4>().0.iter();
        let pixels = match (self.mode, mode) {
            (from, to) if from == to => pixels.clone(),
            (ImageMode::L, ImageMode::Rgb) => pixels.iter().flat_map(|&gray| [gray; 3]).collect(),
            (ImageMode::L, ImageMode::Rgba) => pixels.iter().flat_map(|&gray| [gray, gray, gray, 255]).collect(),
            (ImageMode::L, _) => pixels.iter().flat_map(|&gray| [gray, 128, 128]).collect(),
            (ImageMode::Rgb, ImageMode::L) => of_three().map(brightness).collect(),
            (ImageMode::Rgb, ImageMode::Rgba) => of_three().flat_map(|&[r, g, b]| [r, g, b, 255]).collect(),
            (ImageMode::Rgb, _) => of_three().flat_map(to_y_cb_cr).collect(),
            (ImageMode::Rgba, ImageMode::L) => of_four().map(|&[r, g, b, _]| brightness(&[r, g, b])).collect(),
            (ImageMode::Rgba, ImageMode::Rgb) => of_four().flat_map(|&[r, g, b, _]| [r, g, b]).collect(),
            (ImageMode::Rgba, _) => of_four().flat_map(|&[r, g, b, _]| to_y_cb_cr(&[r, g, b])).collect(),
            (ImageMode::YCbCr, ImageMode::L) => of_three().map(|&[y, ..]| y).collect(),
            (ImageMode::YCbCr, ImageMode::Rgba) => of_three()
                .flat_map(|pixel| {
                    let [r, g, b] = from_y_cb_cr(pixel);
                    [r, g, b, 255]
                })
                .collect(),
            (ImageMode::YCbCr, _) => of_three().flat_map(from_y_cb_cr).collect(),
        };
        Self { mode, pixels, ..*self }
    }
}

/// A product with 6 more bits, rounded as C does: halves up, then towards zero.
fn times(factor: f64, number: i32) -> i32 {
    (factor * f64::from(number) * 64.0 + 0.5) as i32
}

fn to_y_cb_cr(&[red, green, blue]: &[u8; 3]) -> [u8; 3] {
    let of = |[r, g, b]: [f64; 3]| (times(r, red.into()) + times(g, green.into()) + times(b, blue.into())) >> 6;
    let (y, cb, cr) = (of([0.299, 0.587, 0.114]), of([-0.16874, -0.33126, 0.5]), of([0.5, -0.41869, -0.08131]));
    [y, cb + 128, cr + 128].map(|channel| channel as u8)
}

fn from_y_cb_cr(&[y, cb, cr]: &[u8; 3]) -> [u8; 3] {
    let (y, cb, cr) = (i32::from(y), i32::from(cb) - 128, i32::from(cr) - 128);
    let red = y + (times(1.402, cr) >> 6);
    let green = y + ((times(-0.34414, cb) + times(-0.71414, cr)) >> 6);
    let blue = y + (times(1.772, cb) >> 6);
    [red, green, blue].map(|channel| channel.clamp(0, 255) as u8)
}
