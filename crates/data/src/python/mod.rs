//! What scripts use of Python's own library: random numbers, files, counts, tables, JSON, the time.

mod counting;
pub mod files;
pub mod json;
pub mod random;
mod slices;
pub mod tables;

pub use counting::{count, most_common};
pub use slices::slice;

/// The seconds since 1970. Python: `time.time()`.
pub fn time() -> f64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
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
