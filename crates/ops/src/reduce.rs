//! Reductions over axes: `K.mean(x, axis=-1)` is `mean(x, -1)`.

use crate::cores;
use crate::host::{reduced, total, view, with_float};
use crate::narrow::{in_float32, is_narrow};
use crate::shape::drop_dims;
use crate::simd;
use crate::simd::Float;
use crate::tape::{Value, on_host, record_twice};
use crate::{Axes, custom_gradient};
use candle_core::{DType, Result, Shape, Tensor};

/// The sum over `axis`.
pub(crate) fn sum(x: &Tensor, axis: impl Into<Axes>) -> Result<Tensor> {
    let axes = axis.into();
    if is_narrow(x) {
        return in_float32(&[x], |x| sum(&x[0], axes));
    }
    let dims = axes.resolve(x.rank())?;
    if let Some(y) = divided_sum(x, &dims, axes.keepdims, 1)? {
        return Ok(y);
    }
    if axes.keepdims { x.sum_keepdim(dims) } else { x.sum(dims) }
}

/// The mean over `axis`; that of integers is an f32, as in Keras.
pub(crate) fn mean(x: &Tensor, axis: impl Into<Axes>) -> Result<Tensor> {
    let x = if x.dtype().is_int() { x.to_dtype(DType::F32)? } else { x.clone() };
    let axes = axis.into();
    if is_narrow(&x) {
        return in_float32(&[&x], |x| mean(&x[0], axes));
    }
    let dims = axes.resolve(x.rank())?;
    let count = dims.iter().map(|&dim| x.dims()[dim]).product();
    if let Some(y) = divided_sum(&x, &dims, axes.keepdims, count)? {
        return Ok(y);
    }
    if axes.keepdims { x.mean_keepdim(dims) } else { x.mean(dims) }
}

/// The sum over axes, divided by a number; `None` if this is not on the host. The product with its reciprocal would be another number: the mean of 49 ones
/// would not be 1.
fn divided_sum(x: &Tensor, dims: &[usize], keepdims: bool, divisor: usize) -> Result<Option<Tensor>> {
    let mut sorted = dims.to_vec();
    sorted.sort_unstable();
    let neighbours = sorted.windows(2).all(|pair| pair[1] == pair[0] + 1);
    if !on_host(&[x]) || x.elem_count() == 0 {
        return Ok(None);
    }
    if !neighbours {
        let mut y = x.clone();
        for (i, &dim) in sorted.iter().enumerate() {
            let divisor = if i + 1 == sorted.len() { divisor } else { 1 };
            y = divided_sum(&y, &[dim], true, divisor)?.unwrap_or(y);
        }
        return if keepdims { Ok(Some(y)) } else { drop_dims(&y, &sorted).map(Some) };
    }
    let (first, last) = (sorted.first().copied().unwrap_or(0), sorted.last().map_or(0, |last| last + 1));
    let count: usize = x.dims()[first..last].iter().product();
    let sizes = [x.dims()[..first].iter().product(), count, x.dims()[last..].iter().product()];
    let mut shape = x.dims().to_vec();
    if keepdims {
        shape[first..last].fill(1);
    } else {
        shape.drain(first..last);
    }
    summed(x, sizes, shape.into(), divisor as f64).map(Some)
}

/// The sum over the second of three axes, divided by a number, in the shape of the result.
fn summed(x: &Tensor, sizes: [usize; 3], shape: Shape, divisor: f64) -> Result<Tensor> {
    let [outer, count, inner] = sizes;
    let input = x.detach().contiguous()?;
    let value = with_float!(x, T => {
        let input = view::<T>(&input)?;
        let y = cores::zeroed_chunks(outer * inner, cores::chunk_len(outer * inner, inner, count), |from, part| {
            let input = &input[from / inner * count * inner..];
            simd!(sums(part, input, count, inner, T::from_double(divisor)));
        });
        Value::new(y, shape)?
    });
    let whole = x.shape().clone();
    let first = move |_: &Tensor, dy: &Tensor| Ok(vec![Some(spread(dy, sizes, whole.clone(), divisor)?)]);
    record_twice("sum", &[x], value, first, move |inputs, _, dy| {
        Ok(vec![Some(spread(dy, sizes, inputs[0].shape().clone(), divisor)?)])
    })
}

/// The gradient of [`summed`]: the elements along a new axis between two, divided by a number, in the shape of the result.
fn spread(x: &Tensor, sizes: [usize; 3], shape: Shape, divisor: f64) -> Result<Tensor> {
    let [outer, count, inner] = sizes;
    let input = x.detach().contiguous()?;
    let value = with_float!(x, T => {
        let input = view::<T>(&input)?;
        let all = outer * count * inner;
        let y = cores::zeroed_chunks(all, cores::chunk_len(all, count * inner, 1), |from, part| {
            let input = &input[from / count..];
            simd!(copies(part, input, count, inner, T::from_double(divisor)));
        });
        Value::new(y, shape)?
    });
    let before = x.shape().clone();
    let first = move |_: &Tensor, dy: &Tensor| Ok(vec![Some(summed(dy, sizes, before.clone(), divisor)?)]);
    record_twice("spread", &[x], value, first, move |inputs, _, dy| {
        Ok(vec![Some(summed(dy, sizes, inputs[0].shape().clone(), divisor)?)])
    })
}

#[inline(always)]
fn sums<T: Float>(y: &mut [T], x: &[T], count: usize, inner: usize, divisor: T) {
    if inner == 1 {
        for (y, x) in y.iter_mut().zip(x.chunks_exact(count)) {
            *y = total(x) / divisor;
        }
        return;
    }
    for (y, x) in y.chunks_exact_mut(inner).zip(x.chunks_exact(count * inner)) {
        for x in x.chunks_exact(inner) {
            for (y, &x) in y.iter_mut().zip(x) {
                *y += x;
            }
        }
        for y in y.iter_mut() {
            *y /= divisor;
        }
    }
}

#[inline(always)]
fn copies<T: Float>(dx: &mut [T], dy: &[T], count: usize, inner: usize, divisor: T) {
    if inner == 1 {
        dx.chunks_exact_mut(count).zip(dy).for_each(|(dx, &dy)| dx.fill(dy / divisor));
        return;
    }
    for (dx, dy) in dx.chunks_exact_mut(count * inner).zip(dy.chunks_exact(inner)) {
        // A division takes longer than a copy: one for each element of the gradient.
        let (first, others) = dx.split_at_mut(inner);
        for (dx, &dy) in first.iter_mut().zip(dy) {
            *dx = dy / divisor;
        }
        for dx in others.chunks_exact_mut(inner) {
            dx.copy_from_slice(first);
        }
    }
}

/// The largest element over `axis`; equal largest elements share the gradient, as in Keras (candle: each gets all of it).
pub(crate) fn max(x: &Tensor, axis: impl Into<Axes>) -> Result<Tensor> {
    extremum(x, axis.into(), true)
}

/// The smallest element over `axis`; equal smallest elements share the gradient, as in Keras.
pub(crate) fn min(x: &Tensor, axis: impl Into<Axes>) -> Result<Tensor> {
    extremum(x, axis.into(), false)
}

fn extremum(x: &Tensor, axes: Axes, largest: bool) -> Result<Tensor> {
    let dims = axes.resolve(x.rank())?;
    let mut y = x.detach();
    for &dim in &dims {
        y = match (on_host(&[&y]), largest) {
            (true, _) => extreme_of(&y, dim, largest)?,
            (false, true) => y.max_keepdim(dim)?,
            (false, false) => y.min_keepdim(dim)?,
        };
    }
    let shared = dims.clone();
    let y = custom_gradient(x, &y, move |x, y, dy| {
        let chosen = x.broadcast_eq(y)?.to_dtype(dy.dtype())?;
        let each = (dy / chosen.sum_keepdim(shared.as_slice())?)?;
        chosen.broadcast_mul(&each)
    })?;
    if axes.keepdims { Ok(y) } else { crate::shape::drop_dims(&y, &dims) }
}

/// The largest or smallest elements along a dimension, which stays with size 1; NaN if one is. (candle passes over NaN.)
fn extreme_of(x: &Tensor, dim: usize, largest: bool) -> Result<Tensor> {
    let (outer, count): (usize, usize) = (x.dims()[..dim].iter().product(), x.dims()[dim]);
    let inner: usize = x.dims()[dim + 1..].iter().product();
    let mut shape = x.dims().to_vec();
    shape[dim] = 1;
    let input = x.contiguous()?;
    with_float!(x, T => {
        let input = view::<T>(&input)?;
        let y = cores::zeroed_chunks(outer * inner, cores::chunk_len(outer * inner, inner, count), |from, part: &mut [T]| {
            let input = &input[from / inner * count * inner..];
            match largest {
                true => simd!(extremes(part, input, count, inner, |a, b| if b > a || b.is_nan() { b } else { a })),
                false => simd!(extremes(part, input, count, inner, |a, b| if b < a || b.is_nan() { b } else { a })),
            }
        });
        Value::new(y, shape)?.tensor()
    })
}

#[inline(always)]
fn extremes<T: Float>(y: &mut [T], x: &[T], count: usize, inner: usize, better: impl Fn(T, T) -> T) {
    if inner == 1 {
        for (y, x) in y.iter_mut().zip(x.chunks_exact(count)) {
            *y = reduced(x, x[0], |x| x, &better);
        }
        return;
    }
    for (y, x) in y.chunks_exact_mut(inner).zip(x.chunks_exact(count * inner)) {
        y.copy_from_slice(&x[..inner]);
        for x in x.chunks_exact(inner).skip(1) {
            for (y, &x) in y.iter_mut().zip(x) {
                *y = better(*y, x);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axes;
    use crate::gradcheck::{assert_gradients, assert_second_gradients, gradients, values};

    #[test]
    fn second_gradients_agree_with_finite_differences() {
        let x = values([2, 3, 4], 1);
        for axis in [axes(-1), axes(0), axes([0, 1]), axes([0, 2]), axes(()), axes(1).keepdims(true)] {
            assert_second_gradients(std::slice::from_ref(&x), |x| crate::square(&sum(&x[0], axis.clone())?));
            assert_second_gradients(std::slice::from_ref(&x), |x| crate::tanh(&mean(&x[0], axis.clone())?));
        }
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        let x = values([2, 3, 4], 1);
        for axis in [axes(-1), axes(0), axes([0, 2]), axes([0, 1]), axes([2, 1]), axes(()), axes(1).keepdims(true)] {
            assert_gradients(std::slice::from_ref(&x), |x| sum(&x[0], axis.clone()));
            assert_gradients(std::slice::from_ref(&x), |x| mean(&x[0], axis.clone()));
            assert_gradients(std::slice::from_ref(&x), |x| max(&x[0], axis.clone()));
            assert_gradients(std::slice::from_ref(&x), |x| min(&x[0], axis.clone()));
        }
    }

    #[test]
    fn ties_share_the_gradient() {
        let x = Tensor::new(&[2f64, 2., 1.], &candle_core::Device::Cpu).unwrap();
        let gradient = gradients(&[x], |x| max(&x[0], -1)).unwrap();
        // The check weights the one output by 0.5.
        assert_eq!(gradient[0].to_vec1::<f64>().unwrap(), [0.25, 0.25, 0.0]);
    }

    #[test]
    fn an_axis_out_of_range_is_an_error() {
        let x = values([2, 3], 1);
        assert!(mean(&x, 2).unwrap_err().to_string().contains("axis 2 is out of range for a tensor of rank 2"));
        assert!(sum(&x, -3).is_err());
    }
}
