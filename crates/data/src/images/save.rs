//! Images from arrays, and to files. Keras: `keras.utils.array_to_img`, `keras.utils.save_img`.

use super::{Image, ImageMode, pixels};
use crate::atomic;
use candle_core::Tensor;
use candle_keras_ops::{Error, Result};
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageFormat};
use std::io::{Cursor, Write};
use std::path::Path;

/// The arguments of [`array_to_img`], with Keras's defaults.
#[derive(Debug, Clone)]
#[must_use]
pub struct ArrayToImg {
    scale: bool,
    is_channels_first: bool,
}

impl Default for ArrayToImg {
    fn default() -> Self {
        Self { scale: true, is_channels_first: false }
    }
}

impl ArrayToImg {
    /// Keras's defaults: scaled, with the channels last.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the numbers are scaled so that the smallest is 0 and the largest 255. Default: true. Otherwise they are taken as they are.
    pub fn scale(mut self, scale: bool) -> Self {
        self.scale = scale;
        self
    }

    /// Whether the channels are on the first axis, not the last.
    pub fn channels_first(mut self, first: bool) -> Self {
        self.is_channels_first = first;
        self
    }
}

/// The image of an array of `(height, width, channels)`, whose numbers are truncated to bytes. Keras: `keras.utils.array_to_img`.
///
/// # Errors
/// If it is not one image of 1, 3 or 4 channels, or without a scale numbers are not from 0 to 255, which Keras takes modulo 256.
pub fn array_to_img(array: &Tensor, arguments: ArrayToImg) -> Result<Image> {
    let array = if arguments.is_channels_first && array.rank() == 3 { &array.permute((1, 2, 0))? } else { array };
    let (mut numbers, [height, width, channels]) = pixels(array, "array_to_img")?;
    if numbers.is_empty() {
        return Err(Error::new("an image has pixels").received(format!("{:?}", array.dims())));
    }
    if arguments.scale {
        let least = numbers.iter().copied().fold(f32::INFINITY, f32::min);
        numbers.iter_mut().for_each(|number| *number -= least);
        let most = numbers.iter().copied().fold(0f32, f32::max);
        if most != 0.0 {
            numbers.iter_mut().for_each(|number| *number = *number / most * 255.0);
        }
    }
    if let Some(i) = numbers.iter().position(|number| !(0.0..256.0).contains(number)) {
        let position = candle_keras_ops::position(i, &[height, width, channels]);
        return Err(Error::new("the numbers of an image are from 0 to 255")
            .received(format!("{} at {position:?}", numbers[i]))
            .help("scale(true) scales them"));
    }
    // Truncated, as by NumPy's `astype("uint8")`.
    let mode = ImageMode::of_channels(channels);
    Ok(Image { height, width, mode, pixels: numbers.iter().map(|number| *number as u8).collect() })
}

/// The arguments of [`save_img`], with Keras's defaults.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct SaveImg {
    to_img: ArrayToImg,
    file_format: Option<String>,
}

impl SaveImg {
    /// Keras's defaults: scaled, in the format that the name of the file says.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the numbers are scaled so that the smallest is 0 and the largest 255. Default: true.
    pub fn scale(mut self, scale: bool) -> Self {
        self.to_img = self.to_img.scale(scale);
        self
    }

    /// Whether the channels are on the first axis, not the last.
    pub fn channels_first(mut self, first: bool) -> Self {
        self.to_img = self.to_img.channels_first(first);
        self
    }

    /// The format, `"png"`, `"jpeg"` or `"bmp"`, where the name of the file does not say it.
    pub fn file_format(mut self, format: &str) -> Self {
        self.file_format = Some(format.into());
        self
    }
}

/// Writes an array as an image file. A JPEG has PIL's quality of 75. Keras: `keras.utils.save_img`.
///
/// # Errors
/// As for [`array_to_img`], and if the format is not known or the file cannot be written. A file that was there stays as it was then.
pub fn save_img(path: impl AsRef<Path>, array: &Tensor, arguments: SaveImg) -> Result<()> {
    let path = path.as_ref();
    let format = format_of(path, arguments.file_format.as_deref())?;
    array_to_img(array, arguments.to_img)?.write(path, format)
}

/// The format of this name, or that which the name of the file says.
fn format_of(path: &Path, name: Option<&str>) -> Result<ImageFormat> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match name.unwrap_or(extension).to_lowercase().as_str() {
        "png" => Ok(ImageFormat::Png),
        "jpg" | "jpeg" => Ok(ImageFormat::Jpeg),
        "bmp" => Ok(ImageFormat::Bmp),
        other => Err(Error::unknown("file_format", other, &["png", "jpeg", "bmp"])),
    }
}

impl Image {
    /// Writes the image to a PNG, JPEG or BMP file, as the file's name says. Python: `PIL.Image.save`.
    ///
    /// ```
    /// use candle_core::{Device, Tensor};
    /// use candle_keras_data::{ArrayToImg, LoadImg, array_to_img, load_img};
    /// # let folder = tempfile::tempdir().expect("a folder");
    /// # let path = folder.path().join("image.png");
    /// let image = array_to_img(&Tensor::new(&[[[7f32], [9.]]], &Device::Cpu)?, ArrayToImg::new().scale(false))?;
    /// image.save(&path)?;
    /// assert_eq!(load_img(&path, LoadImg::new().color_mode("grayscale"))?, image);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the format is not known or the file cannot be written. A file that was there stays as it was then.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        self.write(path, format_of(path, None)?)
    }

    fn write(&self, path: &Path, format: ImageFormat) -> Result<()> {
        let mut bytes = Cursor::new(Vec::new());
        self.encode(format, &mut bytes).map_err(|cause| Error::new(format!("{}: {cause}", path.display())))?;
        atomic::write(path, |file| file.write_all(bytes.get_ref()).map_err(|cause| Error::io(path, cause)))
    }

    fn encode(&self, format: ImageFormat, file: &mut Cursor<Vec<u8>>) -> image::ImageResult<()> {
        // Files have no such channels.
        if self.mode == ImageMode::YCbCr {
            return self.convert(ImageMode::Rgb).encode(format, file);
        }
        // A JPEG has no opacity.
        let opaque: Vec<u8>;
        let (pixels, color) = match (self.channels(), format) {
            (1, _) => (&self.pixels, ExtendedColorType::L8),
            (4, ImageFormat::Jpeg) => {
                opaque = self.pixels.as_chunks::<4>().0.iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect();
                (&opaque, ExtendedColorType::Rgb8)
            }
            (4, _) => (&self.pixels, ExtendedColorType::Rgba8),
            _ => (&self.pixels, ExtendedColorType::Rgb8),
        };
        let too_large = |_| {
            image::ImageError::Limits(image::error::LimitError::from_kind(image::error::LimitErrorKind::DimensionError))
        };
        let width = u32::try_from(self.width).map_err(too_large)?;
        let height = u32::try_from(self.height).map_err(too_large)?;
        match format {
            ImageFormat::Jpeg => JpegEncoder::new_with_quality(file, 75).encode(pixels, width, height, color),
            _ => image::write_buffer_with_format(file, pixels, width, height, color, format),
        }
    }
}
