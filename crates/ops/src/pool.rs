//! Pooling of images and sequences with the channels last, with any window, stride and padding. (candle's max_pool2d has a quarter of the
//! gradient, both put it into wrong cells where the size is no multiple of the window, and neither has a stride of its own there.)

use crate::conv::Axis;
use crate::cores::{self, in_parts};
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
/// On another device than the host, the windows are gathered first.
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
    if !on_host(&[x]) {
        let y = composed(&as_image, pool, axes)?;
        return if flat { y.squeeze(1) } else { Ok(y) };
    }
    let input = x.detach().contiguous()?;
    let (image, output) = (height * width * channels, axes[0].output * axes[1].output * channels);
    let mut shape = vec![batch, axes[0].output, axes[1].output, channels];
    if flat {
        shape.remove(1);
    }
    let mut chosen = vec![0u32; if pool == Pool::Max && x.track_op() { batch * output } else { 0 }];
    let value = with_real!(x, T => {
        let x = view::<T>(&input)?;
        let y = if chosen.is_empty() {
            let part = cores::part(batch * output, output, 4);
            cores::made(batch * output, part, |from, part| {
                for (i, y) in part.chunks_exact_mut(output.max(1)).enumerate() {
                    let x = &x[(from / output + i) * image..][..image];
                    simd!(pooled(x, y, pool, axes, channels));
                }
            })
        } else {
            let mut y = vec![T::ZERO; batch * output];
            // Values and places together, image by image.
            let mut both: Vec<(&mut [T], &mut [u32])> =
                y.chunks_exact_mut(output).zip(chosen.chunks_exact_mut(output)).collect();
            in_parts(&mut both, 1, output * 4, |from, part| {
                for (i, (y, chosen)) in part.iter_mut().enumerate() {
                    let x = &x[(from + i) * image..][..image];
                    simd!(pooled_with_places(x, y, chosen, axes, channels));
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
                        Pool::Average => simd!(spread(dx, &dy[range], axes, channels)),
                    }
                }
            });
            Tensor::from_vec(dx, &whole, &Device::Cpu)?
        });
        Ok(vec![Some(dx)])
    })
}

/// Runs `f` on where each window's output lies, and where each of its elements does.
#[inline(always)]
fn each_window(axes: [Axis; 2], channels: usize, mut f: impl FnMut(usize, &mut dyn Iterator<Item = usize>)) {
    let [rows, columns] = axes;
    for y in 0..rows.output {
        for x in 0..columns.output {
            let mut places = (0..rows.window).filter_map(|i| rows.at(y, i)).flat_map(|row| {
                let inside = (0..columns.window).filter_map(move |j| columns.at(x, j));
                inside.map(move |column| (row * columns.input + column) * channels)
            });
            f((y * columns.output + x) * channels, &mut places);
        }
    }
}

#[inline(always)]
fn each_with<T: Real>(y: &mut [T], x: &[T], f: impl Fn(T, T) -> T) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = f(*y, x);
    }
}

#[inline(always)]
fn pooled<T: Real>(x: &[T], y: &mut [T], pool: Pool, axes: [Axis; 2], channels: usize) {
    each_window(axes, channels, |at, places| {
        let y = &mut y[at..at + channels];
        let mut count = 0;
        for place in places {
            let x = &x[place..place + channels];
            count += 1;
            match pool {
                _ if count == 1 => y.copy_from_slice(x),
                Pool::Max => each_with(y, x, |y, x| if y >= x { y } else { x }),
                Pool::Average => each_with(y, x, |y, x| y + x),
            }
        }
        if pool == Pool::Average && count > 1 {
            let factor = T::ONE / T::from_real(f64::from(count));
            for y in y.iter_mut() {
                *y *= factor;
            }
        }
    });
}

#[inline(always)]
fn pooled_with_places<T: Real>(x: &[T], y: &mut [T], chosen: &mut [u32], axes: [Axis; 2], channels: usize) {
    each_window(axes, channels, |at, places| {
        let (y, chosen) = (&mut y[at..at + channels], &mut chosen[at..at + channels]);
        let mut first = true;
        for place in places {
            let x = &x[place..place + channels];
            for (c, ((y, chosen), &x)) in y.iter_mut().zip(chosen.iter_mut()).zip(x).enumerate() {
                let better = first || *y < x;
                *y = if better { x } else { *y };
                *chosen = if better { (place + c) as u32 } else { *chosen };
            }
            first = false;
        }
    });
}

#[inline(always)]
fn spread<T: Real>(dx: &mut [T], dy: &[T], axes: [Axis; 2], channels: usize) {
    let [rows, columns] = axes;
    let inside = |axis: Axis, o: usize| (0..axis.window).filter(|&k| axis.at(o, k).is_some()).count();
    each_window(axes, channels, |at, places| {
        let window = at / channels;
        let count = inside(rows, window / columns.output) * inside(columns, window % columns.output);
        let factor = T::ONE / T::from_real(count.max(1) as f64);
        let dy = &dy[at..at + channels];
        for place in places {
            for (dx, &dy) in dx[place..place + channels].iter_mut().zip(dy) {
                *dx += dy * factor;
            }
        }
    });
}

fn composed(x: &Tensor, pool: Pool, axes: [Axis; 2]) -> Result<Tensor> {
    let (batch, height, width, channels) = x.dims4()?;
    let flat = x.reshape((batch, height * width, channels))?.contiguous()?;
    let mut windows = Vec::new();
    each_window(axes, 1, |_, places| windows.push(places.map(|place| place as u32).collect::<Vec<_>>()));
    let largest = windows.iter().map(Vec::len).max().unwrap_or(0);
    let counts: Vec<f32> = windows.iter().map(|window| window.len().max(1) as f32).collect();
    // A window that is partly outside repeats its first element, which counts for a maximum only.
    let ids: Vec<u32> = windows.iter().flat_map(|w| (0..largest).map(|i| *w.get(i).unwrap_or(&w[0]))).collect();
    let weights: Vec<f32> =
        windows.iter().flat_map(|w| (0..largest).map(|i| f32::from(u8::from(i < w.len())))).collect();
    let gathered = flat.index_select(&Tensor::new(ids, x.device())?, 1)?;
    let gathered = gathered.reshape((batch, windows.len(), largest, channels))?;
    let y = match pool {
        Pool::Max => crate::reduce::max(&gathered, 2)?,
        Pool::Average => {
            let weights = Tensor::from_vec(weights, (1, windows.len(), largest, 1), x.device())?.to_dtype(x.dtype())?;
            let counts = Tensor::from_vec(counts, (1, windows.len(), 1), x.device())?.to_dtype(x.dtype())?;
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
        let x = values([2, 5, 4, 3], 1);
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
}
