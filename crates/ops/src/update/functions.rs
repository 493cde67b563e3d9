//! The functions that the body of an [`elementwise!`](crate::elementwise) update may call, by the names that they have in Keras's `ops`.

use crate::Real;

/// The square root.
#[inline(always)]
pub fn sqrt<T: Real>(x: T) -> T {
    x.sqrt()
}

/// The exponential.
#[inline(always)]
pub fn exp<T: Real>(x: T) -> T {
    x.exp()
}

/// The natural logarithm.
#[inline(always)]
pub fn log<T: Real>(x: T) -> T {
    x.ln()
}

/// The hyperbolic tangent.
#[inline(always)]
pub fn tanh<T: Real>(x: T) -> T {
    x.tanh()
}

/// The size of a number.
#[inline(always)]
pub fn abs<T: Real>(x: T) -> T {
    if x < T::ZERO { -x } else { x }
}

/// The larger of two; NaN if `b` is.
#[inline(always)]
pub fn max<T: Real>(a: T, b: T) -> T {
    a.anew().larger(b)
}

/// The smaller of two; NaN if `b` is.
#[inline(always)]
pub fn min<T: Real>(a: T, b: T) -> T {
    let a = a.anew();
    if a < b { a } else { b }
}

/// -1, 0 or 1.
#[inline(always)]
pub fn sign<T: Real>(x: T) -> T {
    if x > T::ZERO {
        T::ONE
    } else if x < T::ZERO {
        -T::ONE
    } else {
        x
    }
}
