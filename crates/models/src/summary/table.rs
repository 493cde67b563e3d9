//! A table of text with lines around its cells, as Keras prints it.

use crate::Result;
use candle_keras_ops::Error;
use candle_keras_ops::console::printable;

/// Where the text of a column is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Align {
    Left,
    Center,
    Right,
}

/// A table whose rows are added one by one.
pub(super) struct Table {
    /// Without the spaces beside the text.
    widths: Vec<usize>,
    aligns: Vec<Align>,
    header: Vec<Vec<String>>,
    rows: Vec<Vec<Vec<String>>>,
}

impl Table {
    /// Of this length, with columns that end at these shares of it.
    ///
    /// # Errors
    /// If a position is missing, or the columns have no room.
    pub(super) fn new(header: &[(&str, Align)], positions: &[f64], length: usize) -> Result<Self> {
        if positions.len() < header.len() {
            return Err(Error::new("a column of the summary has no position")
                .expected(format!("{} positions", header.len()))
                .received(format!("{positions:?}")));
        }
        let too_narrow = || {
            Error::new("there is no room for the columns of the summary")
                .expected("columns of at least 4 characters")
                .received(format!("a line of {length} characters, and columns that end at {positions:?}"))
        };
        let mut widths = Vec::new();
        let mut current = 0i64;
        for position in positions {
            let width = (position * length as f64) as i64 - current;
            if width < 4 {
                return Err(too_narrow());
            }
            widths.push(width as usize);
            current += width;
        }
        widths.truncate(header.len());
        // Two spaces in each column, and lines between them.
        let room = length.checked_sub(header.len() + 1).ok_or_else(too_narrow)?;
        let widths = fitted(widths.into_iter().map(|width| width + 2).collect(), room);
        let widths: Option<Vec<usize>> =
            widths.into_iter().map(|width| width.checked_sub(2).filter(|w| *w > 0)).collect();
        let widths = widths.ok_or_else(too_narrow)?;
        let aligns = header.iter().map(|(_, align)| *align).collect();
        let mut table = Self { widths, aligns, header: Vec::new(), rows: Vec::new() };
        table.header = table.wrapped(&header.iter().map(|(name, _)| (*name).to_string()).collect::<Vec<_>>());
        Ok(table)
    }

    pub(super) fn add(&mut self, cells: &[String]) {
        let row = self.wrapped(cells);
        self.rows.push(row);
    }

    fn wrapped(&self, cells: &[String]) -> Vec<Vec<String>> {
        cells.iter().zip(&self.widths).map(|(cell, &width)| wrapped(cell, width)).collect()
    }

    /// The lines of the table.
    pub(super) fn text(&self) -> String {
        let rule = |left: char, line: &str, between: char, right: char| {
            let parts: Vec<String> = self.widths.iter().map(|width| line.repeat(width + 2)).collect();
            format!("{left}{}{right}", parts.join(&between.to_string()))
        };
        let mut lines = vec![rule('┏', "━", '┳', '┓')];
        lines.extend(self.lines(&self.header, '┃', true));
        lines.push(rule('┡', "━", '╇', '┩'));
        for (i, row) in self.rows.iter().enumerate() {
            if i > 0 {
                lines.push(rule('├', "─", '┼', '┤'));
            }
            lines.extend(self.lines(row, '│', false));
        }
        lines.push(rule('└', "─", '┴', '┘'));
        lines.join("\n")
    }

    /// The lines of a row, whose cells begin at its top, or end at its bottom.
    fn lines(&self, row: &[Vec<String>], bar: char, at_bottom: bool) -> Vec<String> {
        let height = row.iter().map(Vec::len).max().unwrap_or(0);
        let line = |i: usize| {
            let cell = |((cell, &width), align): ((&Vec<String>, &usize), &Align)| {
                let above = if at_bottom { height - cell.len() } else { 0 };
                let text = i.checked_sub(above).and_then(|i| cell.get(i)).map_or("", |text| text);
                let spaces = width.saturating_sub(text.chars().count());
                let left = match align {
                    Align::Left => 0,
                    Align::Center => spaces / 2,
                    Align::Right => spaces,
                };
                format!(" {}{text}{} ", " ".repeat(left), " ".repeat(spaces - left))
            };
            let cells: Vec<String> = row.iter().zip(&self.widths).zip(&self.aligns).map(cell).collect();
            format!("{bar}{}{bar}", cells.join(&bar.to_string()))
        };
        (0..height).map(line).collect()
    }
}

/// Widths of columns that fill the room: what is too much is taken from all evenly, what is left is given by their widths.
fn fitted(mut widths: Vec<usize>, room: usize) -> Vec<usize> {
    let total: usize = widths.iter().sum();
    let mut columns = widths.len();
    if total > room {
        let mut excess = total - room;
        for width in &mut widths {
            let taken = ((excess as f64 / columns as f64).round_ties_even() as usize).min(*width);
            (*width, excess, columns) = (*width - taken, excess - taken, columns - 1);
        }
    } else {
        let (mut left, mut weight) = (room - total, total);
        for width in &mut widths {
            let given = (*width * left).div_ceil(weight.max(1));
            (weight, left) = (weight - *width, left - given);
            *width += given;
        }
    }
    widths
}

/// Wraps the text to lines of at most `width`, at spaces; a longer word is truncated with an ellipsis.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    printable(text).replace('\t', " ").split('\n').flat_map(|line| wrapped_line(line, width)).collect()
}

fn wrapped_line(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut length = 0;
    for (i, word) in words(text).into_iter().enumerate() {
        let (whole, alone) = (word.chars().count(), word.trim_end().chars().count());
        let is_too_long = alone > width;
        if width.saturating_sub(length) >= alone && length <= width {
            length += whole;
        } else if is_too_long || length > 0 {
            if i > 0 {
                lines.push(String::new());
            }
            length = whole;
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(word);
        }
    }
    lines.iter().map(|line| truncated(line.trim_end(), width)).collect()
}

/// The words of a text, each with the spaces behind it, the first one with those before it.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.trim_start().is_empty() {
        let start = rest.len() - rest.trim_start().len();
        let end = rest[start..].find(char::is_whitespace).map_or(rest.len(), |end| start + end);
        let end = end + rest[end..].len() - rest[end..].trim_start().len();
        words.push(&rest[..end]);
        rest = &rest[end..];
    }
    words
}

fn truncated(line: &str, width: usize) -> String {
    match line.chars().count() > width {
        true => line.chars().take(width - 1).chain(['…']).collect(),
        false => line.into(),
    }
}
