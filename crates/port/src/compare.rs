//! What a script and its program print, line by line.

use std::fmt;

/// A line that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The number of the line among those that are compared, from 1 on.
    pub line: usize,
    /// What the script printed; nothing if it printed less.
    pub python: Option<String>,
    /// What the program printed; nothing if it printed less.
    pub rust: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |line: &Option<String>| line.clone().unwrap_or_else(|| "(nothing)".into());
        write!(f, "line {}\n  Python: {}\n  Rust:   {}", self.line, shown(&self.python), shown(&self.rust))
    }
}

/// Numbers differ by at most this, relatively or absolutely.
const TOLERANCE: f64 = 1e-4;

/// Compares what both print: words are equal, numbers within 1e-4; returns how many lines there are, and those that differ.
///
/// Progress bars count with the numbers at their end, without times; brackets, quotes and commas do not count, since Python and Rust write
/// lists and texts in them each in its own way.
///
/// ```
/// let (lines, differences) = candle_keras_port::compare("loss: 0.25\n['a', 2.0]\n", "loss: 0.25001\n[\"a\", 2]\n");
/// assert_eq!((lines, differences.len()), (2, 0));
/// assert_eq!(candle_keras_port::compare("0.25\n", "0.26\n").1.len(), 1);
/// ```
pub fn compare(python: &str, rust: &str) -> (usize, Vec<Difference>) {
    let (python, rust) = (lines(python), lines(rust));
    let count = python.len().max(rust.len());
    let pairs = (0..count).map(|i| (i + 1, python.get(i), rust.get(i)));
    let differences = pairs
        .filter(|(_, python, rust)| !python.zip(*rust).is_some_and(|(python, rust)| are_alike(python, rust)))
        .map(|(line, python, rust)| Difference { line, python: python.cloned(), rust: rust.cloned() });
    (count, differences.collect())
}

/// The lines that count, without what does not.
fn lines(text: &str) -> Vec<String> {
    let text = without_codes(text);
    let mut lines = Vec::new();
    for line in text.lines() {
        // A progress bar is overwritten.
        let line = line.rsplit(['\r', '\u{8}']).find(|part| !part.trim().is_empty()).unwrap_or("");
        let mut words = Vec::new();
        let separated = |c: char| c.is_whitespace() || "[](){},'\"│┃".contains(c);
        for word in line.split(separated).filter(|word| !word.is_empty()) {
            let is_line = word.chars().all(|c| ('\u{2500}'..='\u{257f}').contains(&c));
            if !is_line && !is_time(word) && word != "tf.Tensor" {
                words.push(word);
            }
        }
        let line = words.join(" ");
        if !line.is_empty() && !line.starts_with("shape=") {
            lines.push(line);
        }
    }
    lines
}

/// The text without the codes of colours.
fn without_codes(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        rest = behind.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        rest = rest.strip_prefix(|c: char| c.is_ascii_alphabetic()).unwrap_or(rest);
    }
    out.push_str(rest);
    out
}

/// `12ms/step`, `3s`
fn is_time(word: &str) -> bool {
    let unit = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == ':');
    unit.len() < word.len()
        && matches!(unit, "s" | "ms" | "us" | "s/step" | "ms/step" | "us/step" | "s/epoch" | "ms/epoch" | "us/epoch")
}

fn are_alike(python: &str, rust: &str) -> bool {
    let (mut a, mut b) = (words(python), words(rust));
    loop {
        match (a.next(), b.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if a == b => {}
            (Some(a), Some(b)) => match (a.parse::<f64>(), b.parse::<f64>()) {
                (Ok(a), Ok(b)) if are_close(a, b) => {}
                _ => return false,
            },
            _ => return false,
        }
    }
}

/// Whether numbers of Python and Rust are the same, up to rounding.
pub(crate) fn are_close(python: f64, rust: f64) -> bool {
    // Of numbers with four digits the last one may be rounded otherwise.
    python == rust
        || python.is_nan() && rust.is_nan()
        || (python - rust).abs() <= TOLERANCE * 1.01 * python.abs().max(1.0) && python.is_finite()
}

/// Numbers are words of their own: `loss:0.5`, `x=3`, `5%`.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split([' ', '=', ':', '%', ';', '/']).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_count_with_their_last_numbers() {
        let python = "Epoch 1/2\n\r\u{1b}[1m1/3\u{1b}[0m ━━━ \u{1b}[1m1s\u{1b}[0m 624ms/step - loss: 0.9\u{8}\u{8}\u{8}\r\u{1b}[1m3/3\u{1b}[0m ━━━ \u{1b}[1m1s\u{1b}[0m 24ms/step - loss: 0.5000\n";
        let rust = "Epoch 1/2\n3/3 ━━━━━━ 0s 46us/step - loss: 0.5001\n";
        assert_eq!(compare(python, rust), (2, Vec::new()));
        let other = compare(python, &rust.replace("0.5001", "0.5003")).1;
        assert_eq!(other.len(), 1);
        assert_eq!(other[0].to_string(), "line 2\n  Python: 3/3 - loss: 0.5000\n  Rust:   3/3 - loss: 0.5003");
    }

    #[test]
    fn missing_lines_and_other_words_differ() {
        assert_eq!(compare("a\nb\n", "a\n").1.len(), 1);
        assert_eq!(compare("accuracy 1\n", "loss 1\n").1.len(), 1);
        assert_eq!(compare("nan\n", "NaN\n").1, Vec::new());
        assert_eq!(compare("1 2\n", "1\n").1.len(), 1);
    }

    #[test]
    fn tables_have_their_words() {
        assert_eq!(
            compare("┃ Layer ┃\n├────┼──┤\n│ dense │ 15 │\n", "┃ Layer   ┃\n├─────┤\n│ dense   │   15 │\n").1,
            Vec::new()
        );
    }
}
