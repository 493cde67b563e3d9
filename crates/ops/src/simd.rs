//! Vectorized loops: the instructions are chosen at run time.

use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};
use std::sync::OnceLock;

/// The instruction sets of the processor, detected once.
#[doc(hidden)]
#[inline]
pub fn arch() -> pulp::Arch {
    static ARCH: OnceLock<pulp::Arch> = OnceLock::new();
    *ARCH.get_or_init(pulp::Arch::new)
}

/// Whether there are 32 vectors of 512 bits (AVX-512): a loop over a block of a matrix then has a larger block in registers.
pub(crate) fn has_wide_vectors() -> bool {
    #[cfg(target_arch = "x86_64")]
    let wide = matches!(arch(), pulp::Arch::V4(_));
    #[cfg(not(target_arch = "x86_64"))]
    let wide = false;
    wide
}

/// Runs a loop compiled for the widest instructions that the processor has: AVX2 or AVX-512 on x86-64, NEON on ARM.
///
/// What it calls should be `#[inline(always)]`, with `for` loops: what is not inlined is compiled for the default instructions, and
/// `for_each` and `collect` often are not inlined. A macro, so that each instruction set has a copy of its own, which is called once and
/// therefore inlined.
///
/// ```
/// use candle_keras_ops::simd;
/// #[inline(always)]
/// fn double(x: &mut [f32]) {
///     for x in x {
///         *x *= 2.0;
///     }
/// }
/// let mut x = [1.0, 2.0, 3.0];
/// simd!(double(&mut x));
/// assert_eq!(x, [2.0, 4.0, 6.0]);
/// ```
///
/// `simd!(|by| ...)` passes the [`MulAdd`] of the instruction set. `simd!(|by| a, wide: b)` runs `b` instead where there are 32 vectors of 512
/// bits.
#[cfg(target_arch = "x86_64")]
#[macro_export]
macro_rules! simd {
    (|$by:ident| $body:expr) => {
        $crate::simd!(|$by| $body, wide: $body)
    };
    (|$by:ident| $body:expr, wide: $wide:expr) => {
        match $crate::arch() {
            $crate::pulp::Arch::V4(wide) => $crate::pulp::Simd::vectorize(wide, || {
                let $by = $crate::Fused;
                $wide
            }),
            $crate::pulp::Arch::V3(wide) => $crate::pulp::Simd::vectorize(wide, || {
                let $by = $crate::Fused;
                $body
            }),
            _ => {
                let $by = $crate::Separate;
                $body
            }
        }
    };
    ($body:expr) => {
        $crate::simd!(|_by| $body)
    };
}

/// Runs a loop compiled for the widest instructions that the processor has.
#[cfg(not(target_arch = "x86_64"))]
#[macro_export]
macro_rules! simd {
    (|$by:ident| $body:expr) => {
        $crate::arch().dispatch(|| {
            #[cfg(target_arch = "aarch64")]
            let $by = $crate::Fused;
            #[cfg(not(target_arch = "aarch64"))]
            let $by = $crate::Separate;
            $body
        })
    };
    (|$by:ident| $body:expr, wide: $wide:expr) => {
        $crate::simd!(|$by| $body)
    };
    ($body:expr) => {
        $crate::simd!(|_by| $body)
    };
}

/// How a loop in [`simd!`] multiplies and adds: the compiler does not fuse the two by itself, and does not know within a function whether
/// the processor can.
pub trait MulAdd: Copy {
    /// `a * b + c`
    fn mul_add<T: Float>(self, a: T, b: T, c: T) -> T;
}

/// In one fused instruction.
#[derive(Debug, Clone, Copy)]
pub struct Fused;

impl MulAdd for Fused {
    #[inline(always)]
    fn mul_add<T: Float>(self, a: T, b: T, c: T) -> T {
        a.mul_add(b, c)
    }
}

/// In two steps, where the processor has no fused instruction: emulating it takes a hundred times as long.
#[derive(Debug, Clone, Copy)]
pub struct Separate;

impl MulAdd for Separate {
    #[inline(always)]
    fn mul_add<T: Float>(self, a: T, b: T, c: T) -> T {
        a * b + c
    }
}

/// An element of a tensor in a hand-written loop: f32, or f64 for gradient checks.
pub trait Float:
    candle_core::WithDType
    + crate::scalar::Elementary
    + Sealed
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + PartialOrd
    + Default
    + Send
    + Sync
    + 'static
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// The lowest value.
    const LOWEST: Self;

    /// The nearest value.
    fn from_double(x: f64) -> Self;
    /// The exponential; in f32 without a function call, so that loops can be vectorized.
    fn exp(self) -> Self;
    /// `2^x` for `x <= 0`, in half the operations of [`Float::exp`].
    fn exp2_of_negative(self, by: impl MulAdd) -> Self;
    /// `self * b + c`, rounded once. For [`MulAdd`] alone, since it is slow without a fused instruction.
    fn mul_add(self, b: Self, c: Self) -> Self;
    /// The hyperbolic tangent; in f32 without a function call.
    fn tanh(self) -> Self;
    /// The square root.
    fn sqrt(self) -> Self;
    /// The natural logarithm.
    fn ln(self) -> Self;
    /// `ln(1 + x)`.
    fn ln_1p(self) -> Self;
    /// The nearest whole number; halves away from zero.
    fn round(self) -> Self;
    /// Without its fraction, as an integer; the nearest integer if it is too large, and 0 for NaN.
    fn to_integer(self) -> i64;

    /// `1 / (1 + exp(-x))`.
    #[inline(always)]
    fn sigmoid(self) -> Self {
        Self::ONE / (Self::ONE + Self::exp(-self))
    }

    /// The same value as the result of an addition. Without it, a loop that keeps some elements of a slice and replaces others is compiled
    /// into masked stores, which are several times slower on AMD's processors.
    #[inline(always)]
    fn avoid_masked_store(self) -> Self {
        self + Self::ZERO
    }

    /// The larger of two; `other` if this is NaN.
    #[inline(always)]
    fn larger(self, other: Self) -> Self {
        if self > other { self } else { other }
    }
}

/// Seals [`Float`]: the host's tensors have these two types.
pub trait Sealed {}
impl Sealed for f32 {}
impl Sealed for f64 {}

impl Float for f64 {
    const ZERO: f64 = 0.0;
    const ONE: f64 = 1.0;
    const LOWEST: f64 = f64::NEG_INFINITY;

    fn from_double(x: f64) -> f64 {
        x
    }

    fn exp(self) -> f64 {
        f64::exp(self)
    }

    fn exp2_of_negative(self, _by: impl MulAdd) -> f64 {
        f64::exp2(self)
    }

    #[inline(always)]
    fn mul_add(self, b: f64, c: f64) -> f64 {
        f64::mul_add(self, b, c)
    }

    fn tanh(self) -> f64 {
        f64::tanh(self)
    }

    fn sqrt(self) -> f64 {
        f64::sqrt(self)
    }

    fn ln(self) -> f64 {
        f64::ln(self)
    }

    fn ln_1p(self) -> f64 {
        f64::ln_1p(self)
    }

    #[inline(always)]
    fn round(self) -> f64 {
        f64::round(self)
    }

    #[inline(always)]
    fn to_integer(self) -> i64 {
        self as i64
    }
}

/// Adding this leaves the nearest integer in the lowest bits.
const SHIFT: f32 = 12_582_912.0;

/// `n` and `exp(r)` for `x = n ln 2 + r`, with `r` within half of `ln 2`.
#[inline(always)]
fn split_exp(x: f32) -> (i32, f32) {
    let shifted = x * std::f32::consts::LOG2_E + SHIFT;
    let n = shifted - SHIFT;
    // ln 2 in two parts, the first of which has few bits, so that its product is exact.
    let r = (x - n * 0.693_359_4) + n * 2.121_944_4e-4;
    // Two terms at a time: they are independent.
    let square = r * r;
    let high = 1.987_569_1e-4 * r + 1.398_2e-3;
    let middle = 8.333_452e-3 * r + 4.166_579_6e-2;
    let low = 1.666_666_5e-1 * r + 0.5;
    let p = (high * square + middle) * square + low;
    (shifted.to_bits().wrapping_sub(SHIFT.to_bits()) as i32, p * square + r + 1.0)
}

/// `2^n`, for an `n` that is an exponent of f32.
#[inline(always)]
fn power_of_two(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) as u32) << 23)
}

impl Float for f32 {
    const ZERO: f32 = 0.0;
    const ONE: f32 = 1.0;
    const LOWEST: f32 = f32::NEG_INFINITY;

    #[inline(always)]
    fn from_double(x: f64) -> f32 {
        x as f32
    }

    /// At most two units in the last place off.
    #[inline(always)]
    fn exp(self) -> f32 {
        // Beyond these, the result is infinity or rounds to 0.
        let (low, high) = (-87.33, 88.722_84);
        let x = if self < low { low } else { self };
        let x = if x > high { high } else { x };
        let (n, y) = split_exp(x);
        // 2^n in two factors, since n = 128 is not an exponent of f32.
        let half = n >> 1;
        let y = y * power_of_two(half) * power_of_two(n.wrapping_sub(half));
        let y = if self > high { f32::INFINITY } else { y };
        if self < low { 0.0 } else { y }
    }

    /// At most two units in the last place off.
    #[inline(always)]
    fn exp2_of_negative(self, by: impl MulAdd) -> f32 {
        // 2^-127 is 0 here: its exponent bits are 0.
        let x = if self < -127.0 { -127.0 } else { self };
        let shifted = x + SHIFT;
        let r = x - (shifted - SHIFT);
        let square = r * r;
        let high = by.mul_add(1.535_336_2e-4, square, by.mul_add(1.339_887_4e-3, r, 9.618_437e-3));
        let middle = by.mul_add(5.550_332_5e-2, r, 2.402_264_8e-1);
        let low = by.mul_add(std::f32::consts::LN_2, r, 1.0);
        let y = by.mul_add(by.mul_add(high, square, middle), square, low);
        y * power_of_two(shifted.to_bits().wrapping_sub(SHIFT.to_bits()) as i32)
    }

    #[inline(always)]
    fn mul_add(self, b: f32, c: f32) -> f32 {
        f32::mul_add(self, b, c)
    }

    /// A rational approximation, up to where f32 has only 1; at most five units in the last place off.
    #[inline(always)]
    fn tanh(self) -> f32 {
        let bound = 7.905_311;
        let x = if self < -bound { -bound } else { self };
        let x = if x > bound { bound } else { x };
        let s = x * x;
        let square = s * s;
        let mut p = -2.760_768_5e-16 * square + (2.000_188e-13 * s - 8.604_672e-11);
        p = p * square + (5.122_297e-8 * s + 1.485_722_4e-5);
        p = p * square + (6.372_619e-4 * s + 4.893_524_6e-3);
        let q = (1.198_258_4e-6 * s + 1.185_347_1e-4) * square + (2.268_434_6e-3 * s + 4.893_525e-3);
        x * p / q
    }

    #[inline(always)]
    fn sqrt(self) -> f32 {
        f32::sqrt(self)
    }

    fn ln(self) -> f32 {
        f32::ln(self)
    }

    fn ln_1p(self) -> f32 {
        f32::ln_1p(self)
    }

    #[inline(always)]
    fn round(self) -> f32 {
        f32::round(self)
    }

    #[inline(always)]
    fn to_integer(self) -> i64 {
        self as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worst(f: fn(f32) -> f32, exact: fn(f64) -> f64, from: f32, to: f32) -> f64 {
        let points = (0..200_000).map(|i| from + (to - from) * i as f32 / 200_000.0);
        let off = |x: f32| ((f64::from(f(x)) - exact(x.into())) / exact(x.into()).abs().max(1e-37)).abs();
        points.map(off).fold(0.0, f64::max)
    }

    #[test]
    fn functions_are_good_to_float32() {
        assert!(worst(Float::exp, f64::exp, -87.0, 88.7) < 2e-7);
        assert!(worst(|x| x.exp2_of_negative(Fused), f64::exp2, -126.0, 0.0) < 2e-7);
        assert!(worst(|x| x.exp2_of_negative(Separate), f64::exp2, -126.0, 0.0) < 2e-7);
        assert!(worst(Float::tanh, f64::tanh, -12.0, 12.0) < 5e-7);
        assert!(worst(Float::tanh, f64::tanh, -1e-3, 1e-3) < 5e-7);
        assert!(worst(Float::sigmoid, |x| 1.0 / (1.0 + (-x).exp()), -80.0, 30.0) < 5e-7);
    }

    #[test]
    fn functions_end_as_they_should() {
        let exp = <f32 as Float>::exp;
        assert_eq!((exp(0.0), exp(89.0), exp(-200.0)), (1.0, f32::INFINITY, 0.0));
        assert_eq!((exp(f32::INFINITY), exp(f32::NEG_INFINITY)), (f32::INFINITY, 0.0));
        let negative = |x: f32| x.exp2_of_negative(Separate);
        assert_eq!((negative(0.0), negative(-200.0), negative(f32::NEG_INFINITY)), (1.0, 0.0, 0.0));
        assert!(negative(f32::NAN).is_nan());
        assert!(exp(f32::NAN).is_nan() && Float::tanh(f32::NAN).is_nan() && Float::sigmoid(f32::NAN).is_nan());
        assert_eq!((Float::sigmoid(-1e30f32), Float::sigmoid(1e30f32)), (0.0, 1.0));
    }
}
