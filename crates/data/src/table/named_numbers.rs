//! A number about each column of a table. pandas: a `Series` whose index has the names of columns.

use super::print::{series, shown};
use super::{Cell, Column, Table};
use candle_core::Tensor;
use candle_keras_ops::{Error, Result};
use std::fmt;

/// A number about each column of a [`Table`], such as [`Table::mean`]. pandas: `Series`.
///
/// ```
/// use candle_keras_data::{Column, Table};
/// let table = Table::new([("age", Column::Integers(vec![3, 5])), ("weight", Column::Floats(vec![2.5, 4.0]))])?;
/// let means = table.mean()?;
/// assert_eq!(means.to_string(), "age       4.00\nweight    3.25\ndtype: float64");
/// let scaled = table.sub(&means)?.div(&table.std()?)?;
/// # assert_eq!(scaled.column("age")?.sum()?, 0.0);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct NamedNumbers {
    names: Vec<String>,
    numbers: Column,
    /// What they are, if that is known.
    title: Option<String>,
}

impl NamedNumbers {
    pub(super) fn new(names: Vec<String>, numbers: Column) -> Self {
        Self { names, numbers, title: None }
    }

    pub(super) fn titled(self, title: &str) -> Self {
        Self { title: Some(title.into()), ..self }
    }

    /// The names of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The number about a column. pandas: `means["age"]`.
    ///
    /// # Errors
    /// If there is no such column.
    pub fn get(&self, name: &str) -> Result<Cell> {
        super::place(&self.names, name).map(|place| self.numbers.cell(place))
    }

    /// All numbers: int64 if all are integers, else float64. pandas: `means.values`.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn values(&self) -> Result<Tensor> {
        self.numbers.values()
    }

    /// Their sum. pandas: `table.isnull().sum().sum()`.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn sum(&self) -> Result<f64> {
        self.numbers.sum()
    }
}

/// As pandas prints it.
impl fmt::Display for NamedNumbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dtype = self.numbers.dtype_name();
        let title = self.title.as_ref().map_or(String::new(), |title| format!("Name: {title}, "));
        f.write_str(&series(&self.names, &shown(&self.numbers), &format!("{title}dtype: {dtype}")))
    }
}

impl Table {
    /// The mean of each column without missing numbers. pandas: `table.mean()`.
    ///
    /// # Errors
    /// If a column has strings.
    pub fn mean(&self) -> Result<NamedNumbers> {
        self.of_each(Column::mean)
    }

    /// The standard deviation of each column as that of a sample, without missing numbers. pandas: `table.std()`.
    ///
    /// # Errors
    /// If a column has strings.
    pub fn std(&self) -> Result<NamedNumbers> {
        self.of_each(Column::std)
    }

    fn of_each(&self, of: fn(&Column) -> Result<f64>) -> Result<NamedNumbers> {
        let numbers = self.columns.iter().map(of).collect::<Result<_>>()?;
        Ok(NamedNumbers::new(self.names.clone(), Column::Floats(numbers)))
    }

    /// How many values of each column are missing. pandas: `table.isnull().sum()`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let table = Table::new([("a", Column::Floats(vec![1.0, f64::NAN])), ("b", Column::Integers(vec![1, 2]))])?;
    /// assert_eq!(table.count_missing().to_string(), "a    1\nb    0\ndtype: int64");
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    pub fn count_missing(&self) -> NamedNumbers {
        let count = |column: &Column| (0..column.len()).filter(|&row| column.is_missing(row)).count() as i64;
        NamedNumbers::new(self.names.clone(), Column::Integers(self.columns.iter().map(count).collect()))
    }

    /// Each column less the number about it. pandas: `table - means`.
    ///
    /// # Errors
    /// If the numbers are not about these columns in this order, or a column has strings.
    pub fn sub(&self, numbers: &NamedNumbers) -> Result<Self> {
        self.with_each(numbers, |x, number| x - number)
    }

    /// Each column divided by the number about it. pandas: `table / deviations`.
    ///
    /// # Errors
    /// If the numbers are not about these columns in this order, or a column has strings.
    pub fn div(&self, numbers: &NamedNumbers) -> Result<Self> {
        self.with_each(numbers, |x, number| x / number)
    }

    fn with_each(&self, numbers: &NamedNumbers, of: fn(f64, f64) -> f64) -> Result<Self> {
        if self.names != numbers.names {
            return Err(Error::new("the numbers are not about the columns of this table")
                .expected(format!("{:?}", self.names))
                .received(format!("{:?}", numbers.names))
                .help("Table::select and Summary::pop leave columns out"));
        }
        let numbers = numbers.numbers.numbers("a calculation")?;
        let column = |(column, number): (&Column, f64)| {
            let values = column.numbers("a calculation")?;
            Ok(Column::Floats(values.into_iter().map(|x| of(x, number)).collect()))
        };
        let columns = self.columns.iter().zip(numbers).map(column).collect::<Result<_>>()?;
        Ok(Self { columns, ..self.clone() })
    }
}
