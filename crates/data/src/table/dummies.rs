//! Categories as columns of 0 and 1. pandas: `get_dummies`.

use super::{Column, Table};
use candle_keras_ops::Result;

/// The arguments of [`Table::get_dummies`], with the names of pandas.
#[derive(Debug, Clone)]
#[must_use]
pub struct GetDummies {
    columns: Option<Vec<String>>,
    drop_first: bool,
    prefix: Option<String>,
    prefix_sep: String,
}

impl Default for GetDummies {
    fn default() -> Self {
        Self { columns: None, drop_first: false, prefix: None, prefix_sep: "_".into() }
    }
}

impl GetDummies {
    /// pandas' defaults: the columns of strings, and a column for each of their values.
    pub fn new() -> Self {
        Self::default()
    }

    /// The columns of categories. Default: those of strings.
    pub fn columns<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.columns = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Whether the first value of each column has no column. Default: false.
    pub fn drop_first(mut self, drop_first: bool) -> Self {
        self.drop_first = drop_first;
        self
    }

    /// What the new names begin with. Default: the name of the column.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }

    /// What is between the prefix and the value. Default: `"_"`.
    pub fn prefix_sep(mut self, sep: impl Into<String>) -> Self {
        self.prefix_sep = sep.into();
        self
    }
}

impl Table {
    /// A column of 0 and 1 for each value of a column of categories, in rising order and behind the other columns; a missing value is 0 in
    /// each. pandas: `get_dummies(table, dtype=int)`.
    ///
    /// ```
    /// use candle_keras_data::{Column, GetDummies, Table};
    /// let pets = Column::Strings(vec!["dog".into(), "cat".into()]);
    /// let table = Table::new([("pet", pets), ("age", Column::Integers(vec![2, 7]))])?;
    /// let table = table.get_dummies(GetDummies::new())?;
    /// assert_eq!(table.names(), ["age", "pet_cat", "pet_dog"]);
    /// assert_eq!(*table.column("pet_cat")?, Column::Integers(vec![0, 1]));
    /// # let pets = Table::new([("pet", Column::Strings(vec!["dog".into()]))])?;
    /// assert_eq!(pets.get_dummies(GetDummies::new().prefix("is").prefix_sep(" "))?.names(), ["is dog"]);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no column of a name, or two columns would have the same one.
    pub fn get_dummies(&self, arguments: GetDummies) -> Result<Self> {
        let of_strings = || self.columns().filter(|(_, column)| matches!(column, Column::Strings(_)));
        let encoded = match arguments.columns {
            Some(names) => names,
            None => of_strings().map(|(name, _)| name.to_string()).collect(),
        };
        let mut table = self.drop(encoded.iter().map(String::as_str))?;
        for name in encoded {
            for (value, dummy) in dummies(self.column(&name)?, arguments.drop_first) {
                let prefix = arguments.prefix.as_ref().unwrap_or(&name);
                table.push(format!("{prefix}{}{value}", arguments.prefix_sep), dummy)?;
            }
        }
        Ok(Self { index: self.index.clone(), row_names: self.row_names.clone(), ..table })
    }
}

impl Column {
    /// A column of 0 and 1 for each value, with its name. pandas: `get_dummies(column, dtype=int)`.
    ///
    /// # Errors
    /// If two values have the same text.
    pub fn get_dummies(&self) -> Result<Table> {
        Table::new(dummies(self, false))
    }
}

fn dummies(column: &Column, drop_first: bool) -> Vec<(String, Column)> {
    let mut rows: Vec<usize> = (0..column.len()).filter(|&row| !column.is_missing(row)).collect();
    rows.sort_by(|&a, &b| column.sorted(a, b));
    rows.dedup_by(|b, a| column.sorted(*a, *b).is_eq());
    let dummy = |row: usize| {
        let is = (0..column.len()).map(|other| i64::from(column.sorted(row, other).is_eq()));
        (column.cell(row).to_string(), Column::Integers(is.collect()))
    };
    rows.into_iter().skip(usize::from(drop_first)).map(dummy).collect()
}
