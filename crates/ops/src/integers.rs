//! Arithmetic of whole numbers, which wraps as NumPy's does. (candle has no functions for them and panics, and its sums and products panic
//! where they overflow in a debug build.)

use crate::lengths;
use candle_core::{DType, Result, Tensor, bail};

/// Whether these are all whole numbers on the host, which the functions here compute.
pub(crate) fn are_whole(tensors: &[&Tensor]) -> bool {
    tensors.iter().all(|x| x.dtype().is_int() && x.device().is_cpu())
}

/// `f` of each number.
pub(crate) fn map(x: &Tensor, f: impl Fn(i64) -> i64) -> Result<Tensor> {
    let y: Vec<i64> = wide(x)?.into_iter().map(f).collect();
    narrow(y, x.dims(), x.dtype())?.to_device(x.device())
}

/// `f` of each pair of numbers of one dtype; shapes broadcast to `shape`.
pub(crate) fn map2(x: &Tensor, y: &Tensor, shape: &[usize], f: impl Fn(i64, i64) -> i64) -> Result<Tensor> {
    let (a, b) = (wide(&x.broadcast_as(shape)?)?, wide(&y.broadcast_as(shape)?)?);
    narrow(a.into_iter().zip(b).map(|(x, y)| f(x, y)).collect(), shape, x.dtype())?.to_device(x.device())
}

/// `x` to the power of `y`; 0 for a negative `y`, unless `x` is 1 or -1.
pub(crate) fn power(x: i64, y: i64) -> i64 {
    match (x, y) {
        (1, _) => 1,
        (-1, _) => 1 - 2 * (y & 1),
        (_, ..0) => 0,
        _ => {
            // The exponent may be beyond 32 bits: by squaring.
            let (mut result, mut factor, mut rest) = (1i64, x, y);
            while rest > 0 {
                if rest & 1 == 1 {
                    result = result.wrapping_mul(factor);
                }
                factor = factor.wrapping_mul(factor);
                rest >>= 1;
            }
            result
        }
    }
}

/// `x / y` towards minus infinity; 0 for a `y` of 0.
pub(crate) fn floor_divide(x: i64, y: i64) -> i64 {
    match (x.checked_div(y), x.checked_rem(y)) {
        (Some(quotient), Some(rest)) => quotient - i64::from(rest != 0 && (rest < 0) != (y < 0)),
        _ => 0,
    }
}

/// The remainder with the sign of `y`; 0 for a `y` of 0.
pub(crate) fn modulo(x: i64, y: i64) -> i64 {
    let rest = x.checked_rem(y).unwrap_or(0);
    if rest != 0 && (rest < 0) != (y < 0) { rest + y } else { rest }
}

/// The bits of `x`, `y` places further up; 0 if that is out of range.
pub(crate) fn left_shift(x: i64, y: i64) -> i64 {
    u32::try_from(y).ok().and_then(|y| x.checked_shl(y)).unwrap_or(0)
}

/// The bits of `x`, `y` places further down; only the sign is left if that is out of range.
pub(crate) fn right_shift(x: i64, y: i64) -> i64 {
    u32::try_from(y).ok().and_then(|y| x.checked_shr(y)).unwrap_or(x >> 63)
}

/// The largest common divisor.
pub(crate) fn gcd(x: i64, y: i64) -> i64 {
    let (mut a, mut b) = (x.unsigned_abs(), y.unsigned_abs());
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a as i64
}

/// The smallest common multiple.
pub(crate) fn lcm(x: i64, y: i64) -> i64 {
    match gcd(x, y) {
        0 => 0,
        divisor => (x / divisor).wrapping_mul(y).wrapping_abs(),
    }
}

/// The numbers over these axes, which stay with size 1, combined by `f` from `start` on, as `dtype`.
pub(crate) fn fold(x: &Tensor, dims: &[usize], dtype: DType, start: i64, f: fn(i64, i64) -> i64) -> Result<Tensor> {
    let mut shape = x.dims().to_vec();
    let mut numbers = wide(x)?;
    if numbers.is_empty() {
        // Other axes may have any sizes, of which those that stay are known to fit.
        dims.iter().for_each(|&dim| shape[dim] = 1);
        return narrow(vec![start; lengths::allocated(&shape, DType::I64)?], &shape, dtype);
    }
    for &dim in dims {
        let (outer, inner) = (shape[..dim].iter().product::<usize>(), shape[dim + 1..].iter().product::<usize>());
        let mut combined = vec![start; outer * inner];
        for (i, x) in numbers.iter().enumerate() {
            let place = &mut combined[i / (shape[dim] * inner) * inner + i % inner];
            *place = f(*place, *x);
        }
        shape[dim] = 1;
        numbers = combined;
    }
    narrow(numbers, &shape, dtype)
}

/// The numbers along an axis, each combined by `f` with those before it, as `dtype`.
pub(crate) fn scan(x: &Tensor, dim: usize, dtype: DType, f: fn(i64, i64) -> i64) -> Result<Tensor> {
    let mut numbers = wide(x)?;
    let (length, inner) = (x.dims()[dim], x.dims()[dim + 1..].iter().product::<usize>());
    for i in 0..numbers.len() {
        if i / inner % length > 0 {
            numbers[i] = f(numbers[i - inner], numbers[i]);
        }
    }
    narrow(numbers, x.dims(), dtype)
}

/// The products of the rows of one matrix and the columns of the other.
pub(crate) fn product(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    let ((m, k), (terms, n)) = (x.dims2()?, y.dims2()?);
    if k != terms {
        bail!("cannot multiply matrices of shapes {:?} and {:?}", x.dims(), y.dims())
    }
    let (a, b) = (wide(x)?, wide(&y.t()?)?);
    let dot = |row: &[i64], column: &[i64]| {
        row.iter().zip(column).fold(0i64, |sum, (x, y)| sum.wrapping_add(x.wrapping_mul(*y)))
    };
    let at = |i: usize| dot(&a[i / n * k..][..k], &b[i % n * k..][..k]);
    narrow((0..m * n).map(at).collect(), &[m, n], x.dtype())
}

/// A table with these rows added to those of its rows that `ids` names.
pub(crate) fn add_rows(table: &Tensor, ids: &[u32], rows: &Tensor) -> Result<Tensor> {
    let (mut sums, numbers, width) = (wide(table)?, wide(rows)?, table.dim(1)?);
    for (row, &id) in numbers.chunks_exact(width.max(1)).zip(ids) {
        for (sum, x) in sums[id as usize * width..][..width].iter_mut().zip(row) {
            *sum = sum.wrapping_add(*x);
        }
    }
    narrow(sums, table.dims(), table.dtype())
}

fn wide(x: &Tensor) -> Result<Vec<i64>> {
    x.contiguous()?.flatten_all()?.to_dtype(DType::I64)?.to_vec1()
}

/// As a tensor of another dtype, modulo its size.
fn narrow(numbers: Vec<i64>, shape: &[usize], dtype: DType) -> Result<Tensor> {
    Tensor::from_vec(numbers, shape, &candle_core::Device::Cpu)?.to_dtype(dtype)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate as ops;
    use candle_core::Device;

    /// The numbers are those of Keras on JAX.
    #[test]
    fn whole_numbers_stay_whole_and_wrap() {
        let x = Tensor::new(&[[0u8, 1, 200], [1, 3, 0]], &Device::Cpu).unwrap();
        let bytes = |x: Tensor| x.flatten_all().unwrap().to_vec1::<u8>().unwrap();
        assert_eq!(bytes(ops::negative(&x).unwrap()), [0, 255, 56, 255, 253, 0]);
        assert_eq!(bytes(ops::square(&x).unwrap()), [0, 1, 64, 1, 9, 0]);
        assert_eq!(bytes(ops::add(&x, &x).unwrap()), [0, 2, 144, 2, 6, 0]);
        assert_eq!(bytes(ops::power(&x, &x).unwrap()), [1, 1, 0, 1, 27, 1]);
        let sum = ops::sum(&x, 1).unwrap();
        assert_eq!((sum.dtype(), sum.to_vec1::<i32>().unwrap()), (DType::I32, vec![201, 4]));
        let most = Tensor::new(&[i32::MAX, i32::MIN, -1], &Device::Cpu).unwrap();
        let ints = |x: Tensor| x.flatten_all().unwrap().to_vec1::<i32>().unwrap();
        assert_eq!(ints(ops::abs(&most).unwrap()), [i32::MAX, i32::MIN, 1]);
        assert_eq!(ints(ops::multiply(&most, &most).unwrap()), [1, 0, 1]);
        assert_eq!(ints(ops::relu(&most).unwrap()), [i32::MAX, 0, 0]);
        let (a, b) = (most.unsqueeze(0).unwrap(), most.unsqueeze(1).unwrap());
        assert_eq!(ints(ops::matmul(&a, &b).unwrap()), [2]);
        let (x, y) = ([2, -1, -1, 0, 3, 7].map(i64::from), [-1, -3, 4, -1, 3, 1 << 40]);
        assert_eq!([0, 1, 2, 3, 4].map(|i| power(x[i], y[i])), [0, -1, 1, 0, 27]);
        assert_eq!(power(x[5], y[5]) & 1, 1);
    }

    #[test]
    fn other_functions_of_whole_numbers_are_float32() {
        let x = Tensor::new(&[[0i64, 1, 2], [1, 3, 0]], &Device::Cpu).unwrap();
        for f in [ops::exp, ops::sqrt, ops::log, ops::log1p, ops::sigmoid, ops::tanh, ops::softplus] {
            let floats = x.to_dtype(DType::F32).unwrap();
            let (y, expected) = (f(&x).unwrap(), f(&floats).unwrap());
            assert_eq!(y.to_vec2::<f32>().unwrap(), expected.to_vec2::<f32>().unwrap());
        }
        let softmax = ops::softmax(&x, -1).unwrap().to_vec2::<f32>().unwrap();
        assert!((softmax[0][2] - 0.665_240_94).abs() < 1e-6);
        assert_eq!(ops::clip(&x, 0.5, 2.5).unwrap().to_vec2::<f32>().unwrap(), [[0.5, 1., 2.], [1., 2.5, 0.5]]);
        assert_eq!(ops::clip(&x, 0., 2.).unwrap().to_vec2::<i64>().unwrap(), [[0, 1, 2], [1, 2, 0]]);
    }
}
