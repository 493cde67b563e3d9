//! What to read of a file of vectors, and how.

use super::shown;
use crate::Words;
use candle_keras_ops::{Error, Result};
use hashbrown::HashSet;
use std::borrow::Cow;
use std::path::PathBuf;

/// Options of [`KeyedVectors::load_with`](crate::KeyedVectors::load_with).
///
/// ```
/// use candle_keras_word_vectors::Load;
/// let options = Load::new().limit(100_000).member("glove.6B.100d.txt");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Load {
    pub(super) limit: Option<u64>,
    pub(super) vocabulary: Option<Vocabulary>,
    pub(super) lossy: bool,
    pub(super) no_header: bool,
    pub(super) member: Option<String>,
    pub(super) counts: Option<PathBuf>,
    pub(super) words: Option<PathBuf>,
}

impl Load {
    /// The whole file.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the first `limit` words of the file: in most files, the most frequent ones. Default all.
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = Some(limit as u64);
        self
    }

    /// Keeps these words only, in the order of the file. Reading ends when all have been found. Default all words.
    pub fn vocabulary<S: AsRef<str>>(mut self, words: impl IntoIterator<Item = S>) -> Self {
        self.vocabulary = Some(Vocabulary::new(words));
        self
    }

    /// Whether bytes of a word that are not UTF-8 are replaced by U+FFFD, where they are an error otherwise, but for words that the vocabulary
    /// leaves out. The C program cuts words after 99 bytes, within a letter if need be. Default false. gensim: `unicode_errors="replace"`.
    pub fn lossy(mut self, lossy: bool) -> Self {
        self.lossy = lossy;
        self
    }

    /// Whether the first line of a text file is a word and its vector even if it looks like a header of two integers, or like a row of numbers
    /// without a word. Files without a header are recognized; only those with one number a word, or with words that are numbers with a point,
    /// need this. Default false.
    pub fn no_header(mut self, no_header: bool) -> Self {
        self.no_header = no_header;
        self
    }

    /// Which member of a zip archive to read, if it has several: `glove.6B.100d.txt`.
    pub fn member(mut self, name: impl Into<String>) -> Self {
        self.member = Some(name.into());
        self
    }

    /// A file with a word and its count on each line, as word2vec's `-save-vocab` writes it. Default the counts of a safetensors file, if it has
    /// them. gensim: `fvocab`.
    pub fn counts(mut self, path: impl Into<PathBuf>) -> Self {
        self.counts = Some(path.into());
        self
    }

    /// The file with the words of a `.npy` or of a text that has rows of numbers alone, one a line, where it is not beside it; and of a
    /// safetensors file without words. Counts after the words are skipped.
    pub fn words(mut self, path: impl Into<PathBuf>) -> Self {
        self.words = Some(path.into());
        self
    }

    /// The word of these bytes; `number` is that of its row from 0, `position` where it is in the file.
    pub(super) fn decode<'a>(&self, bytes: &'a [u8], number: u64, position: u64) -> Result<Cow<'a, str>> {
        match std::str::from_utf8(bytes) {
            Ok(word) => Ok(Cow::Borrowed(word)),
            Err(error) => {
                let replaced = String::from_utf8_lossy(bytes);
                // What is not wanted need not be right.
                let unwanted = |vocabulary: &Vocabulary| vocabulary.words.get(&replaced).is_none();
                if self.lossy || self.vocabulary.as_ref().is_some_and(unwanted) {
                    return Ok(replaced);
                }
                let at = error.valid_up_to();
                Err(Error::new(format!("word {} is not UTF-8", number + 1))
                    .received(format!("byte 0x{:02x} at {} in {}", bytes[at], position + at as u64, shown(bytes)))
                    .help("Load::lossy(true) replaces such bytes"))
            }
        }
    }
}

/// The words that are wanted.
#[derive(Debug, Clone)]
pub(super) struct Vocabulary {
    pub(super) words: Words,
    /// What the words begin with, up to a space: enough to pass over most lines of a text without reading their numbers.
    beginnings: HashSet<Box<[u8]>>,
}

impl Vocabulary {
    fn new<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> Self {
        let words: Words = words.into_iter().collect();
        let beginning = |word: &str| word.split([' ', '\t']).next().unwrap_or_default().as_bytes().into();
        let beginnings = words.iter().map(beginning).collect();
        Self { words, beginnings }
    }

    /// Whether a word that begins with these bytes, up to a space, may be one of them.
    pub(super) fn may_begin(&self, bytes: &[u8]) -> bool {
        self.beginnings.contains(bytes)
    }
}
