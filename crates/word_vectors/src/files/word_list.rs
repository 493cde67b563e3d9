//! Words in a file of their own, one a line, and their counts.

use super::{Load, named, shown};
use crate::Words;
use candle_keras_ops::{Error, Result, warnings};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The words of the rows of a table, in their order. A word may come twice.
#[derive(Debug, Default)]
pub(super) struct WordList {
    text: String,
    ends: Vec<usize>,
}

impl WordList {
    pub(super) fn push(&mut self, word: &str) {
        self.text.push_str(word);
        self.ends.push(self.text.len());
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, number: usize) -> Option<&str> {
        let end = *self.ends.get(number)?;
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text.get(start..end)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|number| self.get(number))
    }

    /// The lines of a file; if each of them is a word, a space and a count, as of word2vec's `-save-vocab`, the words of it.
    pub(super) fn read(path: &Path, options: &Load) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|error| Error::io(path, error))?;
        let counted = lines(&bytes).all(|(_, line)| word_and_count(line).is_some());
        let word = |line| if counted { word_and_count(line).map_or(line, |(word, _)| word) } else { line };
        let mut words = Self::default();
        for (number, (position, line)) in lines(&bytes).enumerate() {
            let decoded = options.decode(word(line), number as u64, position as u64);
            words.push(&decoded.map_err(|error| named(path, error))?);
        }
        Ok(words)
    }
}

/// Where the words beside a file are: [`Load::words`], or the first of these files that is there.
pub(super) fn beside<'a>(candidates: &'a [PathBuf], options: &'a Load) -> Result<&'a Path> {
    let found = options.words.as_ref().or_else(|| candidates.iter().find(|path| path.is_file()));
    found.map(PathBuf::as_path).ok_or_else(|| {
        let names: Vec<_> = candidates.iter().map(|path| path.display().to_string()).collect();
        Error::new("the file has numbers without words")
            .expected(format!("the words in {}", names.join(" or ")))
            .help("Load::words names another file with a word on each line")
    })
}

/// A list of words that is not that of the table.
pub(super) fn mismatch(words: usize, rows: u64) -> Error {
    Error::new("each vector must have one word")
        .expected(format!("{rows} words, as many as there are vectors"))
        .received(format!("{words} words"))
}

/// The lines with their positions; the last need not end.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut position = 0;
    bytes.split_inclusive(|byte| *byte == b'\n').map(move |line| {
        let start = position;
        position += line.len();
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        (start, line.strip_suffix(b"\r").unwrap_or(line))
    })
}

fn word_and_count(line: &[u8]) -> Option<(&[u8], u64)> {
    let line = line.trim_ascii_end();
    let space = line.iter().rposition(|byte| matches!(byte, b' ' | b'\t'))?;
    let digits = &line[space + 1..];
    let count = std::str::from_utf8(digits).ok().filter(|_| digits.iter().all(u8::is_ascii_digit))?;
    Some((&line[..space], count.parse().ok()?))
}

/// How often words occurred.
pub(super) struct Counts(HashMap<String, u64>);

impl Counts {
    /// Reads a word and a count a line.
    pub(super) fn read(path: &Path, options: &Load) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|error| Error::io(path, error))?;
        let mut counts = HashMap::new();
        for (number, (position, line)) in lines(&bytes).enumerate().filter(|(_, (_, line))| !line.is_empty()) {
            let read = word_and_count(line).ok_or_else(|| {
                Error::new(format!("line {} is not a word and its count", number + 1)).received(shown(line))
            });
            let read =
                read.and_then(|(word, count)| Ok((options.decode(word, number as u64, position as u64)?, count)));
            let (word, count) = read.map_err(|error| named(path, error))?;
            counts.entry(word.into_owned()).or_insert(count);
        }
        Ok(Self(counts))
    }

    /// Those of certain words: 0, with a warning, where a word is not there.
    pub(super) fn of(&self, words: &Words) -> Result<Vec<u64>> {
        let counts: Vec<_> = words.iter().map(|word| self.0.get(word).copied()).collect();
        let missing = counts.iter().filter(|count| count.is_none()).count();
        if missing > 0 {
            warnings::warn(format!("{missing} of {} words have no count, which is 0 then", words.len()));
        }
        Ok(counts.into_iter().map(Option::unwrap_or_default).collect())
    }
}
