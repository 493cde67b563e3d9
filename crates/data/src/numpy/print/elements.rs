//! The elements of an array as texts of one length: NumPy's `FloatingFormat` and `IntegerFormat`.

use super::digits::{Digits, Precision};
use super::options::InUse;

/// How floating-point numbers are written.
pub(super) struct Floats {
    precision: Precision,
    /// The most digits behind the point.
    most_digits: usize,
    /// Before the point, with the sign.
    before: usize,
    /// Behind the point, with the exponent.
    behind: usize,
    scientific: Option<Scientific>,
}

/// Numbers of digits.
struct Scientific {
    fraction: usize,
    exponent: usize,
}

/// Whether NumPy writes exponents: for large numbers, small ones, and both in one array. As there, the bounds are of the dtype.
fn is_scientific(finite: &[f64], precision: Precision, suppress: bool) -> bool {
    let magnitudes = || finite.iter().map(|x| x.abs()).filter(|x| *x != 0.0);
    let (most, least) = (magnitudes().fold(0.0, f64::max), magnitudes().fold(f64::INFINITY, f64::min));
    let bound = 10f64.powi(precision.decimals().min(8));
    let are_small = || least < precision.round(0.0001) || precision.round(most / least) > precision.round(1000.0);
    most > 0.0 && (most >= bound || (!suppress && are_small()))
}

impl Floats {
    /// Of the elements that are written.
    pub(super) fn of(shown: &[f64], precision: Precision, options: InUse) -> Self {
        let most_digits = options.precision;
        let finite: Vec<f64> = shown.iter().copied().filter(|x| x.is_finite()).collect();
        let longest = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or(0);
        let (mut before, behind, scientific);
        if is_scientific(&finite, precision, options.suppress) {
            let parts: Vec<_> = finite.iter().map(|&x| Digits::scientific(x, precision, most_digits)).collect();
            let fraction = longest(&mut parts.iter().map(|(_, fraction, _)| fraction.len()));
            let exponent = longest(&mut parts.iter().map(|(.., exponent)| exponent.abs().to_string().len())).max(2);
            before = longest(&mut parts.iter().map(|(integer, ..)| integer.len()));
            behind = fraction + 2 + exponent;
            scientific = Some(Scientific { fraction, exponent });
        } else {
            let parts: Vec<_> = finite.iter().map(|&x| Digits::positional(x, precision, most_digits)).collect();
            before = longest(&mut parts.iter().map(|(integer, _)| integer.len()));
            behind = longest(&mut parts.iter().map(|(_, fraction)| fraction.len()));
            scientific = None;
        }
        if finite.len() < shown.len() {
            let longest = if shown.contains(&f64::NEG_INFINITY) { "-inf".len() } else { "nan".len() };
            before = before.max(longest.saturating_sub(behind + 1));
        }
        Self { precision, most_digits, before, behind, scientific }
    }

    pub(super) fn text(&self, x: f64) -> String {
        let Self { precision, most_digits, before, behind, scientific } = self;
        if !x.is_finite() {
            return format!("{:>1$}", special(x), before + behind + 1);
        }
        match scientific {
            None => {
                let (integer, fraction) = Digits::positional(x, *precision, *most_digits);
                format!("{integer:>before$}.{fraction:<behind$}")
            }
            Some(Scientific { fraction: digits, exponent: size }) => {
                let exact = Digits::exact(x, *digits);
                let (integer, fraction, exponent) = exact.parts();
                let sign = if exponent < 0 { '-' } else { '+' };
                format!("{integer:>before$}.{fraction}e{sign}{:0>size$}", exponent.abs())
            }
        }
    }
}

/// A number alone, as Python writes it.
pub(super) fn scalar(x: f64, precision: Precision) -> String {
    if !x.is_finite() {
        return special(x).into();
    }
    let bound = if precision == Precision::Double { 1e16 } else { 10f64.powi(precision.decimals()) };
    if x == 0.0 || (1e-4..bound).contains(&x.abs()) {
        let (integer, fraction) = Digits::positional(x, precision, 400);
        return format!("{integer}.{}", if fraction.is_empty() { "0" } else { &fraction });
    }
    let (integer, fraction, exponent) = Digits::scientific(x, precision, 20);
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{integer}{point}{fraction}e{}{:0>2}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

/// NaN or an infinity.
fn special(x: f64) -> &'static str {
    match x {
        f64::INFINITY => "inf",
        f64::NEG_INFINITY => "-inf",
        _ => "nan",
    }
}

/// The length of the longest one.
pub(super) fn width(shown: &[i64]) -> usize {
    shown.iter().map(|x| x.to_string().len()).max().unwrap_or(0)
}
