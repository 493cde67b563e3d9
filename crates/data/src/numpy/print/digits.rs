//! The shortest decimal digits that only one number of a dtype is read from, as NumPy writes them.
//!
//! Steele and White, "How to print floating-point numbers accurately", 1990.

use half::f16;

/// The dtype of a number that is held as f64.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::numpy) enum Precision {
    Half,
    Single,
    Double,
}

impl Precision {
    /// The nearest number of this dtype.
    pub(in crate::numpy) fn round(self, x: f64) -> f64 {
        match self {
            Self::Half => f16::from_f64(x).to_f64(),
            Self::Single => f64::from(x as f32),
            Self::Double => x,
        }
    }

    /// How many decimal digits any number of this dtype has at least.
    pub(super) fn decimals(self) -> i32 {
        match self {
            Self::Half => 3,
            Self::Single => 6,
            Self::Double => 15,
        }
    }
}

/// A finite number: its sign, its digits, the first of which is before the point, and the power of 10 that they are multiplied by.
pub(super) struct Digits {
    is_negative: bool,
    digits: String,
    exponent: i32,
}

impl Digits {
    fn shortest(x: f64, precision: Precision) -> Self {
        let magnitude = x.abs();
        let is_enough = |text: &String| text.parse().is_ok_and(|read| precision.round(read) == magnitude);
        let text = match precision {
            Precision::Double => format!("{magnitude:e}"),
            Precision::Single => format!("{:e}", magnitude as f32),
            Precision::Half => {
                // Above a power of 2 numbers are further apart: there the digits above may do where the nearest do not.
                let exponent = magnitude.log10().floor().max(-99.0) as i32;
                let texts = (0..17).flat_map(|digits| {
                    let above = magnitude + 0.6 * 10f64.powi(exponent - digits as i32);
                    [magnitude, above].map(|x| format!("{x:.digits$e}"))
                });
                texts.into_iter().find(is_enough).unwrap_or_else(|| format!("{magnitude:e}"))
            }
        };
        // Halfway between two texts, the even one.
        let shortest = Self::read(x.is_sign_negative(), &text);
        let even = format!("{magnitude:.0$e}", shortest.digits.len() - 1);
        if is_enough(&even) { Self::read(x.is_sign_negative(), &even) } else { shortest }
    }

    /// Of a text such as `1.25e-3`.
    fn read(is_negative: bool, text: &str) -> Self {
        let (digits, exponent) = text.split_once('e').unwrap_or((text, "0"));
        Self { is_negative, digits: digits.replace('.', ""), exponent: exponent.parse().unwrap_or(0) }
    }

    /// What is before the point and behind it, with at most so many digits behind it.
    pub(super) fn positional(x: f64, precision: Precision, most: usize) -> (String, String) {
        let Self { digits, exponent, .. } = &Self::shortest(x, precision);
        let sign = if x.is_sign_negative() { "-" } else { "" };
        let behind = digits.len() as i32 - 1 - exponent;
        let text = if behind > most as i32 {
            format!("{:.most$}", x.abs())
        } else if *exponent < 0 {
            format!("0.{}{digits}", "0".repeat((-exponent - 1) as usize))
        } else {
            let before = *exponent as usize + 1;
            let digits = format!("{digits:0<before$}");
            format!("{}.{}", &digits[..before], &digits[before..])
        };
        let (before, behind) = text.split_once('.').unwrap_or((&text, ""));
        (format!("{sign}{before}"), behind.trim_end_matches('0').to_string())
    }

    /// The digit before the point, those behind it that are needed, but at most so many, and the exponent.
    pub(super) fn scientific(x: f64, precision: Precision, most: usize) -> (String, String, i32) {
        let shortest = Self::shortest(x, precision);
        let digits = if shortest.digits.len() > most + 1 { Self::exact(x, most) } else { shortest };
        let (before, behind, exponent) = digits.parts();
        (before, behind.trim_end_matches('0').to_string(), exponent)
    }

    /// As [`scientific`](Self::scientific) with so many digits behind the point, which are exact.
    pub(super) fn exact(x: f64, count: usize) -> Self {
        Self::read(x.is_sign_negative(), &format!("{:.count$e}", x.abs()))
    }

    /// The digit before the point, with the sign, those behind it, and the exponent.
    pub(super) fn parts(&self) -> (String, &str, i32) {
        let (before, behind) = self.digits.split_at(1);
        (format!("{}{before}", if self.is_negative { "-" } else { "" }), behind, self.exponent)
    }
}
