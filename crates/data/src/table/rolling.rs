//! Statistics of the last so many rows, and rows that are moved. pandas: `rolling`, `shift`, `diff`.

use super::{Column, Table};
use candle_keras_ops::{Error, Result};

/// Windows of rows, each of which ends at its row, or has it in its middle.
///
/// ```
/// use candle_keras_data::Column;
/// let column = Column::Integers(vec![1, 2, 3, 6]);
/// let Column::Floats(means) = column.rolling(2).mean()? else { unreachable!() };
/// assert!(means[0].is_nan());
/// assert_eq!(means[1..], [1.5, 2.5, 4.5]);
/// assert_eq!(column.rolling(2).min_periods(1).sum()?, Column::Floats(vec![1.0, 3.0, 5.0, 9.0]));
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Rolling<T> {
    of: T,
    window: usize,
    min_periods: usize,
    center: bool,
}

impl<T> Rolling<T> {
    fn new(of: T, window: usize) -> Self {
        Self { of, window, min_periods: window, center: false }
    }

    /// How many numbers a window needs at least; those with fewer are NaN. Default: as many as it is long.
    pub fn min_periods(mut self, count: usize) -> Self {
        self.min_periods = count;
        self
    }

    /// Whether a row is in the middle of its window. Default: false.
    pub fn center(mut self, center: bool) -> Self {
        self.center = center;
        self
    }
}

/// The statistics, of a column and of each column of a table.
macro_rules! statistics {
    ($($(#[$doc:meta])* $name:ident => $function:expr;)*) => {
        impl Rolling<Column> {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// If the column has strings.
                pub fn $name(&self) -> Result<Column> {
                    self.each(stringify!($name), $function)
                }
            )*
        }

        impl Rolling<Table> {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// If a column has strings.
                pub fn $name(&self) -> Result<Table> {
                    self.columns(|column| column.$name())
                }
            )*
        }
    };
}

statistics! {
    /// The mean of each window.
    mean => |window| window.iter().sum::<f64>() / window.len() as f64;
    /// The sum of each window.
    sum => |window| window.iter().sum();
    /// The least number of each window.
    min => |window| window.iter().copied().fold(f64::NAN, f64::min);
    /// The greatest number of each window.
    max => |window| window.iter().copied().fold(f64::NAN, f64::max);
    /// The standard deviation of each window, with one degree of freedom less than it has numbers.
    std => |window| variance(window).sqrt();
    /// The variance of each window: the square of its standard deviation.
    var => variance;
    /// The number in the middle of each window.
    median => median;
}

impl Rolling<Column> {
    fn each(&self, what: &str, statistic: impl Fn(&[f64]) -> f64) -> Result<Column> {
        let numbers = self.of.numbers(what)?;
        let behind = if self.center { self.window.saturating_sub(1) / 2 } else { 0 };
        let of_row = |row: usize| {
            let end = row + 1 + behind;
            let window = &numbers[end.saturating_sub(self.window).min(numbers.len())..end.min(numbers.len())];
            let present: Vec<f64> = window.iter().copied().filter(|x| !x.is_nan()).collect();
            if present.len() < self.min_periods || present.is_empty() { f64::NAN } else { statistic(&present) }
        };
        Ok(Column::Floats((0..numbers.len()).map(of_row).collect()))
    }
}

impl Rolling<Table> {
    fn columns(&self, of: impl Fn(&Rolling<Column>) -> Result<Column>) -> Result<Table> {
        let Self { window, min_periods, center, .. } = *self;
        self.of.with_columns(|column| of(&Rolling { of: column.clone(), window, min_periods, center }))
    }
}

fn variance(window: &[f64]) -> f64 {
    let mean = window.iter().sum::<f64>() / window.len() as f64;
    let squares: f64 = window.iter().map(|x| (x - mean) * (x - mean)).sum();
    if window.len() < 2 { f64::NAN } else { squares / (window.len() - 1) as f64 }
}

fn median(window: &[f64]) -> f64 {
    let mut numbers = window.to_vec();
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    if numbers.len() % 2 == 1 { numbers[middle] } else { (numbers[middle - 1] + numbers[middle]) / 2.0 }
}

impl Column {
    /// Windows of so many rows. pandas: `column.rolling(7)`.
    pub fn rolling(&self, window: usize) -> Rolling<Self> {
        Rolling::new(self.clone(), window)
    }

    /// Its values so many rows later, or earlier if that is negative; those that are not there are missing. pandas: `column.shift(1)`.
    ///
    /// ```
    /// use candle_keras_data::Column;
    /// let column = Column::Integers(vec![3, 1, 4]);
    /// assert_eq!(column.shift(-1).iloc(..2)?, Column::Floats(vec![1.0, 4.0]));
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    #[must_use]
    pub fn shift(&self, rows: i64) -> Self {
        let from = |row: usize| {
            let row = i128::try_from(row).ok()? - i128::from(rows);
            usize::try_from(row).ok().filter(|row| *row < self.len())
        };
        let places = (0..self.len()).map(from);
        match self {
            Self::Strings(values) => {
                Self::Strings(places.map(|place| place.map_or(String::new(), |place| values[place].clone())).collect())
            }
            Self::Integers(_) if rows == 0 => self.clone(),
            Self::Integers(values) => {
                Self::Floats(places.map(|place| place.map_or(f64::NAN, |place| values[place] as f64)).collect())
            }
            Self::Floats(values) => {
                Self::Floats(places.map(|place| place.map_or(f64::NAN, |place| values[place])).collect())
            }
        }
    }

    /// What each number is more than the one so many rows before. pandas: `column.diff()` with 1.
    ///
    /// ```
    /// use candle_keras_data::Column;
    /// let column = Column::Integers(vec![3, 1, 4]);
    /// assert_eq!(column.diff(1)?.iloc(1..)?, Column::Floats(vec![-2.0, 3.0]));
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If it has strings.
    pub fn diff(&self, rows: i64) -> Result<Self> {
        self.with_before("diff", rows, |x, before| x - before)
    }

    /// By which share each number is more than the one so many rows before. pandas: `column.pct_change()` with 1.
    ///
    /// ```
    /// use candle_keras_data::Column;
    /// let column = Column::Floats(vec![2.0, 3.0]);
    /// assert_eq!(column.pct_change(1)?.iloc(1..)?, Column::Floats(vec![0.5]));
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If it has strings.
    pub fn pct_change(&self, rows: i64) -> Result<Self> {
        self.with_before("pct_change", rows, |x, before| x / before - 1.0)
    }

    fn with_before(&self, what: &str, rows: i64, of: impl Fn(f64, f64) -> f64) -> Result<Self> {
        let (numbers, before) = (self.numbers(what)?, self.shift(rows).numbers(what)?);
        Ok(Self::Floats(numbers.into_iter().zip(before).map(|(x, before)| of(x, before)).collect()))
    }
}

impl Table {
    /// Windows of so many rows, of each column. pandas: `table.rolling(7)`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let table = Table::new([("a", Column::Integers(vec![1, 2, 4]))])?;
    /// assert_eq!(*table.rolling(2).mean()?.dropna().column("a")?, Column::Floats(vec![1.5, 3.0]));
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    pub fn rolling(&self, window: usize) -> Rolling<Self> {
        Rolling::new(self.clone(), window)
    }

    /// [`Column::shift`] of all columns. pandas: `table.shift(1)`.
    #[must_use]
    pub fn shift(&self, rows: i64) -> Self {
        let columns = self.columns.iter().map(|column| column.shift(rows)).collect();
        Self { columns, ..self.clone() }
    }

    /// Other columns of as many rows, with the same names.
    fn with_columns(&self, of: impl Fn(&Column) -> Result<Column>) -> Result<Self> {
        let columns = self
            .names
            .iter()
            .zip(&self.columns)
            .map(|(name, column)| of(column).map_err(|error| Error::new(format!("column {name:?}: {error}"))));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        Ok(Self { columns, ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(column: &Column) -> String {
        column.texts().join(" ")
    }

    /// As pandas has them.
    #[test]
    fn windows_end_at_their_row_or_have_it_in_the_middle() {
        let column = Column::Floats(vec![1.0, 2.0, f64::NAN, 4.0, 8.0, 9.0]);
        assert_eq!(shown(&column.rolling(2).mean().unwrap()), " 1.5   6.0 8.5");
        assert_eq!(shown(&column.rolling(3).center(true).min_periods(2).max().unwrap()), "2.0 2.0 4.0 8.0 9.0 9.0");
        assert_eq!(shown(&column.rolling(2).center(true).sum().unwrap()), " 3.0   12.0 17.0");
        assert_eq!(shown(&column.rolling(4).min_periods(1).std().unwrap().iloc(..2).unwrap()), " 0.7071067811865476");
        assert_eq!(shown(&column.rolling(3).min_periods(1).median().unwrap()), "1.0 1.5 1.5 3.0 6.0 8.0");
    }

    #[test]
    fn rows_that_are_not_there_are_missing() {
        let column = Column::Strings(vec!["a".into(), "b".into()]);
        assert_eq!(column.shift(1).to_strings(), ["", "a"]);
        assert_eq!(column.shift(5).to_strings(), ["", ""]);
        assert_eq!(Column::Integers(vec![1, 2]).shift(0), Column::Integers(vec![1, 2]));
        assert!(column.diff(1).is_err() && column.rolling(2).mean().is_err());
    }
}
