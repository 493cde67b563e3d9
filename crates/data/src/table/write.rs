//! Tables as files of separated values. pandas: `DataFrame.to_csv`.

use super::Table;
use crate::atomic;
use candle_keras_ops::{Error, Result};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

/// How a table is [written](Table::write_csv), with the names of pandas.
#[derive(Debug, Clone)]
#[must_use]
pub struct WriteCsv {
    sep: char,
    header: bool,
    index: bool,
    append: bool,
}

impl Default for WriteCsv {
    fn default() -> Self {
        Self { sep: ',', header: true, index: false, append: false }
    }
}

impl WriteCsv {
    /// Commas, and a row of names before the others.
    pub fn new() -> Self {
        Self::default()
    }

    /// The separator. Default: a comma.
    pub fn sep(mut self, sep: char) -> Self {
        self.sep = sep;
        self
    }

    /// Whether the first row has the names of the columns. Default: true.
    pub fn header(mut self, header: bool) -> Self {
        self.header = header;
        self
    }

    /// Whether the first column has the numbers of the rows, as [`Table::index`] gives them. Default: false, other than in pandas.
    pub fn index(mut self, index: bool) -> Self {
        self.index = index;
        self
    }

    /// Whether the rows are written behind what the file has already. pandas: `mode="a"`. Default: false.
    pub fn append(mut self, append: bool) -> Self {
        self.append = append;
        self
    }
}

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
        self.write_csv(path, WriteCsv::new())
    }

    /// Writes the table as these arguments say. pandas: `table.to_csv(path, sep="|", header=False, index=False)`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table, WriteCsv};
    /// # let folder = tempfile::tempdir().expect("a folder");
    /// # let path = folder.path().join("a.csv");
    /// let table = Table::new([("a", Column::Integers(vec![5, 6])), ("b", Column::Floats(vec![0.5, 2.0]))])?;
    /// table.write_csv(&path, WriteCsv::new().sep('|'))?;
    /// table.head(1).write_csv(&path, WriteCsv::new().sep('|').header(false).append(true))?;
    /// assert_eq!(std::fs::read_to_string(&path).expect("a file"), "a|b\n5|0.5\n6|2.0\n5|0.5\n");
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the file cannot be written, or the separator is not one character of ASCII.
    pub fn write_csv(&self, path: impl AsRef<Path>, arguments: WriteCsv) -> Result<()> {
        let path = path.as_ref();
        let text = self.csv_text(&arguments)?;
        if arguments.append {
            let mut file =
                OpenOptions::new().append(true).create(true).open(path).map_err(|cause| Error::io(path, cause))?;
            return file.write_all(&text).map_err(|cause| Error::io(path, cause));
        }
        atomic::write(path, |file| file.write_all(&text).map_err(|cause| Error::io(path, cause)))
    }

    fn csv_text(&self, arguments: &WriteCsv) -> Result<Vec<u8>> {
        let sep = u8::try_from(arguments.sep).ok().filter(u8::is_ascii);
        let sep =
            sep.ok_or_else(|| Error::new("sep is one character of ASCII").received(format!("{:?}", arguments.sep)))?;
        let failed = |cause: csv::Error| Error::new(format!("the rows cannot be written: {cause}"));
        let mut writer = csv::WriterBuilder::new().delimiter(sep).from_writer(Vec::new());
        if arguments.header && !self.names.is_empty() {
            let name = self.row_names.as_ref().map_or("", |names| names.of());
            let of_index = arguments.index.then_some(name);
            writer.write_record(of_index.into_iter().chain(self.names.iter().map(String::as_str))).map_err(failed)?;
        }
        let mut columns: Vec<Vec<String>> = self.columns.iter().map(super::Column::texts).collect();
        if arguments.index {
            columns.insert(0, self.row_texts());
        }
        for row in 0..self.rows() {
            writer.write_record(columns.iter().map(|column| &column[row])).map_err(failed)?;
        }
        writer.into_inner().map_err(|error| failed(error.into_error().into()))
    }
}
