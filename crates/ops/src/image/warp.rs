//! Images whose pixels come from other places. Keras: `keras.ops.image.affine_transform`.

use super::sample::Sampling;
use super::{DataFormat, FillMode, Interpolation, Layout, Rounding, on_loops};
use crate::cores;
use crate::host::{view, with_float};
use crate::lengths;
use crate::simd;
use crate::simd::Float;
use crate::tape::{Value, record};
use candle_core::{DType, Result, Tensor, bail};
use serde::{Deserialize, Serialize};

/// The arguments of [`affine_transform`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Affine {
    /// How values between pixels are computed: nearest or bilinear.
    pub interpolation: Interpolation,
    /// What is beyond the border.
    pub fill_mode: FillMode,
    /// The value beyond the border, if the fill mode is constant.
    pub fill_value: f64,
    /// Where the channels are.
    pub data_format: DataFormat,
}

impl Default for Affine {
    /// Bilinear, with zeros beyond the border and the channels where the settings say, as in Keras.
    fn default() -> Self {
        Self {
            interpolation: Interpolation::Bilinear,
            fill_mode: FillMode::Constant,
            fill_value: 0.0,
            data_format: DataFormat::configured(),
        }
    }
}

/// Images of which the pixel at `(x, y)` is found at `((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k)`, with `k = c0 x + c1 y + 1`.
///
/// The gradient is that of the images. (Keras on JAX does not divide by `k`; the other backends do.)
///
/// # Shapes
/// - `images`: `(batch, height, width, channels)` or `(height, width, channels)`
/// - `transform`: `[a0, a1, a2, b0, b1, b2, c0, c1]` for each image, `(batch, 8)`, or for all of them, `(8,)`
/// - the result: that of `images`
///
/// # Errors
/// If the shapes do not fit, or `transform` needs a gradient.
///
/// ```
/// use candle_keras_ops::image::{Affine, affine_transform};
/// use candle_keras_ops::{Device, Tensor};
/// let image = Tensor::new(&[[[1f32], [2.], [3.]]], &Device::Cpu)?;
/// let shift = Tensor::new(&[1f32, 0., 0.5, 0., 1., 0., 0., 0.], &Device::Cpu)?;
/// let y = affine_transform(&image, &shift, &Affine::default())?;
/// assert_eq!(y.flatten_all()?.to_vec1::<f32>()?, [1.5, 2.5, 1.5]);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn affine_transform(images: &Tensor, transform: &Tensor, arguments: &Affine) -> Result<Tensor> {
    lengths::check([images, transform])?;
    if transform.track_op() {
        bail!("affine_transform has no gradient of its transform")
    }
    if !matches!(transform.dims(), [8] | [_, 8]) {
        bail!("a transform is 8 numbers for each image, received the shape {:?}", transform.dims())
    }
    let numbers = transform.flatten_all()?.to_dtype(DType::F64)?.to_vec1::<f64>()?;
    warp(images, numbers.as_chunks().0.to_vec(), arguments)
}

/// [`affine_transform`] by numbers: a transform for each image, or one for all of them.
///
/// # Errors
/// As [`affine_transform`].
pub fn warp(images: &Tensor, transforms: Vec<[f64; 8]>, arguments: &Affine) -> Result<Tensor> {
    let layout = Layout::of("affine_transform", images.dims(), arguments.data_format)?;
    if transforms.len() != layout.batch && transforms.len() != 1 {
        bail!("affine_transform: {} transforms for {} images", transforms.len(), layout.batch)
    }
    let Affine { interpolation, fill_mode, fill_value, .. } = *arguments;
    let sampling = Sampling::new("affine_transform", interpolation, fill_mode, fill_value)?;
    moved(images, layout, Projections(transforms), sampling)
}

/// Where the pixels of images come from.
pub(crate) trait Places: Send + Sync + 'static {
    /// Writes the places, as `(y, x)`, of the pixels in row `y` of an image.
    fn write<T: Float>(&self, image: usize, y: usize, places: &mut [(T, T)]);
}

/// A projective map for each image, or one for all of them.
struct Projections(Vec<[f64; 8]>);

impl Places for Projections {
    fn write<T: Float>(&self, image: usize, y: usize, places: &mut [(T, T)]) {
        let [a0, a1, a2, b0, b1, b2, c0, c1] = self.0[image.min(self.0.len() - 1)].map(T::from_double);
        let y = T::from_double(y as f64);
        let (a, b, c) = (a1 * y, b1 * y, c1 * y + T::ONE);
        let is_affine = c0 == T::ZERO && c1 == T::ZERO;
        for (x, place) in places.iter_mut().enumerate() {
            let x = T::from_double(x as f64);
            let (to_y, to_x, k) = (b + b0 * x + b2, a + a0 * x + a2, c0 * x + c);
            *place = if is_affine { (to_y, to_x) } else { (to_y / k, to_x / k) };
        }
    }
}

/// The images with pixels from these places.
pub(crate) fn moved<P: Places>(images: &Tensor, layout: Layout, places: P, sampling: Sampling) -> Result<Tensor> {
    if images.elem_count() == 0 {
        return Ok(images.clone());
    }
    on_loops(images, Rounding::HalfAway, |images| {
        let x = images.detach().contiguous()?;
        let value = with_float!(x, T => {
            let row: &Row<T> = &|image, y, row| places.write(image, y, row);
            Value::new(forward(&view::<T>(&x)?, &layout, row, sampling), x.shape())?
        });
        record("affine_transform", &[images], value, move |_, dy| {
            let dx = with_float!(dy, T => {
                let row: &Row<T> = &|image, y, row| places.write(image, y, row);
                Tensor::from_vec(backward(&view::<T>(dy)?, &layout, row, sampling), dy.shape(), dy.device())?
            });
            Ok(vec![Some(dx)])
        })
    })
}

/// Writes the places of a row, for loops that are compiled once for all kinds of [`Places`].
type Row<'a, T> = dyn Fn(usize, usize, &mut [(T, T)]) + Sync + 'a;

/// About how many simple operations a pixel takes.
const COST: usize = 16;

fn forward<T: Float>(x: &[T], layout: &Layout, places: &Row<T>, sampling: Sampling) -> Vec<T> {
    let row = layout.width * layout.channels;
    let chunk_len = cores::chunk_len(x.len(), row, COST);
    cores::zeroed_chunks(x.len(), chunk_len, |from, y| match layout.channels {
        // Most images have one of these, and a loop over a known number is unrolled.
        1 => simd!(rows::<T, 1>(x, layout, places, sampling, from / row, y)),
        3 => simd!(rows::<T, 3>(x, layout, places, sampling, from / row, y)),
        _ => simd!(rows::<T, 0>(x, layout, places, sampling, from / row, y)),
    })
}

/// The rows from `row` on, of pixels with `C` channels; 0 for any number.
#[inline(always)]
fn rows<T: Float, const C: usize>(
    x: &[T],
    layout: &Layout,
    places: &Row<T>,
    sampling: Sampling,
    row: usize,
    y: &mut [T],
) {
    let Layout { planes, height, width, .. } = *layout;
    let channels = if C > 0 { C } else { layout.channels };
    let fill = T::from_double(sampling.fill_value);
    let mut of_row = vec![(T::ZERO, T::ZERO); width];
    for (row, y) in (row..).zip(y.chunks_exact_mut(width * channels)) {
        let (plane, at) = (row / height, row % height);
        let x = &x[plane * height * width * channels..][..height * width * channels];
        places(plane / planes, at, &mut of_row);
        for (y, &(place_y, place_x)) in y.chunks_exact_mut(channels).zip(&of_row) {
            let (above, left) = (place_y.floor(), place_x.floor());
            let (i, j) = (above.to_integer(), left.to_integer());
            // Most pixels are mixtures of four inside of the image.
            if !sampling.nearest && (0..height as i64 - 1).contains(&i) && (0..width as i64 - 1).contains(&j) {
                let first = (i as usize * width + j as usize) * channels;
                let (top, bottom) = (&x[first..][..2 * channels], &x[first + width * channels..][..2 * channels]);
                let (down, right) = (place_y - above, place_x - left);
                let (up, west) = (T::ONE - down, T::ONE - right);
                let weights = [up * west, up * right, down * west, down * right];
                for (c, y) in y.iter_mut().enumerate() {
                    *y = weights[0] * top[c]
                        + weights[1] * top[c + channels]
                        + weights[2] * bottom[c]
                        + weights[3] * bottom[c + channels];
                }
                continue;
            }
            for (i, down) in sampling.pixels(place_y, height) {
                for (j, right) in sampling.pixels(place_x, width) {
                    let weight = down * right;
                    if sampling.nearest && weight == T::ZERO {
                        continue;
                    }
                    match i.zip(j) {
                        Some((i, j)) => {
                            let x = &x[(i * width + j) * channels..][..channels];
                            y.iter_mut().zip(x).for_each(|(y, &x)| *y += weight * x);
                        }
                        None => y.iter_mut().for_each(|y| *y += weight * fill),
                    }
                }
            }
        }
    }
}

/// The gradient of the images: each pixel's goes to those of which it is made.
fn backward<T: Float>(dy: &[T], layout: &Layout, places: &Row<T>, sampling: Sampling) -> Vec<T> {
    let Layout { planes, height, width, channels, .. } = *layout;
    let size = layout.plane();
    cores::zeroed_chunks(dy.len(), size, |from, dx| {
        let (plane, dy) = (from / size, &dy[from..from + size]);
        let mut of_row = vec![(T::ZERO, T::ZERO); width];
        for (at, dy) in dy.chunks_exact(width * channels).enumerate() {
            places(plane / planes, at, &mut of_row);
            for (dy, &(place_y, place_x)) in dy.chunks_exact(channels).zip(&of_row) {
                for (i, down) in sampling.pixels(place_y, height) {
                    for (j, right) in sampling.pixels(place_x, width) {
                        let (weight, Some((i, j))) = (down * right, i.zip(j)) else { continue };
                        if sampling.nearest && weight == T::ZERO {
                            continue;
                        }
                        let dx = &mut dx[(i * width + j) * channels..][..channels];
                        dx.iter_mut().zip(dy).for_each(|(dx, &dy)| *dx += weight * dy);
                    }
                }
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, values};
    use candle_core::Device;

    const TURN: [f64; 8] = [0.8, -0.5, 1.3, 0.6, 0.9, -0.7, 0.0, 0.0];
    const TILT: [f64; 8] = [0.9, 0.1, -0.3, 0.2, 1.1, 0.4, 0.05, -0.03];

    #[test]
    fn gradients_agree_with_finite_differences() {
        for name in FillMode::NAMES {
            for interpolation in [Interpolation::Nearest, Interpolation::Bilinear] {
                let fill_mode = FillMode::by_name(name).unwrap();
                let last = Affine { interpolation, fill_mode, fill_value: 2.0, ..Affine::default() };
                assert_gradients(&[values([2, 4, 3, 3], 1)], |x| warp(&x[0], vec![TURN, TILT], &last));
                let first = Affine { data_format: DataFormat::ChannelsFirst, ..last };
                assert_gradients(&[values([2, 4, 3], 1)], |x| warp(&x[0], vec![TURN], &first));
            }
        }
    }

    #[test]
    fn channels_do_not_matter() {
        let arguments = Affine { fill_mode: FillMode::Reflect, ..Affine::default() };
        let x = values([1, 9, 8, 5], 1);
        let whole = warp(&x, vec![TURN], &arguments).unwrap();
        for (from, count) in [(0, 1), (1, 3), (0, 4)] {
            let part = warp(&x.narrow(3, from, count).unwrap(), vec![TURN], &arguments).unwrap();
            let difference = (part - whole.narrow(3, from, count).unwrap()).unwrap().abs().unwrap();
            assert_eq!(difference.max_all().unwrap().to_scalar::<f64>().unwrap(), 0.0);
        }
    }

    #[test]
    fn places_that_are_no_numbers_do_no_harm() {
        let image = Tensor::ones((3, 3, 1), DType::F32, &Device::Cpu).unwrap();
        for interpolation in [Interpolation::Nearest, Interpolation::Bilinear] {
            for name in FillMode::NAMES {
                let fill_mode = FillMode::by_name(name).unwrap();
                for number in [f64::NAN, f64::INFINITY, 1e30, -1e30] {
                    let arguments = Affine { interpolation, fill_mode, ..Affine::default() };
                    warp(&image, vec![[number; 8]], &arguments).unwrap();
                }
            }
        }
    }
}
