//! One image of a file. Keras: `keras.utils.load_img`.

use super::{ColorMode, Image, decode};
use crate::ToTensor;
use candle_core::Tensor;
use candle_keras_ops::image::{Interpolation, Resize, resize};
use candle_keras_ops::{Error, Result};
use std::path::Path;

/// The arguments of [`load_img`], with Keras's defaults.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct LoadImg {
    color_mode: Option<String>,
    target_size: Option<[usize; 2]>,
    interpolation: Option<String>,
    keep_aspect_ratio: bool,
}

impl LoadImg {
    /// Keras's defaults: red, green and blue, in the size of the file.
    pub fn new() -> Self {
        Self::default()
    }

    /// `"grayscale"`, `"rgb"`, by default, or `"rgba"`.
    pub fn color_mode(mut self, mode: &str) -> Self {
        self.color_mode = Some(mode.into());
        self
    }

    /// The height and the width.
    pub fn target_size(mut self, size: impl Into<Option<[usize; 2]>>) -> Self {
        self.target_size = size.into();
        self
    }

    /// How it is resized: `"nearest"`, by default, `"bilinear"`, `"bicubic"`, `"lanczos"` or `"box"`, smoothed if it becomes smaller, as in PIL.
    pub fn interpolation(mut self, interpolation: &str) -> Self {
        self.interpolation = Some(interpolation.into());
        self
    }

    /// Whether the largest part in the middle with the new aspect ratio is resized. Default: false, the image is stretched.
    pub fn keep_aspect_ratio(mut self, keep: bool) -> Self {
        self.keep_aspect_ratio = keep;
        self
    }
}

/// Reads an image: PNG, JPEG, BMP or GIF, of which the first picture. Keras: `keras.utils.load_img`.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::{LoadImg, SaveImg, img_to_array, load_img, save_img};
/// # let folder = tempfile::tempdir().expect("a folder");
/// # let path = folder.path().join("image.png");
/// let red = Tensor::new(&[[[255f32, 0., 0.], [0., 0., 0.]]], &Device::Cpu)?;
/// save_img(&path, &red, SaveImg::new())?;
/// let image = load_img(&path, LoadImg::new())?;
/// assert_eq!(image.size(), [1, 2]);
/// assert_eq!(img_to_array(&image)?.to_vec3::<f32>()?, [[[255., 0., 0.], [0., 0., 0.]]]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If the file cannot be read or is not an image, with its path, or an argument is invalid.
pub fn load_img(path: impl AsRef<Path>, arguments: LoadImg) -> Result<Image> {
    let color = arguments.color_mode.as_deref().map_or(Ok(ColorMode::default()), ColorMode::by_name)?;
    let interpolation = match arguments.interpolation.as_deref().unwrap_or("nearest") {
        "nearest" => Interpolation::Nearest,
        "bilinear" => Interpolation::Bilinear,
        "bicubic" => Interpolation::Bicubic,
        "lanczos" => Interpolation::Lanczos3,
        "box" => Interpolation::Area,
        other => {
            let names = ["nearest", "bilinear", "bicubic", "lanczos", "box"];
            return Err(Error::unknown("interpolation", other, &names));
        }
    };
    let image = decode(path.as_ref(), color)?;
    let Some(size) = arguments.target_size.filter(|size| *size != image.size()) else { return Ok(image) };
    if size.contains(&0) {
        return Err(Error::new("target_size is a height and a width").received(format!("{size:?}")));
    }
    if interpolation == Interpolation::Nearest && !arguments.keep_aspect_ratio {
        return Ok(nearest(&image, size));
    }
    let antialias = !matches!(interpolation, Interpolation::Nearest | Interpolation::Area);
    let crop_to_aspect_ratio = arguments.keep_aspect_ratio;
    let resized =
        resize(&image.to_tensor()?, &Resize { interpolation, antialias, crop_to_aspect_ratio, ..Resize::to(size) })?;
    Ok(Image { height: size[0], width: size[1], channels: image.channels, pixels: bytes(&resized)? })
}

/// The pixels that PIL takes. It adds up the steps from one to the next, so that it takes the first of two which are as near.
fn nearest(image: &Image, [height, width]: [usize; 2]) -> Image {
    let places = |from: usize, to: usize| -> Vec<usize> {
        let step = from as f64 / to as f64;
        let place = std::iter::successors(Some(0.5 * step), |place| Some(place + step));
        place.take(to).map(|place| (place as usize).min(from - 1)).collect()
    };
    let (rows, columns) = (places(image.height, height), places(image.width, width));
    let at = |row: usize, column: usize| (row * image.width + column) * image.channels;
    let mut pixels = Vec::with_capacity(height * width * image.channels);
    for row in rows {
        columns.iter().for_each(|&column| pixels.extend_from_slice(&image.pixels[at(row, column)..][..image.channels]));
    }
    Image { height, width, channels: image.channels, pixels }
}

/// Numbers from 0 to 255, rounded.
fn bytes(image: &Tensor) -> Result<Vec<u8>> {
    let numbers: Vec<f32> = image.flatten_all()?.to_vec1()?;
    Ok(numbers.iter().map(|number| number.round() as u8).collect())
}
