//! The pixels of an image file.

use super::ImageMode;
use crate::ToTensor;
use candle_core::{Device, Tensor};
use candle_keras_ops::{Error, Result};
use image::{DynamicImage, ImageBuffer, ImageReader, Limits, Pixel};
use std::path::Path;

/// The channels of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColorMode {
    /// One channel of brightness.
    Grayscale,
    /// Red, green, blue.
    #[default]
    Rgb,
    /// Red, green, blue, opacity.
    Rgba,
}

impl ColorMode {
    /// The one of this name: `"grayscale"`, `"rgb"` or `"rgba"`.
    ///
    /// # Errors
    /// If there is none.
    pub fn by_name(name: &str) -> Result<Self> {
        match name {
            "grayscale" => Ok(Self::Grayscale),
            "rgb" => Ok(Self::Rgb),
            "rgba" => Ok(Self::Rgba),
            other => Err(Error::unknown("color_mode", other, &["grayscale", "rgb", "rgba"])),
        }
    }

    pub(crate) fn channels(self) -> usize {
        match self {
            Self::Grayscale => 1,
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }
}

/// An image of 8 bits a channel. Python: `PIL.Image`.
#[derive(Clone, PartialEq, Eq)]
pub struct Image {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) mode: ImageMode,
    /// Row by row, the channels of a pixel together.
    pub(super) pixels: Vec<u8>,
}

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Image({} x {}, {})", self.height, self.width, self.mode)
    }
}

impl Image {
    /// Its height and width. (`PIL.Image.size` is the width and the height.)
    pub fn size(&self) -> [usize; 2] {
        [self.height, self.width]
    }

    /// What its channels are. Python: `PIL.Image.mode`.
    pub fn mode(&self) -> ImageMode {
        self.mode
    }

    /// The number of channels.
    pub fn channels(&self) -> usize {
        self.mode.channels()
    }

    /// Row by row, the channels of a pixel together.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }
}

/// `(height, width, channels)` in f32, from 0 to 255.
impl ToTensor for Image {
    fn to_tensor(&self) -> Result<Tensor> {
        let pixels: Vec<f32> = self.pixels.iter().map(|pixel| f32::from(*pixel)).collect();
        Ok(Tensor::from_vec(pixels, (self.height, self.width, self.channels()), &Device::Cpu)?)
    }
}

/// Reads an image; an error has its path.
pub(crate) fn decode(path: &Path, color: ColorMode) -> Result<Image> {
    let damaged = |cause: &dyn std::fmt::Display| {
        Error::new(format!("{}: this image cannot be read: {cause}", path.display()))
            .expected("a PNG, JPEG, BMP or GIF file")
    };
    let reader = ImageReader::open(path).map_err(|cause| Error::io(path, cause))?;
    // The contents say what it is, as the name may be wrong.
    let mut reader = reader.with_guessed_format().map_err(|cause| Error::io(path, cause))?;
    reader.limits(Limits::default());
    let image = reader.decode().map_err(|cause| damaged(&cause))?;
    let (width, height) = (image.width() as usize, image.height() as usize);
    Ok(Image { height, width, mode: color.into(), pixels: in_color(image, color) })
}

/// The pixels with these channels. Opacity is dropped, not blended, and brightness is that of PIL, ITU-R 601.
fn in_color(image: DynamicImage, color: ColorMode) -> Vec<u8> {
    match (color, image) {
        (ColorMode::Grayscale, DynamicImage::ImageLuma8(image)) => image.into_raw(),
        (ColorMode::Grayscale, image @ (DynamicImage::ImageLumaA8(_) | DynamicImage::ImageLuma16(_))) => {
            first_channels(&image.into_luma_alpha8())
        }
        (ColorMode::Grayscale, image) => image.into_rgb8().as_raw().as_chunks().0.iter().map(brightness).collect(),
        (ColorMode::Rgb, image) => image.into_rgb8().into_raw(),
        (ColorMode::Rgba, image) => image.into_rgba8().into_raw(),
    }
}

fn first_channels<P: Pixel<Subpixel = u8>>(image: &ImageBuffer<P, Vec<u8>>) -> Vec<u8> {
    image.pixels().map(|pixel| pixel.channels()[0]).collect()
}

pub(super) fn brightness(&[red, green, blue]: &[u8; 3]) -> u8 {
    ((u32::from(red) * 19595 + u32::from(green) * 38470 + u32::from(blue) * 7471 + 0x8000) >> 16) as u8
}
