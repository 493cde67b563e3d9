//! Pooling of sequences, images and volumes with the channels last, with any window, stride and padding. (candle's max_pool2d has a quarter
//! of the gradient, and both candle's poolings put it into wrong cells where the size is no multiple of the window.)

use crate::conv::Axis;
use crate::conv::axis::{each_index, volume};
use crate::cores::{self, in_chunks};
use crate::gpu::{self, on_gpu};
use crate::host::{view, with_float};
use crate::lengths;
use crate::narrow::{in_float32, is_narrow};
use crate::simd;
use crate::simd::Float;
use crate::tape::{Value, on_host, record};
use candle_core::{DType, Device, Result, Tensor, bail};

/// How a window is reduced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pool {
    /// The largest element; of equal ones, the first has the gradient.
    Max,
    /// The mean of the elements inside of the input.
    Average,
}

/// The largest or mean element of each window over one, two or three axes.
///
/// # Shapes
/// - `x`: `(batch, axes[..].input, channels)`; the result: `(batch, axes[..].output, channels)`
///
/// # Errors
/// If the shape of `x` does not fit `axes`.
pub fn pool(x: &Tensor, pool: Pool, axes: &[Axis]) -> Result<Tensor> {
    let (Some(volume), [batch, sizes @ .., channels]) = (volume(axes), x.dims()) else {
        bail!("pool: windows over {} axes of the shape {:?}", axes.len(), x.dims())
    };
    lengths::check([x])?;
    let x = &if pool == Pool::Average { crate::elementwise::float(x)? } else { x.clone() };
    if is_narrow(x) {
        return in_float32(&[x], |x| self::pool(&x[0], pool, axes));
    }
    if !sizes.iter().eq(axes.iter().map(|axis| &axis.input)) {
        bail!("pool: windows for another shape than {:?}", x.dims())
    }
    let outputs: Vec<usize> = axes.iter().map(|axis| axis.output).collect();
    // A kernel walks all elements of a window, also those far outside.
    let small = |axis: &Axis| axis.has_short_indices() && axis.window <= axis.input;
    if on_gpu(&[x]) && volume.iter().all(small) && x.elem_count() > 0 {
        let shape = [&[*batch], &outputs[..], &[*channels]].concat();
        lengths::allocated(&shape, x.dtype())?;
        return gpu::pool(x, pool == Pool::Max, volume, shape.into());
    }
    over(x, pool, &outputs, |channels| Windows::new(volume, channels))
}

/// The largest or mean element of each of `output` windows over one, two or three axes, which have about the same size and cover the input: the
/// `i`-th of `n` windows over `size` elements has those from `floor(i * size / n)` to before `ceil((i + 1) * size / n)`.
///
/// # Shapes
/// - `x`: `(batch, ..., channels)`; the result: `(batch, output[..], channels)`
///
/// # Errors
/// If the shape of `x` does not fit, or a size is 0.
pub fn adaptive_pool(x: &Tensor, pool: Pool, output: &[usize]) -> Result<Tensor> {
    let (1..=3, [_, sizes @ .., _]) = (output.len(), x.dims()) else {
        bail!("adaptive_pool: {} sizes for the shape {:?}", output.len(), x.dims())
    };
    lengths::check([x])?;
    if sizes.len() != output.len() || output.contains(&0) || sizes.contains(&0) {
        bail!("adaptive_pool: the sizes {output:?} for the shape {:?}", x.dims())
    }
    let x = &if pool == Pool::Average { crate::elementwise::float(x)? } else { x.clone() };
    if is_narrow(x) {
        return in_float32(&[x], |x| adaptive_pool(&x[0], pool, output));
    }
    let missing = 3 - output.len();
    let of_volume = |sizes: &[usize]| std::array::from_fn(|i| i.checked_sub(missing).map_or(1, |i| sizes[i]));
    let (inputs, outputs) = (of_volume(sizes), of_volume(output));
    over(x, pool, output, |channels| Windows::adaptive(inputs, outputs, channels))
}

/// Pools the windows that `windows` makes for a number of channels.
fn over(x: &Tensor, pool: Pool, outputs: &[usize], windows: impl Fn(usize) -> Result<Windows>) -> Result<Tensor> {
    let [batch, sizes @ .., channels] = x.dims() else { bail!("pool: a tensor of shape {:?}", x.dims()) };
    let (batch, channels) = (*batch, *channels);
    let shape = [&[batch], outputs, &[channels]].concat();
    lengths::allocated(&shape, x.dtype())?;
    if x.elem_count() == 0 {
        return Tensor::zeros(shape, x.dtype(), x.device());
    }
    if !on_host(&[x]) {
        return composed(x, pool, windows(1)?)?.reshape(shape);
    }
    let windows = windows(channels)?;
    let input = x.detach().contiguous()?;
    let (image, output) = (sizes.iter().product::<usize>() * channels, windows.count() * channels);
    if image > u32::MAX as usize {
        bail!("pool: an image of shape {sizes:?} with {channels} channels has more elements than 32 bits count")
    }
    let mut chosen = vec![0u32; if pool == Pool::Max && x.track_op() { batch * output } else { 0 }];
    let value = with_float!(x, T => {
        let x = view::<T>(&input)?;
        let y = if chosen.is_empty() {
            let part = cores::chunk_len(batch * output, output, 4);
            cores::zeroed_chunks(batch * output, part, |from, part| {
                for (i, y) in part.chunks_exact_mut(output.max(1)).enumerate() {
                    let x = &x[(from / output + i) * image..][..image];
                    simd!(pooled(x, y, pool, &windows));
                }
            })
        } else {
            let mut y = vec![T::ZERO; batch * output];
            // Values and indices together, image by image.
            let mut both: Vec<(&mut [T], &mut [u32])> =
                y.chunks_exact_mut(output.max(1)).zip(chosen.chunks_exact_mut(output.max(1))).collect();
            in_chunks(&mut both, 1, output * 4, |from, part| {
                for (i, (y, chosen)) in part.iter_mut().enumerate() {
                    let x = &x[(from + i) * image..][..image];
                    simd!(pooled_with_places(x, y, chosen, &windows));
                }
            });
            y
        };
        Value::new(y, shape)?
    });
    let whole = x.shape().clone();
    record("pool", &[x], value, move |_, dy| {
        let dx = with_float!(dy, T => {
            let dy = view::<T>(dy)?;
            let part = cores::chunk_len(batch * image, image, 2);
            let dx = cores::zeroed_chunks(batch * image, part, |from, part| {
                for (i, dx) in part.chunks_exact_mut(image.max(1)).enumerate() {
                    let range = (from / image + i) * output..(from / image + i + 1) * output;
                    match pool {
                        Pool::Max => chosen[range.clone()].iter().zip(&dy[range]).for_each(|(&at, &dy)| dx[at as usize] += dy),
                        Pool::Average => simd!(spread(dx, &dy[range], &windows)),
                    }
                }
            });
            Tensor::from_vec(dx, &whole, &Device::Cpu)?
        });
        Ok(vec![Some(dx)])
    })
}

/// The offsets in an image of the elements of each window that are inside.
pub(crate) struct Windows {
    channels: usize,
    /// The offsets of all windows, concatenated, and how many each window has.
    places: Vec<usize>,
    counts: Vec<usize>,
}

impl Windows {
    /// # Errors
    /// If windows of these sizes do not fit into memory.
    pub(crate) fn new(axes: [Axis; 3], channels: usize) -> Result<Self> {
        let inside = |axis: usize, o: usize| {
            let axis = axes[axis];
            axis.inside(o).filter_map(move |k| axis.at(o, k))
        };
        Self::of(axes.map(|axis| axis.input), axes.map(|axis| axis.output), channels, inside)
    }

    /// Those of [`adaptive_pool`].
    fn adaptive(inputs: [usize; 3], outputs: [usize; 3], channels: usize) -> Result<Self> {
        // A product of two sizes may need more than 64 bits.
        let bound = |axis: usize, o: usize| o as u128 * inputs[axis] as u128;
        Self::of(inputs, outputs, channels, |axis, o| {
            let count = outputs[axis] as u128;
            (bound(axis, o) / count) as usize..bound(axis, o + 1).div_ceil(count) as usize
        })
    }

    /// Windows with the elements that `inside` gives for an axis and an output.
    fn of<I: Iterator<Item = usize>>(
        [_, height, width]: [usize; 3],
        outputs: [usize; 3],
        channels: usize,
        inside: impl Fn(usize, usize) -> I,
    ) -> Result<Self> {
        let count = lengths::allocated(&outputs, DType::I64)?;
        let of_axis = |axis: usize| (0..outputs[axis]).map(|o| inside(axis, o).count()).sum::<usize>();
        let all = [of_axis(0), of_axis(1), of_axis(2)];
        let mut places = Vec::with_capacity(lengths::allocated(&all, DType::I64)?);
        let mut counts = Vec::with_capacity(count);
        each_index(outputs, |[z, y, x]| {
            let before = places.len();
            for plane in inside(0, z) {
                for row in inside(1, y) {
                    let row = (plane * height + row) * width;
                    places.extend(inside(2, x).map(|column| (row + column) * channels));
                }
            }
            counts.push(places.len() - before);
        });
        Ok(Self { channels: channels.max(1), places, counts })
    }

    /// The number of windows.
    pub(crate) fn count(&self) -> usize {
        self.counts.len()
    }

    /// The offsets of each window.
    #[inline(always)]
    fn iter(&self) -> impl Iterator<Item = &[usize]> {
        let mut rest = &self.places[..];
        self.counts.iter().map(move |&count| {
            let (places, others) = rest.split_at(count);
            rest = others;
            places
        })
    }
}

/// How many channels of a window are computed side by side.
const WIDTH: usize = 16;

/// Elements of a large window are added in blocks of so many, which rounds less than one after the other.
const BLOCK: usize = 64;

/// Pools the windows of an image.
#[inline(always)]
pub(crate) fn pooled<T: Float>(x: &[T], y: &mut [T], pool: Pool, windows: &Windows) {
    for (y, places) in y.chunks_exact_mut(windows.channels).zip(windows.iter()) {
        let (together, rest) = y.as_chunks_mut::<WIDTH>();
        let singly = together.len() * WIDTH;
        for (i, y) in together.iter_mut().enumerate() {
            *y = of_window(x, places, i * WIDTH, pool);
        }
        for (i, y) in rest.iter_mut().enumerate() {
            [*y] = of_window(x, places, singly + i, pool);
        }
    }
}

/// Pools some channels of a window; zeros if it is empty.
#[inline(always)]
fn of_window<T: Float, const N: usize>(x: &[T], places: &[usize], channel: usize, pool: Pool) -> [T; N] {
    let reduce = |all: T, x: T| match pool {
        Pool::Max if is_larger(x, all) => x,
        Pool::Max => all,
        Pool::Average => all + x,
    };
    let mut all = [T::ZERO; N];
    for (i, block) in places.chunks(BLOCK).enumerate() {
        let mut part = [T::ZERO; N];
        part.copy_from_slice(&x[block[0] + channel..][..N]);
        for place in &block[1..] {
            for (part, &x) in part.iter_mut().zip(&x[place + channel..][..N]) {
                *part = reduce(*part, x);
            }
        }
        for (all, part) in all.iter_mut().zip(part) {
            *all = if i == 0 { part } else { reduce(*all, part) };
        }
    }
    if pool == Pool::Average {
        let factor = T::ONE / T::from_double(places.len().max(1) as f64);
        for all in &mut all {
            *all *= factor;
        }
    }
    all
}

#[inline(always)]
fn pooled_with_places<T: Float>(x: &[T], y: &mut [T], chosen: &mut [u32], windows: &Windows) {
    let outputs = y.chunks_exact_mut(windows.channels).zip(chosen.chunks_exact_mut(windows.channels));
    for ((y, chosen), places) in outputs.zip(windows.iter()) {
        let (y, y_rest) = y.as_chunks_mut::<WIDTH>();
        let (chosen, chosen_rest) = chosen.as_chunks_mut::<WIDTH>();
        let singly = y.len() * WIDTH;
        for (i, (y, chosen)) in y.iter_mut().zip(chosen).enumerate() {
            (*y, *chosen) = largest_of_window(x, places, i * WIDTH);
        }
        for (i, (y, chosen)) in y_rest.iter_mut().zip(chosen_rest).enumerate() {
            ([*y], [*chosen]) = largest_of_window(x, places, singly + i);
        }
    }
}

/// Whether an element replaces the largest so far. NaN does, and stays.
#[inline(always)]
#[allow(clippy::eq_op)]
fn is_larger<T: Float>(x: T, largest: T) -> bool {
    (x > largest) | (x != x)
}

/// The largest elements of some channels of a window, and the index of the first of each.
#[inline(always)]
fn largest_of_window<T: Float, const N: usize>(x: &[T], places: &[usize], channel: usize) -> ([T; N], [u32; N]) {
    let (mut all, mut chosen) = ([T::ZERO; N], [0; N]);
    let Some((first, others)) = places.split_first() else { return (all, chosen) };
    all.copy_from_slice(&x[first + channel..][..N]);
    chosen = [*first as u32; N];
    for place in others {
        for ((all, chosen), &x) in all.iter_mut().zip(&mut chosen).zip(&x[place + channel..][..N]) {
            let better = is_larger(x, *all);
            *all = if better { x } else { *all };
            *chosen = if better { *place as u32 } else { *chosen };
        }
    }
    for (i, chosen) in chosen.iter_mut().enumerate() {
        *chosen += (channel + i) as u32;
    }
    (all, chosen)
}

#[inline(always)]
fn spread<T: Float>(dx: &mut [T], dy: &[T], windows: &Windows) {
    for (dy, places) in dy.chunks_exact(windows.channels).zip(windows.iter()) {
        let factor = T::ONE / T::from_double(places.len().max(1) as f64);
        for place in places {
            for (dx, &dy) in dx[*place..place + windows.channels].iter_mut().zip(dy) {
                *dx += dy * factor;
            }
        }
    }
}

/// A composition of candle's functions, without the output shape, with the windows of one channel.
fn composed(x: &Tensor, pool: Pool, windows: Windows) -> Result<Tensor> {
    let [batch, sizes @ .., channels] = x.dims() else { bail!("pool: a tensor of shape {:?}", x.dims()) };
    let (batch, channels) = (*batch, *channels);
    let flat = x.reshape((batch, sizes.iter().product::<usize>(), channels))?.contiguous()?;
    let largest = windows.counts.iter().copied().max().unwrap_or(0);
    let counts: Vec<f32> = windows.counts.iter().map(|&count| count.max(1) as f32).collect();
    // A window that is partly outside repeats its first element, which only a maximum counts.
    let ids: Vec<u32> = windows
        .iter()
        .flat_map(|w| (0..largest).map(|i| w.get(i).or(w.first()).map_or(0, |&place| place as u32)))
        .collect();
    let weights: Vec<f32> =
        windows.iter().flat_map(|w| (0..largest).map(|i| f32::from(u8::from(i < w.len())))).collect();
    let gathered = flat.index_select(&Tensor::new(ids, x.device())?, 1)?;
    let gathered = gathered.reshape((batch, windows.counts.len(), largest, channels))?;
    match pool {
        Pool::Max => crate::reduce::max(&gathered, 2),
        Pool::Average => {
            let weights =
                Tensor::from_vec(weights, (1, windows.counts.len(), largest, 1), x.device())?.to_dtype(x.dtype())?;
            let counts = Tensor::from_vec(counts, (1, windows.counts.len(), 1), x.device())?.to_dtype(x.dtype())?;
            gathered.broadcast_mul(&weights)?.sum(2)?.broadcast_div(&counts)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conv::Padding;
    use crate::gradcheck::{assert_gradients, values};

    /// Over one, two and three axes, with full and partial blocks of channels, against finite differences and the composition.
    #[test]
    fn gradients_agree_with_finite_differences() {
        let images = values([2, 5, 4, WIDTH + 3], 1);
        let volumes = values([1, 3, 4, 3, 3], 2);
        for padding in [Padding::Valid, Padding::Same] {
            for ([a, b], strides) in [([2, 2], [2, 2]), ([3, 2], [1, 2]), ([3, 3], [2, 1]), ([1, 4], [1, 1])] {
                let [rows, columns] =
                    [Axis::new(5, a, strides[0], 1, padding), Axis::new(4, b, strides[1], 1, padding)];
                let volume = [3, 4, 3].map(|size| Axis::new(size, a.min(size), strides[0], 1, padding));
                let sequences = images.narrow(1, 0, 1).unwrap().squeeze(1).unwrap();
                let cases: [(&Tensor, &[Axis]); 3] =
                    [(&sequences, &[columns]), (&images, &[rows, columns]), (&volumes, &volume)];
                for (x, axes) in cases {
                    for of_window in [Pool::Max, Pool::Average] {
                        assert_gradients(std::slice::from_ref(x), |x| pool(&x[0], of_window, axes));
                        let y = pool(x, of_window, axes).unwrap();
                        let windows = Windows::new(super::volume(axes).unwrap(), 1).unwrap();
                        let plain = composed(x, of_window, windows).unwrap();
                        let apart = (&y - plain.reshape(y.dims()).unwrap()).unwrap().abs().unwrap();
                        assert!(apart.max_all().unwrap().to_scalar::<f64>().unwrap() < 1e-7);
                    }
                }
            }
        }
    }

    #[test]
    fn adaptive_windows_cover_the_input() {
        let numbers = Tensor::arange(0f64, 7.0, &Device::Cpu).unwrap().reshape((1, 7, 1)).unwrap();
        let of = |pool, output| adaptive_pool(&numbers, pool, &[output]).unwrap().flatten_all().unwrap();
        // Of 0 and 1, 1 to 3, 3 to 5, 5 and 6.
        assert_eq!(of(Pool::Max, 4).to_vec1::<f64>().unwrap(), [1., 3., 5., 6.]);
        assert_eq!(of(Pool::Average, 4).to_vec1::<f64>().unwrap(), [0.5, 2., 4., 5.5]);
        assert_eq!(of(Pool::Average, 1).to_vec1::<f64>().unwrap(), [3.]);
        assert_eq!(of(Pool::Max, 7).to_vec1::<f64>().unwrap(), [0., 1., 2., 3., 4., 5., 6.]);
        // There may be more windows than elements.
        assert_eq!(of(Pool::Max, 14).to_vec1::<f64>().unwrap()[..5], [0., 0., 1., 1., 2.]);
        let images = [values([2, 5, 4, 3], 1)];
        let volumes = [values([1, 3, 4, 3, 2], 2)];
        for pool in [Pool::Max, Pool::Average] {
            assert_gradients(&images, |x| adaptive_pool(&x[0], pool, &[3, 2]));
            assert_gradients(&images, |x| composed(&x[0], pool, Windows::adaptive([1, 5, 4], [1, 3, 5], 1)?));
            assert_gradients(&volumes, |x| adaptive_pool(&x[0], pool, &[2, 1, 4]));
        }
        assert!(adaptive_pool(&numbers, Pool::Max, &[0]).is_err());
        assert!(
            adaptive_pool(&numbers, Pool::Max, &[2, 2]).is_err() && adaptive_pool(&numbers, Pool::Max, &[]).is_err()
        );
        assert!(adaptive_pool(&numbers, Pool::Average, &[1 << 60]).is_err());
    }

    #[test]
    fn windows_of_many_elements_are_pooled_in_blocks() {
        let x = values([2, 10, 9, 3], 1);
        let axes = [Axis::new(10, 9, 1, 1, Padding::Valid), Axis::new(9, 9, 1, 1, Padding::Valid)];
        for of_window in [Pool::Max, Pool::Average] {
            let y = pool(&x, of_window, &axes).unwrap();
            let plain = composed(&x, of_window, Windows::new(super::volume(&axes).unwrap(), 1).unwrap()).unwrap();
            let apart = (&y - plain.reshape(y.dims()).unwrap()).unwrap().abs().unwrap();
            assert!(apart.max_all().unwrap().to_scalar::<f64>().unwrap() < 1e-7);
        }
        // Of 81 elements of the window, the 71st, and the 81st.
        let mut numbers: Vec<f32> = (0..81).map(|i| i as f32).collect();
        let largest = |numbers: &[f32]| {
            let x = Tensor::from_slice(numbers, (1, 9, 9, 1), &Device::Cpu).unwrap();
            let axes = [Axis::new(9, 9, 1, 1, Padding::Valid); 2];
            pool(&x, Pool::Max, &axes).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap()[0]
        };
        assert_eq!(largest(&numbers), 80.0);
        numbers[70] = f32::NAN;
        assert!(largest(&numbers).is_nan());
        // No element is inside.
        let sequence = Tensor::ones((1, 5, 1), DType::F32, &Device::Cpu).unwrap();
        let y = pool(&sequence, Pool::Average, &[Axis::new(5, 2, 1, 30, Padding::Same)]).unwrap();
        assert_eq!(y.flatten_all().unwrap().to_vec1::<f32>().unwrap(), [0.0; 5]);
    }

    #[test]
    fn windows_over_other_shapes_are_errors() {
        let (x, axis) = (values([1, 4, 2], 1), Axis::new(4, 2, 2, 1, Padding::Valid));
        assert!(pool(&x, Pool::Max, &[axis]).is_ok());
        assert!(pool(&x, Pool::Max, &[axis; 2]).is_err() && pool(&x, Pool::Max, &[]).is_err());
        assert!(pool(&x, Pool::Max, &[Axis { input: 5, ..axis }]).is_err());
    }

    /// NaN is passed on, wherever in a window it is, with and without a gradient.
    #[test]
    fn what_is_not_a_number_stays() {
        for place in 0..4 {
            let mut numbers = [1f32, 2., 3., 4.];
            numbers[place] = f32::NAN;
            let x = Tensor::from_slice(&numbers, (1, 2, 2, 1), &Device::Cpu).unwrap();
            let tracked = candle_core::Var::from_tensor(&x).unwrap();
            let axes = [Axis::new(2, 2, 2, 1, Padding::Valid); 2];
            for (x, pool) in [(&x, Pool::Max), (tracked.as_tensor(), Pool::Max), (&x, Pool::Average)] {
                let y = super::pool(x, pool, &axes).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
                assert!(y[0].is_nan(), "{place} {pool:?}");
            }
        }
    }
}
