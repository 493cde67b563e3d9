//! How often words occur near each other: counted on all cores, merged into one sorted sequence.

use super::counter::{Count, Counted, Counter, Counting};
use super::dense::Shape;
use super::spill::Spill;
use crate::text::{Chunks, END, Encoder, Reader};
use crate::{Text, Vocabulary};
use candle_keras_ops::{Result, cores};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Memory with which a thread counts well: with less, fewer threads count.
const FOR_A_THREAD: usize = 16 << 20;
/// Counts that are read from a run at once.
const READ: u64 = 1 << 11;

/// The counts of a text, in parts.
pub(super) struct Cooccurrences {
    shape: Shape,
    /// The sum of all threads' tables.
    table: Vec<u64>,
    /// What each thread has beside its table.
    parts: Vec<Counted>,
}

impl Cooccurrences {
    /// Counts in about `memory` bytes, on as many cores as that is enough for.
    ///
    /// # Errors
    /// If the text cannot be read, or a temporary file cannot be written.
    pub(super) fn count(
        counting: Counting,
        text: &Text,
        chunks: &Chunks,
        vocabulary: &Vocabulary,
        memory: usize,
    ) -> Result<Self> {
        let threads = cores::count().min(memory / FOR_A_THREAD).max(1);
        Self::count_on(threads, counting, text, chunks, vocabulary, memory)
    }

    fn count_on(
        threads: usize,
        counting: Counting,
        text: &Text,
        chunks: &Chunks,
        vocabulary: &Vocabulary,
        memory: usize,
    ) -> Result<Self> {
        // Half of the memory for tables, half for buffers, and neither more than the text can fill.
        let most = vocabulary.kept_tokens().saturating_mul(counting.window as u64) as usize;
        let half = memory / threads / 2;
        let shape = Shape::new(vocabulary.len(), counting.symmetric, (half / size_of::<u64>()).min(most));
        let capacity = (half / size_of::<Count>()).min(most).max(2 * counting.window);
        let next = AtomicUsize::new(0);
        let counted = cores::map((0..threads).collect(), |_| -> Result<Counted> {
            let mut counter = Counter::new(counting, &shape, capacity);
            let (mut reader, mut encoder) = (Reader::new(chunks), Encoder::new(text, vocabulary.words()));
            let mut numbers = Vec::new();
            loop {
                let chunk = next.fetch_add(1, Relaxed);
                if chunk >= chunks.len() {
                    return Ok(counter.finish());
                }
                numbers.clear();
                encoder.encode(reader.read(chunk)?, &mut numbers);
                for sentence in numbers.split(|&number| number == END) {
                    counter.count(sentence)?;
                }
            }
        });
        let (mut table, mut parts) = (Vec::new(), Vec::new());
        for counted in counted {
            let mut counted = counted?;
            let own = std::mem::take(&mut counted.table);
            match table.is_empty() {
                true => table = own,
                false => table.iter_mut().zip(own).for_each(|(sum, weight)| *sum += weight),
            }
            parts.push(counted);
        }
        Ok(Self { shape, table, parts })
    }

    /// How many pairs there are at most: those that are in several parts are counted several times.
    pub(super) fn at_most(&self) -> u64 {
        let of_part =
            |part: &Counted| part.buffer.len() as u64 + part.runs.iter().map(|run| run.end - run.start).sum::<u64>();
        self.shape.counts(&self.table).count() as u64 + self.parts.iter().map(of_part).sum::<u64>()
    }

    /// Calls `f` for each pair with its whole count, in the order of the pairs.
    ///
    /// # Errors
    /// If a temporary file cannot be read, or `f` fails.
    pub(super) fn each(&self, mut f: impl FnMut(Count) -> Result<()>) -> Result<()> {
        let mut sources: Vec<Source<'_>> = vec![Box::new(self.shape.counts(&self.table).map(Ok))];
        for Counted { buffer, spill, runs, .. } in &self.parts {
            sources.push(Box::new(buffer.iter().copied().map(Ok)));
            for (spill, run) in spill.iter().flat_map(|spill| runs.iter().map(move |run| (spill, run))) {
                sources.push(Box::new(Run { spill, left: run.clone(), read: Vec::new().into_iter() }));
            }
        }
        let mut merged = Merge::new(sources)?;
        let Some(mut count) = merged.next()? else { return Ok(()) };
        while let Some(next) = merged.next()? {
            if next.pair == count.pair {
                count.weight += next.weight;
            } else {
                f(std::mem::replace(&mut count, next))?;
            }
        }
        f(count)
    }
}

/// Counts in the order of their pairs.
type Source<'a> = Box<dyn Iterator<Item = Result<Count>> + 'a>;

/// A run on disk.
struct Run<'a> {
    spill: &'a Spill<Count>,
    left: Range<u64>,
    read: std::vec::IntoIter<Count>,
}

impl Iterator for Run<'_> {
    type Item = Result<Count>;

    fn next(&mut self) -> Option<Result<Count>> {
        if self.read.as_slice().is_empty() {
            let part = self.left.start..self.left.end.min(self.left.start + READ);
            self.left.start = part.end;
            let mut counts = Vec::new();
            if let Err(error) = self.spill.read(part, &mut counts) {
                return Some(Err(error));
            }
            self.read = counts.into_iter();
        }
        self.read.next().map(Ok)
    }
}

/// Several sources as one: the next count of each, the one with the least pair at the top of a heap.
struct Merge<'a> {
    sources: Vec<Source<'a>>,
    heads: BinaryHeap<Reverse<(u64, usize, u64)>>,
}

impl<'a> Merge<'a> {
    fn new(mut sources: Vec<Source<'a>>) -> Result<Self> {
        let mut heads = BinaryHeap::with_capacity(sources.len());
        for (number, source) in sources.iter_mut().enumerate() {
            if let Some(count) = source.next().transpose()? {
                heads.push(Reverse((count.pair, number, count.weight)));
            }
        }
        Ok(Self { sources, heads })
    }

    fn next(&mut self) -> Result<Option<Count>> {
        let Some(mut top) = self.heads.peek_mut() else { return Ok(None) };
        let Reverse((pair, number, weight)) = *top;
        match self.sources[number].next().transpose()? {
            Some(count) => *top = Reverse((count.pair, number, count.weight)),
            None => _ = PeekMut::pop(top),
        }
        Ok(Some(Count { pair, weight }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_keras_ops::random::Stream;
    use std::collections::BTreeMap;

    /// Lines of words whose ranks are about as frequent as in a language.
    fn lines() -> Vec<Vec<String>> {
        let mut random = Stream::new(3, 0);
        let word = |random: &mut Stream| {
            let bound = random.below(300) + 1;
            format!("w{}", random.below(bound))
        };
        (0..800).map(|line| (0..line % 40).map(|_| word(&mut random)).collect()).collect()
    }

    /// A plain count in f64.
    fn plain(lines: &[Vec<String>], vocabulary: &Vocabulary, counting: Counting) -> BTreeMap<(u32, u32), f64> {
        let mut counts = BTreeMap::new();
        for line in lines {
            let words: Vec<u32> = line.iter().filter_map(|word| vocabulary.words().get(word)).collect();
            for (i, &left) in words.iter().enumerate() {
                for (j, &right) in words.iter().enumerate().skip(i + 1).take(counting.window) {
                    let weight = if counting.distance_weighting { 1.0 / (j - i) as f64 } else { 1.0 };
                    *counts.entry((left, right)).or_insert(0.0) += weight;
                    if counting.symmetric {
                        *counts.entry((right, left)).or_insert(0.0) += weight;
                    }
                }
            }
        }
        counts
    }

    #[test]
    fn counts_are_those_of_a_plain_count_in_any_memory() {
        let lines = lines();
        let text = Text::lines(lines.iter().map(|line| line.join(" ")));
        let chunks = text.open().unwrap();
        let vocabulary = Vocabulary::count(&text, &chunks).unwrap().for_training(3, None).unwrap();
        for (symmetric, distance_weighting) in [(true, true), (false, true), (true, false)] {
            let counting = Counting { window: 7, symmetric, distance_weighting };
            let expected = plain(&lines, &vocabulary, counting);
            let mut first: Option<Vec<Count>> = None;
            for (threads, memory) in [(1, 64 << 20), (3, 64 << 20), (1, 0), (1, 20_000), (3, 200_000)] {
                let found = Cooccurrences::count_on(threads, counting, &text, &chunks, &vocabulary, memory).unwrap();
                let runs = found.parts.iter().map(|part| part.runs.len()).sum::<usize>();
                let is_as_expected = if memory <= 200_000 { runs > 1 } else { runs == 0 };
                assert!(is_as_expected, "{runs} runs in {memory} bytes");
                let mut counts = Vec::new();
                let push = |count| {
                    counts.push(count);
                    Ok(())
                };
                found.each(push).unwrap();
                assert!(counts.is_sorted_by_key(|count| count.pair) && counts.len() as u64 <= found.at_most());
                match &first {
                    Some(first) => assert_eq!(&counts, first, "{threads} threads, {memory} bytes"),
                    None => first = Some(counts),
                }
            }
            let mut left = expected;
            for (word, context, x) in first.unwrap().into_iter().map(Count::parts) {
                for key in if symmetric && word != context {
                    vec![(word, context), (context, word)]
                } else {
                    vec![(word, context)]
                } {
                    let expected = left.remove(&key).unwrap();
                    assert!((f64::from(x) / expected - 1.0).abs() < 2e-7, "{key:?}: {x}, {expected}");
                }
            }
            assert!(left.is_empty());
        }
    }
}
