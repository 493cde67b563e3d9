//! How good word vectors are: similarities beside those that people gave, and analogies.
//!
//! Scores are those of gensim's `evaluate_word_pairs` and `evaluate_word_analogies`, so that they can be compared with published ones.

mod analogies;
mod correlation;
mod pairs;
mod questions;
mod section_scores;

pub use pairs::PairScores;
pub use section_scores::{AnalogyScores, SectionScore};

use crate::{KeyedVectors, Objective, Words};
use candle_keras_ops::{Error, Result};
use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// How [`KeyedVectors::evaluate_word_pairs`] and [`KeyedVectors::evaluate_word_analogies`] score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvaluationOptions {
    restrict_vocab: usize,
    case_insensitive: bool,
    dummy4unknown: bool,
    delimiter: Option<char>,
    objective: Objective,
}

impl Default for EvaluationOptions {
    fn default() -> Self {
        Self {
            restrict_vocab: 300_000,
            case_insensitive: true,
            dummy4unknown: false,
            delimiter: None,
            objective: Objective::CosAdd,
        }
    }
}

impl EvaluationOptions {
    /// gensim's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many words count as known, the first ones, default 300,000. Fewer words give higher scores of analogies.
    pub fn restrict_vocab(mut self, words: usize) -> Self {
        self.restrict_vocab = words;
        self
    }

    /// Whether upper and lower case are the same, default true. The first of the words that differ in case alone is taken, which is the
    /// most frequent one in most sets.
    pub fn case_insensitive(mut self, case_insensitive: bool) -> Self {
        self.case_insensitive = case_insensitive;
        self
    }

    /// Whether a pair with an unknown word has similarity 0, and a question with one a wrong answer, default false: they are skipped.
    pub fn dummy4unknown(mut self, dummy4unknown: bool) -> Self {
        self.dummy4unknown = dummy4unknown;
        self
    }

    /// What is between the columns of a file of pairs. Default: a tab in the lines that have one; else a semicolon, a comma, or space.
    pub fn delimiter(mut self, delimiter: char) -> Self {
        self.delimiter = Some(delimiter);
        self
    }

    /// How analogies are solved, default [`Objective::CosAdd`], the only way that gensim has.
    pub fn objective(mut self, objective: Objective) -> Self {
        self.objective = objective;
        self
    }

    /// A word in the form in which it is compared with others.
    fn folded<'a>(&self, word: &'a str) -> Cow<'a, str> {
        if self.case_insensitive { word.to_uppercase().into() } else { word.into() }
    }
}

/// The words that count as known, and the row of each.
struct Known {
    words: Words,
    rows: Vec<usize>,
}

impl Known {
    fn of(vectors: &KeyedVectors, options: &EvaluationOptions) -> Self {
        let mut known = Self { words: Words::new(), rows: Vec::new() };
        for (row, word) in vectors.words().iter().take(options.restrict_vocab).enumerate() {
            if known.words.push(&options.folded(word)).is_some() {
                known.rows.push(row);
            }
        }
        known
    }

    /// The row of a word that is folded already.
    fn row(&self, word: &str) -> Option<usize> {
        self.words.get(word).map(|number| self.rows[number as usize])
    }
}

/// Calls `f` with each line of a file and its number, from 1; with what comes of an error, the error names the line.
fn for_each_line(path: &Path, mut f: impl FnMut(usize, &str) -> Result<()>) -> Result<()> {
    let file = File::open(path).map_err(|error| Error::io(path, error))?;
    let (mut reader, mut line) = (BufReader::new(file), String::new());
    for number in 1.. {
        line.clear();
        match reader.read_line(&mut line) {
            Ok(0) => break,
            Ok(_) => f(number, line.strip_prefix('\u{feff}').unwrap_or(&line))?,
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                return Err(Error::new(format!("{}, line {number} is not UTF-8 text", path.display())));
            }
            Err(error) => return Err(Error::io(path, error)),
        }
    }
    Ok(())
}

/// A line that cannot be read; the line is quoted, but not all of a long one.
fn bad_line(path: &Path, number: usize, expected: &str, line: &str) -> Error {
    let mut start: String = line.trim_end().chars().take(80).collect();
    if start.len() < line.trim_end().len() {
        start.push_str(" ...");
    }
    Error::new(format!("{}, line {number}", path.display())).expected(expected).received(format!("{start:?}"))
}

/// As a percentage; "-" when `of` is 0.
fn percent(part: usize, of: usize) -> String {
    if of == 0 { "-".into() } else { format!("{:.1} %", 100.0 * part as f64 / of as f64) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{Device, Tensor};

    /// Vectors of words in the plane, each given by its angle in degrees.
    pub(super) fn angles(words: &[(&str, f64)]) -> KeyedVectors {
        let rows =
            words.iter().flat_map(|(_, angle)| [angle.to_radians().cos() as f32, angle.to_radians().sin() as f32]);
        let table = Tensor::from_vec(rows.collect::<Vec<_>>(), (words.len(), 2), &Device::Cpu).unwrap();
        KeyedVectors::new(words.iter().map(|(word, _)| word), &table).unwrap()
    }

    pub(super) fn file(text: impl AsRef<[u8]>) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn the_first_word_of_several_cases_counts() {
        let vectors = angles(&[("king", 0.0), ("King", 10.0), ("straße", 20.0), ("late", 30.0)]);
        let options = EvaluationOptions::new().restrict_vocab(3);
        let known = Known::of(&vectors, &options);
        let row = |word: &str| known.row(&options.folded(word));
        assert_eq!([row("KING"), row("King"), row("STRASSE"), row("late")], [Some(0), Some(0), Some(2), None]);
        let options = options.case_insensitive(false);
        let known = Known::of(&vectors, &options);
        assert_eq!([known.row("king"), known.row("King"), known.row("KING")], [Some(0), Some(1), None]);
    }

    #[test]
    fn lines_that_cannot_be_read_are_named() {
        let path = Path::new("a.txt");
        let long = bad_line(path, 7, "four words", &"ä".repeat(100)).to_string();
        assert!(long.starts_with("a.txt, line 7\n  expected: four words") && long.ends_with("ä ...\""), "{long}");
        let binary = file(b"one\n\xff\xfe\n");
        let error = for_each_line(binary.path(), |_, _| Ok(())).unwrap_err().to_string();
        assert!(error.ends_with("line 2 is not UTF-8 text"), "{error}");
        assert!(matches!(for_each_line(Path::new("/no/such/file"), |_, _| Ok(())), Err(Error::Io { .. })));
    }
}
