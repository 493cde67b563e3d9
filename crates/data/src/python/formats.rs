//! Numbers as texts, by Python's formats.

use super::repr;
use candle_keras_ops::{Error, Result};

/// A number that [`format()`] takes.
pub trait Formatted {
    /// An integer, or a number with a fraction.
    fn formatted(&self) -> std::result::Result<i128, f64>;
}

macro_rules! integers {
    ($($of:ty),*) => {
        $(impl Formatted for $of {
            fn formatted(&self) -> std::result::Result<i128, f64> {
                Ok(*self as i128)
            }
        })*
    };
}

integers!(i32, i64, u8, u32, u64, usize);

impl Formatted for f64 {
    fn formatted(&self) -> std::result::Result<i128, f64> {
        Err(*self)
    }
}

impl Formatted for f32 {
    fn formatted(&self) -> std::result::Result<i128, f64> {
        Err(f64::from(*self))
    }
}

impl<T: Formatted> Formatted for &T {
    fn formatted(&self) -> std::result::Result<i128, f64> {
        (**self).formatted()
    }
}

/// A number as a text, by a format of Python: `format(number, ".1e")`, `f"{number:.1e}"`.
///
/// Rust's own formats are shorter where they mean the same: `format!("{number:.4}")`. They have no `g` and no `,`, write exponents without zeros, and
/// have `NaN` where Python has `nan`.
///
/// # Errors
/// If the format is not one of a number.
///
/// ```
/// use candle_keras_data::python::format;
/// assert_eq!([format(1e-5, ".1e")?, format(1e20, "g")?, format(0.5, "g")?], ["1.0e-05", "1e+20", "0.5"]);
/// assert_eq!([format(1234567, ",")?, format(1234.5, "10,.2f")?, format(f64::NAN, ".4f")?], ["1,234,567", "  1,234.50", "nan"]);
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
pub fn format(number: impl Formatted, spec: &str) -> Result<String> {
    let format = Format::of(spec).ok_or_else(|| Error::new(format!("{spec:?} is not a format of a number")))?;
    let number = number.formatted();
    let (is_negative, digits) = match (number, format.kind) {
        (Ok(integer), 'd' | ' ') if format.precision.is_none() => (integer < 0, integer.unsigned_abs().to_string()),
        (Err(_), 'd') | (Ok(_), 'd') => {
            return Err(Error::new(format!("{spec:?} is a format of integers without a precision")));
        }
        (number, kind) => {
            let number = number.map_or_else(|float| float, |integer| integer as f64);
            (number.is_sign_negative() && !number.is_nan(), digits(number.abs(), kind, format.precision))
        }
    };
    let sign = match (is_negative, format.sign) {
        (true, _) => "-",
        (false, Some('+')) => "+",
        (false, Some(' ')) => " ",
        _ => "",
    };
    let digits = if format.has_commas { with_commas(&digits) } else { digits };
    Ok(format.padded(sign, &digits))
}

/// A text with zeros in front of it, behind its sign if it has one. Python: `text.zfill(width)`.
///
/// ```
/// use candle_keras_data::python::zfill;
/// assert_eq!([zfill("-7", 4), zfill("42", 4), zfill("12345", 4)], ["-007", "0042", "12345"]);
/// ```
pub fn zfill(text: &str, width: usize) -> String {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let sign = &text[..text.len() - digits.len()];
    let zeros = "0".repeat(width.saturating_sub(text.chars().count()));
    format!("{sign}{zeros}{digits}")
}

/// The parts of a format: `[[fill]align][sign][0][width][,][.precision][kind]`.
struct Format {
    fill: char,
    align: char,
    sign: Option<char>,
    width: usize,
    has_commas: bool,
    precision: Option<usize>,
    kind: char,
}

impl Format {
    fn of(spec: &str) -> Option<Self> {
        let mut rest = spec;
        let mut chars = spec.chars();
        let (first, second) = (chars.next(), chars.next());
        let is_align = |c: Option<char>| c.is_some_and(|c| "<>^=".contains(c));
        let (mut fill, mut align) = (' ', '>');
        if let (Some(own), true) = (first, is_align(second)) {
            (fill, align) = (own, second?);
            rest = &rest[own.len_utf8() + 1..];
        } else if is_align(first) {
            align = first?;
            rest = &rest[1..];
        }
        let sign = rest.chars().next().filter(|c| "+- ".contains(*c));
        rest = &rest[sign.map_or(0, char::len_utf8)..];
        if rest.starts_with('0') && !is_align(first) && !is_align(second) {
            (fill, align) = ('0', '=');
        }
        let (width, after) = number_at_start(rest);
        let width = width.unwrap_or(0);
        let has_commas = after.starts_with(',');
        let after = after.strip_prefix(',').unwrap_or(after);
        let (precision, after) = match after.strip_prefix('.') {
            Some(after) => {
                let (precision, after) = number_at_start(after);
                (Some(precision?), after)
            }
            None => (None, after),
        };
        let kind = match after {
            "" => ' ',
            "d" | "e" | "f" | "g" | "F" | "%" => after.chars().next()?,
            _ => return None,
        };
        (width <= 1000 && precision.unwrap_or(0) <= 1000).then_some(Self {
            fill,
            align,
            sign,
            width,
            has_commas,
            precision,
            kind,
        })
    }

    fn padded(&self, sign: &str, digits: &str) -> String {
        let missing = self.width.saturating_sub(sign.len() + digits.len());
        let fill = |count: usize| self.fill.to_string().repeat(count);
        match self.align {
            '<' => format!("{sign}{digits}{}", fill(missing)),
            '^' => format!("{}{sign}{digits}{}", fill(missing / 2), fill(missing - missing / 2)),
            '=' => format!("{sign}{}{digits}", fill(missing)),
            _ => format!("{}{sign}{digits}", fill(missing)),
        }
    }
}

/// The number that a text starts with, and what follows.
fn number_at_start(text: &str) -> (Option<usize>, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (text[..end].parse().ok(), &text[end..])
}

/// A number that is not negative.
fn digits(number: f64, kind: char, precision: Option<usize>) -> String {
    if !number.is_finite() {
        let text = if number.is_nan() { "nan" } else { "inf" };
        return if kind == '%' { format!("{text}%") } else { text.to_string() };
    }
    match (kind, precision) {
        ('%', precision) => format!("{:.*}%", precision.unwrap_or(6), number * 100.0),
        ('f' | 'F', precision) => format!("{number:.*}", precision.unwrap_or(6)),
        ('e', precision) => with_exponent(&format!("{number:.*e}", precision.unwrap_or(6))),
        (' ', None) => repr(number),
        (kind, precision) => significant(number, precision.unwrap_or(6).max(1), kind == ' '),
    }
}

/// `1e-5` with a sign and two digits in its exponent.
fn with_exponent(text: &str) -> String {
    let (digits, exponent) = text.split_once('e').unwrap_or((text, "0"));
    match exponent.strip_prefix('-') {
        Some(exponent) => format!("{digits}e-{exponent:0>2}"),
        None => format!("{digits}e+{exponent:0>2}"),
    }
}

/// So many digits from the first one that is not 0 on, without zeros at the end. `is_float`: at least one stands behind the point.
fn significant(number: f64, count: usize, is_float: bool) -> String {
    let text = format!("{number:.*e}", count - 1);
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trimmed = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => text.to_string(),
    };
    // With a point, there has to be a digit behind it.
    let most = if is_float { count as i32 - 1 } else { count as i32 };
    if exponent < -4 || exponent >= most {
        return with_exponent(&format!("{}e{exponent}", trimmed(digits)));
    }
    let text = trimmed(&format!("{number:.*}", (count as i32 - 1 - exponent).max(0) as usize));
    if is_float && !text.contains('.') { format!("{text}.0") } else { text }
}

/// A comma before every three digits of the whole part.
fn with_commas(text: &str) -> String {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (whole, rest) = text.split_at(end);
    let mut out = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_those_of_python() {
        let floats = [
            (123456.789, "e", "1.234568e+05"),
            (1e-7, ".2e", "1.00e-07"),
            (1e-5, "g", "1e-05"),
            (100000.0, "g", "100000"),
            (1234567.0, "g", "1.23457e+06"),
            (0.0001, "g", "0.0001"),
            (0.0, "g", "0"),
            (-0.5, "+.3f", "-0.500"),
            (0.5, "+.1f", "+0.5"),
            (-2.34567, "08.2f", "-0002.35"),
            (2.34567, "<8.2f", "2.35    "),
            (2.34567, "*^8.2f", "**2.35**"),
            (0.123, ".1%", "12.3%"),
            (1234567.891, ",.2f", "1,234,567.89"),
            (1234567.891, ",", "1,234,567.891"),
            (1e20, "", "1e+20"),
            (2.0, ".3", "2.0"),
            (123.456, ".2", "1.2e+02"),
            (f64::INFINITY, "8.2f", "     inf"),
            (f64::NEG_INFINITY, ".2e", "-inf"),
            (-f64::NAN, ".4f", "nan"),
        ];
        for (number, spec, text) in floats {
            assert_eq!(format(number, spec).unwrap(), text, "{number} {spec}");
        }
        let integers = [(-1234567, ",", "-1,234,567"), (999, ",", "999"), (7, "03d", "007"), (5, "e", "5.000000e+00")];
        for (number, spec, text) in integers {
            assert_eq!(format(number, spec).unwrap(), text, "{number} {spec}");
        }
        for spec in ["s", ".f", "10q", "9999999"] {
            assert!(format(1.0, spec).is_err(), "{spec}");
        }
    }
}
