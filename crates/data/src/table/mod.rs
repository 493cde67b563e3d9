//! Tables: named columns of numbers or strings, from files. pandas: `DataFrame`.

mod cell;
mod cell_numbers;
mod cell_order;
mod cleaned;
mod column;
mod columns;
mod concat;
mod csv;
mod dummies;
mod duplicates;
mod encoding;
mod index;
mod labels;
mod named_numbers;
#[cfg(feature = "parquet")]
mod parquet;
mod print;
mod rolling;
mod row;
mod row_names;
mod rows;
mod stream;
mod strings;
mod summary;
mod to_column;
mod write;

pub use cell::Cell;
pub(crate) use column::compared;
pub use csv::{ReadCsv, csv_dataset, read_csv};
pub use dummies::GetDummies;
pub use named_numbers::NamedNumbers;
#[cfg(feature = "parquet")]
pub use parquet::{ReadParquet, parquet_dataset, read_parquet};
pub use rolling::Rolling;
pub use row::Row;
pub use summary::Summary;
pub use to_column::ToColumn;
pub use write::WriteCsv;

use crate::{Array, Batch, Dataset, IntoBatch, Names, ToTensor};
use candle_core::{Device, Tensor};
use candle_keras_ops::{Error, Result};
use row_names::RowNames;
use std::sync::Arc;

/// A column of a [`Table`].
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Whole numbers.
    Integers(Vec<i64>),
    /// Numbers; a missing one is NaN.
    Floats(Vec<f64>),
    /// Strings; a missing one is empty.
    Strings(Vec<String>),
}

impl Column {
    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Integers(values) => values.len(),
            Self::Floats(values) => values.len(),
            Self::Strings(values) => values.len(),
        }
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its numbers in f32; `None` if it has strings.
    pub fn to_f32(&self) -> Option<Vec<f32>> {
        match self {
            Self::Integers(values) => Some(values.iter().map(|value| *value as f32).collect()),
            Self::Floats(values) => Some(values.iter().map(|value| *value as f32).collect()),
            Self::Strings(_) => None,
        }
    }

    /// Each value as text.
    pub fn to_strings(&self) -> Vec<String> {
        match self {
            Self::Integers(values) => values.iter().map(i64::to_string).collect(),
            Self::Floats(values) => values.iter().map(f64::to_string).collect(),
            Self::Strings(values) => values.clone(),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Integers(_) => Kind::Integers,
            Self::Floats(_) => Kind::Floats,
            Self::Strings(_) => Kind::Strings,
        }
    }

    pub(crate) fn take(&self, rows: &[usize]) -> Self {
        match self {
            Self::Integers(values) => Self::Integers(rows.iter().map(|row| values[*row]).collect()),
            Self::Floats(values) => Self::Floats(rows.iter().map(|row| values[*row]).collect()),
            Self::Strings(values) => Self::Strings(rows.iter().map(|row| values[*row].clone()).collect()),
        }
    }
}

/// What a column has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Integers,
    Floats,
    Strings,
}

impl Kind {
    /// A column of this kind, without rows.
    fn column(self) -> Column {
        match self {
            Self::Integers => Column::Integers(Vec::new()),
            Self::Floats => Column::Floats(Vec::new()),
            Self::Strings => Column::Strings(Vec::new()),
        }
    }
}

/// i64 for integers, f32 for other numbers, and strings.
impl ToTensor for Column {
    fn to_tensor(&self) -> Result<Tensor> {
        match self {
            Self::Integers(values) => values.to_tensor(),
            Self::Floats(values) => {
                let values: Vec<f32> = values.iter().map(|value| *value as f32).collect();
                let count = values.len();
                Ok(Tensor::from_vec(values, count, &Device::Cpu)?)
            }
            Self::Strings(values) => values.to_tensor(),
        }
    }

    fn is_text(&self) -> bool {
        matches!(self, Self::Strings(_))
    }
}

/// Named columns of the same length. pandas: `DataFrame`.
///
/// ```
/// use candle_keras_data::{ReadCsv, read_csv};
/// # let folder = tempfile::tempdir().expect("a folder");
/// # let path = folder.path().join("pets.csv");
/// # std::fs::write(&path, "kind,age,weight,adopted\ncat,2,3.5,1\ndog,7,,0\n").expect("a file");
/// let mut table = read_csv(&path, ReadCsv::new())?;
/// assert_eq!(table.names(), ["kind", "age", "weight", "adopted"]);
/// let adopted = table.pop("adopted")?;
/// let numbers = table.array(["age", "weight"])?;
/// assert_eq!((numbers.dims(), adopted.len()), (&[2, 2][..], 2));
/// // Inputs by their names, for a model of several inputs or a FeatureSpace.
/// let dataset = table.dataset(&adopted)?.batch(32);
/// # assert_eq!(dataset.iter()?.count(), 1);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Table {
    names: Vec<String>,
    columns: Vec<Column>,
    /// The numbers of its rows in the table that they were taken from, if they are not 0, 1 and so on.
    index: Option<Vec<usize>>,
    /// What is printed in the place of these numbers.
    row_names: Option<Arc<RowNames>>,
}

impl Table {
    /// Of columns.
    ///
    /// # Errors
    /// If they have different lengths, or two the same name.
    pub fn new<S: Into<String>>(columns: impl IntoIterator<Item = (S, Column)>) -> Result<Self> {
        let mut table = Self::default();
        for (name, column) in columns {
            table.push(name, column)?;
        }
        Ok(table)
    }

    /// Adds a column at the end.
    ///
    /// # Errors
    /// If it has another length than those before, or the name of one.
    pub fn push(&mut self, name: impl Into<String>, column: Column) -> Result<()> {
        let name = name.into();
        if self.names.contains(&name) {
            return Err(Error::new("a table has one column of each name").received(format!("{name:?} twice")));
        }
        if !self.columns.is_empty() && column.len() != self.rows() {
            return Err(Error::new("the columns of a table have the same length")
                .expected(format!("{} rows", self.rows()))
                .received(format!("{} in {name:?}", column.len())));
        }
        if self.columns.is_empty() {
            self.index = None;
            self.row_names = None;
        }
        self.names.push(name);
        self.columns.push(column);
        Ok(())
    }

    /// The names of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The columns.
    pub fn columns(&self) -> impl Iterator<Item = (&str, &Column)> {
        self.names.iter().map(String::as_str).zip(&self.columns)
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, Column::len)
    }

    /// A column. pandas: `table["age"]`.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn column(&self, name: &str) -> Result<&Column> {
        self.place(name).map(|place| &self.columns[place])
    }

    /// Removes a column and returns it. pandas: `table.pop("age")`.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn pop(&mut self, name: &str) -> Result<Column> {
        let place = self.place(name)?;
        self.names.remove(place);
        Ok(self.columns.remove(place))
    }

    /// The table of these columns. pandas: `table[["age", "weight"]]`.
    ///
    /// # Errors
    /// If there is none of a name.
    pub fn select<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let columns = names.into_iter().map(|name| Ok((name, self.column(name)?.clone())));
        let table = Self::new(columns.collect::<Result<Vec<_>>>()?)?;
        let is_empty = table.columns.is_empty();
        let index = self.index.clone().filter(|_| !is_empty);
        Ok(Self { index, row_names: self.row_names.clone(), ..table })
    }

    /// These rows, in this order.
    ///
    /// # Errors
    /// If there are fewer rows.
    pub fn take(&self, rows: &[usize]) -> Result<Self> {
        if let Some(row) = rows.iter().find(|row| **row >= self.rows()) {
            return Err(Error::new("there is no such row")
                .expected(format!("0..{}", self.rows()))
                .received(row.to_string()));
        }
        Ok(self.of_rows(rows))
    }

    /// Columns of numbers side by side, in f32. pandas: `table[["age", "weight"]].to_numpy("float32")`.
    ///
    /// # Shapes
    /// `(rows, columns)`
    ///
    /// # Errors
    /// If there is none of a name, or it has strings.
    pub fn array<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<Tensor> {
        let mut columns = Vec::new();
        for name in names {
            columns.push(self.column(name)?.to_f32().ok_or_else(|| {
                Error::new(format!("column {name:?} has strings"))
                    .expected("numbers")
                    .help("StringLookup turns strings into numbers, inside of the model")
            })?);
        }
        let (rows, width) = (self.rows(), columns.len());
        let numbers = (0..rows * width).map(|i| columns[i % width][i / width]).collect::<Vec<f32>>();
        Ok(Tensor::from_vec(numbers, (rows, width), &Device::Cpu)?)
    }

    /// The rows as inputs by their names, with these targets. TensorFlow: `Dataset.from_tensor_slices((dict(table), targets))`.
    ///
    /// # Errors
    /// If there are not as many targets as rows.
    pub fn dataset(&self, targets: &Column) -> Result<Dataset> {
        Dataset::from_tensor_slices(batch(&self.names, &self.columns, Some(targets))?)
    }

    /// The rows as inputs by their names, without targets.
    ///
    /// # Errors
    /// If there are no columns.
    pub fn inputs(&self) -> Result<Dataset> {
        Dataset::from_tensor_slices(batch(&self.names, &self.columns, None)?)
    }

    fn place(&self, name: &str) -> Result<usize> {
        place(&self.names, name)
    }
}

/// Where a column of this name is.
fn place(names: &[String], name: &str) -> Result<usize> {
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    names.iter().position(|other| other == name).ok_or_else(|| Error::unknown("column", name, &known))
}

/// Columns as inputs by their names.
fn batch(names: &[String], columns: &[Column], targets: Option<&Column>) -> Result<Batch> {
    let (x, text) = Array::apart(columns.iter().map(Array::new).collect::<Result<_>>()?);
    let y = targets.map(Array::new).transpose()?;
    let mut batch = y.map_or_else(|| Ok(Batch::default()), |y| ((), y).into_batch())?;
    batch.x = x;
    batch.text.x = text;
    batch.names = Names { x: Some(names.into()), ..Names::default() };
    Ok(batch)
}

/// Columns as inputs by their names, but the one at this place as the target.
fn apart(names: &[String], mut columns: Vec<Column>, target: Option<usize>) -> Result<Batch> {
    let mut names = names.to_vec();
    let target = target.map(|place| {
        names.remove(place);
        columns.remove(place)
    });
    batch(&names, &columns, target.as_ref())
}

#[cfg(test)]
mod tests;
