//! Products, norms and the softmax family.

use crate::axes::resolve_axis;
use crate::cores;
use crate::elementwise::{Arithmetic, arithmetic, exp, times};
use crate::gpu::{self, on_gpu};
use crate::host::{dot as dot_product, largest, sum_of, total, view, with_float};
use crate::lengths;
use crate::narrow::{are_narrow_on_host, in_float32, is_narrow};
use crate::shape::{squeezed, transpose, unsqueezed, viewed};
use crate::simd;
use crate::simd::{Float, MulAdd};
use crate::tape::{Value, needs_second_gradients, on_host, record_twice};
use crate::{Axes, custom_gradient};
use candle_core::{D, Result, Tensor};
use std::f64::consts::LOG2_E;

/// The product over the last axis of `x` and the second-last of `y` (the only one, if `y` is a vector). Keras: `K.dot`.
///
/// # Shapes
/// - `(..., k)` and `(k, n)` give `(..., n)`; `(..., k)` and `(k,)` give `(...,)`.
pub(crate) fn dot(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    let vectors = (x.rank() == 1, y.rank() == 1);
    let x = if vectors.0 { unsqueezed(x, 0)? } else { x.clone() };
    let y = if vectors.1 { unsqueezed(y, 1)? } else { y.clone() };
    if x.rank() == 2 && !vectors.0 && !vectors.1 {
        return crate::matmul::matmul(&x, &y);
    }
    let mut dims = x.dims().to_vec();
    let Some(k) = dims.pop() else { candle_core::bail!("dot takes no scalars, received shapes [] and {:?}", y.dims()) };
    let product = crate::matmul::matmul(&viewed(&x.contiguous()?, &[lengths::elements(&dims)?, k])?, &y)?;
    dims.push(product.dim(1)?);
    let product = viewed(&product, &dims)?;
    let product = if vectors.1 { squeezed(&product, product.rank() - 1)? } else { product };
    if vectors.0 { squeezed(&product, 0) } else { Ok(product) }
}

/// `x` divided by its Euclidean norm over `axis`; a zero vector stays zero. Keras: `K.l2_normalize`, with its epsilon 1e-12 of the square.
pub fn l2_normalize(x: &Tensor, axis: i64) -> Result<Tensor> {
    divided_by_norm(x, axis.into(), 1e-12)
}

/// `x` divided by its Euclidean norm over one axis or several; a zero vector stays zero. Keras: `keras.ops.normalize` of order 2, with an
/// epsilon of 1e-12 of the norm.
pub fn unit_normalize(x: &Tensor, axes: impl Into<Axes>) -> Result<Tensor> {
    divided_by_norm(x, axes.into(), 1e-24)
}

fn divided_by_norm(x: &Tensor, axes: Axes, smallest_square: f64) -> Result<Tensor> {
    lengths::check([x])?;
    let x = &crate::elementwise::float(x)?;
    let axes = axes.keepdims(true);
    axes.resolve(x.rank())?;
    if x.elem_count() == 0 {
        return Ok(x.clone());
    }
    let squares = crate::reduce::sum(&x.sqr()?, axes)?;
    let floor = Tensor::new(smallest_square, x.device())?.to_dtype(x.dtype())?.broadcast_as(squares.shape())?;
    x.broadcast_div(&squares.maximum(&floor)?.sqrt()?)
}

/// The matrix product; leading axes are a batch and broadcast.
pub(crate) fn matmul(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    match (x.rank(), y.rank()) {
        (0, _) | (_, 0) => {
            candle_core::bail!("matmul needs matrices, received shapes {:?} and {:?}", x.dims(), y.dims())
        }
        (2, 2) | (1, _) | (_, 1) => dot(x, y),
        (_, 2) => dot(x, y),
        _ => batched_product(&x.contiguous()?, &y.contiguous()?),
    }
}

/// The products of matrices in the last two axes, of rank 3 or more on one side; the other axes broadcast. Zeros where they have no terms, which candle refuses.
pub(crate) fn batched_product(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    let shape = crate::operation::matmul_shape(x.dims(), y.dims())?;
    if x.elem_count() == 0 || y.elem_count() == 0 {
        return Tensor::zeros(shape, x.dtype(), x.device());
    }
    if are_narrow_on_host(&[x, y]) {
        return in_float32(&[x, y], |both| batched_product(&both[0], &both[1]));
    }
    if shape.len() <= 4 {
        return x.broadcast_matmul(y);
    }
    // candle multiplies matrices with at most two leading axes.
    let leading = &shape[..shape.len() - 2];
    let batch = lengths::elements(leading)?;
    let whole = |x: &Tensor| {
        let (rows, columns) = (x.dim(D::Minus2)?, x.dim(D::Minus1)?);
        let dims = [leading, &[rows, columns]].concat();
        lengths::allocated(&dims, x.dtype())?;
        x.broadcast_as(dims)?.contiguous()?.reshape((batch, rows, columns))
    };
    whole(x)?.matmul(&whole(y)?)?.reshape(shape)
}

/// `exp(x) / sum(exp(x))` over `axis`.
pub(crate) fn softmax(x: &Tensor, axis: i64) -> Result<Tensor> {
    let dim = resolve_axis(axis, x.rank())?;
    if takes_rows(x, dim) {
        return softmax_rows(x, false);
    }
    if is_narrow(x) {
        return in_float32(&[x], |x| softmax(&x[0], axis));
    }
    if needs_second_gradients(&[x]) {
        return along_last(x, dim, |x| softmax_rows(x, false));
    }
    let detached = x.detach();
    let exp = detached.broadcast_sub(&detached.max_keepdim(dim)?)?.exp()?;
    let y = exp.broadcast_div(&exp.sum_keepdim(dim)?)?;
    custom_gradient(x, &y, move |_, y, dy| {
        let dot = (dy * y)?.sum_keepdim(dim)?;
        dy.broadcast_sub(&dot)? * y
    })
}

/// The logarithm of [`softmax`], without underflow.
pub(crate) fn log_softmax(x: &Tensor, axis: i64) -> Result<Tensor> {
    let dim = resolve_axis(axis, x.rank())?;
    if takes_rows(x, dim) {
        return softmax_rows(x, true);
    }
    if is_narrow(x) {
        return in_float32(&[x], |x| log_softmax(&x[0], axis));
    }
    if needs_second_gradients(&[x]) {
        return along_last(x, dim, |x| softmax_rows(x, true));
    }
    let detached = x.detach();
    let shifted = detached.broadcast_sub(&detached.max_keepdim(dim)?)?;
    let y = shifted.broadcast_sub(&shifted.exp()?.sum_keepdim(dim)?.log()?)?;
    custom_gradient(x, &y, move |_, y, dy| dy - y.exp()?.broadcast_mul(&dy.sum_keepdim(dim)?)?)
}

/// `f` of the last axis, with this one in its place, by recorded ops.
pub(crate) fn along_last(x: &Tensor, dim: usize, f: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
    let mut order: Vec<i64> = (0..x.rank() as i64).collect();
    order.swap(dim, x.rank() - 1);
    transpose(&f(&transpose(x, Some(&order))?)?, Some(&order))
}

/// Whether [`softmax_rows`] supports this axis of this tensor.
fn takes_rows(x: &Tensor, dim: usize) -> bool {
    (on_host(&[x]) || on_gpu(&[x])) && dim + 1 == x.rank()
}

/// Softmax over the last axis, or its logarithm, as one op.
fn softmax_rows(x: &Tensor, log: bool) -> Result<Tensor> {
    let width = x.dim(x.rank() - 1)?.max(1);
    if on_gpu(&[x]) {
        return gpu::softmax_rows(x, width, log);
    }
    let input = x.detach().contiguous()?;
    let value = with_float!(x, T => {
        let numbers = view::<T>(&input)?;
        let y = cores::copied_chunks(&numbers, cores::chunk_len(numbers.len(), width, 8), |_, part| {
            // A match, since a function passed as a value is not compiled for the wide instructions.
            let rows = part.chunks_exact_mut(width);
            if log {
                simd!(|by| {
                    for row in rows {
                        log_softmax_row(row, by);
                    }
                })
            } else {
                simd!(|by| {
                    for row in rows {
                        softmax_row(row, by);
                    }
                })
            }
        });
        Value::new(y, x.shape())?
    });
    let first = move |y: &Tensor, dy: &Tensor| {
        let dx = with_float!(y, T => {
            let (y, numbers) = (view::<T>(y)?, view::<T>(dy)?);
            let dx = cores::copied_chunks(&numbers, cores::chunk_len(numbers.len(), width, 4), |from, part| {
                let rows = part.chunks_exact_mut(width).zip(y[from..].chunks_exact(width));
                if log {
                    simd!({
                        for (dy, y) in rows {
                            log_softmax_row_backward(dy, y);
                        }
                    })
                } else {
                    simd!({
                        for (dy, y) in rows {
                            softmax_row_backward(dy, y, T::ONE);
                        }
                    })
                }
            });
            Tensor::from_vec(dx, dy.shape(), dy.device())?
        });
        Ok(vec![Some(dx)])
    };
    record_twice("softmax", &[x], value, first, move |_, y, dy| {
        let total = |x: &Tensor| crate::reduce::sum(x, crate::axes(-1).keepdims(true));
        let difference = |a: &Tensor, b: &Tensor| arithmetic(Arithmetic::Subtract, a, b);
        let dx = match log {
            true => difference(dy, &times(&exp(y)?, &total(dy)?)?)?,
            false => times(y, &difference(dy, &total(&times(y, dy)?)?)?)?,
        };
        Ok(vec![Some(dx)])
    })
}

/// Softmax of one row, in place.
#[inline(always)]
pub(crate) fn softmax_row<T: Float>(row: &mut [T], by: impl MulAdd) {
    scaled_softmax_row(row, T::ONE, by);
}

/// Softmax of one row times `scale`, which is not negative, in place.
#[inline(always)]
pub(crate) fn scaled_softmax_row<T: Float>(row: &mut [T], scale: T, by: impl MulAdd) {
    let largest = largest(row);
    let factor = scale * T::from_double(LOG2_E);
    for x in row.iter_mut() {
        *x = ((*x - largest) * factor).exp2_of_negative(by);
    }
    let factor = T::ONE / total(row);
    for x in row.iter_mut() {
        *x *= factor;
    }
}

/// From the values of a softmax and their gradients to the gradients of its input, times `scale`, in place.
#[inline(always)]
pub(crate) fn softmax_row_backward<T: Float>(dy: &mut [T], y: &[T], scale: T) {
    let common = dot_product(dy, y);
    for (dy, &y) in dy.iter_mut().zip(y) {
        *dy = (*dy - common) * y * scale;
    }
}

#[inline(always)]
fn log_softmax_row<T: Float>(row: &mut [T], by: impl MulAdd) {
    let largest = largest(row);
    for x in row.iter_mut() {
        *x -= largest;
    }
    let log = log_of_exponentials(row, T::ZERO, by);
    for x in row.iter_mut() {
        *x -= log;
    }
}

/// The logarithm of the sum of the exponentials, relative to `largest`.
#[inline(always)]
pub(crate) fn log_of_exponentials<T: Float>(row: &[T], largest: T, by: impl MulAdd) -> T {
    let log2_e = T::from_double(LOG2_E);
    sum_of(row, |x| ((x - largest) * log2_e).exp2_of_negative(by)).ln()
}

#[inline(always)]
fn log_softmax_row_backward<T: Float>(dy: &mut [T], y: &[T]) {
    let common = total(dy);
    for (dy, &y) in dy.iter_mut().zip(y) {
        *dy -= y.exp() * common;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, assert_second_gradients, values};

    #[test]
    fn second_gradients_agree_with_finite_differences() {
        let x = values([2, 3, 4], 1);
        assert_second_gradients(std::slice::from_ref(&x), |x| softmax(&x[0], -1));
        assert_second_gradients(std::slice::from_ref(&x), |x| log_softmax(&x[0], -1));
        assert_second_gradients(std::slice::from_ref(&x), |x| softmax(&x[0], 0));
        assert_second_gradients(std::slice::from_ref(&x), |x| log_softmax(&x[0], 1));
        assert_second_gradients(&[x.clone(), values([4, 5], 2)], |x| crate::square(&matmul(&x[0], &x[1])?));
        assert_second_gradients(&[x, values([4], 2)], |x| crate::square(&matmul(&x[0], &x[1])?));
    }

    /// candle refuses them: once it does not, `batched_product` needs no other way.
    #[test]
    fn products_may_have_many_leading_axes() {
        let (x, y) = (values([2, 1, 3, 2, 4], 1), values([1, 2, 1, 4, 3], 2));
        assert!(x.broadcast_matmul(&y).is_err());
        let product = matmul(&x, &y).unwrap();
        assert_eq!(product.dims(), [2, 2, 3, 2, 3]);
        for (i, j, k) in [(0, 0, 0), (1, 1, 2), (0, 1, 1)] {
            let at = |x: &Tensor, i: usize, j: usize, k: usize| x.get(i).unwrap().get(j).unwrap().get(k).unwrap();
            let one = at(&x, i, 0, k).matmul(&at(&y, 0, j, 0)).unwrap();
            let apart = (at(&product, i, j, k) - one).unwrap().abs().unwrap().max_all().unwrap();
            assert!(apart.to_scalar::<f64>().unwrap() < 1e-14);
        }
        assert_gradients(&[x, y], |x| matmul(&x[0], &x[1]));
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        let x = values([2, 3, 4], 1);
        assert_gradients(&[x.clone(), values([4, 5], 2)], |x| dot(&x[0], &x[1]));
        assert_gradients(&[x.clone(), values([4], 2)], |x| dot(&x[0], &x[1]));
        assert_gradients(&[values([4], 3), values([4], 2)], |x| dot(&x[0], &x[1]));
        for axis in [-1, 1] {
            assert_gradients(std::slice::from_ref(&x), |x| l2_normalize(&x[0], axis));
            assert_gradients(std::slice::from_ref(&x), |x| unit_normalize(&x[0], [axis as i32, 0]));
            assert_gradients(std::slice::from_ref(&x), |x| softmax(&x[0], axis));
            assert_gradients(std::slice::from_ref(&x), |x| log_softmax(&x[0], axis));
        }
    }

    #[test]
    fn extreme_inputs_stay_finite() {
        let x = Tensor::new(&[1000f32, 0., -1000.], &candle_core::Device::Cpu).unwrap();
        assert_eq!(softmax(&x, -1).unwrap().to_vec1::<f32>().unwrap(), [1., 0., 0.]);
        assert_eq!(log_softmax(&x, -1).unwrap().to_vec1::<f32>().unwrap(), [0., -1000., -2000.]);
        let zero = Tensor::new(&[0f32, 0.], &candle_core::Device::Cpu).unwrap();
        assert_eq!(l2_normalize(&zero, -1).unwrap().to_vec1::<f32>().unwrap(), [0., 0.]);
        assert_eq!(unit_normalize(&zero, -1).unwrap().to_vec1::<f32>().unwrap(), [0., 0.]);
        let small = unit_normalize(&Tensor::new(&[3e-9f32, 4e-9], &candle_core::Device::Cpu).unwrap(), -1).unwrap();
        assert!((small.to_vec1::<f32>().unwrap()[1] - 0.8).abs() < 1e-6);
    }
}
