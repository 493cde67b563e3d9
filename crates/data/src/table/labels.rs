//! Rows by their numbers in the table that they were taken from. pandas: `DataFrame.loc`.

use super::column::rows_of;
use super::{Cell, Column, Row, Table};
use candle_core::Tensor;
use candle_keras_ops::{Error, Result};
use std::ops::{Bound, RangeBounds};

impl Table {
    /// The rows with these numbers of [`index`](Self::index), from the first to the last of them. In pandas both ends are included:
    /// `table.loc[2:5]` is `table.loc(2..=5)`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let table = Table::new([("a", Column::Integers(vec![5, 6, 7, 8]))])?;
    /// assert_eq!(table.loc(..=1)?.rows(), 2);
    /// // Row 2 of the table is the first one of this part.
    /// assert_eq!(table.iloc(2.., ..)?.loc(..=2)?.index(), [2]);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the rows are not in order and there is no row, or several, with a number that the range ends with.
    pub fn loc(&self, labels: impl RangeBounds<usize>) -> Result<Self> {
        Ok(self.of_rows(&self.labelled(labels)?))
    }

    /// The rows with these numbers, in this order. pandas: `table.loc[[5, 2]]`.
    ///
    /// # Errors
    /// If there is no row, or several, with one of the numbers.
    pub fn loc_rows(&self, labels: &[usize]) -> Result<Self> {
        let rows = labels.iter().map(|&label| self.row_labelled(label)).collect::<Result<Vec<_>>>()?;
        Ok(self.of_rows(&rows))
    }

    /// The row with this number. pandas: `table.loc[5]`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let table = Table::new([("a", Column::Integers(vec![5, 6, 7]))])?.take(&[2, 0])?;
    /// assert_eq!(*table.loc_row(2)?.get("a")?, 7);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no such row, or there are several.
    pub fn loc_row(&self, label: usize) -> Result<Row> {
        self.row(self.row_labelled(label)?)
    }

    /// Gives the row of this number this value in a column. pandas: `table.loc[5, "age"] = 3`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let mut table = Table::new([("a", Column::Integers(vec![5, 6]))])?;
    /// table.set_at(1, "a", 9)?;
    /// assert_eq!(*table.column("a")?, Column::Integers(vec![5, 9]));
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no such row, or the column has values of another kind.
    pub fn set_at(&mut self, label: usize, name: &str, value: impl Into<Cell>) -> Result<()> {
        let row = self.row_labelled(label)?;
        self.put(&[row], name, value.into())
    }

    /// Gives the rows for which the mask is not 0 this value in a column; a new column is missing elsewhere. pandas:
    /// `table.loc[mask, "age"] = 3`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let mut table = Table::new([("age", Column::Integers(vec![5, 16]))])?;
    /// let is_old = table.column("age")?.greater(10)?;
    /// table.set_where(&is_old, "age", 10)?;
    /// assert_eq!(*table.column("age")?, Column::Integers(vec![5, 10]));
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the mask has not one element for each row, or the column has values of another kind.
    pub fn set_where(&mut self, mask: &Tensor, name: &str, value: impl Into<Cell>) -> Result<()> {
        let rows = rows_of(mask, self.rows())?;
        self.put(&rows, name, value.into())
    }

    /// Gives the rows with these numbers, as [`loc`](Self::loc) finds them, this value in a column; a new column is missing elsewhere. pandas:
    /// `table.loc[2:5, "age"] = 3`, `table.loc[:, "age"] = 3`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let mut table = Table::new([("a", Column::Floats(vec![0.5, 1.5]))])?;
    /// table.set_loc(.., "a", 3)?;
    /// assert_eq!(*table.column("a")?, Column::Floats(vec![3.0, 3.0]));
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`loc`](Self::loc), and if the column has values of another kind.
    pub fn set_loc(&mut self, labels: impl RangeBounds<usize>, name: &str, value: impl Into<Cell>) -> Result<()> {
        let is_all = matches!((labels.start_bound(), labels.end_bound()), (Bound::Unbounded, Bound::Unbounded));
        let (rows, value) = (self.labelled(labels)?, value.into());
        match is_all && !self.names.iter().any(|own| own == name) {
            // Nothing of it is missing.
            true => self.set(name, &vec![value; self.rows()]),
            false => self.put(&rows, name, value),
        }
    }

    fn put(&mut self, rows: &[usize], name: &str, value: Cell) -> Result<()> {
        if !self.names.iter().any(|own| own == name) {
            let missing = match &value {
                Cell::String(_) => Column::Strings(vec![String::new(); self.rows()]),
                _ => Column::Floats(vec![f64::NAN; self.rows()]),
            };
            self.push(name, missing)?;
        }
        let place = self.place(name)?;
        let column = &mut self.columns[place];
        if let (Column::Integers(values), Cell::Float(number)) = (&*column, &value)
            && number.is_nan()
        {
            *column = Column::Floats(values.iter().map(|value| *value as f64).collect());
        }
        match (column, value) {
            (Column::Integers(values), Cell::Integer(value)) => rows.iter().for_each(|&row| values[row] = value),
            // As in pandas, a number without a fraction is an integer here.
            (Column::Integers(values), Cell::Float(value)) if value == (value as i64) as f64 => {
                rows.iter().for_each(|&row| values[row] = value as i64);
            }
            (Column::Floats(values), Cell::Integer(value)) => rows.iter().for_each(|&row| values[row] = value as f64),
            (Column::Floats(values), Cell::Float(value)) => rows.iter().for_each(|&row| values[row] = value),
            (Column::Strings(values), Cell::Float(value)) if value.is_nan() => {
                rows.iter().for_each(|&row| values[row].clear());
            }
            (Column::Strings(values), Cell::String(value)) => {
                rows.iter().for_each(|&row| values[row].clone_from(&value));
            }
            (column, value) => {
                return Err(Error::new(format!("column {name:?} does not take this value"))
                    .expected(match column {
                        Column::Integers(_) => "a whole number",
                        Column::Floats(_) => "a number",
                        Column::Strings(_) => "a string",
                    })
                    .received(value.described())
                    .help("Table::set gives the column values of another kind"));
            }
        }
        Ok(())
    }

    /// The place of the row with this number.
    pub(super) fn row_labelled(&self, label: usize) -> Result<usize> {
        self.check_numbered()?;
        let Some(index) = &self.index else {
            return match label < self.rows() {
                true => Ok(label),
                false => Err(no_row(label, format!("0..{}", self.rows()))),
            };
        };
        let mut found = index.iter().enumerate().filter(|(_, own)| **own == label).map(|(row, _)| row);
        match (found.next(), found.next()) {
            (Some(row), None) => Ok(row),
            (None, _) => Err(no_row(label, "a number of index()".into())),
            (Some(_), Some(_)) => Err(Error::new(format!("several rows have the number {label}"))
                .help("reset_index numbers the rows from 0 on")),
        }
    }

    /// The places of the rows with these numbers.
    fn labelled(&self, labels: impl RangeBounds<usize>) -> Result<Vec<usize>> {
        self.check_numbered()?;
        let index = self.index();
        let rows = |is: &dyn Fn(usize) -> bool| (0..index.len()).filter(|&row| is(index[row])).collect();
        if index.is_sorted() {
            return Ok(rows(&|label| labels.contains(&label)));
        }
        let (start, end) = (labels.start_bound(), labels.end_bound());
        if index.is_sorted_by(|a, b| a >= b) {
            let is_behind = |label| match start {
                Bound::Included(&start) => label <= start,
                Bound::Excluded(&start) => label < start,
                Bound::Unbounded => true,
            };
            let is_before = |label| match end {
                Bound::Included(&end) => label >= end,
                Bound::Excluded(&end) => label > end,
                Bound::Unbounded => true,
            };
            return Ok(rows(&|label| is_behind(label) && is_before(label)));
        }
        let start = match start {
            Bound::Included(&start) => self.row_labelled(start)?,
            Bound::Excluded(&start) => self.row_labelled(start)? + 1,
            Bound::Unbounded => 0,
        };
        let end = match end {
            Bound::Included(&end) => self.row_labelled(end)? + 1,
            Bound::Excluded(&end) => self.row_labelled(end)?,
            Bound::Unbounded => index.len(),
        };
        Ok((start..end).collect())
    }
}

fn no_row(label: usize, expected: String) -> Error {
    Error::new(format!("no row has the number {label}")).expected(expected).received(label.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let columns = [("a", Column::Integers(vec![1, 2, 3])), ("b", Column::Floats(vec![0.5, f64::NAN, 2.0]))];
        Table::new(columns).unwrap()
    }

    /// What pandas 3 returns of the same.
    #[test]
    fn ranges_are_those_of_labels() {
        let index = |table: Result<Table>| table.unwrap().index();
        let table = table();
        assert_eq!(
            (index(table.loc(..=1)), index(table.loc(1..=7)), index(table.loc(5..))),
            (vec![0, 1], vec![1, 2], vec![])
        );
        let falling = table.loc_rows(&[2, 0]).unwrap();
        assert_eq!((index(falling.loc(..=0)), index(falling.loc(0..=2))), (vec![2, 0], vec![]));
        let mixed = table.loc_rows(&[1, 2, 0]).unwrap();
        assert_eq!((index(mixed.loc(..=2)), index(mixed.loc(2..))), (vec![1, 2], vec![2, 0]));
        assert!(mixed.loc(..=7).is_err() && table.loc_rows(&[3]).is_err());
        let twice = Table::concat_rows([&table, &table]).unwrap();
        assert!(twice.loc_rows(&[1]).unwrap_err().to_string().contains("several rows"));
    }

    #[test]
    fn values_keep_the_kind_of_their_column() {
        let mut table = table();
        table.set_at(0, "a", 7.0).unwrap();
        assert!(table.set_at(0, "a", 7.5).is_err() && table.set_at(0, "b", "x").is_err());
        table.set_at(1, "b", 4).unwrap();
        assert_eq!(*table.column("b").unwrap(), Column::Floats(vec![0.5, 4.0, 2.0]));
        assert_eq!(*table.column("a").unwrap(), Column::Integers(vec![7, 2, 3]));
        table.set_at(2, "a", f64::NAN).unwrap();
        assert!(matches!(table.column("a").unwrap(), Column::Floats(values) if values[2].is_nan()));
        table.set_at(1, "c", 4).unwrap();
        assert!(matches!(table.column("c").unwrap(), Column::Floats(values) if values[1] == 4.0 && values[0].is_nan()));
        table.set_at(1, "d", "x").unwrap();
        assert_eq!(table.column("d").unwrap().to_strings(), ["", "x", ""]);
    }
}
