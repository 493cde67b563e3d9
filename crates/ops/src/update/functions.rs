//! The functions that the body of an [`elementwise!`](crate::elementwise) update may call, by the names that they have in Keras's `ops`.

use crate::Float;

/// The square root.
#[inline(always)]
pub fn sqrt<T: Float>(x: T) -> T {
    x.sqrt()
}

/// The exponential.
#[inline(always)]
pub fn exp<T: Float>(x: T) -> T {
    x.exp()
}

/// The natural logarithm.
#[inline(always)]
pub fn log<T: Float>(x: T) -> T {
    x.ln()
}

/// The hyperbolic tangent.
#[inline(always)]
pub fn tanh<T: Float>(x: T) -> T {
    x.tanh()
}

/// The size of a number.
#[inline(always)]
pub fn abs<T: Float>(x: T) -> T {
    if x < T::ZERO { -x } else { x }
}

/// The larger of two; NaN if `b` is.
#[inline(always)]
pub fn max<T: Float>(a: T, b: T) -> T {
    a.avoid_masked_store().larger(b)
}

/// The smaller of two; NaN if `b` is.
#[inline(always)]
pub fn min<T: Float>(a: T, b: T) -> T {
    let a = a.avoid_masked_store();
    if a < b { a } else { b }
}

/// -1, 0 or 1.
#[inline(always)]
pub fn sign<T: Float>(x: T) -> T {
    if x > T::ZERO {
        T::ONE
    } else if x < T::ZERO {
        -T::ONE
    } else {
        x
    }
}
