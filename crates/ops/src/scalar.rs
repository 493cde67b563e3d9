//! Functions of one or two numbers beyond those of [`Float`](crate::Float): of the standard library, and of our own.

/// The elementary functions, as the standard library has them.
pub trait Elementary: Sized + Copy {
    /// The sine.
    fn sin(self) -> Self;
    /// The cosine.
    fn cos(self) -> Self;
    /// The tangent.
    fn tan(self) -> Self;
    /// The inverse sine.
    fn asin(self) -> Self;
    /// The inverse cosine.
    fn acos(self) -> Self;
    /// The inverse tangent.
    fn atan(self) -> Self;
    /// The hyperbolic sine.
    fn sinh(self) -> Self;
    /// The hyperbolic cosine.
    fn cosh(self) -> Self;
    /// The inverse hyperbolic sine.
    fn asinh(self) -> Self;
    /// The inverse hyperbolic cosine.
    fn acosh(self) -> Self;
    /// The inverse hyperbolic tangent.
    fn atanh(self) -> Self;
    /// The largest integer that is not above.
    fn floor(self) -> Self;
    /// The smallest integer that is not below.
    fn ceil(self) -> Self;
    /// The integer part.
    fn trunc(self) -> Self;
    /// The nearest integer; halves go to the even one.
    fn round_ties_even(self) -> Self;
    /// The absolute value.
    fn abs(self) -> Self;
    /// `exp(x) - 1`.
    fn exp_m1(self) -> Self;
    /// `2^x`.
    fn exp2(self) -> Self;
    /// The logarithm to the base 2.
    fn log2(self) -> Self;
    /// The logarithm to the base 10.
    fn log10(self) -> Self;
    /// The cube root.
    fn cbrt(self) -> Self;
    /// The next number above.
    fn next_up(self) -> Self;
    /// The next number below.
    fn next_down(self) -> Self;
    /// The angle of the point `(x, self)`.
    fn atan2(self, x: Self) -> Self;
    /// The length of the vector `(self, y)`.
    fn hypot(self, y: Self) -> Self;
    /// To the power of `y`.
    fn powf(self, y: Self) -> Self;
    /// The remainder of the division by `y`, with the sign of `self`.
    fn remainder(self, y: Self) -> Self;
    /// As a double.
    fn double(self) -> f64;
    /// Whether it is not a number.
    fn is_nan(self) -> bool;
    /// Whether it is neither infinite nor NaN.
    fn is_finite(self) -> bool;
}

macro_rules! elementary {
    ($($float:ident)*) => {
        $(elementary! {
            @impl $float: sin cos tan asin acos atan sinh cosh asinh acosh atanh floor ceil trunc round_ties_even abs
                exp_m1 exp2 log2 log10 cbrt next_up next_down; atan2 hypot powf
        })*
    };
    (@impl $float:ident: $($one:ident)*; $($two:ident)*) => {
        impl Elementary for $float {
            $(
                #[inline(always)]
                fn $one(self) -> Self {
                    $float::$one(self)
                }
            )*
            $(
                #[inline(always)]
                fn $two(self, other: Self) -> Self {
                    $float::$two(self, other)
                }
            )*

            #[inline(always)]
            fn remainder(self, y: Self) -> Self {
                self % y
            }

            #[inline(always)]
            fn double(self) -> f64 {
                self.into()
            }

            #[inline(always)]
            fn is_nan(self) -> bool {
                $float::is_nan(self)
            }

            #[inline(always)]
            fn is_finite(self) -> bool {
                $float::is_finite(self)
            }
        }
    };
}

elementary! { f32 f64 }

/// The modified Bessel function of the first kind of order 0 or 1, by its power series, all of whose terms are positive.
pub(crate) fn bessel(order: u32, x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    let quarter = x * x / 4.0;
    let mut term = if order == 0 { 1.0 } else { x / 2.0 };
    let mut sum = term;
    // It overflows before it has this many terms.
    for k in 1..2000 {
        term *= quarter / (f64::from(k) * f64::from(k + order));
        sum += term;
        if term.abs() <= sum.abs() * 1e-17 || !sum.is_finite() {
            break;
        }
    }
    sum
}

/// The inverse of the error function: candle's approximation, and two of Newton's steps.
pub(crate) fn erf_inv(y: f64) -> f64 {
    use candle_core::cpu::erf;
    if !(-1.0..=1.0).contains(&y) {
        return f64::NAN;
    }
    let mut x = erf::erf_inv(y);
    for _ in 0..2 {
        // Near the ends, the complement is the more precise.
        let off =
            if y.abs() < 0.5 { erf::erf_f64(x) - y } else { y.signum() * ((1.0 - y.abs()) - erf::erfc_f64(x.abs())) };
        let step = off * std::f64::consts::PI.sqrt() / 2.0 * (x * x).exp();
        if step.is_finite() {
            x -= step;
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_functions_have_known_values() {
        let near = |a: f64, b: f64| assert!((a - b).abs() <= 1e-14 * b.abs().max(1.0), "{a} {b}");
        near(bessel(0, 1.0), 1.266_065_877_752_008_4);
        near(bessel(1, 1.0), 0.565_159_103_992_485);
        near(bessel(0, -3.5), 7.378_203_432_225_48);
        assert_eq!(bessel(0, 1e4), f64::INFINITY);
        assert!(bessel(0, f64::NAN).is_nan());
        near(erf_inv(0.5), 0.476_936_276_204_469_9);
        near(erf_inv(-0.99), -1.821_386_367_718_449_6);
        assert_eq!((erf_inv(0.0), erf_inv(1.0), erf_inv(-1.0)), (0.0, f64::INFINITY, f64::NEG_INFINITY));
        assert!(erf_inv(1.5).is_nan());
    }
}
