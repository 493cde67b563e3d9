//! Images with borders around them: `cv2.copyMakeBorder`.

use super::pixels::{Pixels, Size, read, tensor};
use candle_core::Tensor;
use candle_keras_ops::{Error, Result};

/// What is in a border. Python: `cv2.BORDER_CONSTANT` and others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Border {
    /// A color: one number for each channel.
    Constant([f64; 4]),
    /// The last pixel: `aaa|abc|ccc`.
    Replicate,
    /// The pixels in the opposite order: `cba|abc|cba`.
    Reflect,
    /// The same without the last pixel, as OpenCV has it by default: `cb|abc|ba`.
    Reflect101,
    /// The image again: `bc|abc|ab`.
    Wrap,
}

/// An image with so many rows and columns around it: above, below, to the left and to the right. Python: `cv2.copyMakeBorder`.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::cv2::{Border, copy_make_border};
/// let image = Tensor::new(&[[1u8, 2, 3]], &Device::Cpu)?;
/// let wide = copy_make_border(&image, [0, 0, 1, 2], Border::Constant([9.0; 4]))?;
/// assert_eq!(wide.to_vec2::<u8>()?, [[9, 1, 2, 3, 9, 9]]);
/// let wide = copy_make_border(&image, [0, 0, 2, 1], Border::Reflect101)?;
/// assert_eq!(wide.to_vec2::<u8>()?, [[3, 2, 1, 2, 3, 2]]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If it is no image, or there is no memory for the result.
pub fn copy_make_border(image: &Tensor, sides: [usize; 4], border: Border) -> Result<Tensor> {
    let (size, pixels) = read(image, "copy_make_border")?;
    let [top, bottom, left, right] = sides;
    let total = |length: usize, before: usize, after: usize| {
        length
            .checked_add(before)
            .and_then(|sum| sum.checked_add(after))
            .ok_or_else(|| Error::new("copy_make_border: so wide a border is too large").received(format!("{sides:?}")))
    };
    let wide = Size { height: total(size.height, top, bottom)?, width: total(size.width, left, right)?, ..size };
    wide.check()?;
    let rows = places(size.height, top, wide.height, border);
    let columns = places(size.width, left, wide.width, border);
    let color = match border {
        Border::Constant(color) => color,
        _ => [0.0; 4],
    };
    let bytes = color.map(|number| number.round_ties_even() as u8);
    let pixels = match pixels {
        Pixels::F64(all) => Pixels::F64(bordered(&all, size, &rows, &columns, color)),
        Pixels::F32(all) => Pixels::F32(bordered(&all, size, &rows, &columns, color.map(|number| number as f32))),
        Pixels::Bytes(all) => Pixels::Bytes(bordered(&all, size, &rows, &columns, bytes)),
    };
    tensor(wide, pixels)
}

fn bordered<T: Copy>(
    pixels: &[T],
    size: Size,
    rows: &[Option<usize>],
    columns: &[Option<usize>],
    color: [T; 4],
) -> Vec<T> {
    let mut out = Vec::with_capacity(rows.len() * columns.len() * size.channels);
    for row in rows {
        for column in columns {
            out.extend_from_slice(match (row, column) {
                (Some(row), Some(column)) => &pixels[row * size.row() + column * size.channels..][..size.channels],
                _ => &color[..size.channels],
            });
        }
    }
    out
}

/// The pixel of the image that is at each place behind the border; `None` where the color is.
fn places(length: usize, before: usize, total: usize, border: Border) -> Vec<Option<usize>> {
    (0..total).map(|at| place(at as i64 - before as i64, length, border)).collect()
}

/// The pixel at a place of an axis that may be outside.
pub(super) fn place(at: i64, length: usize, border: Border) -> Option<usize> {
    let long = length as i64;
    if (0..long).contains(&at) {
        return Some(at as usize);
    }
    let mirrored = |at: i64, period: i64, last: i64| {
        let at = at.rem_euclid(period.max(1));
        if at <= last { at } else { period - at }
    };
    Some(match border {
        Border::Constant(_) => return None,
        Border::Replicate => at.clamp(0, long - 1),
        Border::Wrap => at.rem_euclid(long),
        Border::Reflect101 if long == 1 => 0,
        Border::Reflect101 => mirrored(at, 2 * (long - 1), long - 1),
        Border::Reflect => {
            let at = at.rem_euclid(2 * long);
            if at < long { at } else { 2 * long - 1 - at }
        }
    } as usize)
}
