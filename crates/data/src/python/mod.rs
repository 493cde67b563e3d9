//! What scripts use of Python's own library: random numbers, files, counts, tables, JSON, the time.

mod counting;
mod division;
pub mod files;
mod formats;
pub mod json;
pub mod random;
mod slices;
pub mod tables;

pub use counting::{count, most_common};
pub use division::{floor_div, modulo};
pub use formats::{Formatted, format, zfill};
pub use slices::{bound, place, slice};

/// The seconds since 1970. Python: `time.time()`.
pub fn time() -> f64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}

/// The decimal number of so many digits behind the point that is nearest to this one; of two that are equally near, the one that ends on an even digit. Python:
/// `round(number, digits)`.
///
/// ```
/// use candle_keras_data::python;
/// assert_eq!(python::round(2.675, 2), 2.67);
/// assert_eq!(python::round(1.115, 2), 1.11);
/// assert_eq!(python::round(0.125, 2), 0.12);
/// assert_eq!(python::round(1250.0, -2), 1200.0);
/// ```
pub fn round(number: f64, digits: i32) -> f64 {
    match usize::try_from(digits) {
        // Its exact decimal digits decide: times 100, 1.115 is above 111.5.
        Ok(digits) => format!("{number:.digits$}").parse().unwrap_or(number),
        Err(_) => {
            let unit = 10f64.powi(-digits);
            (number / unit).round_ties_even() * unit
        }
    }
}

/// A number as a text. Python: `repr(number)`, `str(number)`.
///
/// ```
/// use candle_keras_data::python::repr;
/// assert_eq!([repr(1.0), repr(1e-5), repr(1e16), repr(f64::NAN)], ["1.0", "1e-05", "1e+16", "nan"]);
/// ```
pub fn repr(number: f64) -> String {
    let text = format!("{number:?}");
    match text.split_once('e') {
        _ if number.is_nan() => "nan".into(),
        None => text,
        Some((digits, exponent)) => match exponent.strip_prefix('-') {
            Some(exponent) => format!("{digits}e-{exponent:0>2}"),
            None => format!("{digits}e+{exponent:0>2}"),
        },
    }
}

/// A text as it is written in Python: between quotes, with escapes. Python: `repr(text)`.
///
/// ```
/// use candle_keras_data::python::text_repr;
/// assert_eq!([text_repr("a\tb"), text_repr("it's"), text_repr("\u{1}é")], [r"'a\tb'", "\"it's\"", r"'\x01é'"]);
/// ```
pub fn text_repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::from(quote);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == '\\' || c == quote => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}
