//! The numbers of rows: which rows of a table are in a part of it. pandas: `DataFrame.index`.

use super::Table;

/// The numbers of rows do not matter.
impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.names == other.names && self.columns == other.columns
    }
}

impl Table {
    /// The numbers of its rows in the table that they were taken from. pandas: `table.index`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let table = Table::new([("a", Column::Integers(vec![5, 6, 7]))])?;
    /// assert_eq!(table.index(), [0, 1, 2]);
    /// assert_eq!(table.take(&[2, 0])?.index(), [2, 0]);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    pub fn index(&self) -> Vec<usize> {
        self.index.clone().unwrap_or_else(|| (0..self.rows()).collect())
    }

    /// With rows that are numbered from 0 on. pandas: `table.reset_index(drop=True)`.
    #[must_use]
    pub fn reset_index(&self) -> Self {
        Self { index: None, row_names: None, ..self.clone() }
    }

    /// Without the rows of these numbers, as [`index`](Self::index) has them. pandas: `table.drop(part.index)`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let table = Table::new([("a", Column::Integers(vec![5, 6, 7, 8]))])?;
    /// let train = table.sample(0.5, 0)?;
    /// let test = table.drop_rows(&train.index());
    /// assert_eq!((train.rows(), test.rows()), (2, 2));
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    #[must_use]
    pub fn drop_rows(&self, index: &[usize]) -> Self {
        let dropped: std::collections::HashSet<usize> = index.iter().copied().collect();
        let rows = self.index().into_iter().enumerate().filter(|(_, number)| !dropped.contains(number));
        self.of_rows(&rows.map(|(row, _)| row).collect::<Vec<_>>())
    }

    /// These rows, which there are.
    pub(super) fn of_rows(&self, rows: &[usize]) -> Self {
        let numbers = self.index();
        Self {
            names: self.names.clone(),
            columns: self.columns.iter().map(|column| column.take(rows)).collect(),
            index: Some(rows.iter().map(|&row| numbers[row]).collect()),
            row_names: self.row_names.clone(),
        }
    }
}
