//! One image of a file. Keras: `keras.utils.load_img`.

use super::resample::{Part, resampled};
use super::{ColorMode, Image, Resample, decode};
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
    let resample = Resample::by_name(arguments.interpolation.as_deref().unwrap_or("nearest"))?;
    let image = decode(path.as_ref(), color)?;
    let Some(size) = arguments.target_size.filter(|size| *size != image.size()) else { return Ok(image) };
    if size.contains(&0) {
        return Err(Error::new("target_size is a height and a width").received(format!("{size:?}")));
    }
    let [height, width] = image.size();
    // The largest part in the middle with the new aspect ratio, in Keras's whole numbers.
    let part = if arguments.keep_aspect_ratio {
        let of = |side: usize, over: usize, under: usize| side.saturating_mul(over) / under;
        let (crop_height, crop_width) =
            (height.min(of(width, size[0], size[1])).max(1), width.min(of(height, size[1], size[0])).max(1));
        let (top, left) = ((height - crop_height) / 2, (width - crop_width) / 2);
        Part { top, left, bottom: top + crop_height, right: left + crop_width }
    } else {
        Part::all(&image)
    };
    resampled(&image, size, resample, part)
}
