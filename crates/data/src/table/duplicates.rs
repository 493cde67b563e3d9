//! Rows that are there more than once.

use super::Table;
use candle_core::{Device, Tensor};
use candle_keras_ops::Result;
use std::cmp::Ordering;

impl Table {
    /// 1 where a row before has the same values, else 0; missing values are the same. pandas: `table.duplicated()`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let table = Table::new([("a", Column::Integers(vec![5, 6, 5]))])?;
    /// assert_eq!(table.duplicated()?.to_vec1::<u8>()?, [0, 0, 1]);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn duplicated(&self) -> Result<Tensor> {
        let mut is_duplicate = vec![0u8; self.rows()];
        self.repeated().into_iter().for_each(|row| is_duplicate[row] = 1);
        Ok(Tensor::new(is_duplicate, &Device::Cpu)?)
    }

    /// Without the rows of which one before has the same values. pandas: `table.drop_duplicates()`.
    #[must_use]
    pub fn drop_duplicates(&self) -> Self {
        let repeated: std::collections::HashSet<usize> = self.repeated().into_iter().collect();
        self.of_rows(&(0..self.rows()).filter(|row| !repeated.contains(row)).collect::<Vec<_>>())
    }

    /// The rows of which one before has the same values.
    fn repeated(&self) -> Vec<usize> {
        let compared = |a: usize, b: usize| {
            self.columns.iter().map(|column| column.sorted(a, b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        };
        let mut order: Vec<usize> = (0..self.rows()).collect();
        // The sort is stable: the first of those that are alike is the first row.
        order.sort_by(|&a, &b| compared(a, b));
        order.windows(2).filter(|pair| compared(pair[0], pair[1]).is_eq()).map(|pair| pair[1]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Column;

    #[test]
    fn missing_values_are_the_same() {
        let columns = [
            ("a", Column::Floats(vec![f64::NAN, 1.0, f64::NAN, 1.0, 1.0])),
            ("b", Column::Strings(["x", "y", "x", "z", "y"].map(String::from).to_vec())),
        ];
        let table = Table::new(columns).unwrap();
        assert_eq!(table.duplicated().unwrap().to_vec1::<u8>().unwrap(), [0, 0, 1, 0, 1]);
        assert_eq!(table.drop_duplicates().index(), [0, 1, 3]);
    }
}
