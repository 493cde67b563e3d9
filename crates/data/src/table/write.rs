//! Tables as files of comma-separated values. pandas: `DataFrame.to_csv`.

use super::Table;
use crate::atomic;
use candle_keras_ops::{Error, Result};
use std::io::Write as _;
use std::path::Path;

impl Table {
    /// Writes the table with a row of names before it; a missing value is empty. pandas: `table.to_csv(path, index=False)`.
    ///
    /// ```
    /// use candle_keras_data::{Column, ReadCsv, Table, read_csv};
    /// # let folder = tempfile::tempdir().expect("a folder");
    /// # let path = folder.path().join("a.csv");
    /// let table = Table::new([("a", Column::Floats(vec![0.5, 2.0]))])?;
    /// table.to_csv(&path)?;
    /// assert_eq!(read_csv(&path, ReadCsv::new())?, table);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn to_csv(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let text = self.csv_text().map_err(|cause| Error::new(format!("{}: {cause}", path.display())))?;
        atomic::write(path, |file| file.write_all(&text).map_err(|cause| Error::io(path, cause)))
    }

    fn csv_text(&self) -> std::result::Result<Vec<u8>, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        if !self.names.is_empty() {
            writer.write_record(&self.names)?;
        }
        let columns: Vec<Vec<String>> = self.columns.iter().map(super::Column::texts).collect();
        for row in 0..self.rows() {
            writer.write_record(columns.iter().map(|column| &column[row]))?;
        }
        writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
    }
}
