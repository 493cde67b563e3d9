//! Pooling of sequences, images and volumes with the channels last, with any window, stride and padding. (candle's max_pool2d has a quarter
//! of the gradient, and both candle's poolings put it into wrong cells where the size is no multiple of the window.)

use crate::conv::Axis;
use crate::conv::axis::{each_index, volume};
use crate::cores::{self, in_chunks};
use crate::gpu::{self, on_gpu};
use crate::host::{view, with_float};
use crate::lengths;
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
    if !sizes.iter().eq(axes.iter().map(|axis| &axis.input)) {
        bail!("pool: windows for another shape than {:?}", x.dims())
    }
    let (batch, channels) = (*batch, *channels);
    let outputs = axes.iter().map(|axis| axis.output);
    let shape: Vec<usize> = std::iter::once(batch).chain(outputs).chain([channels]).collect();
    lengths::allocated(&shape, x.dtype())?;
    if x.elem_count() == 0 {
        return Tensor::zeros(shape, x.dtype(), x.device());
    }
    if on_gpu(&[x]) && volume[0] == Axis::UNIT && x.elem_count() > 0 {
        return gpu::pool(x, pool == Pool::Max, volume, shape.into());
    }
    if !on_host(&[x]) {
        return composed(x, pool, volume)?.reshape(shape);
    }
    let windows = Windows::new(volume, channels)?;
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
        let count = lengths::allocated(&axes.map(|axis| axis.output), DType::I64)?;
        let all = axes
            .each_ref()
            .map(|axis| (0..axis.output).fold(0usize, |all, o| all.saturating_add(axis.inside(o).len())));
        let mut places = Vec::with_capacity(lengths::allocated(&all, DType::I64)?);
        let mut counts = Vec::with_capacity(count);
        let [planes, rows, columns] = &axes;
        each_index(axes.map(|axis| axis.output), |[z, y, x]| {
            let before = places.len();
            for plane in planes.inside(z).filter_map(|k| planes.at(z, k)) {
                for row in rows.inside(y).filter_map(|i| rows.at(y, i)) {
                    let row = (plane * rows.input + row) * columns.input;
                    for column in columns.inside(x).filter_map(|j| columns.at(x, j)) {
                        places.push((row + column) * channels);
                    }
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
    let mut all = [T::ZERO; N];
    let Some((first, others)) = places.split_first() else { return all };
    all.copy_from_slice(&x[first + channel..][..N]);
    for place in others {
        for (all, &x) in all.iter_mut().zip(&x[place + channel..][..N]) {
            *all = match pool {
                Pool::Max if is_larger(x, *all) => x,
                Pool::Max => *all,
                Pool::Average => *all + x,
            };
        }
    }
    if pool == Pool::Average {
        let factor = T::ONE / T::from_double(places.len() as f64);
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

/// A composition of candle's functions, without the output shape.
fn composed(x: &Tensor, pool: Pool, axes: [Axis; 3]) -> Result<Tensor> {
    let (batch, channels) = (x.dim(0)?, x.dims()[x.rank() - 1]);
    let elements = axes.iter().map(|axis| axis.input).product::<usize>();
    let flat = x.reshape((batch, elements, channels))?.contiguous()?;
    let windows = Windows::new(axes, 1)?;
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
                        let plain = composed(x, of_window, super::volume(axes).unwrap()).unwrap();
                        let apart = (&y - plain.reshape(y.dims()).unwrap()).unwrap().abs().unwrap();
                        assert!(apart.max_all().unwrap().to_scalar::<f64>().unwrap() < 1e-7);
                    }
                }
            }
        }
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
