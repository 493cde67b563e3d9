//! Rows that have names: a column of the file that is the index of the table. pandas: `read_csv(path, index_col="date")`.

use super::{Column, Table};
use candle_keras_ops::{Error, Result};
use std::sync::Arc;

/// The names of the rows of the table that was read, by their numbers.
#[derive(Debug, Clone)]
pub(super) struct RowNames {
    column: String,
    names: Vec<String>,
}

impl RowNames {
    /// The name of the column.
    pub(super) fn of(&self) -> &str {
        &self.column
    }

    /// The name of the row of this number.
    pub(super) fn name(&self, number: usize) -> &str {
        self.names.get(number).map_or("", String::as_str)
    }
}

impl Table {
    /// With a column as the names of its rows, which are printed in the place of their numbers; parts of the table keep them. pandas:
    /// `table.set_index("date")`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let days = Column::Strings(vec!["Mon".into(), "Tue".into()]);
    /// let table = Table::new([("day", days), ("sales", Column::Integers(vec![3, 14]))])?.set_index("day")?;
    /// assert_eq!(table.tail(1).to_string(), "     sales\nday       \nTue     14");
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is none of this name, or no other column.
    pub fn set_index(&self, name: &str) -> Result<Self> {
        let column = self.column(name)?;
        if self.columns.len() == 1 {
            return Err(Error::new("a table of names of rows alone").help("it needs another column"));
        }
        // As pandas calls a column without a name.
        let shown = if name.starts_with("Unnamed: ") { "" } else { name };
        let names = RowNames { column: shown.into(), names: column.texts() };
        Ok(Self { index: None, row_names: Some(Arc::new(names)), ..self.drop([name])? })
    }

    /// As [`set_index`](Self::set_index), of the column at a place. pandas: `read_csv(path, index_col=0)`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let table = Table::new([("day", Column::Integers(vec![7, 8])), ("sales", Column::Integers(vec![3, 14]))])?;
    /// assert_eq!(table.set_index_at(0)?.names(), ["sales"]);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there are fewer columns, or no other column.
    pub fn set_index_at(&self, place: usize) -> Result<Self> {
        self.column_at(place)?;
        self.set_index(&self.names[place])
    }

    /// What stands before each row.
    pub(super) fn row_texts(&self) -> Vec<String> {
        let text = |number: &usize| match &self.row_names {
            Some(names) => names.name(*number).to_string(),
            None => number.to_string(),
        };
        self.index().iter().map(text).collect()
    }

    /// An error if the rows have names, by which they are found in Python.
    pub(super) fn check_numbered(&self) -> Result<()> {
        match &self.row_names {
            None => Ok(()),
            Some(names) => Err(Error::new(format!("the rows have names, those of {:?}", names.of()))
                .help("row(i) and iloc take rows by their places; reset_index numbers them from 0 on")),
        }
    }

    /// As [`set_index`](Self::set_index), of a column of dates. pandas: `read_csv(path, index_col="date", parse_dates=True)`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let days = Column::Strings(vec!["2014-04-01".into(), "2014-04-02".into()]);
    /// let table = Table::new([("day", days), ("sales", Column::Integers(vec![3, 14]))])?;
    /// assert!(table.set_index_of_dates("day")?.to_string().contains("2014-04-02     14"));
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// As there, and if not all are dates as `2014-04-01`, or dates and times as `2014-04-01 00:05:00`.
    pub fn set_index_of_dates(&self, name: &str) -> Result<Self> {
        let column = self.column(name)?;
        let not_a_date = |text: &str| {
            Error::new(format!("column {name:?} has something else than dates"))
                .expected("2014-04-01 or 2014-04-01 00:05:00")
                .received(format!("{text:?}"))
        };
        let Column::Strings(texts) = column else { return Err(not_a_date(&column.texts().concat())) };
        let is_day = |text: &str| is_like(text, "0000-00-00");
        if let Some(text) = texts.iter().find(|text| !is_day(text) && !is_like(text, "0000-00-00 00:00:00")) {
            return Err(not_a_date(text));
        }
        // As pandas prints them: without times if all are midnight, else all with times.
        let days_alone = texts.iter().all(|text| is_day(text) || text.ends_with(" 00:00:00"));
        let shown = |text: &String| match (days_alone, is_day(text)) {
            (true, _) => text[..10].to_string(),
            (false, true) => format!("{text} 00:00:00"),
            (false, false) => text.clone(),
        };
        let mut table = self.clone();
        table.set(name, &Column::Strings(texts.iter().map(shown).collect()))?;
        table.set_index(name)
    }
}

/// Whether a text has digits where the pattern has them, and else its characters.
fn is_like(text: &str, pattern: &str) -> bool {
    text.len() == pattern.len()
        && text
            .bytes()
            .zip(pattern.bytes())
            .all(|(own, like)| if like == b'0' { own.is_ascii_digit() } else { own == like })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As pandas prints them.
    #[test]
    fn rows_have_their_names_in_parts_of_the_table() {
        let times = ["2014-04-01 00:00:00", "2014-04-01 00:05:00", "2014-04-01 00:10:00"].map(String::from);
        let values = Column::Floats(vec![18.32, 21.97, 18.62]);
        let table = Table::new([("timestamp", Column::Strings(times.to_vec())), ("value", values)]).unwrap();
        let table = table.set_index_of_dates("timestamp").unwrap();
        let expected = "                     value\ntimestamp                 \n2014-04-01 00:00:00  18.32\n2014-04-01 00:05:00  21.97";
        assert_eq!(table.head(2).to_string(), expected);
        let last = "2014-04-01 00:10:00  18.62";
        assert_eq!(table.iloc(2.., ..).unwrap().to_string().lines().last(), Some(last));
        assert!(table.at(0, "value").is_err());
        assert!(table.reset_index().to_string().starts_with("   value\n0"));
    }

    #[test]
    fn a_column_without_a_name_is_an_index_without_one() {
        let numbers = ("Unnamed: 0", Column::Integers(vec![4, 15]));
        let table = Table::new([numbers, ("a", Column::Integers(vec![5, 6]))]).unwrap();
        assert_eq!(table.set_index_at(0).unwrap().to_string(), "    a\n4   5\n15  6");
    }

    #[test]
    fn what_is_no_date_is_an_error() {
        let table = |text: &str| {
            Table::new([("d", Column::Strings(vec![text.into()])), ("a", Column::Integers(vec![1]))]).unwrap()
        };
        assert!(table("2014-04-01 00:00:00").set_index_of_dates("d").unwrap().to_string().ends_with("\n2014-04-01  1"));
        assert!(table("1 April").set_index_of_dates("d").unwrap_err().to_string().contains("1 April"));
    }
}
