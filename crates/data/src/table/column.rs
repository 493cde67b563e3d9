//! What pandas does with one column: `Series`.

use super::cell::python_float;
use super::{Cell, Column, Table};
use candle_core::{Device, Tensor};
use candle_keras_ops::{Error, Result};
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::ops::{Bound, RangeBounds};

impl Column {
    /// Its numbers: int64 of integers, else float64. pandas: `column.values`.
    ///
    /// ```
    /// use candle_keras_data::Column;
    /// assert_eq!(Column::Integers(vec![3, 1]).values()?.to_vec1::<i64>()?, [3, 1]);
    /// assert_eq!(Column::Floats(vec![0.1]).values()?.to_vec1::<f64>()?, [0.1]);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If it has strings.
    pub fn values(&self) -> Result<Tensor> {
        match self {
            Self::Integers(values) => Ok(Tensor::new(&values[..], &Device::Cpu)?),
            Self::Floats(values) => Ok(Tensor::new(&values[..], &Device::Cpu)?),
            Self::Strings(_) => Err(self.no_numbers("values")),
        }
    }

    /// Each value. Python: `for value in column`.
    ///
    /// ```
    /// use candle_keras_data::{Cell, Column};
    /// let ages: Vec<Cell> = Column::Integers(vec![3, 7]).cells().collect();
    /// assert_eq!(format!("{ages:?}"), "[3, 7]");
    /// ```
    pub fn cells(&self) -> impl DoubleEndedIterator<Item = Cell> + ExactSizeIterator {
        (0..self.len()).map(|row| self.cell(row))
    }

    /// The value of a row by its place. pandas: `column.iloc[0]`.
    ///
    /// ```
    /// use candle_keras_data::Column;
    /// assert_eq!(Column::Integers(vec![3, 7]).get(1)?, 7);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there are fewer rows.
    pub fn get(&self, row: usize) -> Result<Cell> {
        let error =
            || Error::new("there is no such row").expected(format!("0..{}", self.len())).received(row.to_string());
        if row < self.len() { Ok(self.cell(row)) } else { Err(error()) }
    }

    pub(crate) fn cell(&self, row: usize) -> Cell {
        match self {
            Self::Integers(values) => Cell::Integer(values[row]),
            Self::Floats(values) => Cell::Float(values[row]),
            Self::Strings(values) => Cell::String(values[row].clone()),
        }
    }

    /// Its numbers; `None` if it has strings.
    pub(crate) fn to_f64(&self) -> Option<Vec<f64>> {
        match self {
            Self::Integers(values) => Some(values.iter().map(|value| *value as f64).collect()),
            Self::Floats(values) => Some(values.clone()),
            Self::Strings(_) => None,
        }
    }

    pub(crate) fn numbers(&self, what: &str) -> Result<Vec<f64>> {
        self.to_f64().ok_or_else(|| self.no_numbers(what))
    }

    fn no_numbers(&self, what: &str) -> Error {
        Error::new(format!("{what} needs a column of numbers")).expected("numbers").received(match self {
            Self::Strings(values) if !values.is_empty() => format!("strings: {:?} and others", values[0]),
            _ => "strings".into(),
        })
    }

    /// Whether a value is missing: NaN, or an empty string.
    pub(super) fn is_missing(&self, row: usize) -> bool {
        match self {
            Self::Integers(_) => false,
            Self::Floats(values) => values[row].is_nan(),
            Self::Strings(values) => values[row].is_empty(),
        }
    }

    /// These rows of it. pandas: `column.iloc[2:5]`.
    ///
    /// ```
    /// use candle_keras_data::Column;
    /// let column = Column::Integers(vec![3, 1, 4]);
    /// assert_eq!(column.iloc(1..)?, Column::Integers(vec![1, 4]));
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the range is not valid.
    pub fn iloc(&self, rows: impl RangeBounds<usize>) -> Result<Self> {
        Ok(self.take(&places(rows, self.len(), "rows")?))
    }

    /// The rows for which the mask is not 0. pandas: `column[mask]`.
    ///
    /// ```
    /// use candle_keras_data::Column;
    /// let column = Column::Integers(vec![3, 1, 4]);
    /// assert_eq!(column.filter(&column.greater(2)?)?, Column::Integers(vec![3, 4]));
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the mask has not one element for each row.
    pub fn filter(&self, mask: &Tensor) -> Result<Self> {
        Ok(self.take(&rows_of(mask, self.len())?))
    }

    /// With this number in place of each missing one. pandas: `column.fillna(0)`.
    ///
    /// ```
    /// use candle_keras_data::Column;
    /// assert_eq!(Column::Floats(vec![1.5, f64::NAN]).fillna(0), Column::Floats(vec![1.5, 0.0]));
    /// ```
    #[must_use]
    pub fn fillna(&self, value: impl Into<Cell>) -> Self {
        match (self, value.into()) {
            (Self::Floats(values), value) => {
                let value = value.as_f64().unwrap_or(f64::NAN);
                Self::Floats(values.iter().map(|x| if x.is_nan() { value } else { *x }).collect())
            }
            (Self::Strings(values), Cell::String(value)) => {
                Self::Strings(values.iter().map(|x| if x.is_empty() { value.clone() } else { x.clone() }).collect())
            }
            _ => self.clone(),
        }
    }

    /// What stands for each value in the pairs; what is in none of them is missing. pandas: `column.map({"no": 0, "yes": 1})`.
    ///
    /// ```
    /// use candle_keras_data::Column;
    /// let column = Column::Strings(vec!["yes".into(), "no".into()]);
    /// assert_eq!(column.map([("no", 0), ("yes", 1)])?, Column::Integers(vec![1, 0]));
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the values of the pairs are both numbers and strings.
    pub fn map<K: Into<Cell>, V: Into<Cell>>(&self, pairs: impl IntoIterator<Item = (K, V)>) -> Result<Self> {
        let pairs: HashMap<Cell, Cell> = pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        let is_text = pairs.values().any(|value| matches!(value, Cell::String(_)));
        let missing = || if is_text { Cell::String(String::new()) } else { Cell::Float(f64::NAN) };
        let found = |cell: Cell| pairs.get(&cell).cloned().unwrap_or_else(missing);
        Self::of_cells(self.cells().map(found).collect())
    }

    /// 1 where the value is this one, else 0. pandas: `column == value`.
    ///
    /// ```
    /// use candle_keras_data::Column;
    /// let column = Column::Strings(vec!["cat".into(), "dog".into()]);
    /// assert_eq!(column.equal("cat")?.to_vec1::<u8>()?, [1, 0]);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn equal(&self, value: impl Into<Cell>) -> Result<Tensor> {
        let value = value.into();
        self.mask(|cell| compared(&cell, &value) == Some(Ordering::Equal))
    }

    /// 1 where the value is another than this one, else 0. pandas: `column != value`.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn not_equal(&self, value: impl Into<Cell>) -> Result<Tensor> {
        let value = value.into();
        self.mask(|cell| compared(&cell, &value) != Some(Ordering::Equal))
    }

    /// 1 where the value is less, else 0; a missing number never is. pandas: `column < value`.
    ///
    /// # Errors
    /// If one is a string and the other a number.
    pub fn less(&self, value: impl Into<Cell>) -> Result<Tensor> {
        self.ordered(value.into(), Ordering::is_lt)
    }

    /// 1 where the value is at most this one, else 0; a missing number never is. pandas: `column <= value`.
    ///
    /// # Errors
    /// If one is a string and the other a number.
    pub fn less_equal(&self, value: impl Into<Cell>) -> Result<Tensor> {
        self.ordered(value.into(), Ordering::is_le)
    }

    /// 1 where the value is greater, else 0; a missing number never is. pandas: `column > value`.
    ///
    /// # Errors
    /// If one is a string and the other a number.
    pub fn greater(&self, value: impl Into<Cell>) -> Result<Tensor> {
        self.ordered(value.into(), Ordering::is_gt)
    }

    /// 1 where the value is at least this one, else 0; a missing number never is. pandas: `column >= value`.
    ///
    /// # Errors
    /// If one is a string and the other a number.
    pub fn greater_equal(&self, value: impl Into<Cell>) -> Result<Tensor> {
        self.ordered(value.into(), Ordering::is_ge)
    }

    fn ordered(&self, value: Cell, is: impl Fn(Ordering) -> bool) -> Result<Tensor> {
        if matches!(self, Self::Strings(_)) != matches!(value, Cell::String(_)) {
            return Err(Error::new("a column is compared with a value of another kind")
                .expected(if value.as_f64().is_some() { "a column of numbers" } else { "a column of strings" })
                .received(format!("a value {}", value.described())));
        }
        self.mask(|cell| compared(&cell, &value).is_some_and(&is))
    }

    /// 1 where the value is one of these, else 0. pandas: `column.isin(values)`.
    ///
    /// ```
    /// use candle_keras_data::Column;
    /// let column = Column::Integers(vec![3, 1, 4]);
    /// assert_eq!(column.isin([4, 3])?.to_vec1::<u8>()?, [1, 0, 1]);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn isin<C: Into<Cell>>(&self, values: impl IntoIterator<Item = C>) -> Result<Tensor> {
        let values: HashSet<Cell> = values.into_iter().map(Into::into).collect();
        self.mask(|cell| values.contains(&cell))
    }

    fn mask(&self, is: impl Fn(Cell) -> bool) -> Result<Tensor> {
        Ok(Tensor::from_iter(self.cells().map(|cell| u8::from(is(cell))), &Device::Cpu)?)
    }

    /// 1 where the value is missing, else 0: NaN, or an empty string. pandas: `column.isnull()`, `column.isna()`.
    ///
    /// ```
    /// use candle_keras_data::Column;
    /// let column = Column::Floats(vec![0.5, f64::NAN]);
    /// assert_eq!(column.isnull()?.to_vec1::<u8>()?, [0, 1]);
    /// assert_eq!(column.notnull()?.to_vec1::<u8>()?, [1, 0]);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn isnull(&self) -> Result<Tensor> {
        Ok(Tensor::from_iter((0..self.len()).map(|row| u8::from(self.is_missing(row))), &Device::Cpu)?)
    }

    /// 0 where the value is missing, else 1. pandas: `column.notnull()`, `column.notna()`.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn notnull(&self) -> Result<Tensor> {
        Ok(Tensor::from_iter((0..self.len()).map(|row| u8::from(!self.is_missing(row))), &Device::Cpu)?)
    }

    /// The different values in the order in which they occur first. pandas: `column.unique()`.
    ///
    /// ```
    /// use candle_keras_data::Column;
    /// assert_eq!(Column::Integers(vec![3, 1, 3]).unique(), Column::Integers(vec![3, 1]));
    /// ```
    #[must_use]
    pub fn unique(&self) -> Self {
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by(|&a, &b| self.sorted(a, b));
        // The sort is stable: the first of those that are alike is the first row.
        order.dedup_by(|b, a| self.sorted(*a, *b).is_eq());
        order.sort_unstable();
        self.take(&order)
    }

    /// How many different values it has; a missing one does not count. pandas: `column.nunique()`.
    pub fn nunique(&self) -> usize {
        let unique = self.unique();
        (0..unique.len()).filter(|&row| !unique.is_missing(row)).count()
    }

    /// The order of two rows by their values; missing numbers are the last.
    pub(crate) fn sorted(&self, a: usize, b: usize) -> Ordering {
        match self {
            Self::Integers(values) => values[a].cmp(&values[b]),
            Self::Floats(values) => {
                values[a].partial_cmp(&values[b]).unwrap_or_else(|| values[a].is_nan().cmp(&values[b].is_nan()))
            }
            Self::Strings(values) => values[a].cmp(&values[b]),
        }
    }

    /// The different values and how often they occur, the most frequent first: columns `value` and `count`. A missing value does not
    /// count. pandas: `column.value_counts()`.
    ///
    /// ```
    /// use candle_keras_data::Column;
    /// let counts = Column::Integers(vec![3, 1, 1]).value_counts()?;
    /// assert_eq!(*counts.column("value")?, Column::Integers(vec![1, 3]));
    /// assert_eq!(*counts.column("count")?, Column::Integers(vec![2, 1]));
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn value_counts(&self) -> Result<Table> {
        let mut order: Vec<usize> = (0..self.len()).filter(|&row| !self.is_missing(row)).collect();
        order.sort_by(|&a, &b| self.sorted(a, b));
        let mut groups: Vec<(usize, i64)> = Vec::new();
        for row in order {
            match groups.last_mut() {
                Some((first, count)) if self.sorted(*first, row).is_eq() => *count += 1,
                _ => groups.push((row, 1)),
            }
        }
        groups.sort_by_key(|&(first, count)| (std::cmp::Reverse(count), first));
        let (rows, counts): (Vec<usize>, Vec<i64>) = groups.into_iter().unzip();
        Table::new([("value", self.take(&rows)), ("count", Self::Integers(counts))])
    }

    /// The sum of its numbers without the missing ones. pandas: `column.sum()`.
    ///
    /// # Errors
    /// If it has strings.
    pub fn sum(&self) -> Result<f64> {
        Ok(self.present("sum")?.iter().fold(0.0, |sum, x| sum + x))
    }

    /// The mean of its numbers without the missing ones; NaN of none. pandas: `column.mean()`.
    ///
    /// ```
    /// use candle_keras_data::Column;
    /// assert_eq!(Column::Floats(vec![1.0, f64::NAN, 4.0]).mean()?, 2.5);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If it has strings.
    pub fn mean(&self) -> Result<f64> {
        let numbers = self.present("mean")?;
        Ok(numbers.iter().sum::<f64>() / numbers.len() as f64)
    }

    /// The standard deviation of a sample, with one degree of freedom less than there are numbers. pandas: `column.std()`.
    ///
    /// ```
    /// use candle_keras_data::Column;
    /// assert_eq!(Column::Integers(vec![1, 2, 3, 4, 5]).std()?, 1.5811388300841898);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If it has strings.
    pub fn std(&self) -> Result<f64> {
        Ok(self.var()?.sqrt())
    }

    /// The variance of a sample: the square of [`std`](Self::std). pandas: `column.var()`.
    ///
    /// # Errors
    /// If it has strings.
    pub fn var(&self) -> Result<f64> {
        let numbers = self.present("var")?;
        let mean = self.mean()?;
        let squares: f64 = numbers.iter().map(|x| (x - mean) * (x - mean)).sum();
        Ok(if numbers.len() < 2 { f64::NAN } else { squares / (numbers.len() - 1) as f64 })
    }

    /// The least of its numbers; NaN of none. pandas: `column.min()`.
    ///
    /// # Errors
    /// If it has strings.
    pub fn min(&self) -> Result<f64> {
        Ok(self.present("min")?.into_iter().fold(f64::NAN, f64::min))
    }

    /// The greatest of its numbers; NaN of none. pandas: `column.max()`.
    ///
    /// # Errors
    /// If it has strings.
    pub fn max(&self) -> Result<f64> {
        Ok(self.present("max")?.into_iter().fold(f64::NAN, f64::max))
    }

    /// The number in the middle, or the mean of the two there; NaN of none. pandas: `column.median()`.
    ///
    /// # Errors
    /// If it has strings.
    pub fn median(&self) -> Result<f64> {
        let mut numbers = self.present("median")?;
        numbers.sort_by(f64::total_cmp);
        Ok(match (numbers.len() / 2, numbers.len() % 2) {
            (0, 0) => f64::NAN,
            (middle, 1) => numbers[middle],
            (middle, _) => (numbers[middle - 1] + numbers[middle]) / 2.0,
        })
    }

    /// Its numbers without the missing ones.
    fn present(&self, what: &str) -> Result<Vec<f64>> {
        let mut numbers = self.numbers(what)?;
        numbers.retain(|x| !x.is_nan());
        Ok(numbers)
    }

    /// Each value as Python writes it; a missing one is empty.
    pub(super) fn texts(&self) -> Vec<String> {
        match self {
            Self::Floats(values) => {
                values.iter().map(|x| if x.is_nan() { String::new() } else { python_float(*x) }).collect()
            }
            column => column.to_strings(),
        }
    }
}

/// The order of two values; none of a string and a number, or of NaN.
pub(crate) fn compared(a: &Cell, b: &Cell) -> Option<Ordering> {
    match (a, b) {
        (Cell::String(a), Cell::String(b)) => Some(a.cmp(b)),
        (Cell::Integer(a), Cell::Integer(b)) => Some(a.cmp(b)),
        (a, b) => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

/// The places of a range among so many. Ends beyond the last one are cut, as in Python.
pub(super) fn places(range: impl RangeBounds<usize>, count: usize, what: &str) -> Result<Vec<usize>> {
    let start = match range.start_bound() {
        Bound::Included(&start) => start,
        Bound::Excluded(&start) => start.saturating_add(1),
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(&end) => end.saturating_add(1),
        Bound::Excluded(&end) => end,
        Bound::Unbounded => count,
    };
    if start > end {
        return Err(Error::new(format!("the range of {what} ends before its start"))
            .expected(format!("an end from {start} on"))
            .received(end.to_string()));
    }
    Ok((start.min(count)..end.min(count)).collect())
}

/// The rows for which a mask is not 0.
pub(super) fn rows_of(mask: &Tensor, rows: usize) -> Result<Vec<usize>> {
    if mask.dims() != [rows] {
        return Err(Error::new("a mask needs an element for each row")
            .expected(format!("a mask of shape [{rows}]"))
            .received(format!("{:?}", mask.dims())));
    }
    Ok(crate::numpy::flatnonzero(mask)?.to_vec1::<i64>()?.into_iter().map(|row| row as usize).collect())
}
