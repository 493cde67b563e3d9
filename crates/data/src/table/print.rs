//! Tables as text. pandas: `DataFrame.to_string`.

use super::{Cell, Column, Table};
use std::fmt;

/// How many rows are shown of a longer table: pandas' `display.max_rows`, and `display.min_rows` of it.
const MOST_ROWS: usize = 60;
const FEW_ROWS: usize = 10;

/// How wide a table is at most: pandas takes the width of the terminal, which is this where there is none.
const WIDTH: usize = 80;

/// As pandas prints it where there is no terminal, such as into a file.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rows() == 0 || self.names.is_empty() {
            let names = self.names.join(", ");
            return write!(f, "Empty DataFrame\nColumns: [{names}]\nIndex: []");
        }
        let is_cut = self.rows() > MOST_ROWS;
        let half = FEW_ROWS / 2;
        let table = match is_cut {
            true => &self.of_rows(&(0..half).chain(self.rows() - half..self.rows()).collect::<Vec<_>>()),
            false => self,
        };
        let mut index: Vec<String> = table.row_texts();
        let mut columns: Vec<Shown> = table.columns.iter().map(shown).collect();
        let mut cut = is_cut.then_some(half);
        // Below the names of the columns is a line with that of the index.
        if let Some(names) = self.row_names.as_ref().filter(|names| !names.of().is_empty()) {
            index.insert(0, names.of().into());
            columns.iter_mut().for_each(|column| column.texts.insert(0, String::new()));
            cut = cut.map(|half| half + 1);
        }
        f.write_str(&frame(&index, &self.names, &columns, (self.rows(), cut)))
    }
}

/// A table of texts, with the number of all its rows, and where rows are left out.
pub(super) fn frame(
    index: &[String],
    names: &[String],
    columns: &[Shown],
    (rows, cut): (usize, Option<usize>),
) -> String {
    let lines = |name: String, texts: &[String], is_index: bool| {
        let mut lines: Vec<String> = [name].into_iter().chain(texts.iter().cloned()).collect();
        let most = width(&lines);
        if let Some(place) = cut {
            // A narrow column has two points.
            lines.insert(place + 1, if most > 3 { "..." } else { ".." }.into());
        }
        let aligned = |text: &String| if is_index { format!("{text:<most$}") } else { format!("{text:>most$}") };
        lines.iter().map(aligned).collect::<Vec<_>>()
    };
    let mut parts = vec![lines(String::new(), index, true)];
    for (name, column) in names.iter().zip(columns) {
        // The names of numbers have the space of their sign as well.
        let sign = if column.is_number { " " } else { "" };
        parts.push(lines(format!("{sign}{name}"), &column.texts, false));
    }
    let fitting = columns_that_fit(&parts.iter().map(|part| width(part)).collect::<Vec<_>>());
    let is_narrow = fitting < names.len();
    if is_narrow {
        let half = fitting / 2;
        parts.splice(half + 1..parts.len() - half, [vec![" ...".to_string(); parts[0].len()]]);
    }
    let line = |line: usize| parts.iter().map(|part| part[line].as_str()).collect::<Vec<_>>().join(" ");
    let mut text = (0..parts[0].len()).map(line).collect::<Vec<_>>().join("\n");
    if is_narrow || cut.is_some() {
        text.push_str(&format!("\n\n[{rows} rows x {} columns]", names.len()));
    }
    text
}

fn width(texts: &[String]) -> usize {
    texts.iter().map(|text| text.chars().count()).max().unwrap_or(0)
}

/// How many columns are shown, of these sizes with the index before: those in the middle are left out until the others fit.
fn columns_that_fit(sizes: &[usize]) -> usize {
    let columns = sizes.len() - 1;
    let excess = (sizes.iter().sum::<usize>() + columns) as i64 - WIDTH as i64;
    let (mut sizes, mut excess) = (sizes.to_vec(), excess + 1);
    while excess > 0 && sizes.len() > 1 {
        // As Python rounds, halves to even.
        let middle = (sizes.len() as f64 / 2.0).round_ties_even() as usize;
        excess -= sizes.remove(middle) as i64 + 1;
    }
    (sizes.len() - 1).max(2).min(columns)
}

/// Values with names, and what is below them. pandas: `Series.to_string`.
pub(super) fn series(names: &[String], column: &Shown, footer: &str) -> String {
    let (names_width, texts_width) = (width(names), width(&column.texts));
    let line = |(name, text): (&String, &String)| format!("{name:<names_width$}   {text:>texts_width$}");
    let lines: Vec<String> = names.iter().zip(&column.texts).map(line).collect();
    format!("{}\n{footer}", lines.join("\n"))
}

/// The values of a column as they are printed: with a space in the place of the sign.
pub(super) struct Shown {
    texts: Vec<String>,
    is_number: bool,
}

pub(super) fn shown(column: &Column) -> Shown {
    let is_number = !matches!(column, Column::Strings(_));
    let with_sign = |text: String| if is_number && text.starts_with('-') { text } else { format!(" {text}") };
    Shown { texts: values(column).into_iter().map(with_sign).collect(), is_number }
}

/// Values of several kinds.
pub(super) fn objects(cells: &[Cell]) -> Shown {
    let text = |cell: &Cell| match cell {
        Cell::Float(number) if number.is_finite() => {
            let text = format!("{number:.6}");
            let text = text.trim_end_matches('0');
            // At least one digit is behind the point.
            if text.ends_with('.') { format!("{text}0") } else { text.into() }
        }
        Cell::Float(number) if number.is_nan() => "NaN".into(),
        Cell::String(text) if text.is_empty() => "NaN".into(),
        cell => cell.to_string(),
    };
    let with_sign = |text: String, cell: &Cell| match cell {
        Cell::Float(_) if text.starts_with('-') => text,
        _ => format!(" {text}"),
    };
    Shown { texts: cells.iter().map(|cell| with_sign(text(cell), cell)).collect(), is_number: false }
}

impl Column {
    /// What pandas calls the dtype.
    pub(super) fn dtype_name(&self) -> &'static str {
        match self {
            Self::Integers(_) => "int64",
            Self::Floats(_) => "float64",
            Self::Strings(_) => "str",
        }
    }
}

/// The values of a column; numbers with fractions have the same number of digits behind the point, at most six.
fn values(column: &Column) -> Vec<String> {
    let Column::Floats(values) = column else {
        return column.texts().into_iter().map(|text| if text.is_empty() { "NaN".into() } else { text }).collect();
    };
    let present: Vec<f64> = values.iter().copied().filter(|x| x.is_finite()).collect();
    let digits = |x: &f64| {
        let text = format!("{x:.6}");
        text.trim_end_matches('0').split_once('.').map_or(0, |(_, digits)| digits.len())
    };
    let count = present.iter().map(digits).max().unwrap_or(1).max(1);
    // Numbers that are too long, or too small for six digits, are written with their power of 10.
    let is_long = present.iter().any(|x| format!(" {:.count$}", x.abs()).len() > 12);
    let is_scientific =
        present.iter().any(|x| *x != 0.0 && x.abs() < 1e-6) || (is_long && present.iter().any(|x| x.abs() > 1e6));
    let text = |x: &f64| match x {
        x if x.is_nan() => "NaN".to_string(),
        x if x.is_infinite() => x.to_string(),
        x if is_scientific => {
            let text = format!("{x:.6e}");
            match text.split_once('e') {
                Some((digits, power)) if power.starts_with('-') => format!("{digits}e-{:0>2}", &power[1..]),
                Some((digits, power)) => format!("{digits}e+{power:0>2}"),
                None => text,
            }
        }
        x => format!("{x:.count$}"),
    };
    values.iter().map(text).collect()
}
