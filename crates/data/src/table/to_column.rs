//! What can be a column: tensors, lists, columns.

use super::{Cell, Column, Table};
use candle_core::{DType, Device, Tensor};
use candle_keras_ops::{Error, Result};

/// A value for each row: a [`Column`], a [`Table`] of one, a tensor with one number for each row, or a list of numbers or strings.
///
/// ```
/// use candle_keras_data::{Column, ToColumn};
/// assert_eq!(vec![0.5, 2.0].to_column()?, Column::Floats(vec![0.5, 2.0]));
/// assert_eq!(["a", "b"].to_column()?.to_strings(), ["a", "b"]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub trait ToColumn {
    /// The column.
    ///
    /// # Errors
    /// If there is more than one value for a row.
    fn to_column(&self) -> Result<Column>;

    /// The columns of a table or of an array of two axes; one of anything else.
    ///
    /// # Errors
    /// If an array has more axes.
    fn to_columns(&self) -> Result<Vec<Column>> {
        Ok(vec![self.to_column()?])
    }
}

impl<T: ToColumn + ?Sized> ToColumn for &T {
    fn to_column(&self) -> Result<Column> {
        (**self).to_column()
    }

    fn to_columns(&self) -> Result<Vec<Column>> {
        (**self).to_columns()
    }
}

impl ToColumn for Column {
    fn to_column(&self) -> Result<Column> {
        Ok(self.clone())
    }
}

impl ToColumn for Table {
    fn to_column(&self) -> Result<Column> {
        match &self.columns[..] {
            [column] => Ok(column.clone()),
            columns => Err(Error::new("a column has one value for each row")
                .expected("a table of one column")
                .received(format!("{} columns", columns.len()))),
        }
    }

    fn to_columns(&self) -> Result<Vec<Column>> {
        Ok(self.columns.clone())
    }
}

impl ToColumn for Tensor {
    fn to_column(&self) -> Result<Column> {
        if self.rank() == 0 || self.dims()[1..].iter().product::<usize>() != 1 {
            return Err(Error::new("a column has one value for each row")
                .expected("an array of shape [rows] or [rows, 1]")
                .received(format!("{:?}", self.dims())));
        }
        let flat = self.detach().to_device(&Device::Cpu)?.flatten_all()?;
        Ok(match self.dtype().is_int() {
            true => Column::Integers(flat.to_dtype(DType::I64)?.to_vec1()?),
            false => Column::Floats(flat.to_dtype(DType::F64)?.to_vec1()?),
        })
    }

    fn to_columns(&self) -> Result<Vec<Column>> {
        match self.rank() {
            2 => (0..self.dims()[1]).map(|i| self.narrow(1, i, 1)?.contiguous()?.to_column()).collect(),
            _ => Ok(vec![self.to_column()?]),
        }
    }
}

impl<T: Clone + Into<Cell>> ToColumn for [T] {
    fn to_column(&self) -> Result<Column> {
        Column::of_cells(self.iter().cloned().map(Into::into).collect())
    }
}

impl<T: Clone + Into<Cell>> ToColumn for Vec<T> {
    fn to_column(&self) -> Result<Column> {
        self.as_slice().to_column()
    }
}

impl<T: Clone + Into<Cell>, const N: usize> ToColumn for [T; N] {
    fn to_column(&self) -> Result<Column> {
        self.as_slice().to_column()
    }
}

impl Column {
    /// The narrowest column that has all cells.
    pub(super) fn of_cells(cells: Vec<Cell>) -> Result<Self> {
        let is_string = |cell: &Cell| matches!(cell, Cell::String(_));
        if !cells.is_empty() && cells.iter().all(is_string) {
            return Ok(Self::Strings(cells.iter().map(Cell::to_string).collect()));
        }
        if let Some(text) = cells.iter().find(|cell| is_string(cell)) {
            return Err(Error::new("a column has either numbers or strings")
                .received(format!("{} and numbers", text.described())));
        }
        let integers = cells.iter().map(|cell| match cell {
            Cell::Integer(number) => Some(*number),
            _ => None,
        });
        Ok(match integers.collect() {
            Some(integers) => Self::Integers(integers),
            None => Self::Floats(cells.iter().filter_map(Cell::as_f64).collect()),
        })
    }
}
