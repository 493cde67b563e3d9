//! Counting on one core, in a fixed amount of memory.

use super::dense::Shape;
use super::spill::{Spill, Stored};
use candle_keras_ops::Result;
use std::ops::Range;

/// One occurrence at distance 1. Weights are integers of 2^-28, so that their sum is the same in any order: counts depend neither on the number of
/// threads nor on the memory. 1/15 is then off by less than f32 is.
const ONE: u64 = 1 << 28;

/// How often a pair of words has occurred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) pair: u64,
    pub(super) weight: u64,
}

impl Count {
    /// The word, its context, and how often they occurred.
    pub(super) fn parts(self) -> (u32, u32, f32) {
        ((self.pair >> 32) as u32, self.pair as u32, (self.weight as f64 / ONE as f64) as f32)
    }
}

impl Stored for Count {
    type Bytes = [u8; 16];

    fn to_bytes(self) -> [u8; 16] {
        (u128::from(self.pair) << 64 | u128::from(self.weight)).to_le_bytes()
    }

    fn from_bytes(bytes: [u8; 16]) -> Self {
        let both = u128::from_le_bytes(bytes);
        Self { pair: (both >> 64) as u64, weight: both as u64 }
    }
}

/// A pair as one number, by which pairs are sorted.
#[inline(always)]
pub(super) fn pair(word: u32, context: u32) -> u64 {
    u64::from(word) << 32 | u64::from(context)
}

/// What is counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counting {
    pub(super) window: usize,
    pub(super) symmetric: bool,
    pub(super) distance_weighting: bool,
}

/// The counts of one thread: a table for frequent pairs, a buffer for others, and sorted runs on disk.
pub(super) struct Counter<'a> {
    shape: &'a Shape,
    symmetric: bool,
    /// By distance.
    weights: Vec<u64>,
    table: Vec<u64>,
    buffer: Vec<Count>,
    capacity: usize,
    spill: Option<Spill<Count>>,
    runs: Vec<Range<u64>>,
}

/// What a thread has counted: the table, and sorted counts in the buffer and in runs, which may have pairs in common.
pub(super) struct Counted {
    pub(super) table: Vec<u64>,
    pub(super) buffer: Vec<Count>,
    pub(super) spill: Option<Spill<Count>>,
    pub(super) runs: Vec<Range<u64>>,
}

impl<'a> Counter<'a> {
    /// With a buffer of `capacity` counts.
    pub(super) fn new(counting: Counting, shape: &'a Shape, capacity: usize) -> Self {
        let weight = |distance: u64| match counting.distance_weighting {
            true => (ONE + distance / 2) / distance,
            false => ONE,
        };
        Self {
            shape,
            symmetric: counting.symmetric,
            weights: (1..=counting.window as u64).map(weight).collect(),
            table: shape.zeros(),
            buffer: Vec::with_capacity(capacity),
            capacity,
            spill: None,
            runs: Vec::new(),
        }
    }

    /// Counts the pairs of a sentence.
    ///
    /// # Errors
    /// If a temporary file cannot be written.
    pub(super) fn count(&mut self, sentence: &[u32]) -> Result<()> {
        for (position, &word) in sentence.iter().enumerate() {
            let reach = position.min(self.weights.len());
            if self.buffer.len() + reach > self.capacity {
                self.make_room(reach)?;
            }
            let Self { shape, symmetric, weights, table, buffer, .. } = self;
            for (&left, &weight) in sentence[position - reach..position].iter().rev().zip(&*weights) {
                // A pair without order is counted once, and is trained in both orders; a word beside itself is each one's context.
                let (first, second, weight) = match *symmetric {
                    true => (left.min(word), left.max(word), if left == word { 2 * weight } else { weight }),
                    false => (left, word, weight),
                };
                match shape.cell(first, second) {
                    Some(cell) => table[cell] += weight,
                    None => buffer.push(Count { pair: pair(first, second), weight }),
                }
            }
        }
        Ok(())
    }

    /// Adds up what the buffer has of each pair, and writes it to disk if that is still more than half of it.
    #[cold]
    fn make_room(&mut self, wanted: usize) -> Result<()> {
        add_up(&mut self.buffer);
        if self.buffer.len().max(wanted) > self.capacity / 2 {
            let spill = match &mut self.spill {
                Some(spill) => spill,
                none => none.insert(Spill::new()?),
            };
            self.runs.push(spill.append(&self.buffer)?);
            self.buffer.clear();
        }
        Ok(())
    }

    /// What has been counted.
    pub(super) fn finish(mut self) -> Counted {
        add_up(&mut self.buffer);
        Counted { table: self.table, buffer: self.buffer, spill: self.spill, runs: self.runs }
    }
}

/// Sorts counts, and makes one of those of the same pair.
fn add_up(counts: &mut Vec<Count>) {
    counts.sort_unstable_by_key(|count| count.pair);
    counts.dedup_by(|next, kept| {
        let is_same = next.pair == kept.pair;
        kept.weight += if is_same { next.weight } else { 0 };
        is_same
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_to_the_left_are_counted() {
        let shape = Shape::new(3, false, 4);
        let count = |symmetric, distance_weighting| {
            let shape = if symmetric { &Shape::new(3, true, 2) } else { &shape };
            let mut counter = Counter::new(Counting { window: 2, symmetric, distance_weighting }, shape, 8);
            counter.count(&[0, 1, 2, 0, 0]).unwrap();
            counter.count(&[2]).unwrap();
            let counted = counter.finish();
            let mut counts: Vec<_> = shape.counts(&counted.table).chain(counted.buffer).map(Count::parts).collect();
            counts.sort_by_key(|&(word, context, _)| (word, context));
            counts
        };
        let half = 0.5;
        let left = [(0, 0, 1.0), (0, 1, 1.0), (0, 2, half), (1, 0, half), (1, 2, 1.0), (2, 0, 1.0 + half)];
        assert_eq!(count(false, true), left);
        assert_eq!(count(true, true), [(0, 0, 2.0), (0, 1, 1.0 + half), (0, 2, 2.0), (1, 2, 1.0)]);
        assert_eq!(count(true, false), [(0, 0, 2.0), (0, 1, 2.0), (0, 2, 3.0), (1, 2, 1.0)]);
    }
}
