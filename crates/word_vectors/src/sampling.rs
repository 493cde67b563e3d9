//! Random bits, and which words are left out of a sentence.

use candle_keras_data::keep_probability;
use candle_keras_ops::random::Stream;

/// Random bits for the inner loop of one thread: wyrand, whose state is one number.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// The bits of a chunk in an epoch: they depend on nothing else, whichever thread draws them.
    pub(crate) fn new(seed: u64, epoch: usize, chunk: usize) -> Self {
        Self(Stream::new(seed, 0x776f_7264).child(epoch as u64).child(chunk as u64).next_u64())
    }

    #[inline(always)]
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0xA076_1D64_78BD_642F);
        let wide = u128::from(self.0) * u128::from(self.0 ^ 0xE703_7ED1_A0B4_28DB);
        (wide >> 64) as u64 ^ wide as u64
    }

    /// A number below `bound`, each as likely as the others but for one part in `2^32 / bound`.
    #[inline(always)]
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        (((self.bits() >> 32) * u64::from(bound)) >> 32) as u32
    }
}

/// How likely a word of each number is kept, as a number of 32 bits.
pub(crate) fn keep_probabilities(counts: &[u64], sample: f64) -> Vec<u32> {
    let total = counts.iter().sum::<u64>() as f64;
    let keep = |&count: &u64| keep_probability((count as f64).max(1.0) / total, sample);
    // A probability of 1 is 2^32 - 1 of 2^32: one word in four billion is left out.
    counts.iter().map(|count| (keep(count) * f64::from(u32::MAX)) as u32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_keras_data::AliasTable;

    #[test]
    fn words_are_drawn_as_often_as_their_counts_say() {
        let counts = [10_000, 625, 16, 1];
        for (exponent, weights) in [(0.75, [1000.0, 125.0, 8.0, 1.0]), (0.0, [1.0; 4]), (1e6, [1.0, 0.0, 0.0, 0.0])] {
            let (table, mut random) = (AliasTable::of_counts(&counts, exponent).unwrap(), Random::new(1, 2, 3));
            let mut drawn = [0.0f64; 4];
            let n = 500_000;
            (0..n).for_each(|_| drawn[table.draw(random.bits()) as usize] += 1.0);
            for (drawn, weight) in drawn.iter().zip(weights) {
                let expected = weight / weights.iter().sum::<f64>();
                assert!((drawn / f64::from(n) - expected).abs() < 0.002, "{drawn} for {weight}");
            }
        }
    }

    /// The rate at which words are kept is the formula's, and rare words are always kept.
    #[test]
    fn frequent_words_are_left_out() {
        let counts = [900_000, 90_000, 9_990, 10];
        let keep = keep_probabilities(&counts, 1e-3);
        for (&count, keep) in counts.iter().zip(&keep) {
            let ratio = 1e-3 / (count as f64 / 1e6);
            let expected = (ratio.sqrt() + ratio).min(1.0);
            assert!((f64::from(*keep) / f64::from(u32::MAX) - expected).abs() < 1e-6);
        }
        assert_eq!(keep[3], u32::MAX);
        assert_eq!(keep_probabilities(&counts, 0.0), [u32::MAX; 4]);
    }

    #[test]
    fn chunks_have_bits_of_their_own() {
        let first = |epoch, chunk| Random::new(7, epoch, chunk).bits();
        assert_eq!(first(1, 2), first(1, 2));
        assert!(first(1, 2) != first(2, 1) && first(0, 0) != first(0, 1));
        let mut random = Random::new(0, 0, 0);
        let mean = (0..100_000).map(|_| f64::from(random.below(10))).sum::<f64>() / 1e5;
        assert!((mean - 4.5).abs() < 0.05 && (0..1000).all(|_| random.below(3) < 3));
    }
}
