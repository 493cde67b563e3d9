//! Image files with labels. Keras: `keras.utils.image_dataset_from_directory`.

use super::{Folder, FolderDataset, ReadFiles, folder_arguments};
use crate::images::{ColorMode, decode};
use crate::{Array, ToTensor};
use candle_core::{Device, Tensor};
use candle_keras_ops::config::image_data_format;
use candle_keras_ops::image::{DataFormat, Interpolation, Resize, resize};
use candle_keras_ops::{Error, Result, has_memory_for};
use std::path::Path;

const EXTENSIONS: [&str; 5] = [".bmp", ".gif", ".jpeg", ".jpg", ".png"];

/// The arguments of [`image_dataset_from_directory`].
#[derive(Debug, Clone)]
#[must_use]
pub struct ImageFolder {
    folder: Folder,
    color_mode: String,
    image_size: [usize; 2],
    interpolation: String,
    crop_to_aspect_ratio: bool,
    pad_to_aspect_ratio: bool,
    data_format: Option<String>,
    skip_damaged: bool,
}

impl Default for ImageFolder {
    fn default() -> Self {
        Self {
            folder: Folder::default(),
            color_mode: "rgb".into(),
            image_size: [256, 256],
            interpolation: "bilinear".into(),
            crop_to_aspect_ratio: false,
            pad_to_aspect_ratio: false,
            data_format: None,
            skip_damaged: false,
        }
    }
}

folder_arguments!(ImageFolder);

impl ImageFolder {
    /// `"grayscale"`, `"rgb"`, by default, or `"rgba"`.
    pub fn color_mode(mut self, mode: &str) -> Self {
        self.color_mode = mode.into();
        self
    }

    /// The height and width that the images are resized to. Default: 256 by 256.
    pub fn image_size(mut self, size: [usize; 2]) -> Self {
        self.image_size = size;
        self
    }

    /// How they are resized: `"bilinear"`, by default, `"nearest"`, `"bicubic"`, `"area"`, `"lanczos3"` or `"lanczos5"`, without smoothing.
    pub fn interpolation(mut self, interpolation: &str) -> Self {
        self.interpolation = interpolation.into();
        self
    }

    /// Whether the largest part in the middle with the new aspect ratio is resized. Default: false, images are stretched.
    pub fn crop_to_aspect_ratio(mut self, crop: bool) -> Self {
        self.crop_to_aspect_ratio = crop;
        self
    }

    /// Whether images get black borders, so that they have the new aspect ratio. Default: false.
    pub fn pad_to_aspect_ratio(mut self, pad: bool) -> Self {
        self.pad_to_aspect_ratio = pad;
        self
    }

    /// `"channels_last"` or `"channels_first"`. Default: `config::image_data_format()`.
    pub fn data_format(mut self, format: &str) -> Self {
        self.data_format = Some(format.into());
        self
    }

    /// Whether a file that is no readable image is left out, with a warning, instead of being an error. The number of batches is then unknown before
    /// the end of a pass.
    pub fn skip_damaged(mut self, skip: bool) -> Self {
        self.skip_damaged = skip;
        self
    }

    fn reader(&self) -> Result<ReadImage> {
        if self.crop_to_aspect_ratio && self.pad_to_aspect_ratio {
            return Err(Error::new("an image is either cropped or padded to its aspect ratio")
                .received("crop_to_aspect_ratio and pad_to_aspect_ratio"));
        }
        if self.image_size.contains(&0) {
            return Err(Error::new("image_size is a height and a width").received(format!("{:?}", self.image_size)));
        }
        let bytes = self
            .image_size
            .iter()
            .try_fold(self.folder.batch_size.unwrap_or(1).saturating_mul(16), |all, size| all.checked_mul(*size));
        if !bytes.is_some_and(has_memory_for) {
            return Err(Error::new("a batch of images of image_size does not fit into memory")
                .received(format!("{:?}", self.image_size)));
        }
        Ok(ReadImage {
            color: ColorMode::by_name(&self.color_mode)?,
            resize: Resize {
                interpolation: Interpolation::by_name(&self.interpolation)?,
                crop_to_aspect_ratio: self.crop_to_aspect_ratio,
                ..Resize::to(self.image_size)
            },
            pad: self.pad_to_aspect_ratio,
            format: DataFormat::by_name(self.data_format.as_deref().unwrap_or(image_data_format()))?,
            skip_damaged: self.skip_damaged,
        })
    }
}

/// The images of a folder, decoded and resized on all cores, with the names of its subfolders as classes. Keras: the function of the same name.
///
/// A sample is `(height, width, channels)` in f32 from 0 to 255. PNG, JPEG, BMP and GIF files are read, of which GIFs have their first picture.
/// The pixels of JPEG files differ by a few steps from those of other decoders, as those of PIL and TensorFlow do among each other.
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use candle_keras_data::{ImageFolder, SaveImg, image_dataset_from_directory, save_img};
/// # let folder = tempfile::tempdir().expect("a folder");
/// # let path = folder.path();
/// for (name, shade) in [("dark/1.png", 10f32), ("light/1.png", 250.)] {
///     # std::fs::create_dir_all(path.join(name).parent().unwrap()).unwrap();
///     let image = Tensor::full(shade, (6, 8, 3), &Device::Cpu)?;
///     save_img(path.join(name), &image, SaveImg::new().scale(false))?;
/// }
/// let arguments = ImageFolder::new().image_size([4, 4]).shuffle(false).verbose(false);
/// let dataset = image_dataset_from_directory(path, arguments)?;
/// assert_eq!(dataset.class_names(), ["dark", "light"]);
/// let batch = dataset.iter()?.next().expect("one batch")?;
/// assert_eq!((batch.x[0].dims(), batch.x[0].dtype()), (&[2, 4, 4, 3][..], DType::F32));
/// assert_eq!(batch.y[0].to_vec1::<i64>()?, [0, 1]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If there are no such files, or an argument is invalid. A file that is no image is an error with its path when its batch is read, unless
/// [`skip_damaged`](ImageFolder::skip_damaged) leaves it out.
pub fn image_dataset_from_directory(directory: impl AsRef<Path>, arguments: ImageFolder) -> Result<FolderDataset> {
    arguments.folder.dataset(directory.as_ref(), &EXTENSIONS, arguments.reader()?)
}

/// The parts for training and validation of a [`validation_split`](ImageFolder::validation_split). Keras: `image_dataset_from_directory` with
/// `subset="both"`.
///
/// # Errors
/// As for [`image_dataset_from_directory`].
pub fn image_datasets_from_directory(
    directory: impl AsRef<Path>,
    arguments: ImageFolder,
) -> Result<(FolderDataset, FolderDataset)> {
    arguments.folder.datasets(directory.as_ref(), &EXTENSIONS, arguments.reader()?)
}

#[derive(Clone)]
struct ReadImage {
    color: ColorMode,
    resize: Resize,
    pad: bool,
    format: DataFormat,
    skip_damaged: bool,
}

impl ReadFiles for ReadImage {
    type Samples = Vec<f32>;

    fn samples(&self, count: usize) -> Vec<f32> {
        Vec::with_capacity(count.saturating_mul(self.size()))
    }

    fn read(&self, path: &Path, pixels: &mut Vec<f32>) -> Result<()> {
        let image = decode(path, self.color)?;
        if image.size() == self.resize.size && self.format == DataFormat::ChannelsLast {
            pixels.extend(image.pixels().iter().map(|pixel| f32::from(*pixel)));
            return Ok(());
        }
        let mut resized = image.to_tensor()?;
        if image.size() != self.resize.size {
            resized = if self.pad { self.padded(&resized, image.size())? } else { resize(&resized, &self.resize)? };
        }
        if self.format == DataFormat::ChannelsFirst {
            resized = resized.permute((2, 0, 1))?;
        }
        pixels.extend(resized.flatten_all()?.to_vec1::<f32>()?);
        Ok(())
    }

    fn array(&self, pixels: Vec<f32>, count: usize) -> Result<Array> {
        let ([height, width], channels) = (self.resize.size, self.color.channels());
        let shape = match self.format {
            DataFormat::ChannelsLast => [count, height, width, channels],
            DataFormat::ChannelsFirst => [count, channels, height, width],
        };
        Ok(Array { tensor: Tensor::from_vec(pixels, &shape, &Device::Cpu)?, is_text: false })
    }

    fn skips_damaged(&self) -> bool {
        self.skip_damaged
    }
}

impl ReadImage {
    /// The numbers of an image.
    fn size(&self) -> usize {
        self.resize.size[0] * self.resize.size[1] * self.color.channels()
    }

    /// The whole image in the middle of a black one. The layer Resizing adds the borders before it resizes, and this function after, both as in Keras.
    fn padded(&self, pixels: &Tensor, from: [usize; 2]) -> Result<Tensor> {
        let to = self.resize.size;
        let ratio = (0..2).map(|axis| from[axis] as f32 / to[axis] as f32).fold(0f32, f32::max);
        let exact = from.map(|size| size as f32 / ratio);
        let size = [0, 1].map(|axis| (exact[axis].floor() as usize).clamp(1, to[axis]));
        let before =
            [0, 1].map(|axis| (((to[axis] as f32 - exact[axis]) / 2.0).max(0.0) as usize).min(to[axis] - size[axis]));
        let resized = resize(pixels, &Resize { size, ..self.resize.clone() })?;
        let rows = resized.pad_with_zeros(0, before[0], to[0] - size[0] - before[0])?;
        Ok(rows.pad_with_zeros(1, before[1], to[1] - size[1] - before[1])?)
    }
}
