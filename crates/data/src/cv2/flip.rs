//! Mirrored images: `cv2.flip`.

use super::pixels::{Pixels, Size, each, read, tensor};
use candle_core::Tensor;
use candle_keras_ops::Result;

/// An image upside down for 0, mirrored from left to right for a positive number, and both for a negative one. Python: `cv2.flip`.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::cv2;
/// let image = Tensor::new(&[[1u8, 2], [3, 4]], &Device::Cpu)?;
/// assert_eq!(cv2::flip(&image, 0)?.to_vec2::<u8>()?, [[3, 4], [1, 2]]);
/// assert_eq!(cv2::flip(&image, 1)?.to_vec2::<u8>()?, [[2, 1], [4, 3]]);
/// assert_eq!(cv2::flip(&image, -1)?.to_vec2::<u8>()?, [[4, 3], [2, 1]]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If it is no image.
pub fn flip(image: &Tensor, code: i64) -> Result<Tensor> {
    let (size, pixels) = read(image, "flip")?;
    let pixels = each!(pixels, |all| flipped(all, size, code), |all| flipped(all, size, code));
    tensor(size, pixels)
}

fn flipped<T: Copy>(pixels: &[T], size: Size, code: i64) -> Vec<T> {
    let mut out = Vec::with_capacity(pixels.len());
    for y in 0..size.height {
        let from = if code > 0 { y } else { size.height - 1 - y };
        let row = &pixels[from * size.row()..][..size.row()];
        match code {
            0 => out.extend_from_slice(row),
            _ => row.chunks_exact(size.channels).rev().for_each(|pixel| out.extend_from_slice(pixel)),
        }
    }
    out
}
