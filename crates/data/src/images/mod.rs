//! Image files. Keras: `keras.utils.load_img` and its kin.

mod decode;
mod load;
mod save;

pub use decode::{ColorMode, Image};
pub use load::{LoadImg, load_img};
pub use save::{ArrayToImg, SaveImg, array_to_img, save_img};

pub(crate) use decode::decode;

use crate::ToTensor;
use candle_core::{DType, Tensor};
use candle_keras_ops::image::{Interpolation, Resize, resize};
use candle_keras_ops::{Error, Result};

/// The pixels of an image as an array: `(height, width, channels)`, f32 from 0 to 255. Keras: `keras.utils.img_to_array`.
///
/// # Errors
/// If there is no memory for it.
pub fn img_to_array(image: &Image) -> Result<Tensor> {
    image.to_tensor()
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
