//! One row of a table. pandas: `table.iloc[0]`, `table.iterrows()`, `table.itertuples()`.

use super::print::{objects, series, shown};
use super::{Cell, Column, Table};
use candle_core::Tensor;
use candle_keras_ops::{Error, Result};
use std::fmt;
use std::sync::Arc;

/// The values of a row by the names of their columns.
///
/// ```
/// use candle_keras_data::{Column, Table};
/// let table = Table::new([("name", Column::Strings(vec!["Tom".into()])), ("age", Column::Integers(vec![3]))])?;
/// let row = table.row(0)?;
/// assert_eq!(row.get("name")?.text()?, "Tom");
/// assert!(row.get("weight").is_err());
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    label: usize,
    names: Arc<[String]>,
    cells: Vec<Cell>,
}

impl Row {
    /// The value of a column. pandas: `row["age"]`.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn get(&self, name: &str) -> Result<&Cell> {
        super::place(&self.names, name).map(|place| &self.cells[place])
    }

    /// The value at a place. pandas: `row.iloc[0]`.
    ///
    /// # Errors
    /// If there are fewer columns.
    pub fn at(&self, place: usize) -> Result<&Cell> {
        let error = || {
            Error::new("there is no such column")
                .expected(format!("0..{}", self.cells.len()))
                .received(place.to_string())
        };
        self.cells.get(place).ok_or_else(error)
    }

    /// The number of the row in the table that it was taken from. pandas: `row.name`.
    pub fn label(&self) -> usize {
        self.label
    }

    /// All numbers in the order of the columns: int64 if all are integers, else float64. pandas: `row.values`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let table = Table::new([("a", Column::Integers(vec![3])), ("b", Column::Floats(vec![0.5]))])?;
    /// assert_eq!(table.row(0)?.values()?.to_vec1::<f64>()?, [3.0, 0.5]);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If one is a string.
    pub fn values(&self) -> Result<Tensor> {
        Column::of_cells(self.cells.clone())?.values()
    }

    /// All values in the order of the columns.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }
}

/// As pandas prints it.
impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (texts, dtype) = match Column::of_cells(self.cells.clone()) {
            Ok(column) => (shown(&column), column.dtype_name()),
            Err(_) => (objects(&self.cells), "object"),
        };
        f.write_str(&series(&self.names, &texts, &format!("Name: {}, dtype: {dtype}", self.label)))
    }
}

impl Table {
    /// A row by its place. As in pandas, its numbers are floats if all columns have numbers, and one of them floats. pandas: `table.iloc[0]`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let table = Table::new([("a", Column::Integers(vec![3])), ("b", Column::Floats(vec![0.5]))])?;
    /// assert_eq!(table.row(0)?.get("a")?.to_string(), "3.0");
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there are fewer rows.
    pub fn row(&self, place: usize) -> Result<Row> {
        if place >= self.rows() {
            return Err(Error::new("there is no such row")
                .expected(format!("0..{}", self.rows()))
                .received(place.to_string()));
        }
        Ok(self.row_at(place, &self.shared_names(), self.has_one_kind()))
    }

    /// The rows with their numbers, each as [`row`](Self::row) gives it. pandas: `table.iterrows()`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let table = Table::new([("name", Column::Strings(vec!["Tom".into(), "Ann".into()]))])?;
    /// for (i, row) in table.iterrows() {
    ///     println!("{i}: {}", row.get("name")?);
    /// }
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    pub fn iterrows(&self) -> impl ExactSizeIterator<Item = (usize, Row)> {
        let (names, of_floats) = (self.shared_names(), self.has_one_kind());
        (0..self.rows()).map(move |place| {
            let row = self.row_at(place, &names, of_floats);
            (row.label, row)
        })
    }

    /// The rows, where each value is as in its column. pandas: `table.itertuples()`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let table = Table::new([("a", Column::Integers(vec![3])), ("b", Column::Floats(vec![0.5]))])?;
    /// for row in table.itertuples() {
    ///     assert_eq!(row.get("a")?.to_string(), "3");
    /// }
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    pub fn itertuples(&self) -> impl ExactSizeIterator<Item = Row> {
        let names = self.shared_names();
        (0..self.rows()).map(move |place| self.row_at(place, &names, false))
    }

    /// The value of a column in the row of this number, as [`index`](Self::index) has them. pandas: `table["a"][3]`, `table.at[3, "a"]`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let table = Table::new([("a", Column::Integers(vec![5, 6, 7]))])?.take(&[2, 0])?;
    /// assert_eq!(table.at(2, "a")?, 7);
    /// assert!(table.at(1, "a").is_err());
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no row of this number, several of it, or no column of this name.
    pub fn at(&self, label: usize, name: &str) -> Result<Cell> {
        let column = self.column(name)?;
        Ok(column.cell(self.row_labelled(label)?))
    }

    fn shared_names(&self) -> Arc<[String]> {
        self.names.as_slice().into()
    }

    /// Whether a row has floats alone.
    fn has_one_kind(&self) -> bool {
        let has = |is: fn(&Column) -> bool| self.columns.iter().any(is);
        !has(|column| matches!(column, Column::Strings(_))) && has(|column| matches!(column, Column::Floats(_)))
    }

    fn row_at(&self, place: usize, names: &Arc<[String]>, of_floats: bool) -> Row {
        let cell = |column: &Column| match column.cell(place) {
            Cell::Integer(number) if of_floats => Cell::Float(number as f64),
            cell => cell,
        };
        let label = self.index.as_ref().map_or(place, |index| index[place]);
        Row { label, names: names.clone(), cells: self.columns.iter().map(cell).collect() }
    }
}
