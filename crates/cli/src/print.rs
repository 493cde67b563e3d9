//! Prints results to standard output, and errors to standard error, without the control characters that names in files may have.

use anyhow::{Context, Result};
use candle_keras_ops::console::printable;
use std::io::{ErrorKind, Write};

/// Prints a line, or several. A closed pipe, as by `head`, is not an error.
pub(crate) fn print(text: &str) -> Result<()> {
    print_each(std::iter::once(Ok(text.into())))
}

/// Prints lines as they come, each flushed, until the reader closes the pipe.
pub(crate) fn print_each(lines: impl Iterator<Item = Result<String>>) -> Result<()> {
    let mut out = std::io::stdout().lock();
    for line in lines {
        match writeln!(out, "{}", printable(&line?)).and_then(|()| out.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => break,
            done => done.context("standard output")?,
        }
    }
    Ok(())
}

/// Lines on standard error, before an error.
pub(crate) fn print_note(text: &str) {
    for line in text.lines() {
        _ = writeln!(std::io::stderr(), "{}", printable(line));
    }
}

/// Prints an error on one line.
pub(crate) fn print_error(message: &str) {
    let lines: Vec<_> = message.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let line = lines.join("; ");
    // Nobody can be told that standard error fails.
    _ = writeln!(std::io::stderr(), "error: {}", printable(line.strip_prefix("error: ").unwrap_or(&line)));
}

/// A number with this many significant digits, like C's `%g` and C++ streams.
pub(crate) fn general(x: f64, digits: usize) -> String {
    let decimals = digits.max(1) - 1;
    let scientific = format!("{x:.decimals$e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific.to_lowercase() };
    let power: i32 = exponent.parse().unwrap_or(0);
    let trimmed = |number: &str| match number.contains('.') {
        true => number.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => number.to_string(),
    };
    if power < -4 || power > decimals as i32 {
        let sign = if power < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", trimmed(mantissa), power.abs());
    }
    trimmed(&format!("{x:.*}", (decimals as i32 - power) as usize))
}

#[cfg(test)]
mod tests {
    use super::general;

    /// The expected values are those of Python's `"%.6g" % x`.
    #[test]
    fn numbers_are_formatted_as_in_c() {
        let six = [
            (0.9, "0.9"),
            (1.000_01, "1.00001"),
            (0.123_456_789, "0.123457"),
            (1e-5, "1e-05"),
            (0.000_123_456_78, "0.000123457"),
            (123_456.0, "123456"),
            (1_234_567.0, "1.23457e+06"),
            (0.999_999_9, "1"),
            (0.0, "0"),
            (-2.5, "-2.5"),
            (f64::NAN, "nan"),
        ];
        for (x, expected) in six {
            assert_eq!(general(x, 6), expected);
        }
        assert_eq!(
            (general(0.05414, 3), general(100.0, 3), general(0.5, 1)),
            ("0.0541".into(), "100".into(), "0.5".into())
        );
    }
}
