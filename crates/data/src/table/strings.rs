//! Numbers as strings. pandas: `astype(str)`.

use super::{Column, Table};

impl Column {
    /// Each value as Python writes it; a missing one stays missing, as in pandas 3. pandas: `column.astype(str)`.
    ///
    /// ```
    /// use candle_keras_data::Column;
    /// assert_eq!(Column::Floats(vec![0.5, 2.0]).astype_str().to_strings(), ["0.5", "2.0"]);
    /// ```
    #[must_use]
    pub fn astype_str(&self) -> Self {
        Self::Strings(self.texts())
    }
}

impl Table {
    /// Each value as Python writes it; a missing one stays missing, as in pandas 3. pandas: `table.astype(str)`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let table = Table::new([("a", Column::Integers(vec![1, 2]))])?.astype_str();
    /// assert_eq!(table.column("a")?.to_strings(), ["1", "2"]);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    #[must_use]
    pub fn astype_str(&self) -> Self {
        Self { columns: self.columns.iter().map(Column::astype_str).collect(), ..self.clone() }
    }
}
