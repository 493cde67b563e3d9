//! Resizing: a weighted mean of pixels along each axis. Keras: `keras.ops.image.resize`.

use super::{DataFormat, Interpolation, Layout, Rounding, height_axis, on_loops, resized};
use crate::cores;
use crate::host::{view, with_float};
use crate::lengths;
use crate::shape;
use crate::simd;
use crate::simd::Float;
use crate::tape::{Value, record};
use candle_core::{DType, Result, Tensor, bail};
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// The arguments of [`resize`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resize {
    /// The new height and width.
    pub size: [usize; 2],
    /// How values between pixels are computed.
    pub interpolation: Interpolation,
    /// Whether an image that becomes smaller is smoothed, so that all its pixels count.
    pub antialias: bool,
    /// Whether the largest part in the middle with the new aspect ratio is resized.
    pub crop_to_aspect_ratio: bool,
    /// Whether borders are added, so that the image has the new aspect ratio.
    pub pad_to_aspect_ratio: bool,
    /// The value of these borders.
    pub fill_value: f64,
    /// Where the channels are.
    pub data_format: DataFormat,
}

impl Resize {
    /// To this height and width, with the defaults of Keras: bilinear, without antialiasing, with the channels last.
    pub fn to(size: [usize; 2]) -> Self {
        Self {
            size,
            interpolation: Interpolation::Bilinear,
            antialias: false,
            crop_to_aspect_ratio: false,
            pad_to_aspect_ratio: false,
            fill_value: 0.0,
            data_format: DataFormat::configured(),
        }
    }
}

/// Images in another size. The centres of pixels are at halves; whole numbers are rounded.
///
/// # Shapes
/// - `images`: `(batch, height, width, channels)` or `(height, width, channels)`
/// - the result: the same with the new height and width
///
/// # Errors
/// If the shape is not that of images, or has no pixels.
///
/// ```
/// use candle_keras_ops::image::{Interpolation, Resize, resize};
/// use candle_keras_ops::{Device, Tensor};
/// let image = Tensor::new(&[[[0f32], [4.]]], &Device::Cpu)?;
/// let wide = resize(&image, &Resize::to([1, 4]))?;
/// assert_eq!(wide.flatten_all()?.to_vec1::<f32>()?, [0., 1., 3., 4.]);
/// let nearest = resize(&image, &Resize { interpolation: Interpolation::Nearest, ..Resize::to([1, 4]) })?;
/// assert_eq!(nearest.flatten_all()?.to_vec1::<f32>()?, [0., 0., 4., 4.]);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn resize(images: &Tensor, arguments: &Resize) -> Result<Tensor> {
    let &Resize { size, crop_to_aspect_ratio, pad_to_aspect_ratio, data_format, .. } = arguments;
    let layout = Layout::of("resize", images.dims(), data_format)?;
    if crop_to_aspect_ratio && pad_to_aspect_ratio {
        bail!("resize: an image is cropped or padded to an aspect ratio, not both")
    }
    if size.contains(&0) || layout.height == 0 || layout.width == 0 {
        bail!("resize: sizes must be positive, received {:?} for images of shape {:?}", size, images.dims())
    }
    let shape = resized(images.dims(), data_format, size);
    if lengths::allocated(&shape, images.dtype())? == 0 {
        return Tensor::zeros(shape, images.dtype(), images.device());
    }
    on_loops(images, Rounding::HalfEven, |x| {
        let x = match (crop_to_aspect_ratio, pad_to_aspect_ratio) {
            (true, _) => cropped(x, &layout, arguments)?,
            (_, true) => padded(x, &layout, arguments)?,
            _ => x.clone(),
        };
        let before = Layout::of("resize", x.dims(), data_format)?;
        let mut axes: Vec<(usize, usize, usize)> = vec![(0, before.height, size[0]), (1, before.width, size[1])];
        // The axis that shrinks most first: the other one has less to do.
        axes.sort_by(|a, b| (a.2 * b.1).cmp(&(b.2 * a.1)));
        let axis = height_axis(x.rank(), data_format);
        axes.into_iter().filter(|(_, from, to)| from != to).try_fold(x, |x, (offset, from, to)| {
            // A pixel has a list of weights, and a row of them in the map.
            lengths::allocated(&[to, 16], DType::F64)?;
            let weights = weights(from, to, arguments.interpolation, arguments.antialias);
            mix(&x, axis + offset, &Mixture::new(from, &weights))
        })
    })
}

/// The size of the largest part of `[height, width]` with the aspect ratio of `size`.
fn part([height, width]: [usize; 2], size: [usize; 2]) -> [usize; 2] {
    let [wanted_height, wanted_width] = scaled([height, width], size);
    [height.min(wanted_height).max(1), width.min(wanted_width).max(1)]
}

/// The height that goes with the width, and the width that goes with the height.
fn scaled([height, width]: [usize; 2], [to_height, to_width]: [usize; 2]) -> [usize; 2] {
    let of = |side: usize, over: usize, under: usize| (side as f64 * over as f64 / under as f64) as usize;
    [of(width, to_height, to_width), of(height, to_width, to_height)]
}

fn cropped(x: &Tensor, layout: &Layout, arguments: &Resize) -> Result<Tensor> {
    let [height, width] = part([layout.height, layout.width], arguments.size);
    let axis = height_axis(x.rank(), arguments.data_format);
    let x = shape::part(x, axis, (layout.height - height) / 2, height)?;
    shape::part(&x, axis + 1, (layout.width - width) / 2, width)
}

fn padded(x: &Tensor, layout: &Layout, arguments: &Resize) -> Result<Tensor> {
    let [height, width] = scaled([layout.height, layout.width], arguments.size);
    let axis = height_axis(x.rank(), arguments.data_format);
    let (axis, border) = match (height.saturating_sub(layout.height) / 2, width.saturating_sub(layout.width) / 2) {
        (0, 0) => return Ok(x.clone()),
        (0, columns) => (axis + 1, columns),
        (rows, _) => (axis, rows),
    };
    let mut shape = x.dims().to_vec();
    shape[axis] = border;
    lengths::allocated(&shape, x.dtype())?;
    let border = Tensor::full(arguments.fill_value, shape, x.device())?.to_dtype(x.dtype())?;
    Tensor::cat(&[&border, x, &border], axis)
}

/// For each new pixel of an axis, the first old pixel of which it is made, and the weights of that one and the next ones.
fn weights(from: usize, to: usize, interpolation: Interpolation, antialias: bool) -> Vec<(usize, Vec<f64>)> {
    if interpolation == Interpolation::Nearest {
        // In f32 as in Keras: other roundings would choose other pixels.
        let nearest = |i: usize| ((i as f32 + 0.5) * from as f32 / to as f32).floor() as usize;
        return (0..to).map(|i| (nearest(i).min(from - 1), vec![1.0])).collect();
    }
    let step = from as f64 / to as f64;
    let (radius, kernel): (f64, fn(f64) -> f64) = match interpolation {
        Interpolation::Bicubic => (2.0, cubic),
        Interpolation::Lanczos3 => (3.0, |x| lanczos(3.0, x)),
        Interpolation::Lanczos5 => (5.0, |x| lanczos(5.0, x)),
        _ => (1.0, |x| (1.0 - x).max(0.0)),
    };
    let stretch = if antialias { step.max(1.0) } else { 1.0 };
    let of_pixel = |i: usize| {
        let (start, end) = (i as f64 * step, (i + 1) as f64 * step);
        let centre = start + 0.5 * step - 0.5;
        let (low, high) = match interpolation {
            Interpolation::Area => (start.floor(), end.ceil() - 1.0),
            _ => ((centre - radius * stretch).ceil(), (centre + radius * stretch).floor()),
        };
        let (low, high) = (low.max(0.0) as usize, (high.max(0.0) as usize).min(from - 1));
        let weight = |j: usize| match interpolation {
            Interpolation::Area => (end.min(j as f64 + 1.0) - start.max(j as f64)).max(0.0),
            _ => kernel((centre - j as f64).abs() / stretch),
        };
        let mut weights: Vec<f64> = (low..=high).map(weight).collect();
        let sum: f64 = weights.iter().sum();
        let scale = if sum.abs() > 1000.0 * f64::from(f32::EPSILON) { 1.0 / sum } else { 0.0 };
        weights.iter_mut().for_each(|weight| *weight *= scale);
        (low, weights)
    };
    (0..to).map(of_pixel).collect()
}

/// The kernel of Keys.
fn cubic(x: f64) -> f64 {
    match x {
        ..1.0 => (1.5 * x - 2.5) * x * x + 1.0,
        1.0..2.0 => ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0,
        _ => 0.0,
    }
}

/// The kernel of Lanczos.
fn lanczos(radius: f64, x: f64) -> f64 {
    match x {
        _ if x > radius => 0.0,
        ..=1e-3 => 1.0,
        _ => radius * (PI * x).sin() * (PI * x / radius).sin() / (PI * x).powi(2),
    }
}

/// A linear map along an axis: each output is a weighted sum of `taps` inputs next to each other.
#[derive(Debug, Clone)]
struct Mixture {
    inputs: usize,
    taps: usize,
    first: Vec<usize>,
    weights: Vec<f64>,
}

impl Mixture {
    /// Of the first input and the weights of each output.
    fn new(inputs: usize, outputs: &[(usize, Vec<f64>)]) -> Self {
        let taps = outputs.iter().map(|(_, weights)| weights.len()).max().unwrap_or(1).clamp(1, inputs);
        let mut first = Vec::with_capacity(outputs.len());
        let mut all = vec![0.0; outputs.len() * taps];
        for ((from, weights), row) in outputs.iter().zip(all.chunks_mut(taps.max(1))) {
            let start = (*from).min(inputs - taps);
            row[from - start..][..weights.len()].copy_from_slice(weights);
            first.push(start);
        }
        Self { inputs, taps, first, weights: all }
    }

    /// The map of gradients of outputs to those of inputs.
    fn transposed(&self) -> Self {
        let mut rows: Vec<Option<(usize, Vec<f64>)>> = vec![None; self.inputs];
        for (output, first) in self.first.iter().enumerate() {
            for tap in 0..self.taps {
                let weight = self.weights[output * self.taps + tap];
                if weight != 0.0 {
                    let (start, row) = rows[first + tap].get_or_insert((output, Vec::new()));
                    row.resize(output - *start, 0.0);
                    row.push(weight);
                }
            }
        }
        Self::new(self.first.len(), &rows.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>())
    }

    /// Along the axis `axis` of `shape`, whose size is the number of inputs.
    fn apply<T: Float>(&self, x: &[T], shape: &[usize], axis: usize) -> Vec<T> {
        let (outer, inner) = (shape[..axis].iter().product::<usize>(), shape[axis + 1..].iter().product::<usize>());
        let outputs = self.first.len();
        let weights: Vec<T> = self.weights.iter().map(|&weight| T::from_double(weight)).collect();
        let length = outer * outputs * inner;
        cores::zeroed_chunks(length, cores::chunk_len(length, inner, 2 * self.taps), |from, y| {
            simd!(self.rows(x, &weights, inner, from / inner, y));
        })
    }

    /// The rows from `row` on.
    #[inline(always)]
    fn rows<T: Float>(&self, x: &[T], weights: &[T], inner: usize, row: usize, y: &mut [T]) {
        let outputs = self.first.len();
        let (mut outer, mut output) = (row / outputs, row % outputs);
        for y in y.chunks_exact_mut(inner) {
            let x = &x[(outer * self.inputs + self.first[output]) * inner..][..self.taps * inner];
            for (x, &weight) in x.chunks_exact(inner).zip(&weights[output * self.taps..]) {
                for (y, &x) in y.iter_mut().zip(x) {
                    *y += weight * x;
                }
            }
            output += 1;
            if output == outputs {
                (outer, output) = (outer + 1, 0);
            }
        }
    }
}

/// Mixes the elements of an axis.
fn mix(x: &Tensor, axis: usize, mixture: &Mixture) -> Result<Tensor> {
    let (input, mut shape) = (x.detach().contiguous()?, x.dims().to_vec());
    shape[axis] = mixture.first.len();
    lengths::allocated(&shape, x.dtype())?;
    let value = with_float!(x, T => Value::new(mixture.apply(&view::<T>(&input)?, x.dims(), axis), shape)?);
    let (mixture, shape) = (mixture.clone(), x.shape().clone());
    record("resize", &[x], value, move |_, dy| {
        let back = mixture.transposed();
        let dx = with_float!(dy, T => {
            Tensor::from_vec(back.apply(&view::<T>(dy)?, dy.dims(), axis), &shape, dy.device())?
        });
        Ok(vec![Some(dx)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, values};
    use candle_core::Device;

    /// The image of bytes would fit, its weights do not.
    #[test]
    fn more_weights_than_memory_are_an_error() {
        let x = Tensor::zeros((1, 1, 1), DType::U8, &Device::Cpu).unwrap();
        for name in Interpolation::NAMES {
            let arguments = Resize { interpolation: Interpolation::by_name(name).unwrap(), ..Resize::to([1 << 33, 1]) };
            assert!(resize(&x, &arguments).is_err(), "{name}");
        }
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        for name in Interpolation::NAMES {
            for (size, antialias) in [([3, 7], false), ([3, 2], true), ([9, 5], false)] {
                let interpolation = Interpolation::by_name(name).unwrap();
                let arguments = Resize { interpolation, antialias, ..Resize::to(size) };
                assert_gradients(&[values([2, 5, 4, 2], 1)], |x| resize(&x[0], &arguments));
                let first = Resize { data_format: DataFormat::ChannelsFirst, ..arguments };
                assert_gradients(&[values([2, 5, 4], 1)], |x| resize(&x[0], &first));
            }
        }
        for [crop_to_aspect_ratio, pad_to_aspect_ratio] in [[true, false], [false, true]] {
            let arguments = Resize { crop_to_aspect_ratio, pad_to_aspect_ratio, fill_value: 2.0, ..Resize::to([3, 2]) };
            assert_gradients(&[values([1, 4, 7, 1], 1)], |x| resize(&x[0], &arguments));
            assert_gradients(&[values([1, 7, 4, 1], 1)], |x| resize(&x[0], &arguments));
        }
    }

    #[test]
    fn whole_numbers_are_rounded_halves_to_even_and_stay_in_range() {
        let image = Tensor::new(&[[[0u8], [255], [2], [3]]], &Device::Cpu).unwrap();
        let half = resize(&image, &Resize { antialias: true, ..Resize::to([1, 2]) }).unwrap();
        assert_eq!(half.dtype(), DType::U8);
        let cubic = Resize { interpolation: Interpolation::Bicubic, ..Resize::to([1, 8]) };
        let sharp = resize(&image, &cubic).unwrap().flatten_all().unwrap().to_vec1::<u8>().unwrap();
        assert!(sharp[0] == 0 && sharp[2..4].iter().all(|&x| x > 200), "{sharp:?}");
        let between = Tensor::new(&[[[0u8], [1]]], &Device::Cpu).unwrap();
        let y = resize(&between, &Resize::to([1, 1])).unwrap();
        assert_eq!(y.flatten_all().unwrap().to_vec1::<u8>().unwrap(), [0]);
    }

    #[test]
    fn sizes_that_cannot_be_are_errors() {
        let image = Tensor::zeros((4, 4, 1), DType::F32, &Device::Cpu).unwrap();
        assert!(resize(&image, &Resize::to([0, 4])).is_err());
        assert!(resize(&image, &Resize::to([usize::MAX, 4])).is_err());
        assert!(resize(&image.get(0).unwrap(), &Resize::to([4, 4])).is_err());
        assert!(resize(&image.narrow(0, 0, 0).unwrap(), &Resize::to([4, 4])).is_err());
        let both = Resize { crop_to_aspect_ratio: true, pad_to_aspect_ratio: true, ..Resize::to([2, 2]) };
        assert!(resize(&image, &both).unwrap_err().to_string().contains("not both"));
    }
}
