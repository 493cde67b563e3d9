//! The rows of a file that are kept.

use super::Load;
use super::word_list;
use crate::{KeyedVectors, Words};
use candle_keras_ops::{Error, Result, has_memory_for, warnings};

/// The words and vectors that are kept of those that a file has, in its order.
pub(super) struct Rows<'a> {
    load: &'a Load,
    width: usize,
    words: Words,
    vectors: Vec<f32>,
    counts: Option<Vec<u64>>,
    seen: u64,
    repeated: u64,
    first_repeated: String,
}

impl<'a> Rows<'a> {
    /// Allocates at most `possible` rows.
    pub(super) fn new(load: &'a Load, width: usize, possible: Option<u64>) -> Result<Self> {
        if width == 0 {
            return Err(Error::new("the vectors have a width of zero").expected("at least one number a word"));
        }
        let mut vectors = Vec::new();
        if let Some(possible) = possible {
            let wanted = load.vocabulary.as_ref().map_or(u64::MAX, |vocabulary| vocabulary.words.len() as u64);
            let rows = possible.min(wanted).min(load.limit.unwrap_or(u64::MAX));
            let numbers = usize::try_from(rows).ok().and_then(|rows| rows.checked_mul(width));
            let Some(numbers) = numbers.filter(|numbers| has_memory_for(numbers.saturating_mul(size_of::<f32>())))
            else {
                let bytes = rows as f64 * width as f64 * 4.0;
                return Err(Error::new(format!("the vectors need {:.1} GB of memory", bytes / 1e9))
                    .help("Load::limit or Load::vocabulary keeps a part of them"));
            };
            vectors.reserve_exact(numbers);
        }
        let (words, first_repeated) = (Words::new(), String::new());
        Ok(Self { load, width, words, vectors, counts: None, seen: 0, repeated: 0, first_repeated })
    }

    /// Whether all has been found that is to be kept.
    pub(super) fn is_complete(&self) -> bool {
        self.load.limit.is_some_and(|limit| self.seen >= limit)
            || self.load.vocabulary.as_ref().is_some_and(|vocabulary| self.words.len() == vocabulary.words.len())
    }

    /// How many rows of the file have been taken or skipped.
    pub(super) fn seen(&self) -> u64 {
        self.seen
    }

    /// Passes over so many rows.
    pub(super) fn skip(&mut self, rows: u64) {
        self.seen += rows;
    }

    /// Where the numbers of the next row have to go, if it is to be kept: exactly as many as the width is.
    pub(super) fn take(&mut self, word: &str) -> Option<&mut Vec<f32>> {
        self.seen += 1;
        if self.load.vocabulary.as_ref().is_some_and(|vocabulary| vocabulary.words.get(word).is_none()) {
            return None;
        }
        let (_, added) = self.words.insert(word);
        if !added {
            if self.repeated == 0 {
                self.first_repeated = word.to_string();
            }
            self.repeated += 1;
            return None;
        }
        Some(&mut self.vectors)
    }

    /// The same of a word in the form that it has in the file, `position` bytes from its start.
    pub(super) fn take_bytes(&mut self, word: &[u8], position: u64) -> Result<Option<&mut Vec<f32>>> {
        let word = self.load.decode(word, self.seen, position)?;
        Ok(self.take(&word))
    }

    /// How often the words occurred, as the file says; [`Load::counts`] is asked first.
    pub(super) fn set_counts(&mut self, counts: Vec<u64>) {
        self.counts = Some(counts);
    }

    /// The words so far, and their vectors.
    pub(super) fn parts(&mut self) -> (&Words, &mut [f32]) {
        (&self.words, &mut self.vectors)
    }

    /// The vectors, after warnings of what is odd about them.
    pub(super) fn finish(mut self) -> Result<KeyedVectors> {
        self.vectors.shrink_to_fit();
        if self.repeated > 0 {
            let (count, first) = (self.repeated, &self.first_repeated);
            warnings::warn(format!(
                "{count} words come again, and their first vectors are kept: {first:?} is the first of them"
            ));
        }
        // Whether any exponent is that of infinity and NaN: a loop that the compiler does in vectors.
        let finite = |row: &&[f32]| row.iter().fold(true, |finite, x| finite & x.is_finite());
        let rows = || self.vectors.chunks_exact(self.width);
        if let Some(first) = rows().position(|row| !finite(&row)) {
            let count = rows().filter(|row| !finite(row)).count();
            let word = self.words.word(first);
            warnings::warn(format!(
                "{count} vectors have numbers that are not finite: that of {word:?} is the first of them"
            ));
        }
        if self.words.is_empty() && self.load.vocabulary.as_ref().is_some_and(|vocabulary| !vocabulary.words.is_empty())
        {
            warnings::warn("the file has none of the words of the vocabulary");
        }
        let counts = match &self.load.counts {
            Some(path) => Some(word_list::counts(path, &self.words, self.load)?),
            None => self.counts,
        };
        Ok(KeyedVectors::from_parts(self.words, self.vectors, self.width, counts))
    }
}
