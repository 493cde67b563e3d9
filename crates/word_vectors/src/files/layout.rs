//! How a text of vectors is laid out, seen by its first lines.

use super::{number, shown};
use candle_keras_ops::{Error, Result};

/// How many lines are looked at to see how wide the vectors are.
const SAMPLE: usize = 16;

/// The first line, of text and of binary files.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) words: u64,
    pub(super) width: u64,
    /// Of the line, with its end.
    pub(super) length: usize,
}

impl Header {
    /// The first line as a header, "words width".
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        let end = memchr::memchr(b'\n', head).unwrap_or(head.len());
        let mut fields = fields(&head[mark(head).min(end)..end]);
        let mut integer = || {
            let field = fields.next()?;
            let digits = field.iter().all(u8::is_ascii_digit);
            std::str::from_utf8(field).ok().filter(|_| digits)?.parse::<u64>().ok()
        };
        let (words, width) = (integer()?, integer()?);
        let length = (end + 1).min(head.len());
        (fields.next().is_none()).then_some(Self { words, width, length })
    }
}

/// The length of the mark of UTF-8 that Windows puts at the beginning.
pub(super) fn mark(head: &[u8]) -> usize {
    if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 }
}

/// Fields end at spaces and tabs alone: words may have any other white space of Unicode in them.
pub(super) fn is_separator(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// The fields of a line.
pub(super) fn fields(line: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    trimmed(line).split(is_separator).filter(|field| !field.is_empty())
}

/// The line without what ends it.
pub(super) fn trimmed(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).map_or(0, |last| last + 1);
    &line[..end]
}

pub(super) fn is_number(field: &[u8]) -> bool {
    number::leading(field).is_some_and(|(_, length)| length == field.len())
}

/// Whether this is a number with a point or an exponent.
fn is_fraction(field: &[u8]) -> bool {
    let digits = field.strip_prefix(b"-").or(field.strip_prefix(b"+")).unwrap_or(field);
    is_number(field) && digits.iter().any(u8::is_ascii_digit) && !digits.iter().all(u8::is_ascii_digit)
}

/// How many numbers a line ends with, its first field left out.
pub(super) fn numbers_at_end(line: &[u8]) -> usize {
    let Some(word) = line.iter().position(is_separator) else { return 0 };
    fields(&line[word..]).rev().take_while(|field| is_number(field)).count()
}

/// The first lines that are there as a whole.
fn sample(head: &[u8], all: bool) -> impl Iterator<Item = &[u8]> {
    let end = if all { head.len() } else { memchr::memrchr(b'\n', head).unwrap_or(0) };
    head[mark(head).min(end)..end]
        .split(|byte| *byte == b'\n')
        .map(trimmed)
        .filter(|line| !line.is_empty())
        .take(SAMPLE)
}

/// The start of a file that may be rows of numbers without words.
#[derive(Debug, PartialEq)]
pub(super) enum Numbers {
    /// There are words among them, or a header before them.
    No,
    /// The first fields may be words, between tabs or between spaces.
    WholeAfterTabs,
    WholeAfterSpaces,
    /// A first field has a point or an exponent, which few words have.
    Yes,
}

impl Numbers {
    pub(super) fn of(head: &[u8], all: bool) -> Self {
        let lines = || sample(head, all);
        let Some(first) = lines().next() else { return Self::No };
        if !lines().all(|line| fields(line).all(is_number)) {
            return Self::No;
        }
        // Two integers are a row of the table if the next row has two numbers as well, and could not have a word before them.
        let second = || lines().nth(1).is_some_and(|line| fields(line).count() == 2);
        if Header::of(head).is_some_and(|header| header.width == 1 || !second()) {
            return Self::No;
        }
        if lines().any(|line| fields(line).next().is_some_and(is_fraction)) {
            return Self::Yes;
        }
        if first.contains(&b'\t') { Self::WholeAfterTabs } else { Self::WholeAfterSpaces }
    }
}

/// How a text is laid out.
#[derive(Debug)]
pub(super) struct Layout {
    /// How many words the header says that there are, if there is one.
    pub(super) claimed: Option<u64>,
    pub(super) width: usize,
    /// The bytes before the first vector.
    pub(super) start: usize,
    /// About how long a line is.
    line: usize,
}

impl Layout {
    pub(super) fn with_header(header: &Header) -> Self {
        Self { claimed: Some(header.words), width: header.width as usize, start: header.length, line: 1 }
    }

    /// Rows of numbers without words.
    pub(super) fn table(head: &[u8]) -> Self {
        let line = sample(head, true).next().unwrap_or_default();
        Self { claimed: None, width: fields(line).count(), start: mark(head), line: line.len() }
    }

    /// As wide as most of the first lines: each of them may be damaged, or be that of a word with spaces and digits in it.
    pub(super) fn without_header(head: &[u8], all: bool) -> Result<Self> {
        let widths: Vec<_> = sample(head, all).map(numbers_at_end).collect();
        let votes = |width: &usize| widths.iter().filter(|other| *other == width).count();
        // On a tie, the first line's width.
        let width = widths.iter().rev().copied().max_by_key(votes).unwrap_or(0);
        // A word, another and a number: pairs of words with how similar they are, as the files for evaluations have them.
        let pairs = || sample(head, all).any(|line| line.split(is_separator).count() > 2);
        if width == 0 || (width == 1 && pairs()) {
            let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
            return Err(Error::new("this is no file of word vectors")
                .expected("a header, \"words width\", or a word and its numbers on the first line")
                .received(shown(line)));
        }
        let line = sample(head, all).next().unwrap_or_default().len();
        Ok(Self { claimed: None, width, start: mark(head), line })
    }

    /// How many rows a file of this length may have: each number takes a digit and a space.
    pub(super) fn possible(&self, length: u64) -> u64 {
        let line = (self.width as u64).saturating_mul(2).max(self.line as u64).max(1);
        self.claimed.unwrap_or(u64::MAX).min(length / line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_without_words_are_told_from_words_that_are_numbers() {
        let of = |text: &str| Numbers::of(text.as_bytes(), true);
        for text in ["0.1 0.2\n0.4 0.5\n", "1\t2\n0.5\t1\n", "1e-1 2\n", "-2.5\n3\n", " 0.5 1\n", "2 2\n0.5 1\n3 4\n"] {
            assert_eq!(of(text), Numbers::Yes, "{text:?}");
        }
        for text in ["a 1 2\n", "0.5 1 2\nb 1 2\n", "2 2\n0.5 1 2\n0.7 1 2\n", "2 1\n0.5 1\n0.7 2\n", "", "0 3\n"] {
            assert_eq!(of(text), Numbers::No, "{text:?}");
        }
        assert_eq!(of("0\t0.1\t0.2\n"), Numbers::WholeAfterTabs);
        assert_eq!(of("12 0.5\n-7 1\nnan 1\n"), Numbers::WholeAfterSpaces);
    }
}
