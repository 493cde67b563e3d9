//! Numbers that are written as texts.

use candle_core::{Device, Tensor};
use candle_keras_ops::{Error, Result};
use std::path::Path;

/// The numbers that texts have, as F64. NumPy: `np.array(texts, dtype="float64")`.
///
/// ```
/// use candle_keras_data::numpy::from_texts;
/// assert_eq!(from_texts(["0.5", " -1e2"])?.to_vec1::<f64>()?, [0.5, -100.0]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If one of them is no number.
pub fn from_texts<S: AsRef<str>>(texts: impl IntoIterator<Item = S>) -> Result<Tensor> {
    let number = |text: S| {
        let text = text.as_ref();
        text.trim().parse::<f64>().map_err(|_| Error::new("a text is not a number").received(format!("{text:?}")))
    };
    let numbers = texts.into_iter().map(number).collect::<Result<Vec<_>>>()?;
    Ok(Tensor::from_vec(numbers.clone(), numbers.len(), &Device::Cpu)?)
}

/// The numbers of one text, as F64; they are separated by `sep`, and by white space if that is a space. NumPy: `np.fromstring(text, sep=" ")`.
///
/// ```
/// use candle_keras_data::numpy::fromstring;
/// assert_eq!(fromstring("0.1 0.2  3\n", " ")?.to_vec1::<f64>()?, [0.1, 0.2, 3.0]);
/// assert_eq!(fromstring("1, 2", ",")?.to_vec1::<f64>()?, [1.0, 2.0]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If there is something else than numbers.
pub fn fromstring(text: &str, sep: &str) -> Result<Tensor> {
    match sep.trim() {
        "" => from_texts(text.split_whitespace()),
        sep => from_texts(text.split(sep)),
    }
}

/// Writes an array of one or two axes as text, a line for each row. NumPy: `np.savetxt(path, x, fmt, delimiter)`; `"%.18e"` and `" "` are its
/// defaults.
///
/// ```
/// use candle_keras_data::numpy::{arange, savetxt};
/// # let folder = tempfile::tempdir().expect("a folder");
/// # let path = folder.path().join("x.csv");
/// savetxt(&path, &arange(0, 4, 1)?.reshape((2, 2))?, "%.1f", ",")?;
/// assert_eq!(std::fs::read_to_string(&path).expect("a file"), "0.0,1.0\n2.0,3.0\n");
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If the array has more axes, the format is none for one number, or the file cannot be written.
pub fn savetxt(path: impl AsRef<Path>, x: &Tensor, fmt: &str, delimiter: &str) -> Result<()> {
    let rows = match x.rank() {
        1 => x.unsqueeze(1)?,
        2 => x.clone(),
        rank => return Err(Error::new(format!("an array of {rank} axes as text")).expected("one or two axes")),
    };
    let mut text = String::new();
    for row in rows.to_dtype(candle_core::DType::F64)?.to_vec2::<f64>()? {
        let fields = row.into_iter().map(|number| formatted(number, fmt)).collect::<Result<Vec<_>>>()?;
        text.push_str(&fields.join(delimiter));
        text.push('\n');
    }
    let path = path.as_ref();
    std::fs::write(path, text).map_err(|cause| Error::Io { path: path.into(), cause })
}

/// A number as C prints it.
fn formatted(number: f64, fmt: &str) -> Result<String> {
    let unknown = || Error::unknown("format of a number", fmt, &["%d", "%.4f", "%.18e"]);
    let spec = fmt.strip_prefix('%').ok_or_else(unknown)?;
    if matches!(spec, "d" | "i") {
        return Ok(format!("{}", number.trunc()));
    }
    let digits = |spec: &str| match spec.strip_prefix('.') {
        Some(digits) => digits.parse::<usize>().map_err(|_| unknown()),
        None if spec.is_empty() => Ok(6),
        None => Err(unknown()),
    };
    if let Some(spec) = spec.strip_suffix('f') {
        return Ok(format!("{number:.*}", digits(spec)?));
    }
    let spec = spec.strip_suffix('e').ok_or_else(unknown)?;
    let text = format!("{number:.*e}", digits(spec)?);
    // C has a sign and two digits in the exponent.
    Ok(match text.split_once('e') {
        Some((mantissa, exponent)) => {
            let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
            format!("{mantissa}e{sign}{exponent:0>2}")
        }
        None => text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_in_numpy() {
        let all = [("%d", "-2"), ("%.2f", "-2.50"), ("%f", "-2.500000"), ("%.3e", "-2.500e+00")];
        for (fmt, text) in all {
            assert_eq!(formatted(-2.5, fmt).unwrap(), text);
        }
        assert_eq!(formatted(1.5e-7, "%.18e").unwrap(), "1.499999999999999932e-07");
        assert_eq!(formatted(1e120, "%.1e").unwrap(), "1.0e+120");
        for fmt in ["%s", "x", "%.xf"] {
            assert!(formatted(1.0, fmt).unwrap_err().to_string().contains("%.4f"));
        }
    }

    #[test]
    fn what_is_no_number_is_named() {
        assert!(fromstring("1 two", " ").unwrap_err().to_string().contains("two"));
        let x = Tensor::zeros((1, 1, 1), candle_core::DType::F32, &Device::Cpu).unwrap();
        assert!(savetxt("no/such", &x, "%d", ",").unwrap_err().to_string().contains("3 axes"));
    }
}
