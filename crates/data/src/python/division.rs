//! Division as Python rounds it: down.

/// The whole quotient of two numbers, rounded down. Python: `a // b` of floats.
///
/// Python divides what the remainder leaves, so that the rounding of `a / b` has no part in it.
///
/// ```
/// use candle_keras_data::python::floor_div;
/// assert_eq!([floor_div(7.0, 2.0), floor_div(-7.0, 2.0), floor_div(7.0, -2.0)], [3.0, -4.0, -4.0]);
/// // 0.1 is a bit more than a tenth.
/// assert_eq!((1.0_f64 / 0.1, floor_div(1.0, 0.1)), (10.0, 9.0));
/// ```
pub fn floor_div(a: f64, b: f64) -> f64 {
    let quotient = (a - modulo(a, b)) / b;
    // Up to the rounding, it is a whole number.
    let floor = quotient.floor();
    if quotient - floor > 0.5 { floor + 1.0 } else { floor }
}

/// The remainder of a division, which has the sign of the divisor. Python: `a % b` of floats.
///
/// ```
/// use candle_keras_data::python::modulo;
/// assert_eq!([modulo(7.5, 2.0), modulo(-7.5, 2.0), modulo(7.5, -2.0)], [1.5, 0.5, -0.5]);
/// ```
pub fn modulo(a: f64, b: f64) -> f64 {
    let rest = a % b;
    match rest {
        0.0 => 0.0_f64.copysign(b),
        rest if (rest < 0.0) != (b < 0.0) => rest + b,
        rest => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::{floor_div, modulo};

    #[test]
    fn the_parts_make_the_whole() {
        for a in [-3.0, -1.25, -0.1, 0.0, 0.3, 1.0, 7.5] {
            for b in [-2.0, -0.1, 0.1, 0.7, 3.0] {
                let (quotient, rest) = (floor_div(a, b), modulo(a, b));
                assert!((quotient * b + rest - a).abs() < 1e-12, "{a} {b}");
                assert!(quotient.fract() == 0.0 && rest.abs() < f64::abs(b), "{a} {b}: {quotient} {rest}");
            }
        }
    }

    #[test]
    fn a_division_by_zero_has_no_number() {
        assert!(modulo(1.0, 0.0).is_nan() && floor_div(1.0, 0.0).is_nan());
    }
}
