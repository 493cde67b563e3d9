//! Comma-separated values. Python: `csv`.

use crate::{Error, Result};
use indexmap::IndexMap;

/// The rows of a text of comma-separated values. Python: `csv.reader(file)`.
///
/// ```
/// use candle_keras_data::python::tables;
/// assert_eq!(tables::rows("a,b\n1,\"2,3\"\n", ',')?, [["a", "b"], ["1", "2,3"]]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If the delimiter is not ASCII.
pub fn rows(text: &str, delimiter: char) -> Result<Vec<Vec<String>>> {
    let delimiter = u8::try_from(delimiter).ok().filter(u8::is_ascii).ok_or_else(|| {
        Error::new("a delimiter that is not ASCII").received(format!("{delimiter:?}")).expected("',', ';' or '\\t'")
    })?;
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    let rows = reader.records().map(|row| match row {
        Ok(row) => Ok(row.iter().map(str::to_string).collect()),
        Err(error) => Err(Error::new(error.to_string())),
    });
    rows.collect()
}

/// The rows of a text by the names of its first row. Python: `csv.DictReader(file)`.
///
/// ```
/// use candle_keras_data::python::tables;
/// let rows = tables::records("name,age\nAnn,31\n", ',')?;
/// assert_eq!(rows[0]["age"], "31");
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If the delimiter is not ASCII, or a row has more or fewer values than there are names.
pub fn records(text: &str, delimiter: char) -> Result<Vec<IndexMap<String, String>>> {
    let mut rows = rows(text, delimiter)?.into_iter();
    let names = rows.next().unwrap_or_default();
    let records = rows.enumerate().map(|(i, row)| match row.len() == names.len() {
        true => Ok(names.iter().cloned().zip(row).collect()),
        false => Err(Error::new(format!("row {} has not one value for each name", i + 1))
            .expected(format!("{} values", names.len()))
            .received(format!("{} values", row.len()))),
    });
    records.collect()
}

/// A line of comma-separated values: those with commas, quotes or line ends are quoted. Python: `csv.writer(file).writerow(values)`.
///
/// ```
/// use candle_keras_data::python::tables;
/// assert_eq!(tables::line(["a", "b,c", "say \"no\""]), "a,\"b,c\",\"say \"\"no\"\"\"\r\n");
/// ```
pub fn line<T: ToString>(values: impl IntoIterator<Item = T>) -> String {
    let values: Vec<_> = values.into_iter().map(|value| quoted(value.to_string())).collect();
    match &values[..] {
        // A line of nothing would be no row.
        [one] if one.is_empty() => "\"\"\r\n".into(),
        values => values.join(",") + "\r\n",
    }
}

fn quoted(value: String) -> String {
    if value.contains([',', '"', '\n', '\r']) { format!("\"{}\"", value.replace('"', "\"\"")) } else { value }
}
