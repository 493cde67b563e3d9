//! Images in another size: `cv2.resize`.

use super::pixels::{Fraction, Pixels, Size, each, read, tensor};
use super::resize_area::{area, blocks};
use candle_core::Tensor;
use candle_keras_ops::{Error, Result};

/// How pixels of another size are computed. Python: `cv2.INTER_LINEAR` and others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Interpolation {
    /// `INTER_NEAREST`: the pixel there.
    Nearest,
    /// `INTER_LINEAR`: between the four pixels around it.
    #[default]
    Linear,
    /// `INTER_AREA`: the mean of the pixels that it covers.
    Area,
}

/// An image of this width and height. Python: `cv2.resize(image, (width, height))`.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::cv2::{Interpolation, resize};
/// let image = Tensor::new(&[[0u8, 10], [20, 30]], &Device::Cpu)?;
/// assert_eq!(resize(&image, [3, 1], Interpolation::Linear)?.to_vec2::<u8>()?, [[10, 15, 20]]);
/// assert_eq!(resize(&image, [1, 1], Interpolation::Area)?.to_vec2::<u8>()?, [[15]]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If it is no image, or the size is 0.
pub fn resize(image: &Tensor, size: [usize; 2], interpolation: Interpolation) -> Result<Tensor> {
    let [width, height] = size;
    let (from, pixels) = read(image, "resize")?;
    if width == 0 || height == 0 {
        return Err(Error::new("the size of an image is positive").received(format!("{width} x {height}")));
    }
    let by = [width as f64 / from.width as f64, height as f64 / from.height as f64];
    resized(from, pixels, Size { width, height, ..from }, by, interpolation)
}

/// An image that is so many times as wide and as high. Python: `cv2.resize(image, None, fx=2, fy=2)`.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::cv2::{Interpolation, resize_by};
/// let image = Tensor::new(&[[0u8, 10], [20, 30]], &Device::Cpu)?;
/// assert_eq!(resize_by(&image, 2.0, 0.5, Interpolation::Nearest)?.to_vec2::<u8>()?, [[0, 0, 10, 10]]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If it is no image, or has no pixels in its new size.
pub fn resize_by(image: &Tensor, fx: f64, fy: f64, interpolation: Interpolation) -> Result<Tensor> {
    let (from, pixels) = read(image, "resize_by")?;
    let [width, height] = [from.width as f64 * fx, from.height as f64 * fy].map(f64::round_ties_even);
    // Wider than any image that there is memory for.
    let is_size = |side: &f64| (1.0..=1e12).contains(side);
    if ![width, height].iter().all(is_size) {
        return Err(
            Error::new("the size of an image is positive").received(format!("{fx} and {fy} times {:?}", image.dims()))
        );
    }
    let to = Size { width: width as usize, height: height as usize, ..from };
    resized(from, pixels, to, [fx, fy], interpolation)
}

/// `by` is how many times as wide and as high it becomes.
fn resized(from: Size, pixels: Pixels, to: Size, by: [f64; 2], interpolation: Interpolation) -> Result<Tensor> {
    to.check()?;
    if (to.width, to.height) == (from.width, from.height) {
        return tensor(from, pixels);
    }
    let [x_step, y_step] = by.map(|by| 1.0 / by);
    let whole =
        |step: f64| Some(step.round()).filter(|whole| (step - whole).abs() < f64::EPSILON).map(|whole| whole as usize);
    let block = whole(x_step).zip(whole(y_step));
    let is_area = match interpolation {
        Interpolation::Nearest => return tensor(to, nearest(from, pixels, to, [x_step, y_step])),
        Interpolation::Area => true,
        // OpenCV takes the mean of four pixels for both.
        Interpolation::Linear => block == Some((2, 2)),
    };
    if is_area && x_step >= 1.0 && y_step >= 1.0 {
        let pixels = match block {
            Some(block) => blocks(from, pixels, to, block),
            None => area(from, pixels, to, [x_step, y_step]),
        };
        return tensor(to, pixels);
    }
    let axis = |length: usize, count: usize, step: f64, by: f64| -> Vec<Between> {
        (0..count)
            .map(|at| if is_area { Between::covered(at, step, by) } else { Between::centre(at, step) }.within(length))
            .collect()
    };
    let columns = axis(from.width, to.width, x_step, by[0]);
    // OpenCV leaves the weights of rows beyond the image as they are.
    let rows: Vec<Between> = (0..to.height)
        .map(|at| if is_area { Between::covered(at, y_step, by[1]) } else { Between::centre(at, y_step) })
        .collect();
    let pixels =
        each!(pixels, |all: &[u8]| linear_bytes(all, from, &columns, &rows), |all| linear(all, from, &columns, &rows));
    tensor(to, pixels)
}

fn nearest(from: Size, pixels: Pixels, to: Size, steps: [f64; 2]) -> Pixels {
    fn taken<T: Copy>(pixels: &[T], from: Size, columns: &[usize], rows: &[usize]) -> Vec<T> {
        let mut out = Vec::with_capacity(rows.len() * columns.len() * from.channels);
        for y in rows {
            for x in columns {
                out.extend_from_slice(&pixels[y * from.row() + x * from.channels..][..from.channels]);
            }
        }
        out
    }
    let places = |length: usize, count: usize, step: f64| -> Vec<usize> {
        (0..count).map(|at| ((at as f64 * step).floor() as usize).min(length - 1)).collect()
    };
    let columns = places(from.width, to.width, steps[0]);
    let rows = places(from.height, to.height, steps[1]);
    each!(pixels, |all| taken(all, from, &columns, &rows), |all| taken(all, from, &columns, &rows))
}

/// A place between a pixel and the next one, and how far it is from the first.
#[derive(Debug, Clone, Copy)]
struct Between {
    at: i64,
    share: f32,
}

impl Between {
    /// Where the centre of a new pixel is.
    fn centre(at: usize, step: f64) -> Self {
        let place = ((at as f64 + 0.5) * step - 0.5) as f32;
        Self { at: place.floor() as i64, share: place - place.floor() }
    }

    /// How much of the next pixel a new one covers, in an image that becomes larger.
    fn covered(at: usize, step: f64, by: f64) -> Self {
        let first = (at as f64 * step).floor();
        let share = ((at + 1) as f64 - (first + 1.0) * by) as f32;
        Self { at: first as i64, share: if share <= 0.0 { 0.0 } else { share - share.floor() } }
    }

    /// The first or last pixel alone, where it is beyond them.
    fn within(self, length: usize) -> Self {
        let last = length as i64 - 1;
        match self.at {
            at if at < 0 => Self { at: 0, share: 0.0 },
            at if at >= last => Self { at: last, share: 0.0 },
            _ => self,
        }
    }

    /// Both pixels, on an axis of this length.
    fn both(self, length: usize) -> [usize; 2] {
        [self.at, self.at + 1].map(|at| at.clamp(0, length as i64 - 1) as usize)
    }

    /// Weights of 11 bits.
    fn weights(self) -> [i32; 2] {
        [1.0 - self.share, self.share].map(|weight| (weight * 2048.0).round_ties_even() as i32)
    }
}

fn linear_bytes(pixels: &[u8], from: Size, columns: &[Between], rows: &[Between]) -> Vec<u8> {
    let wide = |y: usize| -> Vec<i32> {
        let row = &pixels[y * from.row()..][..from.row()];
        let of = |between: &Between| {
            let ([a, b], [first, second]) = (between.both(from.width), between.weights());
            (0..from.channels).map(move |channel| {
                i32::from(row[a * from.channels + channel]) * first
                    + i32::from(row[b * from.channels + channel]) * second
            })
        };
        columns.iter().flat_map(of).collect()
    };
    let mut out = Vec::with_capacity(rows.len() * columns.len() * from.channels);
    let mut kept = Rows::new(wide);
    for between in rows {
        let ([a, b], [first, second]) = (between.both(from.height), between.weights());
        let (above, below) = kept.both(a, b);
        let mixed = |(&above, &below): (&i32, &i32)| {
            ((((first * (above >> 4)) >> 16) + ((second * (below >> 4)) >> 16) + 2) >> 2) as u8
        };
        out.extend(above.iter().zip(below).map(mixed));
    }
    out
}

fn linear<T: Fraction>(pixels: &[T], from: Size, columns: &[Between], rows: &[Between]) -> Vec<T> {
    let wide = |y: usize| -> Vec<T> {
        let row = &pixels[y * from.row()..][..from.row()];
        let of = |between: &Between| {
            let [a, b] = between.both(from.width);
            let [first, second] = [1.0 - between.share, between.share].map(T::from);
            (0..from.channels).map(move |channel| {
                row[a * from.channels + channel] * first + row[b * from.channels + channel] * second
            })
        };
        columns.iter().flat_map(of).collect()
    };
    let mut out = Vec::with_capacity(rows.len() * columns.len() * from.channels);
    let mut kept = Rows::new(wide);
    for between in rows {
        let [a, b] = between.both(from.height);
        let [first, second] = [1.0 - between.share, between.share].map(T::from);
        let (above, below) = kept.both(a, b);
        out.extend(above.iter().zip(below).map(|(&above, &below)| above * first + below * second));
    }
    out
}

/// The two rows that were made last: those of the next new row are mostly the same.
struct Rows<T, F> {
    make: F,
    kept: [(usize, Vec<T>); 2],
}

impl<T, F: Fn(usize) -> Vec<T>> Rows<T, F> {
    fn new(make: F) -> Self {
        Self { make, kept: [(usize::MAX, Vec::new()), (usize::MAX, Vec::new())] }
    }

    fn both(&mut self, a: usize, b: usize) -> (&[T], &[T]) {
        if self.kept[1].0 == a {
            self.kept.swap(0, 1);
        }
        for (kept, y) in self.kept.iter_mut().zip([a, b]) {
            if kept.0 != y {
                *kept = (y, (self.make)(y));
            }
        }
        (&self.kept[0].1, &self.kept[1].1)
    }
}
