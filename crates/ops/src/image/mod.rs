//! Images: the functions of `keras.ops.image`, and what the layers of images need beside them.
//!
//! All of them take a batch of images or a single image, with the channels last or first, and give the numbers of Keras on JAX. Loops on the
//! thread pool compute f32 and f64 on the host; images of other dtypes or devices are copied there and back, whole numbers rounded.

mod blur;
mod colors;
mod contrast;
mod crop_and_pad;
mod elastic;
mod equalize;
mod flip;
mod map_coordinates;
mod options;
mod patches;
mod perspective;
mod pixels;
mod resize;
mod sample;
mod tensorflow;
mod warp;

pub use blur::gaussian_blur;
pub use colors::{Grayscale, HsvToRgb, RgbToHsv, hsv_to_rgb, rgb_to_grayscale, rgb_to_hsv};
pub use contrast::adjust_contrast;
pub use crop_and_pad::{Borders, crop_images, pad_images};
pub use elastic::{Elastic, elastic_transform, elastic_transform_by};
pub use equalize::{Clahe, clahe, equalize};
pub use flip::flip;
pub use map_coordinates::map_coordinates;
pub use options::{DataFormat, FillMode, Interpolation};
pub use patches::{ExtractPatches, extract_patches, extract_patches_3d};
pub use perspective::{homography, perspective_transform};
pub use pixels::{Number, PixelFunction, pixelwise};
pub use resize::{Resize, resize};
pub use tensorflow::{central_crop, psnr, rgb_to_yuv, to_fractions, yuv_to_rgb};
pub use warp::{Affine, affine_transform, warp};

use crate::lengths;
use crate::tape::on_host;
use candle_core::{DType, Device, Result, Tensor, bail};

/// The axes of images as loops see them: planes of pixels with `channels` numbers each. With the channels first, each channel is a plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) batch: usize,
    /// Planes an image.
    pub(crate) planes: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// Numbers a pixel.
    pub(crate) channels: usize,
}

impl Layout {
    /// The layout of a batch of images, or of a single image.
    pub(crate) fn of(op: &str, dims: &[usize], format: DataFormat) -> Result<Self> {
        // Sizes are multiplied from here on.
        lengths::elements(dims)?;
        let (batch, image) = match dims {
            [_, _, _] => (1, dims),
            [batch, image @ ..] if image.len() == 3 => (*batch, image),
            _ => bail!("{op} takes one image with 3 axes, or a batch with 4, received the shape {dims:?}"),
        };
        Ok(match format {
            DataFormat::ChannelsLast => {
                Self { batch, planes: 1, height: image[0], width: image[1], channels: image[2] }
            }
            DataFormat::ChannelsFirst => {
                Self { batch, planes: image[0], height: image[1], width: image[2], channels: 1 }
            }
        })
    }

    /// The number of elements of a plane.
    pub(crate) fn plane(&self) -> usize {
        self.height * self.width * self.channels
    }
}

/// The axis of the height; that of the width is the next.
pub(crate) fn height_axis(rank: usize, format: DataFormat) -> usize {
    match format {
        DataFormat::ChannelsLast => rank - 3,
        DataFormat::ChannelsFirst => rank - 2,
    }
}

/// The shape of images of another height and width.
pub(crate) fn resized(dims: &[usize], format: DataFormat, [height, width]: [usize; 2]) -> Vec<usize> {
    let (mut dims, axis) = (dims.to_vec(), height_axis(dims.len(), format));
    dims[axis] = height;
    dims[axis + 1] = width;
    dims
}

/// How results become whole numbers where the images are.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rounding {
    /// To the nearest, halves to even.
    HalfEven,
    /// To the nearest, halves away from zero.
    HalfAway,
    /// Without the fraction.
    Down,
}

/// `f`, which has loops for f32 and f64 on the host, for images of any dtype and device.
pub(crate) fn on_loops(x: &Tensor, rounding: Rounding, f: impl FnOnce(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
    lengths::check([x])?;
    if on_host(&[x]) {
        return f(x);
    }
    let host = x.to_device(&Device::Cpu)?;
    let y = f(&if host.dtype() == DType::F64 { host } else { host.to_dtype(DType::F32)? })?;
    let y = match (x.dtype().is_int(), rounding) {
        (true, Rounding::HalfEven) => round_half_even(&y)?,
        (true, Rounding::HalfAway) => y.round()?,
        _ => y,
    };
    y.to_dtype(x.dtype())?.to_device(x.device())
}

/// The nearest whole numbers, halves to even as in NumPy; candle rounds halves away from zero.
fn round_half_even(x: &Tensor) -> Result<Tensor> {
    let numbers: Vec<f32> = x.flatten_all()?.to_dtype(DType::F32)?.to_vec1()?;
    Tensor::from_vec(numbers.into_iter().map(f32::round_ties_even).collect::<Vec<_>>(), x.shape(), x.device())
}

/// Runs `f` on images with their channels last; `"channels_first"` is transposed there and back, which copies them.
pub(crate) fn with_channels_last(
    x: &Tensor,
    format: DataFormat,
    f: impl FnOnce(&Tensor) -> Result<Tensor>,
) -> Result<Tensor> {
    let rank = x.rank();
    if format == DataFormat::ChannelsLast || rank < 3 {
        return f(x);
    }
    let last: Vec<usize> = (0..rank - 3).chain([rank - 2, rank - 1, rank - 3]).collect();
    let first: Vec<usize> = (0..rank - 3).chain([rank - 1, rank - 3, rank - 2]).collect();
    f(&x.permute(last)?.contiguous()?)?.permute(first)?.contiguous()
}
