//! Blurred images: `cv2.GaussianBlur`.

use super::borders::{Border, place};
use super::pixels::{Pixels, Size, read, tensor};
use candle_core::Tensor;
use candle_keras_ops::{Error, Result};

/// An image of uint8, blurred by OpenCV's windows of 3, 5, 7 or 9 pixels, with OpenCV's border. Python: `cv2.GaussianBlur(image, (5, 5), 0)`.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::cv2;
/// let image = Tensor::new(&[[0u8, 0, 100, 0, 0]], &Device::Cpu)?;
/// assert_eq!(cv2::gaussian_blur(&image, 3)?.to_vec2::<u8>()?, [[0, 25, 50, 25, 0]]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If it is no image of uint8, or the window is another one.
pub fn gaussian_blur(image: &Tensor, window: usize) -> Result<Tensor> {
    let (size, Pixels::Bytes(bytes)) = read(image, "gaussian_blur")? else {
        return Err(Error::new("gaussian_blur takes an image of uint8").received(format!("{:?}", image.dtype())));
    };
    // Of 8 bits.
    let weights: &[u32] = match window {
        3 => &[64, 128, 64],
        5 => &[16, 64, 96, 64, 16],
        7 => &[8, 28, 56, 72, 56, 28, 8],
        9 => &[4, 13, 30, 51, 60, 51, 30, 13, 4],
        other => {
            return Err(Error::new("gaussian_blur has windows of 3, 5, 7 and 9 pixels").received(other.to_string()));
        }
    };
    tensor(size, Pixels::Bytes(blurred(&bytes, size, weights)))
}

fn blurred(bytes: &[u8], size: Size, weights: &[u32]) -> Vec<u8> {
    let half = (weights.len() / 2) as i64;
    let places = |at: usize, length: usize| -> Vec<usize> {
        (-half..=half).filter_map(|step| place(at as i64 + step, length, Border::Reflect101)).collect()
    };
    let columns: Vec<Vec<usize>> = (0..size.width).map(|x| places(x, size.width)).collect();
    let mut wide = Vec::with_capacity(bytes.len());
    for row in bytes.chunks_exact(size.row()) {
        for places in &columns {
            for channel in 0..size.channels {
                let terms = places.iter().zip(weights);
                wide.push(terms.map(|(&x, weight)| u32::from(row[x * size.channels + channel]) * weight).sum::<u32>());
            }
        }
    }
    let mut out = Vec::with_capacity(bytes.len());
    for y in 0..size.height {
        let rows = places(y, size.height);
        for at in 0..size.row() {
            let sum: u32 = rows.iter().zip(weights).map(|(&y, weight)| wide[y * size.row() + at] * weight).sum();
            out.push(((sum + (1 << 15)) >> 16) as u8);
        }
    }
    out
}
