//! Images in another size: a weighted mean of pixels along each axis, in the whole numbers of PIL.

use super::{Image, ImageMode};
use candle_core::DType;
use candle_keras_ops::{Error, Result, check_memory};
use std::f64::consts::PI;

/// How the pixels of another size are computed; all but `Nearest` are smoothed if an image becomes smaller. Python: `PIL.Image.Resampling`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Resample {
    /// The pixel there.
    Nearest,
    /// The mean of the pixels that one covers.
    Box,
    /// Between the two pixels beside it.
    Bilinear,
    /// A cubic curve through four pixels, which PIL takes if nothing is said.
    #[default]
    Bicubic,
    /// A wave through six pixels, which was `ANTIALIAS` before.
    Lanczos,
}

impl Resample {
    /// The one of this name: `"nearest"`, `"box"`, `"bilinear"`, `"bicubic"` or `"lanczos"`.
    ///
    /// # Errors
    /// If there is none.
    pub fn by_name(name: &str) -> Result<Self> {
        match name {
            "nearest" => Ok(Self::Nearest),
            "bilinear" => Ok(Self::Bilinear),
            "bicubic" => Ok(Self::Bicubic),
            "lanczos" => Ok(Self::Lanczos),
            "box" => Ok(Self::Box),
            other => Err(Error::unknown("interpolation", other, &["nearest", "bilinear", "bicubic", "lanczos", "box"])),
        }
    }

    /// How far a pixel counts.
    fn support(self) -> f64 {
        match self {
            Self::Nearest | Self::Box => 0.5,
            Self::Bilinear => 1.0,
            Self::Bicubic => 2.0,
            Self::Lanczos => 3.0,
        }
    }

    /// How much a pixel counts at this distance.
    fn weight(self, x: f64) -> f64 {
        let far = x.abs();
        match self {
            Self::Nearest | Self::Box => f64::from(u8::from(x > -0.5 && x <= 0.5)),
            Self::Bilinear => (1.0 - far).max(0.0),
            Self::Bicubic if far < 1.0 => (1.5 * far - 2.5) * far * far + 1.0,
            Self::Bicubic if far < 2.0 => (((far - 5.0) * far + 8.0) * far - 4.0) * -0.5,
            Self::Lanczos if (-3.0..3.0).contains(&x) => sinc(x) * sinc(x / 3.0),
            Self::Bicubic | Self::Lanczos => 0.0,
        }
    }
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { (x * PI).sin() / (x * PI) }
}

impl Image {
    /// The image with this height and width. Python: `PIL.Image.resize`, of the width and the height; the bytes are those of Pillow 13, which begins
    /// with the axis that has more to lose.
    ///
    /// ```
    /// use candle_core::{Device, Tensor};
    /// use candle_keras_data::{Image, Resample};
    /// let image = Image::from_array(&Tensor::new(&[[0u8, 100], [100, 200]], &Device::Cpu)?)?;
    /// assert_eq!(image.resize([1, 2], Resample::Bilinear)?.pixels(), [50, 150]);
    /// assert_eq!(image.resize([1, 4], Resample::Bicubic)?.pixels(), [41, 71, 129, 159]);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If a side is 0, or there is no memory for the result.
    pub fn resize(&self, size: [usize; 2], resample: Resample) -> Result<Self> {
        if size.contains(&0) {
            return Err(Error::new("an image has a height and a width").received(format!("{size:?}")));
        }
        if size == self.size() {
            return Ok(self.clone());
        }
        resampled(self, size, resample, Part::all(self))
    }
}

/// The part of an image that is resized; pixels beside it count where they are near enough.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) top: usize,
    pub(super) left: usize,
    pub(super) bottom: usize,
    pub(super) right: usize,
}

impl Part {
    pub(super) fn all(image: &Image) -> Self {
        Self { top: 0, left: 0, bottom: image.height, right: image.width }
    }
}

pub(super) fn resampled(image: &Image, size: [usize; 2], resample: Resample, part: Part) -> Result<Image> {
    check_memory(&[size[0].max(image.height), size[1].max(image.width), 4], DType::U8)?;
    if resample == Resample::Nearest {
        return Ok(nearest(image, size, part));
    }
    if image.mode == ImageMode::Rgba {
        let weighted = Image { pixels: times_opacity(&image.pixels), ..*image };
        let resized = means(weighted, size, resample, part);
        return Ok(Image { pixels: by_opacity(&resized.pixels), ..resized });
    }
    Ok(means(image.clone(), size, resample, part))
}

/// One axis after the other.
fn means(image: Image, [height, width]: [usize; 2], resample: Resample, part: Part) -> Image {
    let rows = |image: Image| match (part.top, part.bottom) == (0, height) && image.height == height {
        true => image,
        false => along_rows(&image, &weights(image.height, [part.top, part.bottom], height, resample)),
    };
    let columns = |image: Image| match (part.left, part.right) == (0, width) && image.width == width {
        true => image,
        false => along_columns(&image, &weights(image.width, [part.left, part.right], width, resample)),
    };
    let lost = |before: usize, after: usize| before as i64 - after as i64;
    let (fewer_rows, fewer_columns) = (lost(image.height, height), lost(image.width, width));
    if fewer_rows > 0 && fewer_rows > 2 * fewer_columns { columns(rows(image)) } else { rows(columns(image)) }
}

/// The first pixel of which a new one is made, and the weights of that one and the next ones, with 22 bits.
struct Weights {
    first: usize,
    weights: Vec<i32>,
}

const BITS: u32 = 22;

fn weights(length: usize, [start, end]: [usize; 2], count: usize, resample: Resample) -> Vec<Weights> {
    let scale = (end - start) as f64 / count as f64;
    let wide = scale.max(1.0);
    let support = resample.support() * wide;
    let of = |at: usize| {
        let center = start as f64 + (at as f64 + 0.5) * scale;
        let first = ((center - support + 0.5).max(0.0) as usize).min(length - 1);
        let last = ((center + support + 0.5) as usize).min(length);
        let parts: Vec<f64> =
            (first..last).map(|x| resample.weight((x as f64 - center + 0.5) * (1.0 / wide))).collect();
        let sum: f64 = parts.iter().sum();
        let whole = |part: &f64| {
            let share = if sum == 0.0 { *part } else { part / sum } * f64::from(1 << BITS);
            (if share < 0.0 { share - 0.5 } else { share + 0.5 }) as i32
        };
        Weights { first, weights: parts.iter().map(whole).collect() }
    };
    (0..count).map(of).collect()
}

fn clipped(sum: i64) -> u8 {
    ((sum + (1 << (BITS - 1))) >> BITS).clamp(0, 255) as u8
}

fn along_columns(image: &Image, weights: &[Weights]) -> Image {
    let channels = image.channels();
    let mut pixels = Vec::with_capacity(image.height * weights.len() * channels);
    for row in image.pixels.chunks_exact(image.width * channels) {
        for Weights { first, weights } in weights {
            for channel in 0..channels {
                let from = row[first * channels + channel..].iter().step_by(channels);
                pixels
                    .push(clipped(from.zip(weights).map(|(&byte, &weight)| i64::from(byte) * i64::from(weight)).sum()));
            }
        }
    }
    Image { width: weights.len(), pixels, ..*image }
}

fn along_rows(image: &Image, weights: &[Weights]) -> Image {
    let line = image.width * image.channels();
    let mut pixels = Vec::with_capacity(weights.len() * line);
    for Weights { first, weights } in weights {
        let mut sums = vec![0i64; line];
        for (row, &weight) in image.pixels[first * line..].chunks_exact(line).zip(weights) {
            sums.iter_mut().zip(row).for_each(|(sum, &byte)| *sum += i64::from(byte) * i64::from(weight));
        }
        pixels.extend(sums.into_iter().map(clipped));
    }
    Image { height: weights.len(), pixels, ..*image }
}

/// Colors times their opacity, so that what is not seen does not count.
fn times_opacity(pixels: &[u8]) -> Vec<u8> {
    let of = |&[r, g, b, a]: &[u8; 4]| {
        let times = |color: u8| {
            let product = u32::from(color) * u32::from(a) + 128;
            (((product >> 8) + product) >> 8) as u8
        };
        [times(r), times(g), times(b), a]
    };
    pixels.as_chunks().0.iter().flat_map(of).collect()
}

fn by_opacity(pixels: &[u8]) -> Vec<u8> {
    let of = |&[r, g, b, a]: &[u8; 4]| {
        let by = |color: u8| match a {
            0 | 255 => color,
            a => (255 * u32::from(color) / u32::from(a)).min(255) as u8,
        };
        [by(r), by(g), by(b), a]
    };
    pixels.as_chunks().0.iter().flat_map(of).collect()
}

/// The pixels that PIL takes. It adds up the steps from one to the next, so that it takes the first of two which are as near.
fn nearest(image: &Image, [height, width]: [usize; 2], part: Part) -> Image {
    let places = |start: usize, end: usize, length: usize, to: usize| -> Vec<usize> {
        let step = (end - start) as f64 / to as f64;
        let place = std::iter::successors(Some(start as f64 + 0.5 * step), |place| Some(place + step));
        place.take(to).map(|place| (place as usize).min(length - 1)).collect()
    };
    let rows = places(part.top, part.bottom, image.height, height);
    let columns = places(part.left, part.right, image.width, width);
    let channels = image.channels();
    let mut pixels = Vec::with_capacity(height * width * channels);
    for row in rows {
        for column in &columns {
            pixels.extend_from_slice(&image.pixels[(row * image.width + column) * channels..][..channels]);
        }
    }
    Image { height, width, pixels, ..*image }
}
