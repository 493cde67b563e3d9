//! Functions that make tensors of numbers alone. The tensors are on the host.

use super::shapes::{full_of, sizes};
use crate::config::default_float;
use crate::lengths;
use crate::operation::SomeDType;
use candle_core::{DType, Device, Result, Tensor, bail};

/// The numbers from `start` to before `stop`, `step` apart; of the dtype [`floatx`](crate::config::floatx) by default.
///
/// ```
/// use candle_keras_ops::functions::arange;
/// assert_eq!(arange(1.0, 2.0, 0.25, None)?.to_vec1::<f32>()?, [1.0, 1.25, 1.5, 1.75]);
/// # Ok::<(), candle_core::Error>(())
/// ```
///
/// # Errors
/// If the step is 0 or NaN, or there is not enough memory.
pub fn arange(start: f64, stop: f64, step: f64, dtype: impl Into<SomeDType>) -> Result<Tensor> {
    let count = ((stop - start) / step).ceil();
    if step == 0.0 || !count.is_finite() || count > 1e15 {
        bail!("arange from {start} to {stop} by {step} has no end")
    }
    let count = count.max(0.0) as usize;
    lengths::allocated(&[count], DType::F64)?;
    made((0..count).map(|i| start + step * i as f64).collect(), dtype)
}

/// `num` numbers from `start` to `stop`, which is the last one if `endpoint`.
///
/// # Errors
/// If there is not enough memory.
pub fn linspace(start: f64, stop: f64, num: usize, endpoint: bool, dtype: impl Into<SomeDType>) -> Result<Tensor> {
    lengths::allocated(&[num], DType::F64)?;
    let steps = if endpoint { num.saturating_sub(1) } else { num }.max(1) as f64;
    let at =
        |i: usize| if endpoint && i + 1 == num && i > 0 { stop } else { start + (stop - start) * (i as f64 / steps) };
    made((0..num).map(at).collect(), dtype)
}

/// `base` to the power of each number of [`linspace`].
///
/// # Errors
/// If there is not enough memory.
pub fn logspace(
    start: f64,
    stop: f64,
    num: usize,
    endpoint: bool,
    base: f64,
    dtype: impl Into<SomeDType>,
) -> Result<Tensor> {
    let powers: Vec<f64> = linspace(start, stop, num, endpoint, DType::F64)?.to_vec1()?;
    made(powers.into_iter().map(|power| base.powf(power)).collect(), dtype)
}

/// `num` numbers from `start` to `stop`, each the same multiple of the one before it.
///
/// # Errors
/// If the ends are of different signs or 0, or there is not enough memory.
pub fn geomspace(start: f64, stop: f64, num: usize, endpoint: bool, dtype: impl Into<SomeDType>) -> Result<Tensor> {
    if start * stop <= 0.0 {
        bail!("geomspace needs ends of one sign, received {start} and {stop}")
    }
    let powers: Vec<f64> = linspace(start.abs().ln(), stop.abs().ln(), num, endpoint, DType::F64)?.to_vec1()?;
    made(powers.into_iter().map(|power| start.signum() * power.exp()).collect(), dtype)
}

/// Numbers as a vector of this dtype, by default that of [`floatx`](crate::config::floatx).
fn made(numbers: Vec<f64>, dtype: impl Into<SomeDType>) -> Result<Tensor> {
    let count = numbers.len();
    Tensor::from_vec(numbers, count, &Device::Cpu)?.to_dtype(dtype.into().or(default_float())?)
}

/// A tensor of this shape with `fill_value` everywhere; of the dtype [`floatx`](crate::config::floatx) by default.
///
/// # Errors
/// If a size is negative, or there is not enough memory.
pub fn full(shape: impl Into<Vec<i64>>, fill_value: f64, dtype: impl Into<SomeDType>) -> Result<Tensor> {
    full_of(&sizes(&shape.into())?, fill_value, dtype.into().or(default_float())?)
}

/// Zeros in this shape; of the dtype [`floatx`](crate::config::floatx) by default.
///
/// # Errors
/// As [`full`].
pub fn zeros(shape: impl Into<Vec<i64>>, dtype: impl Into<SomeDType>) -> Result<Tensor> {
    full(shape, 0.0, dtype)
}

/// A tensor of this shape whose elements mean nothing: zeros.
///
/// # Errors
/// As [`full`].
pub fn empty(shape: impl Into<Vec<i64>>, dtype: impl Into<SomeDType>) -> Result<Tensor> {
    full(shape, 0.0, dtype)
}

/// Ones in this shape; of the dtype [`floatx`](crate::config::floatx) by default.
///
/// # Errors
/// As [`full`].
pub fn ones(shape: impl Into<Vec<i64>>, dtype: impl Into<SomeDType>) -> Result<Tensor> {
    full(shape, 1.0, dtype)
}

/// A matrix of `rows` and `columns` (as many by default) with ones on its `k`-th diagonal.
///
/// # Errors
/// If there is not enough memory.
pub fn eye(rows: usize, columns: impl Into<Option<usize>>, k: i64, dtype: impl Into<SomeDType>) -> Result<Tensor> {
    matrix(rows, columns.into().unwrap_or(rows), dtype, |above| above == k)
}

/// The identity matrix.
///
/// # Errors
/// If there is not enough memory.
pub fn identity(n: usize, dtype: impl Into<SomeDType>) -> Result<Tensor> {
    eye(n, None, 0, dtype)
}

/// A matrix of `rows` and `columns` (as many by default) with ones on and below its `k`-th diagonal.
///
/// # Errors
/// If there is not enough memory.
pub fn tri(rows: usize, columns: impl Into<Option<usize>>, k: i64, dtype: impl Into<SomeDType>) -> Result<Tensor> {
    matrix(rows, columns.into().unwrap_or(rows), dtype, |above| above <= k)
}

/// Ones where `one` of how far an element is above the diagonal.
fn matrix(rows: usize, columns: usize, dtype: impl Into<SomeDType>, one: impl Fn(i64) -> bool) -> Result<Tensor> {
    let count = lengths::allocated(&[rows, columns], DType::F64)?;
    let at = |i: usize| u8::from(one((i % columns) as i64 - (i / columns) as i64));
    let ones: Vec<u8> = (0..count).map(at).collect();
    Tensor::from_vec(ones, (rows, columns), &Device::Cpu)?.to_dtype(dtype.into().or(default_float())?)
}

/// The window of Bartlett: a triangle from 0 to 0.
///
/// # Errors
/// If there is not enough memory.
pub fn bartlett(length: usize) -> Result<Tensor> {
    window(length, |x| 1.0 - (2.0 * x - 1.0).abs())
}

/// The window of Blackman.
///
/// # Errors
/// If there is not enough memory.
pub fn blackman(length: usize) -> Result<Tensor> {
    use std::f64::consts::TAU;
    window(length, |x| 0.42 - 0.5 * (TAU * x).cos() + 0.08 * (2.0 * TAU * x).cos())
}

/// The window of Hamming.
///
/// # Errors
/// If there is not enough memory.
pub fn hamming(length: usize) -> Result<Tensor> {
    window(length, |x| 0.54 - 0.46 * (std::f64::consts::TAU * x).cos())
}

/// The window of Hann.
///
/// # Errors
/// If there is not enough memory.
pub fn hanning(length: usize) -> Result<Tensor> {
    window(length, |x| 0.5 - 0.5 * (std::f64::consts::TAU * x).cos())
}

/// The window of Kaiser with this shape parameter.
///
/// # Errors
/// If there is not enough memory.
pub fn kaiser(length: usize, beta: f64) -> Result<Tensor> {
    use crate::scalar::bessel;
    window(length, |x| bessel(0, beta * (1.0 - (2.0 * x - 1.0).powi(2)).max(0.0).sqrt()) / bessel(0, beta))
}

/// `f` of so many places from 0 to 1.
fn window(length: usize, f: impl Fn(f64) -> f64) -> Result<Tensor> {
    lengths::allocated(&[length], DType::F64)?;
    let last = length.saturating_sub(1).max(1) as f64;
    made((0..length).map(|i| if length == 1 { 1.0 } else { f(i as f64 / last) }).collect(), None)
}
