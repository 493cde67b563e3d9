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
/// lists and texts in them each in its own way, and neither do types before a value, as in `np.float64(0.5)`.
///
/// ```
/// let (lines, differences) = candle_keras_port::compare("loss: 0.25\n['a', 2.0]\n", "loss: 0.25001\n[\"a\", 2]\n");
/// assert_eq!((lines, differences.len()), (2, 0));
/// assert_eq!(candle_keras_port::compare("[np.float64(0.25)]\n", "[0.25]\n").1.len(), 0);
/// assert_eq!(candle_keras_port::compare("0.25\n", "0.26\n").1.len(), 1);
/// ```
pub fn compare(python: &str, rust: &str) -> (usize, Vec<Difference>) {
    let (python, rust) = (lines(python), lines(rust));
    let (mut of_python, mut of_rust) = (&python[..], &rust[..]);
    let (mut count, mut differences) = (0, Vec::new());
    while !(of_python.is_empty() && of_rust.is_empty()) {
        count += 1;
        let is_same = matches!((of_python, of_rust), ([a, ..], [b, ..]) if are_alike(a, b));
        let (from_python, from_rust) = if is_same { (1, 1) } else { next(of_python, of_rust) };
        if !is_same {
            let first = |lines: &[String], taken: usize| lines.first().filter(|_| taken > 0).cloned();
            let (python, rust) = (first(of_python, from_python), first(of_rust, from_rust));
            differences.push(Difference { line: count, python, rust });
        }
        (of_python, of_rust) = (&of_python[from_python..], &of_rust[from_rust..]);
    }
    (count, differences)
}

/// How far a line of one program alone is searched for, until both are the same again.
const AHEAD: usize = 8;

/// How many lines of each make a difference: one of both, or one of the program that prints a line more.
fn next(python: &[String], rust: &[String]) -> (usize, usize) {
    let ([first, ..], [other, ..]) = (python, rust) else { return (python.len().min(1), rust.len().min(1)) };
    let is_changed = matches!((python.get(1), rust.get(1)), (Some(a), Some(b)) if are_alike(a, b));
    let comes =
        |lines: &[String], is_it: &dyn Fn(&str) -> bool| lines.iter().take(AHEAD).skip(1).position(|line| is_it(line));
    let more = comes(python, &|line| are_alike(line, other));
    let fewer = comes(rust, &|line| are_alike(first, line));
    match (is_changed, more, fewer) {
        (false, Some(more), fewer) if fewer.is_none_or(|fewer| more <= fewer) => (1, 0),
        (false, _, Some(_)) => (0, 1),
        _ => (1, 1),
    }
}

/// The lines that count, without what does not.
fn lines(text: &str) -> Vec<String> {
    let text = without_codes(text);
    let mut lines = Vec::new();
    for line in text.lines() {
        // A progress bar is overwritten.
        let line = line.rsplit(['\r', '\u{8}']).find(|part| !part.trim().is_empty()).unwrap_or("");
        let line = without_type(line);
        let mut words = Vec::new();
        let separated = |c: char| c.is_whitespace() || "[](){},'\"│┃".contains(c);
        for word in line.split(separated).filter(|word| !word.is_empty()) {
            let is_line = word.chars().all(|c| ('\u{2500}'..='\u{257f}').contains(&c));
            if !is_line && !is_time(word) && !is_type(word) {
                words.push(word);
            }
        }
        let line = words.join(" ");
        if !line.is_empty() {
            lines.push(line);
        }
    }
    lines
}

/// What TensorFlow and NumPy 2 write before a value: `tf.Tensor(...)`, `np.float64(0.5)`.
fn is_type(word: &str) -> bool {
    let of_numpy = |name: &str| {
        let kind = name.trim_end_matches(|c: char| c.is_ascii_digit());
        ["float", "int", "uint", "str_"].contains(&kind)
    };
    word == "tf.Tensor" || word.strip_prefix("np.").is_some_and(of_numpy)
}

/// The line without what TensorFlow writes behind the numbers of a tensor: `, shape=(3,), dtype=float32)`.
fn without_type(line: &str) -> String {
    let Some((before, rest)) = line.split_once(" shape=(") else { return line.into() };
    match rest.split_once("), dtype=") {
        Some((_, behind)) => {
            let behind = behind.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
            format!("{}{}", before.trim_end_matches(','), without_type(behind))
        }
        None => line.into(),
    }
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

/// `12ms/step`, `3s`, `1:05` and `0:01:05` of a bar that takes long
fn is_time(word: &str) -> bool {
    let unit = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == ':');
    let is_clock = unit.is_empty() && word.contains(':') && word.split(':').skip(1).all(|part| part.len() == 2);
    is_clock
        || unit.len() < word.len()
            && matches!(
                unit,
                "s" | "ms" | "us" | "s/step" | "ms/step" | "us/step" | "s/epoch" | "ms/epoch" | "us/epoch"
            )
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
    fn times_do_not_count() {
        let bar = |times: &str| format!("5/5 - {times} - loss: 0.25\n");
        assert_eq!(compare(&bar("1s - 200ms/step"), &bar("0s - 31us/step")).1, Vec::new());
        assert_eq!(compare(&bar("1:05 13s/step"), &bar("0s 2ms/step")).1, Vec::new());
        assert_eq!(compare("3 items\n", "4 items\n").1.len(), 1);
        // These are no times.
        assert_eq!(compare("ratio 3:1\n", "ratio 4:1\n").1.len(), 1);
    }

    #[test]
    fn numbers_are_compared_in_any_notation() {
        for (python, rust) in [
            ("1e-05 2.5e+16 -0.0", "0.00001 25000000000000000 0"),
            ("inf -inf nan", "inf -inf NaN"),
            ("[1.0, 2.0]", "[1, 2]"),
            ("1234.5678", "1234.6"),
            ("0.49999999", "0.5"),
            ("12.5%", "12.5001%"),
            ("val_loss=0.5;lr=1e-3", "val_loss=0.50005;lr=0.001"),
        ] {
            assert_eq!(compare(python, rust).1, Vec::new(), "{python}");
        }
        for (python, rust) in [
            ("inf", "1e300"),
            ("1e300", "inf"),
            ("inf", "-inf"),
            ("nan", "0"),
            ("0.001", "0.0012"),
            ("1.0", "1.0 2.0"),
            ("1e-3", "e-3"),
            ("accuracy", "accurac"),
        ] {
            assert_eq!(compare(python, rust).1.len(), 1, "{python}");
        }
    }

    #[test]
    fn tensors_have_their_numbers() {
        let numbers = "[[0.5 1.]\n [2.  3.]]\n";
        assert_eq!(
            compare("tf.Tensor(\n[[0.5 1. ]\n [2.  3. ]], shape=(2, 2), dtype=float32)\n", numbers).1,
            Vec::new()
        );
        assert_eq!(
            compare("x: tf.Tensor([1. 2.], shape=(2,), dtype=float32) y: 3\n", "x: [1. 2.] y: 3\n").1,
            Vec::new()
        );
        assert_eq!(compare("loss tf.Tensor(0.5, shape=(), dtype=float32)\n", "loss 0.5\n").1, Vec::new());
        // What a script says of a shape counts.
        assert_eq!(compare("shape=(2, 3)\n", "shape=(2, 4)\n").1.len(), 1);
    }

    /// The folder of a run is in neither: both run in the folder of the script.
    #[test]
    fn words_and_paths_count() {
        assert_eq!(compare("saved to out/model.keras\n", "saved to out/model.keras\n").1, Vec::new());
        assert_eq!(compare("saved to a.keras\n", "saved to b.keras\n").1.len(), 1);
        assert_eq!(compare("\n\na\n", "a\n\n").1, Vec::new());
        // A line more is one difference.
        let one = compare("a\nb\nc\n", "a\nx\nb\nc\n").1;
        assert_eq!((one.len(), one[0].line, one[0].rust.as_deref(), &one[0].python), (1, 2, Some("x"), &None));
        assert_eq!(compare("a\nx\ny\nb\nc\n", "a\nb\nc\n").1.len(), 2);
        assert_eq!(compare("a\nx\nb\n", "a\ny\nb\n").1.len(), 1);
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
