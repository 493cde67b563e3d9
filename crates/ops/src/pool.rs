//! Pooling of images and sequences with the channels last, with any window, stride and padding. (candle's max_pool2d has a quarter of the
//! gradient, both put it into wrong cells where the size is no multiple of the window, and neither has a stride of its own there.)

use crate::conv::Axis;
use crate::cores::{self, in_parts};
use crate::gpu::{self, on_gpu};
use crate::host::{view, with_real};
use crate::simd;
use crate::simd::Real;
use crate::tape::{Value, on_host, record};
use candle_core::{Device, Result, Tensor, bail};

/// What is taken of each window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pool {
    /// The largest element; the first of equal ones has the gradient.
    Max,
    /// The mean of the elements that lie inside of the input.
    Average,
}

/// The largest or mean element of each window; a sequence is an image of height 1.
///
/// # Shapes
/// - `x`: `(batch, height, width, channels)`; the result: `(batch, axes[0].output, axes[1].output, channels)`
/// - of a sequence, both are without the height
///
/// # Errors
/// If the shape is another than `axes` says.
pub fn pool2d(x: &Tensor, pool: Pool, axes: [Axis; 2]) -> Result<Tensor> {
    let flat = x.rank() == 3;
    let as_image = crate::conv::as_image(x, 1)?;
    let (batch, height, width, channels) = as_image.dims4()?;
    if (axes[0].input, axes[1].input) != (height, width) {
        bail!("pool2d: windows for another shape than {:?}", x.dims())
    }
    let mut shape = vec![batch, axes[0].output, axes[1].output, channels];
    if flat {
        shape.remove(1);
    }
    if on_gpu(&[x]) && x.elem_count() > 0 {
        return gpu::pool2d(x, pool == Pool::Max, axes, shape.into());
    }
    if !on_host(&[x]) {
        let y = composed(&as_image, pool, axes)?;
        return if flat { y.squeeze(1) } else { Ok(y) };
    }
    let windows = Windows::new(axes, channels);
    let input = x.detach().contiguous()?;
    let (image, output) = (height * width * channels, axes[0].output * axes[1].output * channels);
    let mut chosen = vec![0u32; if pool == Pool::Max && x.track_op() { batch * output } else { 0 }];
    let value = with_real!(x, T => {
        let x = view::<T>(&input)?;
        let y = if chosen.is_empty() {
            let part = cores::part(batch * output, output, 4);
            cores::made(batch * output, part, |from, part| {
                for (i, y) in part.chunks_exact_mut(output.max(1)).enumerate() {
                    let x = &x[(from / output + i) * image..][..image];
                    simd!(pooled(x, y, pool, &windows));
                }
            })
        } else {
            let mut y = vec![T::ZERO; batch * output];
            // Values and places together, image by image.
            let mut both: Vec<(&mut [T], &mut [u32])> =
                y.chunks_exact_mut(output.max(1)).zip(chosen.chunks_exact_mut(output.max(1))).collect();
            in_parts(&mut both, 1, output * 4, |from, part| {
                for (i, (y, chosen)) in part.iter_mut().enumerate() {
                    let x = &x[(from + i) * image..][..image];
                    simd!(pooled_with_places(x, y, chosen, &windows));
                }
            });
            y
        };
        Value::new(y, shape)
    });
    let whole = x.shape().clone();
    record("pool2d", &[x], value, move |_, dy| {
        let dx = with_real!(dy, T => {
            let dy = view::<T>(dy)?;
            let part = cores::part(batch * image, image, 2);
            let dx = cores::made(batch * image, part, |from, part| {
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

/// Where in an image the elements of each window begin that are inside.
pub(crate) struct Windows {
    channels: usize,
    /// Those of all windows, one after another, and how many each window has.
    places: Vec<usize>,
    counts: Vec<usize>,
}

impl Windows {
    pub(crate) fn new([rows, columns]: [Axis; 2], channels: usize) -> Self {
        let (mut places, mut counts) = (Vec::new(), Vec::with_capacity(rows.output * columns.output));
        for y in 0..rows.output {
            for x in 0..columns.output {
                let before = places.len();
                for row in (0..rows.window).filter_map(|i| rows.at(y, i)) {
                    let inside = (0..columns.window).filter_map(|j| columns.at(x, j));
                    places.extend(inside.map(|column| (row * columns.input + column) * channels));
                }
                counts.push(places.len() - before);
            }
        }
        Self { channels: channels.max(1), places, counts }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.counts.len()
    }

    /// The places of each window.
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

/// What is taken of each window of an image.
#[inline(always)]
pub(crate) fn pooled<T: Real>(x: &[T], y: &mut [T], pool: Pool, windows: &Windows) {
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

/// What is taken of some channels of a window; zeros of none.
#[inline(always)]
fn of_window<T: Real, const N: usize>(x: &[T], places: &[usize], channel: usize, pool: Pool) -> [T; N] {
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
        let factor = T::ONE / T::from_real(places.len() as f64);
        for all in &mut all {
            *all *= factor;
        }
    }
    all
}

#[inline(always)]
fn pooled_with_places<T: Real>(x: &[T], y: &mut [T], chosen: &mut [u32], windows: &Windows) {
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

/// Whether an element takes the place of the largest before; one that is not a number does, and keeps it.
#[inline(always)]
#[allow(clippy::eq_op)]
fn is_larger<T: Real>(x: T, largest: T) -> bool {
    (x > largest) | (x != x)
}

/// The largest elements of some channels of a window, and where the first of them are.
#[inline(always)]
fn largest_of_window<T: Real, const N: usize>(x: &[T], places: &[usize], channel: usize) -> ([T; N], [u32; N]) {
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
fn spread<T: Real>(dx: &mut [T], dy: &[T], windows: &Windows) {
    for (dy, places) in dy.chunks_exact(windows.channels).zip(windows.iter()) {
        let factor = T::ONE / T::from_real(places.len().max(1) as f64);
        for place in places {
            for (dx, &dy) in dx[*place..place + windows.channels].iter_mut().zip(dy) {
                *dx += dy * factor;
            }
        }
    }
}

fn composed(x: &Tensor, pool: Pool, axes: [Axis; 2]) -> Result<Tensor> {
    let (batch, height, width, channels) = x.dims4()?;
    let flat = x.reshape((batch, height * width, channels))?.contiguous()?;
    let windows = Windows::new(axes, 1);
    let largest = windows.counts.iter().copied().max().unwrap_or(0);
    let counts: Vec<f32> = windows.counts.iter().map(|&count| count.max(1) as f32).collect();
    // A window that is partly outside repeats its first element, which counts for a maximum only.
    let ids: Vec<u32> = windows.iter().flat_map(|w| (0..largest).map(|i| *w.get(i).unwrap_or(&w[0]) as u32)).collect();
    let weights: Vec<f32> =
        windows.iter().flat_map(|w| (0..largest).map(|i| f32::from(u8::from(i < w.len())))).collect();
    let gathered = flat.index_select(&Tensor::new(ids, x.device())?, 1)?;
    let gathered = gathered.reshape((batch, windows.counts.len(), largest, channels))?;
    let y = match pool {
        Pool::Max => crate::reduce::max(&gathered, 2)?,
        Pool::Average => {
            let weights =
                Tensor::from_vec(weights, (1, windows.counts.len(), largest, 1), x.device())?.to_dtype(x.dtype())?;
            let counts = Tensor::from_vec(counts, (1, windows.counts.len(), 1), x.device())?.to_dtype(x.dtype())?;
            gathered.broadcast_mul(&weights)?.sum(2)?.broadcast_div(&counts)?
        }
    };
    y.reshape((batch, axes[0].output, axes[1].output, channels))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conv::Padding;
    use crate::gradcheck::{assert_gradients, values};

    #[test]
    fn gradients_agree_with_finite_differences() {
        // As many channels as go side by side, and some singly.
        let x = values([2, 5, 4, WIDTH + 3], 1);
        for padding in [Padding::Valid, Padding::Same] {
            for (window, stride) in [((2, 2), (2, 2)), ((3, 2), (1, 2)), ((3, 3), (2, 1)), ((1, 4), (1, 1))] {
                let axes = [Axis::new(5, window.0, stride.0, 1, padding), Axis::new(4, window.1, stride.1, 1, padding)];
                let row = x.narrow(1, 0, 1).unwrap().squeeze(1).unwrap();
                for pool in [Pool::Max, Pool::Average] {
                    let flat = [Axis::new(1, 1, 1, 1, padding), axes[1]];
                    assert_gradients(std::slice::from_ref(&row), |x| pool2d(&x[0], pool, flat));
                    assert_gradients(std::slice::from_ref(&x), |x| pool2d(&x[0], pool, axes));
                    let plain = composed(&x, pool, axes).unwrap();
                    let apart = (pool2d(&x, pool, axes).unwrap() - plain).unwrap().abs().unwrap().max_all().unwrap();
                    assert!(apart.to_scalar::<f64>().unwrap() < 1e-7);
                }
            }
        }
    }

    /// What is not a number is seen in the result, wherever in a window it is, with and without a gradient.
    #[test]
    fn what_is_not_a_number_stays() {
        for place in 0..4 {
            let mut numbers = [1f32, 2., 3., 4.];
            numbers[place] = f32::NAN;
            let x = Tensor::from_slice(&numbers, (1, 2, 2, 1), &Device::Cpu).unwrap();
            let tracked = candle_core::Var::from_tensor(&x).unwrap();
            let axes = [Axis::new(2, 2, 2, 1, Padding::Valid); 2];
            for (x, pool) in [(&x, Pool::Max), (tracked.as_tensor(), Pool::Max), (&x, Pool::Average)] {
                let y = pool2d(x, pool, axes).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
                assert!(y[0].is_nan(), "{place} {pool:?}");
            }
        }
    }
}
