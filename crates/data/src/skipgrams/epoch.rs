//! One epoch of pairs, part by part of the text.

use super::alias_table::AliasTable;
use candle_keras_ops::random::Stream;
use std::fmt;
use std::sync::Arc;

/// The approximate number of pairs of the text in memory.
const PAIRS: usize = 1 << 18;

/// The threshold of 32 random bits for an event of this probability; the maximum for a certain one.
pub(super) fn threshold(probability: f64) -> u32 {
    (probability * 2f64.powi(32)) as u32
}

#[inline(always)]
fn happens(threshold: u32, bits: u32) -> bool {
    bits < threshold || threshold == u32::MAX
}

/// The batches of one epoch of [`SkipgramBatches`](crate::SkipgramBatches): targets, contexts, and labels, which are 1 for the pairs of the text.
#[derive(Clone)]
pub struct SkipgramEpoch<'a> {
    plan: Plan<'a>,
    /// The words of a part of the text.
    words: usize,
    /// The remaining parts.
    order: std::vec::IntoIter<u32>,
    /// The remaining pairs of the part.
    positives: std::vec::IntoIter<[u32; 2]>,
    current: [u32; 2],
    negatives_left: usize,
    /// The accumulated fraction of `negative_samples` if it is not an integer.
    fraction: f64,
    /// The random bits of negatives.
    bits: Bits,
}

/// A text, borrowed or owned.
pub(super) type Ids<'a> = Arc<dyn AsRef<[u32]> + Send + Sync + 'a>;

/// The resolved arguments of an epoch.
#[derive(Clone)]
pub(super) struct Plan<'a> {
    pub(super) ids: Ids<'a>,
    pub(super) window_size: usize,
    pub(super) shrink_windows: bool,
    pub(super) negative_samples: f64,
    pub(super) batch_size: usize,
    pub(super) shuffle: bool,
    /// For each id, the threshold for being kept in the text: see [`threshold`].
    pub(super) kept: Vec<u32>,
    /// For each id, the threshold for being paired with its neighbours.
    pub(super) centres: Option<Vec<u32>>,
    pub(super) negatives: Option<AliasTable>,
    pub(super) stream: Stream,
}

impl fmt::Debug for SkipgramEpoch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SkipgramEpoch({} parts to come)", self.order.len())
    }
}

impl Iterator for SkipgramEpoch<'_> {
    type Item = (Vec<u32>, Vec<u32>, Vec<f32>);

    fn next(&mut self) -> Option<Self::Item> {
        let room = self.plan.batch_size.min(PAIRS);
        let (mut targets, mut contexts) = (Vec::with_capacity(room), Vec::with_capacity(room));
        let mut labels = Vec::with_capacity(room);
        while targets.len() < self.plan.batch_size {
            if self.negatives_left > 0 {
                self.draw_negatives(&mut targets, &mut contexts);
                labels.resize(targets.len(), 0.0);
            } else if let Some(pair) = self.next_positive() {
                self.current = pair;
                let wanted = self.plan.negative_samples + self.fraction;
                (self.negatives_left, self.fraction) = (wanted as usize, wanted.fract());
                targets.push(pair[0]);
                contexts.push(pair[1]);
                labels.push(1.0);
            } else {
                break;
            }
        }
        (!targets.is_empty()).then_some((targets, contexts, labels))
    }
}

impl<'a> SkipgramEpoch<'a> {
    pub(super) fn new(plan: Plan<'a>) -> Self {
        let words = PAIRS.div_ceil(2 * plan.window_size).max(plan.window_size);
        let parts = plan.ids.as_ref().as_ref().len().div_ceil(words);
        let order = match plan.shuffle {
            true => plan.stream.child(u64::MAX).permutation(parts),
            false => (0..parts as u32).collect(),
        };
        let (bits, positives) = (Bits::new(plan.stream.clone()), Vec::new().into_iter());
        Self {
            plan,
            words,
            order: order.into_iter(),
            positives,
            current: [0, 0],
            negatives_left: 0,
            fraction: 0.0,
            bits,
        }
    }

    /// Adds negatives of the current pair, as many as fit in the batch.
    fn draw_negatives(&mut self, targets: &mut Vec<u32>, contexts: &mut Vec<u32>) {
        let count = self.negatives_left.min(self.plan.batch_size - targets.len());
        self.negatives_left -= count;
        let Some(table) = &self.plan.negatives else { return };
        for _ in 0..count {
            let word = table.draw(self.bits.next_u64());
            if word != self.current[1] {
                targets.push(self.current[0]);
                contexts.push(word);
            }
        }
    }

    fn next_positive(&mut self) -> Option<[u32; 2]> {
        loop {
            if let Some(pair) = self.positives.next() {
                return Some(pair);
            }
            let part = self.order.next()?;
            self.positives = self.plan.pairs(part as usize, self.words).into_iter();
        }
    }
}

impl Plan<'_> {
    /// The pairs of a part of the text, of `size` words. Their contexts may be in the parts beside it.
    fn pairs(&self, part: usize, size: usize) -> Vec<[u32; 2]> {
        let window = self.window_size;
        let mut words = if part > 0 { self.words_of(part - 1, size) } else { Vec::new() };
        words.drain(..words.len().saturating_sub(window));
        let start = words.len();
        words.extend(self.words_of(part, size));
        let centres = start..words.len();
        let after = self.words_of(part + 1, size);
        words.extend(&after[..after.len().min(window)]);

        let mut bits = Bits::new(self.stream.child(2 * part as u64 + 1));
        let mut pairs = Vec::with_capacity(centres.len() * (window + 1));
        for i in centres {
            let target = words[i];
            if target == 0 || self.centres.as_ref().is_some_and(|p| !happens(p[target as usize], bits.next_u32())) {
                continue;
            }
            let width = if self.shrink_windows { 1 + bits.below(window as u32) as usize } else { window };
            let before = &words[i.saturating_sub(width)..i];
            let start = before.iter().rposition(|&word| word == 0).map_or(0, |at| at + 1);
            pairs.extend(before[start..].iter().map(|&context| [target, context]));
            let after = &words[i + 1..(i + 1 + width).min(words.len())];
            pairs.extend(after.iter().take_while(|&&word| word != 0).map(|&context| [target, context]));
        }
        if self.shuffle {
            for i in (1..pairs.len()).rev() {
                pairs.swap(i, bits.below(i as u32 + 1) as usize);
            }
        }
        pairs
    }

    /// The words of a part of the text that are kept, and the zeros between sentences; nothing past the end.
    fn words_of(&self, part: usize, size: usize) -> Vec<u32> {
        let ids: &[u32] = self.ids.as_ref().as_ref();
        let start = (part * size).min(ids.len());
        let ids = &ids[start..(start + size).min(ids.len())];
        let bits = self.stream.child(2 * part as u64).bits(ids.len());
        let kept = |(&id, bits): (&u32, u32)| (id == 0 || happens(self.kept[id as usize], bits)).then_some(id);
        ids.iter().zip(bits).filter_map(kept).collect()
    }
}

/// Random bits, drawn in blocks.
#[derive(Debug, Clone)]
struct Bits {
    stream: Stream,
    drawn: Vec<u32>,
    used: usize,
}

impl Bits {
    const BLOCK: usize = 4096;

    fn new(stream: Stream) -> Self {
        Self { stream, drawn: Vec::new(), used: 0 }
    }

    #[inline]
    fn next_u32(&mut self) -> u32 {
        if self.used == self.drawn.len() {
            (self.drawn, self.used) = (self.stream.bits(Self::BLOCK), 0);
        }
        self.used += 1;
        self.drawn[self.used - 1]
    }

    #[inline]
    fn next_u64(&mut self) -> u64 {
        (u64::from(self.next_u32()) << 32) | u64::from(self.next_u32())
    }

    /// An integer below `bound`.
    #[inline]
    fn below(&mut self, bound: u32) -> u32 {
        ((u64::from(self.next_u32()) * u64::from(bound)) >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SkipgramBatches, Skipgrams, skipgrams};
    use std::collections::HashMap;

    /// Words of decreasing frequency, without zeros.
    fn text(words: usize, count: usize) -> Vec<u32> {
        let uniform = Stream::new(1, 0).uniform(count);
        uniform.into_iter().map(|u| (words as f64).powf(u) as u32).collect()
    }

    type All = (Vec<u32>, Vec<u32>, Vec<f32>);

    fn all(batches: &SkipgramBatches, epoch: u64) -> All {
        let mut all = All::default();
        for (targets, contexts, labels) in batches.epoch(epoch).unwrap() {
            all.0.extend(targets);
            all.1.extend(contexts);
            all.2.extend(labels);
        }
        all
    }

    fn positives((targets, contexts, labels): &All) -> Vec<[u32; 2]> {
        let pairs = targets.iter().zip(contexts).zip(labels);
        pairs.filter(|(_, label)| **label == 1.0).map(|((&a, &b), _)| [a, b]).collect()
    }

    /// Pairs of the text alone, all of them.
    fn keras(ids: &[u32], vocabulary_size: usize) -> SkipgramBatches<'_> {
        let batches = SkipgramBatches::new(ids, vocabulary_size).window_size(4).shrink_windows(false).sample(0.0);
        batches.negative_samples(0.0).seed(1)
    }

    #[test]
    fn with_options_of_keras_the_couples_are_those_of_skipgrams() {
        let text = text(50, 3 * PAIRS / 8 + 17);
        let (expected, _) = skipgrams(&text, 50, Skipgrams::new().negative_samples(0.0).shuffle(false)).unwrap();
        assert_eq!(positives(&all(&keras(&text, 50).shuffle(false), 0)), expected);
        let mut shuffled = positives(&all(&keras(&text, 50), 0));
        assert_ne!(shuffled, expected);
        shuffled.sort_unstable();
        let mut sorted = expected;
        sorted.sort_unstable();
        assert_eq!(shuffled, sorted);
    }

    #[test]
    fn batches_are_full_and_an_epoch_is_reproducible() {
        let text = text(100, 5000);
        let batches = SkipgramBatches::new(&text, 100).seed(7).batch_size(100).negative_samples(2.5);
        let sizes: Vec<usize> = batches.epoch(0).unwrap().map(|(targets, _, _)| targets.len()).collect();
        assert!(sizes.len() > 100 && sizes[..sizes.len() - 1].iter().all(|&size| size == 100));
        assert_eq!(all(&batches, 3), all(&batches, 3));
        assert_ne!(all(&batches, 3), all(&batches, 4));
        assert_ne!(all(&batches, 3), all(&batches.clone().seed(8), 3));
        // The batch size changes nothing else.
        assert_eq!(all(&batches, 3), all(&batches.clone().batch_size(7), 3));
    }

    #[test]
    fn pairs_do_not_cross_sentences_and_skip_unknown_words() {
        let text = [2, 1, 3, 0, 4, 5];
        let pairs = |batches: SkipgramBatches| positives(&all(&batches.shuffle(false), 0));
        assert_eq!(pairs(keras(&text, 6)).len(), 6 + 2);
        assert_eq!(pairs(keras(&text, 6).oov_token(1)), [[2, 3], [3, 2], [4, 5], [5, 4]]);
        assert_eq!(pairs(keras(&text, 6).counts(&[1, 1, 1, 0, 1, 1])), [[2, 1], [1, 2], [4, 5], [5, 4]]);
    }

    #[test]
    fn frequent_words_are_subsampled_as_in_word2vec() {
        // Half of the text is word 1, then each word once, far apart from each other but for word 1.
        let text: Vec<u32> = (0..40_000u32).map(|i| if i % 2 == 0 { 1 } else { 2 + i / 2 % 1000 }).collect();
        let batches = keras(&text, 1002).window_size(1).sample(1e-3);
        let pairs = positives(&all(&batches, 0));
        // Word 1 has the relative frequency 1/2, and is kept with the probability (sqrt(500) + 1) / 500.
        let ones = pairs.iter().filter(|pair| pair[0] == 1).count() as f64 / pairs.len() as f64;
        let kept = (500f64.sqrt() + 1.0) / 500.0;
        assert!((ones - kept / (1.0 + kept)).abs() < 0.01, "{ones}");
        // Dropped words leave no gap: rare words have become neighbours.
        assert!(pairs.iter().any(|pair| pair[0] != 1 && pair[1] != 1));
        let table: Vec<f64> = (0..1002).map(|id| if id == 1 { 0.25 } else { 1.0 }).collect();
        let pairs = positives(&all(&keras(&text, 1002).window_size(1).sampling_table(&table), 0));
        assert!(pairs.iter().all(|pair| (pair[0] == 1) != (pair[1] == 1)), "the table keeps all words in their places");
        let ones = pairs.iter().filter(|pair| pair[0] == 1).count() as f64 / 40_000.0;
        assert!((ones - 0.25).abs() < 0.01, "{ones}");
    }

    #[test]
    fn windows_shrink_so_that_nearer_words_count_more() {
        let text: Vec<u32> = (1..=30_000).collect();
        let batches = keras(&text, 30_001).window_size(5).shrink_windows(true);
        let mut distances = [0f64; 6];
        positives(&all(&batches, 0)).iter().for_each(|[a, b]| distances[a.abs_diff(*b) as usize] += 1.0 / 60_000.0);
        for (distance, share) in distances.iter().enumerate().skip(1) {
            assert!((share - (6 - distance) as f64 / 5.0).abs() < 0.02, "{distances:?}");
        }
    }

    #[test]
    fn negatives_are_drawn_by_the_power_of_their_counts() {
        let text = text(20, 30_000);
        let share = |batches: SkipgramBatches| {
            let (targets, contexts, labels) = all(&batches, 0);
            let mut drawn = HashMap::<u32, f64>::new();
            let zeros = contexts.iter().zip(&labels).filter(|(_, label)| **label == 0.0);
            zeros.for_each(|(&word, _)| *drawn.entry(word).or_default() += 1.0);
            let (zeros, ones) = (drawn.values().sum::<f64>(), labels.iter().sum::<f32>());
            assert_eq!(targets.len(), labels.len());
            (drawn, zeros / f64::from(ones))
        };
        // All are neighbours of word 21 alone, which is rare.
        let pairs: Vec<u32> = text.iter().flat_map(|&word| [21, word, 0]).collect();
        let mut counts = vec![0u64; 22];
        text.iter().for_each(|&word| counts[word as usize] += 1);
        counts[21] = 1;
        for exponent in [0.75, 0.0] {
            let table: Vec<f64> = (0..22).map(|id| if id == 21 { 0.0 } else { 1.0 }).collect();
            let batches = keras(&pairs, 22).counts(&counts).negative_samples(1.5).ns_exponent(exponent);
            let (drawn, ratio) = share(batches.sampling_table(&table));
            let weight = |id: u32| (counts[id as usize] as f64).powf(exponent);
            let (sum, zeros): (f64, f64) = ((1..21).map(weight).sum(), drawn.values().sum());
            // A negative that equals the neighbour, word 21, is dropped.
            let expected = 1.5 * sum / (sum + weight(21));
            assert!((ratio - expected).abs() < 0.01, "{ratio} for {expected}");
            for id in 1..20 {
                let (found, expected) = (drawn[&id] / zeros, weight(id) / sum);
                assert!((found - expected).abs() < 0.01, "{exponent} {id}: {found} for {expected}");
            }
            assert!(!drawn.contains_key(&0));
        }
    }

    #[test]
    fn a_negative_that_equals_the_neighbour_is_dropped() {
        let (targets, contexts, labels) = all(&keras(&[1, 2], 3).negative_samples(10.0), 0);
        assert!(labels.len() > 2);
        for ((target, context), label) in targets.iter().zip(&contexts).zip(&labels) {
            // With two words, a negative can only be the target itself.
            assert_eq!(target == context, *label == 0.0);
        }
    }

    /// `cargo test --release -p candle-keras-data -- --ignored --nocapture pairs_a_second`
    #[test]
    #[ignore = "measures speed"]
    fn pairs_a_second() {
        let text = text(53_000, 2_000_000);
        for shuffle in [true, false] {
            let batches = SkipgramBatches::new(&text, 53_000).shuffle(shuffle).seed(1);
            let start = std::time::Instant::now();
            let pairs: usize = batches.epoch(0).unwrap().map(|(targets, _, _)| targets.len()).sum();
            let rate = pairs as f64 / start.elapsed().as_secs_f64() / 1e6;
            println!("{pairs} pairs, shuffle {shuffle}: {rate:.0} million a second");
        }
    }
}
