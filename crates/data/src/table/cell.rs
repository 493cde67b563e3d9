//! One value of a column.

use candle_keras_ops::{Error, Result};

/// A value of a [`Column`](crate::Column): what columns are compared with and mapped to, and what a loop over a column gets.
///
/// Whether it is a number or a string is known when the program runs: [`number`](Self::number), [`integer`](Self::integer) and
/// [`text`](Self::text) ask for one of them.
///
/// ```
/// use candle_keras_data::{Cell, Column};
/// assert_eq!(Cell::from(3), Cell::Integer(3));
/// assert_eq!(Cell::from("cat").to_string(), "cat");
/// for age in Column::Integers(vec![3, 7]).cells() {
///     assert!(age.number()? > 2.0);
///     assert!(age.text().is_err());
/// }
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
#[derive(Clone)]
pub enum Cell {
    /// A whole number.
    Integer(i64),
    /// A number; a missing one is NaN.
    Float(f64),
    /// A string; a missing one is empty.
    String(String),
}

impl Cell {
    /// Its number; `None` of a string.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            Self::String(_) => None,
        }
    }

    /// Its number.
    ///
    /// # Errors
    /// If it is a string.
    pub fn number(&self) -> Result<f64> {
        self.as_f64().ok_or_else(|| self.is_no("a number"))
    }

    /// Its whole number.
    ///
    /// # Errors
    /// If it is a string, or a number of a column of floats.
    pub fn integer(&self) -> Result<i64> {
        match self {
            Self::Integer(number) => Ok(*number),
            _ => Err(self.is_no("a whole number")),
        }
    }

    /// Its string.
    ///
    /// # Errors
    /// If it is a number.
    pub fn text(&self) -> Result<&str> {
        match self {
            Self::String(text) => Ok(text),
            _ => Err(self.is_no("a string")),
        }
    }

    /// As a number, also of a string that is one. Python: `float(x)`.
    ///
    /// ```
    /// use candle_keras_data::Cell;
    /// assert_eq!((Cell::from(3).to_f64()?, Cell::from(" 0.5").to_f64()?), (3.0, 0.5));
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If it is a string that is no number.
    pub fn to_f64(&self) -> Result<f64> {
        match self {
            Self::String(text) => text.trim().parse().map_err(|_| self.is_no("a number")),
            _ => self.number(),
        }
    }

    /// As a whole number: without its fraction, also of a string that is one. Python: `int(x)`.
    ///
    /// ```
    /// use candle_keras_data::Cell;
    /// assert_eq!((Cell::from(-3.5).to_i64()?, Cell::from("12").to_i64()?), (-3, 12));
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If it is a string that is no whole number, or NaN or infinite.
    pub fn to_i64(&self) -> Result<i64> {
        match self {
            Self::Integer(number) => Ok(*number),
            Self::Float(number) if number.is_finite() => Ok(*number as i64),
            Self::String(text) => text.trim().parse().map_err(|_| self.is_no("a whole number")),
            Self::Float(_) => Err(self.is_no("a whole number")),
        }
    }

    fn is_no(&self, expected: &str) -> Error {
        Error::new("a value of a column is used as what it is not").expected(expected).received(self.described())
    }

    pub(crate) fn described(&self) -> String {
        match self {
            Self::String(text) => format!("{text:?}"),
            number => number.to_string(),
        }
    }
}

/// As Python writes it in a list.
impl std::fmt::Debug for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.described())
    }
}

/// As Python writes it.
impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Integer(number) => write!(f, "{number}"),
            Self::Float(number) => f.write_str(&python_float(*number)),
            Self::String(text) => f.write_str(text),
        }
    }
}

macro_rules! from {
    ($($own:ident as $of:ty: $($number:ty),*);*) => {$($(
        impl From<$number> for Cell {
            fn from(number: $number) -> Self {
                Self::$own(number as $of)
            }
        }
    )*)*};
}

from! { Integer as i64: i32, i64, u32, usize, bool; Float as f64: f32, f64 }

impl From<&Cell> for Cell {
    fn from(cell: &Cell) -> Self {
        cell.clone()
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

/// Python's `repr` of a float.
pub(crate) fn python_float(x: f64) -> String {
    if x.is_nan() {
        return "nan".into();
    }
    let text = format!("{x:e}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    let text = x.to_string();
    if text.contains('.') { text } else { format!("{text}.0") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `repr(x)` of Python.
    #[test]
    fn numbers_are_those_of_python() {
        let texts = [0.5, 1.0, 1e-7, 1e17, 123456.789, 1e15, 0.0001, f64::INFINITY, -2.5e-5].map(python_float);
        let expected =
            ["0.5", "1.0", "1e-07", "1e+17", "123456.789", "1000000000000000.0", "0.0001", "inf", "-2.5e-05"];
        assert_eq!(texts, expected);
    }
}
