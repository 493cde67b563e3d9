//! Tables one below the other, or side by side. pandas: `concat`.

use super::{Cell, Column, Table};
use candle_keras_ops::{Error, Result};

impl Table {
    /// The rows of tables with the same columns, one table below the other. pandas: `pd.concat(tables)`;
    /// with `ignore_index=True`, [`reset_index`](Self::reset_index) behind it.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let table = |age| Table::new([("age", Column::Integers(vec![age]))]);
    /// assert_eq!(Table::concat_rows([&table(3)?, &table(5)?])?.column("age")?.sum()?, 8.0);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no table, or they have other columns.
    pub fn concat_rows<'a>(tables: impl IntoIterator<Item = &'a Self>) -> Result<Self> {
        let tables: Vec<&Self> = tables.into_iter().collect();
        let first = tables.first().ok_or_else(|| Error::new("there are no tables"))?;
        tables.iter().try_for_each(|table| table.check_numbered())?;
        if let Some(other) = tables.iter().find(|table| table.names() != first.names()) {
            return Err(Error::new("tables that are put together have the same columns")
                .expected(format!("{:?}", first.names()))
                .received(format!("{:?}", other.names())));
        }
        let column = |name: &String| -> Result<(String, Column)> {
            let parts = tables.iter().map(|table| table.column(name)).collect::<Result<Vec<_>>>()?;
            Ok((name.clone(), joined(&parts)))
        };
        let table = Self::new(first.names().iter().map(column).collect::<Result<Vec<_>>>()?)?;
        Ok(Self { index: Some(tables.iter().flat_map(|table| table.index()).collect()), ..table })
    }

    /// The columns of tables of as many rows, side by side. pandas: `pd.concat(tables, axis=1)`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let table = |name| Table::new([(name, Column::Integers(vec![1, 2]))]);
    /// assert_eq!(Table::concat_columns([&table("a")?, &table("b")?])?.names(), ["a", "b"]);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If their rows have other numbers, or two columns one name.
    pub fn concat_columns<'a>(tables: impl IntoIterator<Item = &'a Self>) -> Result<Self> {
        let tables: Vec<&Self> = tables.into_iter().collect();
        let first = tables.first().ok_or_else(|| Error::new("there are no tables"))?;
        tables.iter().try_for_each(|table| table.check_numbered())?;
        if tables.iter().any(|table| table.index() != first.index()) {
            return Err(Error::new("one of the tables has other rows").help("reset_index numbers them from 0 on"));
        }
        let columns = tables.iter().flat_map(|table| table.columns());
        let table = Self::new(columns.map(|(name, column)| (name.to_string(), column.clone())))?;
        Ok(Self { index: first.index.clone(), ..table })
    }
}

impl Column {
    /// The values of columns one behind the other. pandas: `pd.concat([a, b])`.
    ///
    /// ```
    /// use candle_keras_data::Column;
    /// let both = Column::concat([&Column::Integers(vec![1]), &Column::Floats(vec![0.5])])?;
    /// assert_eq!(both, Column::Floats(vec![1.0, 0.5]));
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there are no columns, or they have numbers and strings.
    pub fn concat<'a>(columns: impl IntoIterator<Item = &'a Self>) -> Result<Self> {
        let columns: Vec<&Self> = columns.into_iter().collect();
        let of_strings = columns.iter().filter(|column| matches!(column, Self::Strings(_))).count();
        match (columns.len(), of_strings) {
            (0, _) => Err(Error::new("there are no columns")),
            (all, some) if some > 0 && some < all => {
                Err(Error::new("columns that are put together are all of one kind").received("numbers and strings"))
            }
            _ => Ok(joined(&columns)),
        }
    }
}

/// The narrowest column that has the values of all.
fn joined(parts: &[&Column]) -> Column {
    if parts.iter().any(|part| matches!(part, Column::Strings(_))) {
        return Column::Strings(parts.iter().flat_map(|part| part.to_strings()).collect());
    }
    let cells = || parts.iter().flat_map(|part| part.cells());
    let integer = |cell: Cell| match cell {
        Cell::Integer(number) => Some(number),
        _ => None,
    };
    match cells().map(integer).collect() {
        Some(integers) => Column::Integers(integers),
        None => Column::Floats(cells().filter_map(|cell| cell.as_f64()).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_take_the_widest_kind() {
        let table = |column: Column| Table::new([("a", column)]).unwrap();
        let (integers, floats) = (table(Column::Integers(vec![1])), table(Column::Floats(vec![0.5])));
        let strings = table(Column::Strings(vec!["x".into()]));
        let all = |tables: [&Table; 2]| Table::concat_rows(tables).unwrap().column("a").unwrap().clone();
        assert_eq!(all([&integers, &integers]), Column::Integers(vec![1, 1]));
        assert_eq!(all([&integers, &floats]), Column::Floats(vec![1.0, 0.5]));
        assert_eq!(all([&integers, &strings]), Column::Strings(vec!["1".into(), "x".into()]));
        assert_eq!(Table::concat_rows([&integers, &floats]).unwrap().index(), [0, 0]);
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let table = |name: &str, rows: usize| Table::new([(name, Column::Integers(vec![1; rows]))]).unwrap();
        let of_rows = Table::concat_rows([&table("a", 1), &table("b", 1)]);
        assert!(of_rows.unwrap_err().to_string().contains("same columns"));
        assert!(Table::concat_columns([&table("a", 1), &table("b", 2)]).is_err());
        let rows = table("a", 3);
        let of_columns = Table::concat_columns([&rows.take(&[0, 1]).unwrap(), &table("b", 2).take(&[1, 0]).unwrap()]);
        assert!(of_columns.unwrap_err().to_string().contains("other rows"));
        assert!(Table::concat_rows([]).is_err());
    }
}
