//! Image files. Keras: `keras.utils.load_img` and its kin.

mod arrays;
mod decode;
mod edit;
mod load;
mod modes;
mod resample;
mod save;

pub use decode::{ColorMode, Image};
pub use load::{LoadImg, load_img};
pub use modes::ImageMode;
pub use resample::Resample;
pub use save::{ArrayToImg, SaveImg, array_to_img, save_img};

pub(crate) use decode::decode;

use crate::ToTensor;
use candle_core::{DType, Tensor};
use candle_keras_ops::image::{Interpolation, Resize, resize};
use candle_keras_ops::{Error, Result};

/// The pixels of an image, or of an array, as an array of `(height, width, channels)`: f32, those of an image from 0 to 255. Keras:
/// `keras.utils.img_to_array`.
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use candle_keras_data::img_to_array;
/// let gray = Tensor::zeros((2, 3), DType::U8, &Device::Cpu)?;
/// let array = img_to_array(&gray)?;
/// assert_eq!((array.dims(), array.dtype()), (&[2, 3, 1][..], DType::F32));
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If an array has another number of axes than two or three, or there is no memory for it.
pub fn img_to_array<I: ToTensor + ?Sized>(image: &I) -> Result<Tensor> {
    let array = image.to_tensor()?.to_dtype(DType::F32)?;
    match array.rank() {
        2 => Ok(array.unsqueeze(2)?),
        3 => Ok(array),
        _ => Err(Error::new("img_to_array takes one image").received(format!("{:?}", array.dims()))),
    }
}

/// An image, or a batch of them, in another size; the largest part in the middle with the new aspect ratio is kept. Keras:
/// `keras.preprocessing.image.smart_resize`, which is the `crop_to_aspect_ratio` of the others.
///
/// # Shapes
/// - `images`: `(height, width, channels)` or `(batch, height, width, channels)`
/// - the result: the same with the new height and width
///
/// # Errors
/// If it is not images, or the interpolation is not known.
pub fn smart_resize(images: &Tensor, size: [usize; 2], interpolation: &str) -> Result<Tensor> {
    let interpolation = Interpolation::by_name(interpolation)?;
    Ok(resize(images, &Resize { interpolation, crop_to_aspect_ratio: true, ..Resize::to(size) })?)
}

/// The pixels of a tensor on the host, `(height, width, channels)` in f32, if it is one image.
fn pixels(image: &Tensor, what: &str) -> Result<(Vec<f32>, [usize; 3])> {
    let dims: [usize; 3] = match *image.dims() {
        [height, width] => [height, width, 1],
        [height, width, channels @ (1 | 3 | 4)] => [height, width, channels],
        _ => {
            return Err(Error::new(format!("{what} takes one image"))
                .expected("(height, width, channels) with 1, 3 or 4 channels")
                .received(format!("{:?}", image.dims())));
        }
    };
    Ok((image.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?, dims))
}

#[cfg(test)]
mod tests;
