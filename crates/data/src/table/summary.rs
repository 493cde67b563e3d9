//! Numbers about the columns of a table. pandas: `DataFrame.describe`, `DataFrame.corr`.

use super::print::{Shown, frame, shown};
use super::{Column, NamedNumbers, Table};
use crate::numpy::percentile;
use candle_core::{Device, Tensor};
use candle_keras_ops::{Error, Result};
use std::fmt;

/// What [`Table::describe`] says of a column.
const DESCRIBED: [&str; 8] = ["count", "mean", "std", "min", "25%", "50%", "75%", "max"];

/// Columns of numbers whose rows have names: what [`Table::describe`] and [`Table::corr`] return. pandas: `DataFrame`.
///
/// ```
/// use candle_keras_data::{Column, Table};
/// let table = Table::new([("age", Column::Integers(vec![3, 5])), ("weight", Column::Floats(vec![2.5, 4.0]))])?;
/// let stats = table.describe()?.transpose();
/// assert_eq!(stats.select(["mean", "min"])?.to_string(), "        mean  min\nage     4.00  3.0\nweight  3.25  2.5");
/// // As a training set is normalized, and other data with the same numbers.
/// let normed = table.sub(&stats.column("mean")?)?.div(&stats.column("std")?)?;
/// # assert_eq!(normed.rows(), 2);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    labels: Vec<String>,
    table: Table,
}

impl Summary {
    /// The names of the rows.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The names of the columns.
    pub fn names(&self) -> &[String] {
        self.table.names()
    }

    /// The numbers of a column, by the names of the rows. pandas: `stats["mean"]`.
    ///
    /// # Errors
    /// If there is no such column.
    pub fn column(&self, name: &str) -> Result<NamedNumbers> {
        Ok(NamedNumbers::new(self.labels.clone(), self.table.column(name)?.clone()).titled(name))
    }

    /// The numbers of a row, by the names of the columns. pandas: `stats.loc["mean"]`.
    ///
    /// # Errors
    /// If there is no such row.
    pub fn row(&self, label: &str) -> Result<NamedNumbers> {
        self.transpose().column(label)
    }

    /// Removes a column and returns it. pandas: `stats.pop("mean")`.
    ///
    /// # Errors
    /// If there is no such column.
    pub fn pop(&mut self, name: &str) -> Result<NamedNumbers> {
        Ok(NamedNumbers::new(self.labels.clone(), self.table.pop(name)?).titled(name))
    }

    /// These columns. pandas: `stats[["mean", "std"]]`.
    ///
    /// # Errors
    /// If there is none of a name.
    pub fn select<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        Ok(Self { labels: self.labels.clone(), table: self.table.select(names)? })
    }

    /// Rows as columns. pandas: `stats.transpose()`, `stats.T`.
    #[must_use]
    pub fn transpose(&self) -> Self {
        let row = |place: usize| {
            let numbers = self.table.columns.iter().map(|column| column.cell(place).as_f64().unwrap_or(f64::NAN));
            Column::Floats(numbers.collect())
        };
        let columns = (0..self.labels.len()).map(row).collect();
        Self {
            labels: self.table.names.clone(),
            table: Table { names: self.labels.clone(), columns, index: None, row_names: None },
        }
    }

    /// All numbers, as float64. pandas: `stats.values`.
    ///
    /// # Shapes
    /// `(rows, columns)`
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn values(&self) -> Result<Tensor> {
        self.table.values()
    }
}

/// As pandas prints it.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns: Vec<Shown> = self.table.columns.iter().map(shown).collect();
        f.write_str(&frame(&self.labels, self.table.names(), &columns, (self.labels.len(), None)))
    }
}

impl Table {
    /// How many numbers each column of numbers has, their mean, deviation and quartiles, without the missing ones. pandas:
    /// `table.describe()`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let table = Table::new([("a", Column::Integers(vec![1, 2, 3, 10])), ("b", Column::Floats(vec![0.5, f64::NAN, 2.0, 3.25]))])?;
    /// let text = table.describe()?.to_string();
    /// assert!(text.starts_with("               a         b\ncount   4.000000  3.000000\nmean    4.000000  1.916667\n"));
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If no column has numbers.
    pub fn describe(&self) -> Result<Summary> {
        let of_numbers = self.columns().filter(|(_, column)| !matches!(column, Column::Strings(_)));
        let columns = of_numbers.map(|(name, column)| Ok((name, Column::Floats(described(column)?))));
        let table = Table::new(columns.collect::<Result<Vec<_>>>()?)?;
        if table.names.is_empty() {
            return Err(
                Error::new("describe needs a column of numbers").received(format!("the columns {:?}", self.names))
            );
        }
        Ok(Summary { labels: DESCRIBED.map(String::from).to_vec(), table })
    }

    /// How much each two columns go together: Pearson's correlation, of the rows that have both numbers. pandas: `table.corr()`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let table = Table::new([("a", Column::Integers(vec![1, 2, 3])), ("b", Column::Integers(vec![4, 2, 0]))])?;
    /// assert_eq!(table.corr()?.to_string(), "     a    b\na  1.0 -1.0\nb -1.0  1.0");
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If a column has strings.
    pub fn corr(&self) -> Result<Summary> {
        let columns = self.columns.iter().map(|column| column.numbers("corr")).collect::<Result<Vec<_>>>()?;
        let with = |a: &Vec<f64>| Column::Floats(columns.iter().map(|b| correlation(a, b)).collect());
        let table = Table {
            names: self.names.clone(),
            columns: columns.iter().map(with).collect(),
            index: None,
            row_names: None,
        };
        Ok(Summary { labels: self.names.clone(), table })
    }
}

fn described(column: &Column) -> Result<Vec<f64>> {
    let mut present = column.numbers("describe")?;
    present.retain(|x| !x.is_nan());
    let quartiles = match present.is_empty() {
        true => vec![f64::NAN; 3],
        false => percentile(&Tensor::new(&present[..], &Device::Cpu)?, [25.0, 50.0, 75.0], ())?.to_vec1::<f64>()?,
    };
    let ends = (column.min()?, column.max()?);
    let first = [present.len() as f64, column.mean()?, column.std()?, ends.0];
    Ok(first.into_iter().chain(quartiles).chain([ends.1]).collect())
}

/// NaN of numbers that are all the same.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    // One pass, with means that are known so far, as in pandas.
    let (mut count, mut mean, mut squares, mut products) = (0.0, (0.0, 0.0), (0.0, 0.0), 0.0);
    for (a, b) in a.iter().zip(b).filter(|(a, b)| !a.is_nan() && !b.is_nan()) {
        count += 1.0;
        let (from_a, from_b) = (a - mean.0, b - mean.1);
        mean.0 += from_a / count;
        mean.1 += from_b / count;
        squares.0 += (a - mean.0) * from_a;
        squares.1 += (b - mean.1) * from_b;
        products += from_a * (b - mean.1);
    }
    let size: f64 = (squares.0 * squares.1).sqrt();
    if size == 0.0 { f64::NAN } else { (products / size).clamp(-1.0, 1.0) }
}
