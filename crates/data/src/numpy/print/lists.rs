//! Values of columns in lists, as Python prints them.

use crate::Cell;

/// A list of values that come from an array, as Python prints it: NumPy writes the types of its numbers. Python: `str(list(column.values))`.
///
/// ```
/// use candle_keras_data::{Cell, numpy};
/// assert_eq!(numpy::list_str(&[Cell::from(1), Cell::from("a")]), "[np.int64(1), 'a']");
/// ```
pub fn list_str(list: &[Cell]) -> String {
    let shown = |cell: &Cell| match cell {
        Cell::Integer(number) => format!("np.int64({number})"),
        Cell::Float(_) => format!("np.float64({cell})"),
        Cell::String(text) => quoted(text),
    };
    format!("[{}]", list.iter().map(shown).collect::<Vec<_>>().join(", "))
}

/// A string as Python quotes it.
fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let escaped = text.replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t").replace('\r', "\\r");
    let escaped = if quote == '\'' { escaped.replace('\'', "\\'") } else { escaped };
    format!("{quote}{escaped}{quote}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_those_of_python() {
        assert_eq!([quoted("it's"), quoted("a\\b"), quoted("\"'\"")], ["\"it's\"", "'a\\\\b'", "'\"\\'\"'"]);
    }
}
