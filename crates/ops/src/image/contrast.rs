//! More or less contrast: the distance of pixels from the mean of their image and channel.

use super::{DataFormat, Layout, Rounding, on_loops};
use crate::cores;
use crate::host::{view, with_float};
use crate::simd;
use crate::simd::Float;
use crate::tape::{Value, record};
use candle_core::{Result, Tensor, bail};
use std::ops::Range;

/// `(x - mean) * factor + mean`, clipped to `low..=high`, with a factor for each image and a mean for each image and channel.
///
/// # Shapes
/// - `images` and the result: `(batch, height, width, channels)` or `(height, width, channels)`
///
/// # Errors
/// If the number of factors is not that of images.
pub fn adjust_contrast(
    images: &Tensor,
    factors: &[f64],
    (low, high): (f64, f64),
    data_format: DataFormat,
) -> Result<Tensor> {
    let layout = Layout::of("adjust_contrast", images.dims(), data_format)?;
    if factors.len() != layout.batch {
        bail!("adjust_contrast: {} factors for {} images", factors.len(), layout.batch)
    }
    if images.elem_count() == 0 {
        return Ok(images.clone());
    }
    on_loops(images, Rounding::Down, |images| {
        let contrast = Contrast { layout, factors: factors.to_vec(), low, high };
        let x = images.detach().contiguous()?;
        let value = with_float!(x, T => Value::new(contrast.apply(&view::<T>(&x)?), x.shape())?);
        record("adjust_contrast", &[images], value, move |_, dy| {
            let dx = with_float!(dy, T => {
                let dx = contrast.gradient(&view::<T>(&x)?, &view::<T>(dy)?);
                Tensor::from_vec(dx, x.shape(), x.device())?
            });
            Ok(vec![Some(dx)])
        })
    })
}

struct Contrast {
    layout: Layout,
    factors: Vec<f64>,
    low: f64,
    high: f64,
}

impl Contrast {
    fn apply<T: Float>(&self, x: &[T]) -> Vec<T> {
        self.planes(x.len(), |plane, factor, y| {
            let x = &x[plane];
            simd!(adjust(x, &self.means(x), factor, self.bounds(), y));
        })
    }

    /// Of a pixel: what it changes itself, and by the mean.
    fn gradient<T: Float>(&self, x: &[T], dy: &[T]) -> Vec<T> {
        self.planes(x.len(), |plane, factor, dx| {
            let (x, dy) = (&x[plane.clone()], &dy[plane]);
            simd!(keep_inside(x, &self.means(x), factor, self.bounds(), dy, dx));
            let of_mean = self.means(dx);
            let bounds = [T::LOWEST, -T::LOWEST];
            let inside = dx.to_vec();
            simd!(adjust(&inside, &of_mean, factor, bounds, dx));
        })
    }

    fn bounds<T: Float>(&self) -> [T; 2] {
        [T::from_double(self.low), T::from_double(self.high)]
    }

    /// The results of `f` for each plane with the factor of its image.
    fn planes<T: Float>(&self, length: usize, f: impl Fn(Range<usize>, T, &mut [T]) + Sync) -> Vec<T> {
        let size = self.layout.plane();
        cores::zeroed_chunks(length, size, |from, plane| {
            f(from..from + size, T::from_double(self.factors[from / size / self.layout.planes]), plane);
        })
    }

    /// The mean of each channel of a plane, repeated, so that loops over pixels are long. Rows are added up first, so that the sums lose no
    /// precision.
    fn means<T: Float>(&self, x: &[T]) -> Vec<T> {
        let Layout { height, width, channels, .. } = self.layout;
        let mut sums = vec![0.0; channels];
        let mut lanes = vec![T::ZERO; channels * REPEATED];
        for row in x.chunks_exact(width * channels) {
            lanes.fill(T::ZERO);
            simd!(add_up(row, &mut lanes));
            for lane in lanes.chunks_exact(channels) {
                sums.iter_mut().zip(lane).for_each(|(sum, x)| *sum += x.to_f64());
            }
        }
        let count = (height * width) as f64;
        lanes.iter_mut().enumerate().for_each(|(i, lane)| *lane = T::from_double(sums[i % channels] / count));
        lanes
    }
}

/// How often the means of the channels are repeated.
const REPEATED: usize = 16;

#[inline(always)]
fn add_up<T: Float>(x: &[T], lanes: &mut [T]) {
    for x in x.chunks(lanes.len()) {
        for (lane, &x) in lanes.iter_mut().zip(x) {
            *lane += x;
        }
    }
}

#[inline(always)]
fn adjust<T: Float>(x: &[T], means: &[T], factor: T, [low, high]: [T; 2], y: &mut [T]) {
    for (y, x) in y.chunks_mut(means.len()).zip(x.chunks(means.len())) {
        for ((y, &x), &mean) in y.iter_mut().zip(x).zip(means) {
            let adjusted = (x - mean) * factor + mean;
            let adjusted = if adjusted < low { low } else { adjusted };
            *y = if adjusted > high { high } else { adjusted };
        }
    }
}

/// The gradients of the pixels that were not clipped, and 0 for the others.
#[inline(always)]
fn keep_inside<T: Float>(x: &[T], means: &[T], factor: T, [low, high]: [T; 2], dy: &[T], kept: &mut [T]) {
    let parts = kept.chunks_mut(means.len()).zip(x.chunks(means.len())).zip(dy.chunks(means.len()));
    for ((kept, x), dy) in parts {
        for (((kept, &x), &dy), &mean) in kept.iter_mut().zip(x).zip(dy).zip(means) {
            let adjusted = (x - mean) * factor + mean;
            *kept = if adjusted >= low && adjusted <= high { dy } else { T::ZERO };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, values};

    #[test]
    fn gradients_agree_with_finite_differences() {
        for (shape, format) in [([2, 4, 6, 3], DataFormat::ChannelsLast), ([2, 3, 4, 6], DataFormat::ChannelsFirst)] {
            let x = values(shape, 1);
            assert_gradients(std::slice::from_ref(&x), |x| adjust_contrast(&x[0], &[1.5, 0.3], (-1.0, 0.9), format));
        }
        assert!(adjust_contrast(&values([2, 2, 2, 2], 1), &[1.0], (0.0, 1.0), DataFormat::ChannelsLast).is_err());
    }

    /// By the definition.
    #[test]
    fn the_distance_from_the_mean_is_scaled() {
        let x = values([1, 5, 40, 2], 3);
        let y = adjust_contrast(&x, &[2.0], (f64::NEG_INFINITY, f64::INFINITY), DataFormat::ChannelsLast).unwrap();
        let mean = x.mean_keepdim((1, 2)).unwrap();
        let expected = (x.broadcast_sub(&mean).unwrap() * 2.0).unwrap().broadcast_add(&mean).unwrap();
        let off = (y - expected).unwrap().abs().unwrap().max_all().unwrap().to_scalar::<f64>().unwrap();
        assert!(off < 1e-12, "{off}");
    }
}
