//! A text in pieces that end where lines do.

use super::io;
use super::source::Input;
use candle_keras_ops::{Error, Result, cores};
use std::io::Read;

/// How much a core parses at once.
const PART: usize = 1 << 18;

/// How many parts are read for each core.
const PARTS: usize = 4;

/// How much is read at once, at most.
const MOST: usize = 1 << 25;

/// A line that is longer than this holds no vector.
pub(super) const LONGEST_LINE: usize = 1 << 26;

/// A piece of a text that ends where a line does.
#[derive(Default)]
pub(super) struct Lines {
    bytes: Vec<u8>,
    /// Where the last line ends that is there as a whole.
    end: usize,
}

impl Lines {
    /// Whether the text has ended.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Begins with the line that `before` ends within.
    pub(super) fn begin(&mut self, before: &Lines) {
        self.bytes.clear();
        self.bytes.extend_from_slice(&before.bytes[before.end..]);
    }

    /// Reads more, up to the end of a line.
    pub(super) fn read(&mut self, input: &mut Input) -> Result<()> {
        let size = (PART * PARTS * cores::count()).min(MOST);
        loop {
            let from = self.bytes.len();
            let more = size.saturating_sub(from).max(PART);
            let read = input.by_ref().take(more as u64).read_to_end(&mut self.bytes).map_err(io)?;
            self.end = if read < more {
                self.bytes.len()
            } else {
                memchr::memrchr(b'\n', &self.bytes[from..]).map_or(0, |last| from + last + 1)
            };
            if self.end > 0 || self.bytes.is_empty() {
                return Ok(());
            }
            if self.bytes.len() > LONGEST_LINE {
                return Err(Error::new("this is no file of word vectors: a line is longer than 64 MB"));
            }
        }
    }

    /// The lines in parts for the cores.
    pub(super) fn parts(&self) -> Vec<&[u8]> {
        let (mut parts, mut left) = (Vec::new(), &self.bytes[..self.end]);
        while !left.is_empty() {
            let about = PART.min(left.len());
            let end = memchr::memchr(b'\n', &left[about..]).map_or(left.len(), |at| about + at + 1);
            let (part, rest) = left.split_at(end);
            parts.push(part);
            left = rest;
        }
        parts
    }
}
