//! Image files: `cv2.imread` and `cv2.imwrite`.

use super::pixels::{Pixels, Size, read, tensor};
use crate::atomic;
use candle_core::Tensor;
use candle_keras_ops::{Error, Result};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ExtendedColorType, ImageDecoder, ImageFormat, ImageReader, Limits};
use std::io::{Cursor, Write};
use std::path::Path;

/// What [`imread`] makes of a file. Python: `cv2.IMREAD_COLOR` and `cv2.IMREAD_GRAYSCALE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Read {
    /// Blue, green, red, without opacity.
    #[default]
    Color,
    /// One channel of brightness.
    Grayscale,
}

/// Reads a PNG, JPEG or BMP file as uint8, turned as its EXIF data says. Python: `cv2.imread`.
///
/// The brightness of a colored PNG or BMP file is that of its decoder in OpenCV, which is another one than that of `cvtColor`. A JPEG file is decoded by
/// another library than OpenCV's: see the docs of porting for how far they differ.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::cv2::{Read, imread, imwrite};
/// # let folder = tempfile::tempdir().expect("a folder");
/// # let path = folder.path().join("image.png");
/// imwrite(&path, &Tensor::new(&[[1u8, 2]], &Device::Cpu)?)?;
/// assert_eq!(imread(&path, Read::Grayscale)?.to_vec2::<u8>()?, [[1, 2]]);
/// assert!(imread("none.png", Read::Color).is_err());
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If the file is not there or is no such image, where Python gets `None`: `imread(path, flag).ok()` is that.
pub fn imread(path: impl AsRef<Path>, flag: Read) -> Result<Tensor> {
    let path = path.as_ref();
    let damaged = |cause: &dyn std::fmt::Display| {
        Error::new(format!("{}: this image cannot be read: {cause}", path.display()))
            .expected("a PNG, JPEG or BMP file")
    };
    let reader = ImageReader::open(path).map_err(|cause| Error::io(path, cause))?;
    let mut reader = reader.with_guessed_format().map_err(|cause| Error::io(path, cause))?;
    let format = reader.format();
    if !matches!(format, Some(ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::Bmp)) {
        return Err(damaged(&"its format is another one"));
    }
    reader.limits(Limits::default());
    let mut decoder = reader.into_decoder().map_err(|cause| damaged(&cause))?;
    let orientation = decoder.orientation().map_err(|cause| damaged(&cause))?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(|cause| damaged(&cause))?;
    image.apply_orientation(orientation);
    let (height, width) = (image.height() as usize, image.width() as usize);
    let (channels, bytes) = match flag {
        Read::Color => (3, in_color(&image)),
        Read::Grayscale => (1, in_gray(&image, format == Some(ImageFormat::Png))),
    };
    tensor(Size { height, width, channels }, Pixels::Bytes(bytes))
}

/// The upper bytes of an image of 16 bits, which OpenCV takes.
fn upper(number: u16) -> u8 {
    (number >> 8) as u8
}

/// Blue, green, red.
fn in_color(image: &DynamicImage) -> Vec<u8> {
    match image {
        DynamicImage::ImageLuma8(image) => image.iter().flat_map(|&gray| [gray; 3]).collect(),
        DynamicImage::ImageLumaA8(image) => image.pixels().flat_map(|pixel| [pixel.0[0]; 3]).collect(),
        DynamicImage::ImageLuma16(image) => image.iter().flat_map(|&gray| [upper(gray); 3]).collect(),
        DynamicImage::ImageLumaA16(image) => image.pixels().flat_map(|pixel| [upper(pixel.0[0]); 3]).collect(),
        DynamicImage::ImageRgb16(image) => image
            .pixels()
            .flat_map(|pixel| pixel.0.map(upper))
            .collect::<Vec<u8>>()
            .as_chunks()
            .0
            .iter()
            .flat_map(reversed)
            .collect(),
        DynamicImage::ImageRgba16(image) => {
            image.pixels().flat_map(|pixel| [upper(pixel.0[2]), upper(pixel.0[1]), upper(pixel.0[0])]).collect()
        }
        DynamicImage::ImageRgba8(image) => {
            image.pixels().flat_map(|pixel| [pixel.0[2], pixel.0[1], pixel.0[0]]).collect()
        }
        other => other.to_rgb8().as_raw().as_chunks().0.iter().flat_map(reversed).collect(),
    }
}

fn reversed(&[red, green, blue]: &[u8; 3]) -> [u8; 3] {
    [blue, green, red]
}

/// One channel: by libpng's weights in a PNG file, and by others elsewhere.
fn in_gray(image: &DynamicImage, is_png: bool) -> Vec<u8> {
    match image {
        DynamicImage::ImageLuma8(image) => image.to_vec(),
        DynamicImage::ImageLumaA8(image) => image.pixels().map(|pixel| pixel.0[0]).collect(),
        DynamicImage::ImageLuma16(image) => image.iter().map(|&gray| upper(gray)).collect(),
        DynamicImage::ImageLumaA16(image) => image.pixels().map(|pixel| upper(pixel.0[0])).collect(),
        DynamicImage::ImageRgb16(_) | DynamicImage::ImageRgba16(_) => {
            let wide = image.to_rgb16();
            let gray = |[red, green, blue]: [u16; 3]| weighted([9797, 19234, 3737], 1 << 14, [red, green, blue]) as u16;
            wide.pixels().map(|pixel| upper(gray(pixel.0))).collect()
        }
        other => {
            let gray = |&[red, green, blue]: &[u8; 3]| match is_png {
                true if red == green && red == blue => red,
                true => weighted([9797, 19234, 3737], 0, [red, green, blue]) as u8,
                false => weighted([9798, 19234, 3736], 1 << 14, [red, green, blue]) as u8,
            };
            other.to_rgb8().as_raw().as_chunks().0.iter().map(gray).collect()
        }
    }
}

/// Their sum with weights of 15 bits.
fn weighted<T: Into<u32>>(weights: [u32; 3], half: u32, channels: [T; 3]) -> u32 {
    let sum = channels.into_iter().zip(weights).map(|(channel, weight)| channel.into() * weight).sum::<u32>();
    (sum + half) >> 15
}

/// Writes an image of uint8 to a PNG, JPEG or BMP file, as its name says; fractions are rounded. Whether the file could be written: there is no error if
/// its folder is not there. Python: `cv2.imwrite`.
///
/// A JPEG file has OpenCV's quality of 95, but is written by another library.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::cv2;
/// # let folder = tempfile::tempdir().expect("a folder");
/// let image = Tensor::new(&[[0u8, 255]], &Device::Cpu)?;
/// assert!(cv2::imwrite(folder.path().join("image.png"), &image)?);
/// assert!(!cv2::imwrite(folder.path().join("none/image.png"), &image)?);
/// assert!(cv2::imwrite("image.xyz", &image).is_err());
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If it is no image of 1, 3 or 4 channels, or the format is not known.
pub fn imwrite(path: impl AsRef<Path>, image: &Tensor) -> Result<bool> {
    let path = path.as_ref();
    let (size, pixels) = read(image, "imwrite")?;
    let bytes = match pixels {
        Pixels::Bytes(bytes) => bytes,
        Pixels::F32(numbers) => numbers.iter().map(|&number| number.round_ties_even() as u8).collect(),
        Pixels::F64(numbers) => numbers.iter().map(|&number| number.round_ties_even() as u8).collect(),
    };
    let extension = path.extension().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let format = match extension.as_str() {
        "png" => ImageFormat::Png,
        "jpg" | "jpeg" | "jpe" => ImageFormat::Jpeg,
        "bmp" => ImageFormat::Bmp,
        other => return Err(Error::unknown("file_format", other, &["png", "jpg", "bmp"])),
    };
    let (bytes, color): (Vec<u8>, _) = match (size.channels, format) {
        (1, _) => (bytes, ExtendedColorType::L8),
        (3, _) => (bytes.as_chunks().0.iter().flat_map(reversed).collect(), ExtendedColorType::Rgb8),
        // These have no opacity.
        (4, ImageFormat::Jpeg | ImageFormat::Bmp) => (
            bytes.as_chunks().0.iter().flat_map(|&[blue, green, red, _]| [red, green, blue]).collect(),
            ExtendedColorType::Rgb8,
        ),
        (4, _) => (
            bytes.as_chunks().0.iter().flat_map(|&[blue, green, red, alpha]| [red, green, blue, alpha]).collect(),
            ExtendedColorType::Rgba8,
        ),
        (channels, _) => {
            return Err(Error::new("imwrite takes 1, 3 or 4 channels").received(format!("{channels} channels")));
        }
    };
    let too_large =
        |_| Error::new(format!("an image of {} x {} pixels is too large for a file", size.height, size.width));
    let (width, height) =
        (u32::try_from(size.width).map_err(too_large)?, u32::try_from(size.height).map_err(too_large)?);
    let mut file = Cursor::new(Vec::new());
    let written = match format {
        ImageFormat::Jpeg => JpegEncoder::new_with_quality(&mut file, 95).encode(&bytes, width, height, color),
        _ => image::write_buffer_with_format(&mut file, &bytes, width, height, color, format),
    };
    written.map_err(|cause| Error::new(format!("{}: {cause}", path.display())))?;
    Ok(atomic::write(path, |out| out.write_all(file.get_ref()).map_err(|cause| Error::io(path, cause))).is_ok())
}
