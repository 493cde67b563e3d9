//! The lines of a part of a text, parsed by one core.

use super::layout::{fields, is_separator, numbers_at_end, trimmed};
use super::{Load, number, shown};
use candle_keras_ops::Error;
use std::ops::Range;

/// Where the word of a line is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum WordPlace {
    /// In a list: lines have numbers alone.
    Elsewhere,
    /// Before the last numbers of a line, as many as the header says: it may end with numbers itself.
    BeforeWidth,
    /// Before all numbers at the end of a line. Without a header, one number more is one too many.
    BeforeNumbers,
}

/// What the lines of a part hold.
pub(super) struct ParsedChunk<'a> {
    bytes: &'a [u8],
    width: usize,
    values: Vec<f32>,
    /// Of each row that may be kept: its number among the lines that are not empty, and where its word is.
    kept: Vec<(u64, Range<usize>)>,
    lines: u64,
    /// How many lines end in it.
    pub(super) line_ends: u64,
    pub(super) length: usize,
    /// The first line that is wrong; those after it have not been looked at.
    pub(super) fault: Option<Fault>,
}

impl ParsedChunk<'_> {
    /// The rows that may be kept: their numbers, where their words are, their vectors.
    pub(super) fn rows(&self) -> impl Iterator<Item = (u64, Range<usize>, &[f32])> {
        self.kept
            .iter()
            .zip(self.values.chunks_exact(self.width))
            .map(|((row, word), vector)| (*row, word.clone(), vector))
    }

    pub(super) fn word(&self, place: &Range<usize>) -> &[u8] {
        &self.bytes[place.clone()]
    }

    /// How many lines are not empty, up to the first that is wrong.
    pub(super) fn lines(&self) -> u64 {
        self.lines
    }
}

/// A line that is no vector.
pub(super) struct Fault {
    /// Its number in the part, from 0.
    line: u64,
    word: String,
    expected: String,
    received: String,
}

impl Fault {
    /// The error, where `first` is the number of the part's first line.
    pub(super) fn at(&self, first: u64) -> Error {
        Error::new(format!("line {}, {}: not a vector", first + self.line, self.word))
            .expected(&self.expected)
            .received(&self.received)
    }

    fn new(line: u64, text: &[u8], width: usize, has_word: bool) -> Self {
        let mut fields: Vec<_> = fields(text).collect();
        let word =
            if has_word && !fields.is_empty() { shown(fields.remove(0)) } else { String::from("a row of numbers") };
        let numbers = if has_word { numbers_at_end(text) } else { fields.len() };
        let bad = fields
            .iter()
            .enumerate()
            .find(|(_, field)| number::leading(field).is_none_or(|(_, length)| length < field.len()));
        let (expected, received) = match bad {
            Some((i, field)) if fields.len() == width => {
                (format!("{width} numbers"), format!("{} as number {}", shown(field), i + 1))
            }
            Some(_) => (format!("{width} numbers"), numbers.to_string()),
            None => (format!("{width} numbers"), fields.len().to_string()),
        };
        Self { line, word, expected, received }
    }
}

/// Parses the lines of `bytes`; those of words that are not wanted are skipped.
pub(super) fn parse<'a>(bytes: &'a [u8], width: usize, place: WordPlace, options: &Load) -> ParsedChunk<'a> {
    let (values, kept) = (Vec::new(), Vec::new());
    let has_words = place != WordPlace::Elsewhere;
    let mut part = ParsedChunk { bytes, width, values, kept, lines: 0, line_ends: 0, length: bytes.len(), fault: None };
    let vocabulary = options.vocabulary.as_ref().filter(|_| has_words);
    if vocabulary.is_none() {
        // Each number takes two bytes at least, and about nine.
        part.values.reserve(bytes.len() / 8);
    }
    let mut start = 0;
    while start < bytes.len() {
        let end = memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |at| start + at);
        let line = trimmed(&bytes[start..end]);
        let beginning = || line.split(is_separator).next().unwrap_or_default();
        if line.is_empty() {
        } else if vocabulary.is_some_and(|vocabulary| !vocabulary.may_begin(beginning())) {
            part.lines += 1;
        } else {
            let word = if has_words {
                named(line, width, place, &mut part.values)
            } else {
                numbers(line, width, &mut part.values).then_some(0)
            };
            let Some(word) = word else {
                part.fault = Some(Fault::new(part.line_ends, line, width, has_words));
                return part;
            };
            part.kept.push((part.lines, start..start + word));
            part.lines += 1;
        }
        part.line_ends += 1;
        start = end + 1;
    }
    part
}

/// Adds the numbers of a line and returns the length of its word.
#[inline]
fn named(line: &[u8], width: usize, place: WordPlace, values: &mut Vec<f32>) -> Option<usize> {
    let word = line.iter().position(is_separator)?;
    if numbers(&line[word..], width, values) { Some(word) } else { spaced(line, width, place, values) }
}

/// Adds the numbers of a line, if there are as many as the width is and nothing else.
#[inline]
fn numbers(line: &[u8], width: usize, values: &mut Vec<f32>) -> bool {
    let before = values.len();
    let mut at = 0;
    loop {
        while line.get(at).is_some_and(is_separator) {
            at += 1;
        }
        if at == line.len() || values.len() - before > width {
            break;
        }
        let Some((value, length)) = number::leading(&line[at..]) else { break };
        values.push(value);
        at += length;
    }
    let whole = at == line.len() && values.len() - before == width;
    if !whole {
        values.truncate(before);
    }
    whole
}

/// The same of a line whose word has spaces in it: the numbers are its last fields.
#[cold]
fn spaced(line: &[u8], width: usize, place: WordPlace, values: &mut Vec<f32>) -> Option<usize> {
    if place == WordPlace::BeforeNumbers && numbers_at_end(line) != width {
        return None;
    }
    let mut word = line;
    for _ in 0..width {
        let last = word.iter().rposition(is_separator)?;
        word = trimmed(&word[..last]);
    }
    numbers(&line[word.len()..], width, values).then_some(word.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(line: &str, width: usize) -> Option<(&str, Vec<f32>)> {
        placed(line, width, WordPlace::BeforeNumbers)
    }

    fn placed(line: &str, width: usize, place: WordPlace) -> Option<(&str, Vec<f32>)> {
        let mut values = Vec::new();
        named(line.as_bytes(), width, place, &mut values).map(|length| (&line[..length], values))
    }

    #[test]
    fn words_may_have_spaces() {
        assert_eq!(word("a 1 2", 2), Some(("a", vec![1., 2.])));
        assert_eq!(word("a\t1  2", 2), Some(("a", vec![1., 2.])));
        assert_eq!(word(". . . 1 2", 2), Some((". . .", vec![1., 2.])));
        assert_eq!(word("at name@domain.com 1 2", 2), Some(("at name@domain.com", vec![1., 2.])));
        assert_eq!(word("a\u{a0}b\u{85} 1 2", 2), Some(("a\u{a0}b\u{85}", vec![1., 2.])));
        assert_eq!(word(" 1 2", 2), Some(("", vec![1., 2.])));
        assert_eq!(word("7 1 2", 2), Some(("7", vec![1., 2.])));
        assert_eq!(word("a 1 2 3", 2), None);
        assert_eq!(word("a 1", 2), None);
        assert_eq!(word("a", 2), None);
        assert_eq!(word("a 1 x", 2), None);
    }

    #[test]
    fn words_may_end_with_numbers_where_the_width_is_known() {
        let known = |line| placed(line, 2, WordPlace::BeforeWidth);
        assert_eq!(known("doc 1 0.5 2"), Some(("doc 1", vec![0.5, 2.])));
        assert_eq!(known("1 2 3 4 5"), Some(("1 2 3", vec![4., 5.])));
        assert_eq!(known("a 1 2"), Some(("a", vec![1., 2.])));
        assert_eq!(known("a 1 2 x"), None);
        assert_eq!(known("a 1"), None);
        assert_eq!(known("1 2"), None);
    }
}
