//! Calculations with values of columns, as Python does them: whole numbers stay whole, a sum of strings joins them.

use super::Cell;
use candle_keras_ops::{Error, Result};
use std::ops::{Add, Div, Mul, Sub};

macro_rules! operators {
    ($($(#[$doc:meta])* $trait:ident, $method:ident, $function:path;)*) => {$(
        $(#[$doc])*
        impl<T: Into<Cell>> $trait<T> for &Cell {
            type Output = Result<Cell>;

            fn $method(self, other: T) -> Result<Cell> {
                $function(self, &other.into())
            }
        }

        impl<T: Into<Cell>> $trait<T> for Cell {
            type Output = Result<Cell>;

            fn $method(self, other: T) -> Result<Cell> {
                $function(&self, &other.into())
            }
        }
    )*};
}

operators! {
    /// ```
    /// use candle_keras_data::Cell;
    /// assert_eq!((Cell::from(3) + 4)?.to_string(), "7");
    /// assert_eq!((Cell::from("img_") + "7")?.to_string(), "img_7");
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    Add, add, sum;
    Sub, sub, difference;
    Mul, mul, product;
    /// ```
    /// use candle_keras_data::Cell;
    /// assert_eq!((Cell::from(4) / 2)?.to_string(), "2.0");
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    Div, div, quotient;
}

impl Cell {
    /// The quotient without its fraction, rounded down. Python: `a // b`.
    ///
    /// ```
    /// use candle_keras_data::Cell;
    /// assert_eq!(Cell::from(-7).floor_div(2)?.to_string(), "-4");
    /// assert_eq!(Cell::from(7.5).floor_div(2)?.to_string(), "3.0");
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If one of them is a string, or a whole number is divided by 0.
    pub fn floor_div(&self, other: impl Into<Self>) -> Result<Self> {
        let down = |a: i64, b: i64| {
            let quotient = a.checked_div(b)?;
            Some(if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient })
        };
        of_numbers("a quotient", self, &other.into(), down, crate::python::floor_div)
    }

    /// What is left of the quotient, with the sign of the divisor. Python: `a % b`.
    ///
    /// ```
    /// use candle_keras_data::Cell;
    /// assert_eq!(Cell::from(-7).modulo(3)?.to_string(), "2");
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If one of them is a string, or a whole number is divided by 0.
    pub fn modulo(&self, other: impl Into<Self>) -> Result<Self> {
        let left = |a: i64, b: i64| {
            let left = a.checked_rem(b)?;
            Some(if left != 0 && (left < 0) != (b < 0) { left + b } else { left })
        };
        of_numbers("a remainder", self, &other.into(), left, crate::python::modulo)
    }
}

fn sum(a: &Cell, b: &Cell) -> Result<Cell> {
    match (a, b) {
        (Cell::String(a), Cell::String(b)) => Ok(Cell::String(format!("{a}{b}"))),
        _ => of_numbers("a sum", a, b, i64::checked_add, |a, b| a + b),
    }
}

fn difference(a: &Cell, b: &Cell) -> Result<Cell> {
    of_numbers("a difference", a, b, i64::checked_sub, |a, b| a - b)
}

fn product(a: &Cell, b: &Cell) -> Result<Cell> {
    of_numbers("a product", a, b, i64::checked_mul, |a, b| a * b)
}

fn quotient(a: &Cell, b: &Cell) -> Result<Cell> {
    let (a, b) = (operand("a quotient", a)?, operand("a quotient", b)?);
    Ok(Cell::Float(a / b))
}

fn of_numbers(
    what: &str,
    a: &Cell,
    b: &Cell,
    of_integers: impl Fn(i64, i64) -> Option<i64>,
    of_floats: impl Fn(f64, f64) -> f64,
) -> Result<Cell> {
    if let (Cell::Integer(a), Cell::Integer(b)) = (a, b) {
        let number = of_integers(*a, *b);
        return number
            .map(Cell::Integer)
            .ok_or_else(|| Error::new(format!("{what} of {a} and {b} is no whole number of 64 bits")));
    }
    Ok(Cell::Float(of_floats(operand(what, a)?, operand(what, b)?)))
}

fn operand(what: &str, cell: &Cell) -> Result<f64> {
    let error = || Error::new(format!("{what} of values of columns")).expected("numbers").received(cell.described());
    cell.as_f64().ok_or_else(error)
}
