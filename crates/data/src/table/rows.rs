//! Some rows of a table.

use super::column::{places, rows_of};
use super::{Column, Table};
use crate::SplitSize;
use crate::numpy::random::{self, RandomState};
use candle_core::Tensor;
use candle_keras_ops::{Error, Result};
use std::ops::RangeBounds;

impl Table {
    /// The first rows, at most so many. pandas: `table.head(5)`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let table = Table::new([("a", Column::Integers(vec![5, 6, 7]))])?;
    /// assert_eq!((table.head(2).rows(), table.tail(5).rows()), (2, 3));
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    #[must_use]
    pub fn head(&self, rows: usize) -> Self {
        self.of_rows(&(0..rows.min(self.rows())).collect::<Vec<_>>())
    }

    /// The last rows, at most so many. pandas: `table.tail(5)`.
    #[must_use]
    pub fn tail(&self, rows: usize) -> Self {
        self.of_rows(&(self.rows().saturating_sub(rows)..self.rows()).collect::<Vec<_>>())
    }

    /// These rows and columns by their places; ends beyond the last ones are cut. pandas: `table.iloc[:100, 1:]`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let table = Table::new([("a", Column::Integers(vec![5, 6])), ("b", Column::Integers(vec![7, 8]))])?;
    /// let part = table.iloc(..1, 1..)?;
    /// assert_eq!((part.names(), part.shape()), (&["b".to_string()][..], (1, 1)));
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If a range is not valid.
    pub fn iloc(&self, rows: impl RangeBounds<usize>, columns: impl RangeBounds<usize>) -> Result<Self> {
        let rows = places(rows, self.rows(), "rows")?;
        let columns = places(columns, self.names.len(), "columns")?;
        let selected = self.select(columns.iter().map(|&place| self.names[place].as_str()))?;
        Ok(if selected.columns.is_empty() { selected } else { selected.of_rows(&rows) })
    }

    /// The rows for which the mask is not 0. pandas: `table[mask]`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let table = Table::new([("age", Column::Integers(vec![5, 16]))])?;
    /// let young = table.filter(&table.column("age")?.less(10)?)?;
    /// assert_eq!(young.rows(), 1);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the mask has not one element for each row.
    pub fn filter(&self, mask: &Tensor) -> Result<Self> {
        Ok(self.of_rows(&rows_of(mask, self.rows())?))
    }

    /// The rows without a missing value: NaN, or an empty string. pandas: `table.dropna()`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let table = Table::new([("a", Column::Floats(vec![f64::NAN, 2.0]))])?;
    /// assert_eq!(table.dropna().index(), [1]);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    #[must_use]
    pub fn dropna(&self) -> Self {
        let is_whole = |row: &usize| !self.columns.iter().any(|column| column.is_missing(*row));
        self.of_rows(&(0..self.rows()).filter(is_whole).collect::<Vec<_>>())
    }

    /// Some rows in random order, each once: a number of them, or a share. With a seed they are those of pandas:
    /// `table.sample(n=10, random_state=42)`, `table.sample(frac=0.8, random_state=42)`. Without one they follow from
    /// [`numpy::random::seed`](crate::numpy::random::seed), as in pandas.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let table = Table::new([("a", Column::Integers(vec![1, 2, 3, 4, 5]))])?;
    /// assert_eq!(table.sample(1.0, 42)?.index(), [1, 4, 2, 0, 3]);
    /// assert_eq!(table.sample(3, 7)?.index(), [0, 3, 2]);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there are fewer rows.
    pub fn sample(&self, size: impl Into<SplitSize>, random_state: impl Into<Option<u32>>) -> Result<Self> {
        Ok(self.of_rows(&sampled(self.rows(), size.into(), random_state.into())?))
    }

    /// Some rows, each drawn from all, so that one may be there several times. With a seed they are those of pandas:
    /// `table.sample(n=10, replace=True, random_state=42)`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let table = Table::new([("a", Column::Integers(vec![1, 2, 3]))])?;
    /// assert_eq!(table.sample_with_replacement(5, 1)?.index(), [1, 0, 0, 1, 1]);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the table has no rows.
    pub fn sample_with_replacement(
        &self,
        size: impl Into<SplitSize>,
        random_state: impl Into<Option<u32>>,
    ) -> Result<Self> {
        let (total, count) = (self.rows(), count_of(size.into(), self.rows()));
        let rows = match random_state.into() {
            Some(seed) => RandomState::new(seed).randint(0, total as i64, count)?,
            None => random::randint(0, total as i64, count)?,
        };
        Ok(self.of_rows(&rows.to_vec1::<i64>()?.into_iter().map(|row| row as usize).collect::<Vec<_>>()))
    }
}

impl Column {
    /// Some values in random order, each row once, as [`Table::sample`] takes them. pandas: `column.sample(n=1, random_state=42)`.
    ///
    /// ```
    /// use candle_keras_data::Column;
    /// assert_eq!(Column::Integers(vec![1, 2, 3]).sample(2, 3)?, Column::Integers(vec![2, 1]));
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there are fewer rows.
    pub fn sample(&self, size: impl Into<SplitSize>, random_state: impl Into<Option<u32>>) -> Result<Self> {
        Ok(self.take(&sampled(self.len(), size.into(), random_state.into())?))
    }
}

fn count_of(size: SplitSize, total: usize) -> usize {
    match size {
        SplitSize::Count(count) => count,
        // As Python rounds, halves to even; a negative share is 0 rows.
        SplitSize::Share(share) => (share * total as f64).round_ties_even() as usize,
    }
}

/// Some rows of so many, each once.
fn sampled(total: usize, size: SplitSize, seed: Option<u32>) -> Result<Vec<usize>> {
    let count = count_of(size, total);
    if count > total {
        return Err(Error::new("a sample has more rows than the table")
            .expected(format!("at most {total}"))
            .received(format!("{size:?}"))
            .help("sample_with_replacement takes rows several times"));
    }
    let mut order: Vec<usize> = (0..total).collect();
    match seed {
        Some(seed) => RandomState::new(seed).shuffle(&mut order),
        None => random::shuffle(&mut order),
    }
    order.truncate(count);
    Ok(order)
}
