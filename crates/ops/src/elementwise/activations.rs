//! Activation functions of one number.

use super::unary::unary;
use super::{Arithmetic, arithmetic, number_minus, one_where, plus_number, scaled, sigmoid, through_host, times};
use crate::simd::Float;
use crate::tape::on_host;
use candle_core::cpu::erf;
use candle_core::{Result, Tensor};
use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// The constants with which SELU keeps mean 0 and variance 1.
const SELU: (f64, f64) = (1.673_263_242_354_377_2, 1.050_700_987_355_480_5);

/// `high` where `x` is above `limit`, else `low`.
#[inline(always)]
fn above<T: Float>(x: T, limit: T, high: T, low: T) -> T {
    if x > limit { high } else { low }
}

/// `x` between two limits; NaN stays.
#[inline(always)]
fn between<T: Float>(x: T, low: f64, high: f64) -> T {
    let (low, high) = (T::from_double(low), T::from_double(high));
    let x = if x < low { low } else { x };
    if x > high { high } else { x }
}

/// `slope` inside of two limits, 0 outside.
#[inline(always)]
fn inside<T: Float>(x: T, low: f64, high: f64, slope: T) -> T {
    if x > T::from_double(low) && x < T::from_double(high) { slope } else { T::ZERO }
}

/// The argument of the tangent in the approximation of GELU, and its derivative.
#[inline(always)]
fn gelu_tanh<T: Float>(x: T) -> (T, T) {
    let (scale, cubic) = (T::from_double((2.0 / PI).sqrt()), T::from_double(0.044_715));
    (Float::tanh(scale * (x + cubic * x * x * x)), scale * (T::ONE + T::from_double(3.0) * cubic * x * x))
}

/// The normal distribution function.
#[inline(always)]
fn normal<T: Float>(x: T) -> T {
    T::from_double(0.5 * erf::erfc_f64(-x.double() * FRAC_1_SQRT_2))
}

/// A number above 0, `below` elsewhere: the slope of exponential units, with gradients itself.
pub(crate) fn slope_below(x: &Tensor, below: &Tensor, above: f64) -> Result<Tensor> {
    let is_above = one_where(&x.detach().gt(0.0)?, x)?;
    let below = times(below, &number_minus(1.0, &is_above)?)?;
    arithmetic(Arithmetic::Add, &scaled(&is_above, above)?, &below)
}

unary! {
    vectorized:
    gelu_approximate = GeluApproximate: |x| x * (T::ONE + gelu_tanh(x).0) * T::from_double(0.5), |x, _y| {
        let (tanh, slope) = gelu_tanh(x);
        (T::ONE + tanh + x * (T::ONE - tanh * tanh) * slope) * T::from_double(0.5)
    };
    hard_sigmoid = HardSigmoid: |x| between((x + T::from_double(3.0)) / T::from_double(6.0), 0.0, 1.0),
        |x, _y| inside(x, -3.0, 3.0, T::from_double(1.0 / 6.0));
    hard_silu = HardSilu: |x| x * between((x + T::from_double(3.0)) / T::from_double(6.0), 0.0, 1.0),
        |x, _y| between((x + T::from_double(3.0)) / T::from_double(6.0), 0.0, 1.0)
            + inside(x, -3.0, 3.0, x * T::from_double(1.0 / 6.0));
    selu = Selu: |x| {
        let (alpha, scale) = (T::from_double(SELU.0), T::from_double(SELU.1));
        scale * above(x, T::ZERO, x, alpha * (Float::exp(x) - T::ONE))
    }, |x, y| above(x, T::ZERO, T::from_double(SELU.1), y + T::from_double(SELU.0 * SELU.1)),
        recorded |x, y| slope_below(x, &plus_number(y, SELU.0 * SELU.1)?, SELU.1);
    silu = Silu: |x| x * x.sigmoid(), |x, y| {
        let s = x.sigmoid();
        s + y * (T::ONE - s)
    }, recorded |x, y| {
        let s = sigmoid(x)?;
        arithmetic(Arithmetic::Add, &s, &times(y, &number_minus(1.0, &s)?)?)
    };
    softsign = Softsign: |x| x / (T::ONE + x.abs()), |x, _y| T::ONE / ((T::ONE + x.abs()) * (T::ONE + x.abs()));
}

unary! {
    by_call:
    celu = Celu(alpha): |x| above(x, T::ZERO, x, alpha * (Float::exp(x / alpha) - T::ONE)),
        |x, y| above(x, T::ZERO, T::ONE, y / alpha + T::ONE);
    gelu = Gelu: |x| x * normal(x),
        |x, _y| normal(x) + x * Float::exp(-x * x * T::from_double(0.5)) * T::from_double(1.0 / (2.0 * PI).sqrt());
    hard_shrink = HardShrink(threshold): |x| if x.abs() <= threshold { T::ZERO } else { x },
        |x, _y| above(x.abs(), threshold, T::ONE, T::ZERO);
    hard_tanh = HardTanh: |x| between(x, -1.0, 1.0),
        |x, _y| if x.abs() <= T::ONE { T::ONE } else { T::ZERO };
    log_sigmoid = LogSigmoid: |x| above(x, T::ZERO, T::ZERO, x) - Float::exp(-x.abs()).ln_1p(), |x, _y| (-x).sigmoid();
    soft_shrink = SoftShrink(threshold): |x| if x > threshold {
        x - threshold
    } else if x < -threshold {
        x + threshold
    } else {
        x * T::ZERO
    }, |x, _y| above(x.abs(), threshold, T::ONE, T::ZERO);
    sparse_plus = SparsePlus: |x| {
        let root = between(x + T::ONE, 0.0, 2.0);
        if x >= T::ONE { x } else { root * root * T::from_double(0.25) }
    }, |x, _y| between((x + T::ONE) * T::from_double(0.5), 0.0, 1.0);
    sparse_sigmoid = SparseSigmoid: |x| between((x + T::ONE) * T::from_double(0.5), 0.0, 1.0),
        |x, _y| inside(x, -1.0, 1.0, T::from_double(0.5));
    squareplus = Squareplus(b): |x| (x + Float::sqrt(x * x + b)) * T::from_double(0.5),
        |x, _y| (T::ONE + x / Float::sqrt(x * x + b)) * T::from_double(0.5);
    tanh_shrink = TanhShrink: |x| x - Float::tanh(x), |x, y| (x - y) * (x - y);
    threshold = Threshold(limit, other): |x| above(x, limit, x, other), |x, _y| above(x, limit, T::ONE, T::ZERO);
}
