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
        return number.map(Cell::Integer).ok_or_else(|| Error::new(format!("{what} of {a} and {b} is too large")));
    }
    Ok(Cell::Float(of_floats(operand(what, a)?, operand(what, b)?)))
}

fn operand(what: &str, cell: &Cell) -> Result<f64> {
    let error = || Error::new(format!("{what} of values of columns")).expected("numbers").received(cell.described());
    cell.as_f64().ok_or_else(error)
}
