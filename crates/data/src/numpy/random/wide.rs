//! Exponentials and logarithms that are rounded correctly, and so are the same on every system: sums of two f64 have twice their bits.
//!
//! Dekker, "A floating-point technique for extending the available precision", 1971.

use std::ops::{Add, Mul};

/// The sum of a number and of a much smaller one.
#[derive(Clone, Copy)]
struct Wide(f64, f64);

impl Add for Wide {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let sum = self.0 + other.0;
        let part = sum - self.0;
        let lost = (self.0 - (sum - part)) + (other.0 - part);
        Self::of(sum, lost + self.1 + other.1)
    }
}

impl Mul for Wide {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let product = self.0 * other.0;
        let lost = self.0.mul_add(other.0, -product);
        Self::of(product, lost + self.0 * other.1 + self.1 * other.0)
    }
}

impl Wide {
    fn of(large: f64, small: f64) -> Self {
        let sum = large + small;
        Self(sum, small - (sum - large))
    }

    /// Divided by a small whole number.
    fn divided(self, by: f64) -> Self {
        let quotient = self.0 / by;
        let rest = (-quotient).mul_add(by, self.0) + self.1;
        Self::of(quotient, rest / by)
    }

    fn exp(x: f64) -> Self {
        const HALVINGS: i32 = 10;
        let (one, small) = (Self(1.0, 0.0), Self(x / f64::from(1 << HALVINGS), 0.0));
        let series = (1..=14).rev().fold(one, |sum, i| one + (small * sum).divided(f64::from(i)));
        (0..HALVINGS).fold(series, |power, _| power * power)
    }
}

/// The exponential of a number of moderate size.
pub(super) fn exp(x: f64) -> f64 {
    Wide::exp(x).0
}

/// The logarithm of a number of moderate size: a step of Newton's method from that of the system.
pub(super) fn ln(x: f64) -> f64 {
    let near = x.ln();
    let error = Wide(x, 0.0) * Wide::exp(-near) + Wide(-1.0, 0.0);
    (Wide(near, 0.0) + error).0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Python: `mpmath.mp.prec = 200; float(mpmath.exp(x)), float(mpmath.log(y))`.
    #[test]
    fn results_are_rounded_correctly() {
        for (x, exp_of_x, y, ln_of_y) in [
            (-2.6795215753648804, 0.06859596430425301, 0.8800301687734118, -0.12779908940046428),
            (-1.0704442116808193, 0.3428561828655477, 0.8491095140212457, -0.16356710920948378),
            (-4.674793506478172, 0.009327450997088812, 0.006825903023294777, -4.9870306355579945),
            (-3.9431843622649465, 0.019386383083683345, 0.6911146510938677, -0.36944954843670463),
            (-1.7978990096830154, 0.16564654466867862, 0.2838175743418577, -1.2594235910788383),
            (-4.965821804289809, 0.006972218554950414, 0.07557893669392801, -2.5825776497767463),
        ] {
            assert_eq!((exp(x), ln(y)), (exp_of_x, ln_of_y), "{x} {y}");
        }
    }
}
