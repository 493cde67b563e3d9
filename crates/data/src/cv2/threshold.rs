//! Images of two colors: `cv2.threshold`.

use super::pixels::{Pixels, read, tensor};
use candle_core::Tensor;
use candle_keras_ops::{Error, Result};

/// What becomes of the numbers above a threshold, and of the others. Python: `cv2.THRESH_BINARY` and others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threshold {
    /// The largest value above it, 0 elsewhere.
    Binary,
    /// 0 above it, the largest value elsewhere.
    BinaryInv,
    /// The threshold above it, the number itself elsewhere.
    Trunc,
    /// The number itself above it, 0 elsewhere.
    ToZero,
    /// 0 above it, the number itself elsewhere.
    ToZeroInv,
}

impl Threshold {
    fn of<T: PartialOrd + Copy>(self, number: T, threshold: T, largest: T, zero: T) -> T {
        let is_above = number > threshold;
        match (self, is_above) {
            (Self::Binary, true) | (Self::BinaryInv, false) => largest,
            (Self::Binary, false) | (Self::BinaryInv, true) | (Self::ToZero, false) | (Self::ToZeroInv, true) => zero,
            (Self::Trunc, true) => threshold,
            (Self::Trunc | Self::ToZeroInv, false) | (Self::ToZero, true) => number,
        }
    }
}

/// The threshold, which is whole for an image of uint8, and what becomes of the image. Python: `cv2.threshold`.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::cv2::{self, Threshold};
/// let image = Tensor::new(&[[0u8, 127, 128, 255]], &Device::Cpu)?;
/// let (threshold, binary) = cv2::threshold(&image, 127.5, 1.0, Threshold::Binary)?;
/// assert_eq!((threshold, binary.to_vec2::<u8>()?), (127.0, vec![vec![0, 0, 1, 1]]));
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If it is no image.
pub fn threshold(image: &Tensor, threshold: f64, largest: f64, kind: Threshold) -> Result<(f64, Tensor)> {
    let (size, pixels) = read(image, "threshold")?;
    let (threshold, pixels) = match pixels {
        Pixels::Bytes(bytes) => {
            let threshold = threshold.floor();
            let largest = largest.round_ties_even() as u8;
            // A threshold that is no byte is below or above all of them.
            let of = |&byte: &u8| kind.of(f64::from(byte), threshold, f64::from(largest), 0.0) as u8;
            (threshold, Pixels::Bytes(bytes.iter().map(of).collect()))
        }
        Pixels::F32(numbers) => {
            let of = |&number: &f32| kind.of(number, threshold as f32, largest as f32, 0.0);
            (threshold, Pixels::F32(numbers.iter().map(of).collect()))
        }
        Pixels::F64(numbers) => {
            (threshold, Pixels::F64(numbers.iter().map(|&number| kind.of(number, threshold, largest, 0.0)).collect()))
        }
    };
    Ok((threshold, tensor(size, pixels)?))
}

/// The threshold of Otsu, which separates the two groups of a gray image best, and what becomes of the image. Python: `cv2.threshold` with
/// `cv2.THRESH_OTSU`.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::cv2::{self, Threshold};
/// let image = Tensor::new(&[[10u8, 12, 200, 210]], &Device::Cpu)?;
/// let (threshold, binary) = cv2::otsu_threshold(&image, 255.0, Threshold::Binary)?;
/// assert_eq!((threshold, binary.to_vec2::<u8>()?), (12.0, vec![vec![0, 0, 255, 255]]));
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If it is no image of one channel of uint8.
pub fn otsu_threshold(image: &Tensor, largest: f64, kind: Threshold) -> Result<(f64, Tensor)> {
    match read(image, "otsu_threshold")? {
        (size, Pixels::Bytes(bytes)) if size.channels == 1 => threshold(image, otsu(&bytes), largest, kind),
        _ => Err(Error::new("otsu_threshold takes one channel of uint8").received(format!(
            "{:?} of {:?}",
            image.dims(),
            image.dtype()
        ))),
    }
}

/// The threshold with the largest variance between the groups.
fn otsu(bytes: &[u8]) -> f64 {
    let mut counts = [0u32; 256];
    bytes.iter().for_each(|&byte| counts[usize::from(byte)] += 1);
    let scale = 1.0 / bytes.len() as f64;
    let mean: f64 = counts.iter().enumerate().map(|(i, &count)| i as f64 * f64::from(count)).sum::<f64>() * scale;
    let (mut below, mut share, mut most, mut best) = (0.0, 0.0, 0.0, 0.0);
    for (i, &count) in counts.iter().enumerate() {
        let p = f64::from(count) * scale;
        below *= share;
        share += p;
        let rest: f64 = 1.0 - share;
        let epsilon = f64::from(f32::EPSILON);
        if share.min(rest) < epsilon || share.max(rest) > 1.0 - epsilon {
            continue;
        }
        below = (below + i as f64 * p) / share;
        let above = (mean - share * below) / rest;
        let variance = share * rest * (below - above) * (below - above);
        if variance > most {
            (most, best) = (variance, i as f64);
        }
    }
    best
}
