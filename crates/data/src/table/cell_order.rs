//! Which values of columns are equal, and their order: of sets, dicts and sorted lists.

use super::Cell;
use candle_keras_ops::{Error, Result};
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

/// As in Python, 1 and 1.0 are equal. NaN is equal to itself, so that it is found again among the keys of a map.
impl PartialEq for Cell {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Cell {}

/// Numbers by their size, NaN behind them, then strings.
impl Ord for Cell {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::String(a), Self::String(b)) => a.cmp(b),
            (Self::String(_), _) => Ordering::Greater,
            (_, Self::String(_)) => Ordering::Less,
            (Self::Integer(a), Self::Integer(b)) => a.cmp(b),
            (Self::Float(a), Self::Float(b)) => of_floats(*a, *b),
            (Self::Integer(a), Self::Float(b)) => of_both(*a, *b),
            (Self::Float(a), Self::Integer(b)) => of_both(*b, *a).reverse(),
        }
    }
}

impl PartialOrd for Cell {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn of_floats(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

/// Of numbers that may be too large for the digits of a float.
fn of_both(a: i64, b: f64) -> Ordering {
    match of_floats(a as f64, b) {
        Ordering::Equal => i128::from(a).cmp(&(b as i128)),
        other => other,
    }
}

/// Equal numbers have the same hash.
impl Hash for Cell {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Integer(number) => i128::from(*number).hash(state),
            Self::Float(number) if number.is_nan() => f64::NAN.to_bits().hash(state),
            Self::Float(number) if number.fract() == 0.0 => (*number as i128).hash(state),
            Self::Float(number) => number.to_bits().hash(state),
            Self::String(text) => text.hash(state),
        }
    }
}

macro_rules! equal_to {
    ($($other:ty),*) => {$(
        /// NaN is equal to nothing.
        impl PartialEq<$other> for Cell {
            fn eq(&self, other: &$other) -> bool {
                super::compared(self, &Self::from(*other)) == Some(Ordering::Equal)
            }
        }
    )*};
}

equal_to!(i32, i64, usize, f64, &str);

macro_rules! ordered {
    ($($(#[$doc:meta])* $name:ident, $is:ident;)*) => {
        impl Cell {$(
            $(#[$doc])*
            ///
            /// # Errors
            /// If one is a string and the other a number.
            pub fn $name(&self, other: &Self) -> Result<bool> {
                let is_text = |cell: &Self| matches!(cell, Self::String(_));
                match is_text(self) == is_text(other) {
                    true => Ok(super::compared(self, other).is_some_and(Ordering::$is)),
                    false => Err(Error::new("strings and numbers have no order")
                        .expected("two strings, or two numbers")
                        .received(format!("{} and {}", self.described(), other.described()))),
                }
            }
        )*}
    };
}

ordered! {
    /// Whether it is less than another value; NaN never is. Python: `a < b`.
    ///
    /// ```
    /// use candle_keras_data::Cell;
    /// assert!(Cell::from(1).less(&Cell::from(1.5))?);
    /// assert!(Cell::from(1).less(&Cell::from("a")).is_err());
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    less, is_lt;
    /// Whether it is at most another value; NaN never is. Python: `a <= b`.
    less_equal, is_le;
    /// Whether it is greater than another value; NaN never is. Python: `a > b`.
    greater, is_gt;
    /// Whether it is at least another value; NaN never is. Python: `a >= b`.
    greater_equal, is_ge;
}

impl Cell {
    /// Whether both are the same number or string, which NaN never is. Python: `a == b`.
    ///
    /// ```
    /// use candle_keras_data::Cell;
    /// assert!(Cell::from(1).equals(&Cell::from(1.0)));
    /// assert!(!Cell::from(f64::NAN).equals(&Cell::from(f64::NAN)));
    /// ```
    pub fn equals(&self, other: &Self) -> bool {
        super::compared(self, other) == Some(Ordering::Equal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn equal_numbers_are_one_key() {
        let cells = [Cell::from(1), Cell::from(1.0), Cell::from(0.5), Cell::from("1"), Cell::from(-0.0), Cell::from(0)];
        let cells = cells.into_iter().chain([f64::NAN, -f64::NAN].map(Cell::from));
        assert_eq!(cells.collect::<HashSet<_>>().len(), 5);
        let [one, text, missing] = [Cell::from(1), Cell::from("a"), Cell::from(f64::NAN)];
        assert!(one == 1.0 && text == "a" && !missing.equals(&missing));
    }

    #[test]
    fn large_numbers_are_not_rounded() {
        let (large, next) = (Cell::from(9_007_199_254_740_993_i64), Cell::from(9_007_199_254_740_992.0));
        assert_eq!(large.cmp(&next), Ordering::Greater);
        assert_eq!(Cell::from(f64::INFINITY).cmp(&Cell::from(i64::MAX)), Ordering::Greater);
    }

    #[test]
    fn missing_numbers_are_behind_others() {
        let mut cells = [Cell::from("a"), Cell::from(f64::NAN), Cell::from(2), Cell::from(1.5)];
        cells.sort();
        assert_eq!(format!("{cells:?}"), "[1.5, 2, nan, \"a\"]");
    }
}
