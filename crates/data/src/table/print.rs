//! Tables as text. pandas: `DataFrame.to_string`.

use super::{Column, Table};
use std::fmt;

/// How many rows are shown of a longer table: pandas' `display.max_rows`, and `display.min_rows` of it.
const MOST_ROWS: usize = 60;
const FEW_ROWS: usize = 10;

/// As pandas prints it, with all columns in one line.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rows() == 0 || self.names.is_empty() {
            let names = self.names.join(", ");
            return write!(f, "Empty DataFrame\nColumns: [{names}]\nIndex: []");
        }
        let is_cut = self.rows() > MOST_ROWS;
        let table = match is_cut {
            true => {
                let half = FEW_ROWS / 2;
                &self.of_rows(&(0..half).chain(self.rows() - half..self.rows()).collect::<Vec<_>>())
            }
            false => self,
        };
        let mut index: Vec<String> = table.index().iter().map(usize::to_string).collect();
        let mut columns: Vec<Vec<String>> = table.columns.iter().map(shown).collect();
        let width = |texts: &[String]| texts.iter().map(|text| text.chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> =
            columns.iter().zip(&self.names).map(|(texts, name)| width(texts).max(name.chars().count())).collect();
        let first = width(&index);
        if is_cut {
            // A narrow column has two points, where its space in front counts.
            let points = |width: usize| if width > 3 { "..." } else { ".." }.to_string();
            index.insert(FEW_ROWS / 2, points(first));
            columns.iter_mut().zip(&widths).for_each(|(texts, width)| texts.insert(FEW_ROWS / 2, points(width + 1)));
        }
        let first = width(&index);
        let widths: Vec<usize> = columns.iter().zip(widths).map(|(texts, least)| width(texts).max(least)).collect();
        write!(f, "{:first$}", "")?;
        for (name, width) in self.names.iter().zip(&widths) {
            write!(f, "  {name:>width$}")?;
        }
        for (row, number) in index.iter().enumerate() {
            write!(f, "\n{number:<first$}")?;
            for (texts, width) in columns.iter().zip(&widths) {
                write!(f, "  {:>width$}", texts[row])?;
            }
        }
        if is_cut {
            write!(f, "\n\n[{} rows x {} columns]", self.rows(), self.names.len())?;
        }
        Ok(())
    }
}

/// The values of a column; numbers with fractions have the same number of digits behind the point, at most six.
fn shown(column: &Column) -> Vec<String> {
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
