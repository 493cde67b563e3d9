//! Pairs of neighbouring words. Keras: `keras.preprocessing.sequence.skipgrams`, `make_sampling_table`.

mod alias_table;
mod batches;
mod epoch;

pub use alias_table::AliasTable;
pub use batches::{SkipgramBatches, keep_probability};
pub use epoch::SkipgramEpoch;

use crate::{ToTensor, to_categorical};
use candle_core::Tensor;
use candle_keras_ops::random::{self, Stream};
use candle_keras_ops::{Error, Result};

/// The keyword arguments of [`skipgrams`], with Keras's defaults.
#[derive(Debug, Clone)]
pub struct Skipgrams<'a> {
    window_size: usize,
    negative_samples: f64,
    shuffle: bool,
    categorical: bool,
    sampling_table: Option<&'a [f64]>,
    seed: Option<u64>,
}

impl Default for Skipgrams<'_> {
    fn default() -> Self {
        Self {
            window_size: 4,
            negative_samples: 1.0,
            shuffle: true,
            categorical: false,
            sampling_table: None,
            seed: None,
        }
    }
}

impl<'a> Skipgrams<'a> {
    /// Keras's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of words on each side of a word that are paired with it, default 4.
    pub fn window_size(mut self, window_size: usize) -> Self {
        self.window_size = window_size;
        self
    }

    /// The number of negative samples for each pair of the text, default 1.0; 0 for none.
    pub fn negative_samples(mut self, negative_samples: f64) -> Self {
        self.negative_samples = negative_samples;
        self
    }

    /// Whether the pairs are shuffled, default true; otherwise in the order of the text, negatives last.
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// Whether labels are one-hot rows, `[1, 0]` for a negative and `[0, 1]` for a pair of the text; default false.
    pub fn categorical(mut self, categorical: bool) -> Self {
        self.categorical = categorical;
        self
    }

    /// The probability for each id that the word is paired with its neighbours: see [`make_sampling_table`].
    pub fn sampling_table(mut self, table: &'a [f64]) -> Self {
        self.sampling_table = Some(table);
        self
    }

    /// The seed of the random numbers.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }
}

/// The pairs of neighbouring words of a text, with the label 1, and negative samples, with the label 0.
///
/// Id 0 is not a word: it is skipped, but counts in a window.
///
/// # Shapes
/// - the couples: a word and a neighbour, or a random word; the labels: `(couples,)`, or `(couples, 2)` if `categorical`
///
/// # Errors
/// If an id is not below `vocabulary_size`, or not in the sampling table (with its position), or an argument is invalid.
///
/// ```
/// use candle_keras_data::{Skipgrams, skipgrams};
/// let plain = Skipgrams::new().window_size(1).negative_samples(0.0).shuffle(false);
/// let (couples, labels) = skipgrams(&[4, 2, 3], 5, plain)?;
/// assert_eq!(couples, [[4, 2], [2, 4], [2, 3], [3, 2]]);
/// assert_eq!(labels.to_vec1::<u8>()?, [1, 1, 1, 1]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Differences from Keras
/// The random numbers differ. An id outside of the vocabulary is an error; Keras accepts it.
///
/// The same as in Keras, and worth knowing: negatives are drawn uniformly, however rare a word is; the
/// sampling table applies to the first word of a pair alone, by its rank and not by its count; near words are not preferred; all pairs
/// are in memory. In all of this, [`SkipgramBatches`] follows word2vec.
pub fn skipgrams(sequence: &[u32], vocabulary_size: usize, arguments: Skipgrams) -> Result<(Vec<[u32; 2]>, Tensor)> {
    let Skipgrams { window_size, negative_samples, sampling_table, .. } = arguments;
    check_ids(sequence, vocabulary_size)?;
    check_negative_samples(negative_samples)?;
    if let Some(table) = sampling_table {
        check_length("sampling_table", table.len(), vocabulary_size)?;
    }
    let mut stream = arguments.seed.map_or_else(random::next_stream, |seed| Stream::new(seed, 0));

    let draws = sampling_table.map(|table| (table, stream.uniform(sequence.len())));
    let mut couples = Vec::new();
    for (i, &word) in sequence.iter().enumerate() {
        if word == 0 || draws.as_ref().is_some_and(|(table, draws)| table[word as usize] < draws[i]) {
            continue;
        }
        let start = i.saturating_sub(window_size);
        let end = i.saturating_add(window_size).saturating_add(1).min(sequence.len());
        for (j, &near) in (start..end).zip(&sequence[start..end]) {
            if j != i && near != 0 {
                couples.push([word, near]);
            }
        }
    }
    let mut labels = vec![1u8; couples.len()];
    add_negatives(&mut couples, &mut labels, negative_samples, vocabulary_size, &mut stream)?;
    if arguments.shuffle {
        let order = stream.permutation(couples.len());
        couples = order.iter().map(|&i| couples[i as usize]).collect();
        labels = order.iter().map(|&i| labels[i as usize]).collect();
    }
    let labels = if arguments.categorical { to_categorical(&labels, 2)? } else { labels.to_tensor()? };
    Ok((couples, labels))
}

/// Adds `negative_samples` couples for each: the first words in random order, each with a uniformly drawn word.
fn add_negatives(
    couples: &mut Vec<[u32; 2]>,
    labels: &mut Vec<u8>,
    negative_samples: f64,
    vocabulary_size: usize,
    stream: &mut Stream,
) -> Result<()> {
    let positive = couples.len();
    let count = (positive as f64 * negative_samples) as usize;
    if count == 0 {
        return Ok(());
    }
    couples.try_reserve(count).and_then(|()| labels.try_reserve(count)).map_err(|_| {
        Error::new("not enough memory for the negative samples")
            .received(format!("{negative_samples} for each of {positive} pairs"))
            .help("SkipgramBatches generates them batch by batch")
    })?;
    let order = stream.permutation(positive);
    for i in 0..count {
        let word = couples[order[i % positive] as usize][0];
        couples.push([word, 1 + stream.below(vocabulary_size as u64 - 1) as u32]);
    }
    labels.resize(positive + count, 0);
    Ok(())
}

fn check_ids(ids: &[u32], vocabulary_size: usize) -> Result<()> {
    if vocabulary_size > u32::MAX as usize || Vec::<u64>::new().try_reserve_exact(vocabulary_size).is_err() {
        return Err(
            Error::new("vocabulary_size is larger than ids, or memory, can be").received(vocabulary_size.to_string())
        );
    }
    match ids.iter().position(|&id| id as usize >= vocabulary_size) {
        Some(at) => Err(Error::new("an id must be below vocabulary_size")
            .expected(format!("0..{vocabulary_size}"))
            .received(format!("{} at [{at}]", ids[at]))
            .help("vocabulary_size is the largest id plus one: id 0 is not a word")),
        None => Ok(()),
    }
}

fn check_negative_samples(negative_samples: f64) -> Result<()> {
    if negative_samples.is_finite() && negative_samples >= 0.0 {
        return Ok(());
    }
    Err(Error::new("negative_samples must not be negative").received(negative_samples.to_string()))
}

fn check_length(what: &str, length: usize, vocabulary_size: usize) -> Result<()> {
    if length == vocabulary_size {
        return Ok(());
    }
    Err(Error::new(format!("{what} needs a number for each id, including 0"))
        .expected(format!("{vocabulary_size} numbers"))
        .received(length.to_string()))
}

/// The probability for each id that [`skipgrams`] pairs the word with its neighbours, where ids are ranks: 1 is the most frequent
/// word, and frequencies are assumed to follow Zipf's law. Keras's `sampling_factor` is 1e-5 by default.
///
/// The probability of a word of frequency `f` is `sqrt(sampling_factor / f)`, at most 1. Ranks only estimate frequencies:
/// [`SkipgramBatches`] uses counts.
///
/// # Errors
/// If `sampling_factor` is not positive.
///
/// ```
/// use candle_keras_data::make_sampling_table;
/// let table = make_sampling_table(10_000, 1e-5)?;
/// assert!(table[1] < 0.004 && table[9_999] > 0.9);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn make_sampling_table(size: usize, sampling_factor: f64) -> Result<Vec<f64>> {
    if !(sampling_factor > 0.0 && sampling_factor.is_finite()) {
        return Err(Error::new("sampling_factor must be positive").received(sampling_factor.to_string()));
    }
    /// Euler's constant, with Keras's digits.
    const GAMMA: f64 = 0.577;
    let probability = |rank: usize| {
        let rank = rank.max(1) as f64;
        let inverse_frequency = rank * (rank.ln() + GAMMA) + 0.5 - 1.0 / (12.0 * rank);
        let f = sampling_factor * inverse_frequency;
        (f / f.sqrt()).min(1.0)
    };
    Ok((0..size).map(probability).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> Skipgrams<'static> {
        Skipgrams::new().window_size(2).negative_samples(0.0).shuffle(false)
    }

    fn labels(labels: &Tensor) -> Vec<u8> {
        labels.to_vec1().unwrap()
    }

    /// The results of Keras 3.15.1.
    #[test]
    fn couples_are_those_of_keras() {
        let (couples, ones) = skipgrams(&[1, 2, 0, 3, 4, 2], 5, plain()).unwrap();
        let expected = [[1, 2], [2, 1], [2, 3], [3, 2], [3, 4], [3, 2], [4, 3], [4, 2], [2, 3], [2, 4]];
        assert_eq!(couples, expected);
        assert_eq!(labels(&ones), [1; 10]);
        let (couples, ones) = skipgrams(&[1, 2, 3], 4, plain().window_size(usize::MAX)).unwrap();
        assert_eq!(couples, [[1, 2], [1, 3], [2, 1], [2, 3], [3, 1], [3, 2]]);
        assert_eq!(labels(&ones), [1; 6]);
        assert!(skipgrams(&[], 2, Skipgrams::new()).unwrap().0.is_empty());
    }

    /// The results of Keras 3.15.1: `make_sampling_table(5, 1e-2)` and a rank at which it is 1.
    #[test]
    fn the_sampling_table_is_that_of_keras() {
        let expected =
            [0.0996828303504002, 0.0996828303504002, 0.1731654611766799, 0.23450072682673187, 0.2886580002554273];
        let table = make_sampling_table(5, 1e-2).unwrap();
        assert!(table.iter().zip(expected).all(|(x, y)| (x - y).abs() < 1e-15), "{table:?}");
        assert_eq!(make_sampling_table(100_000, 1e-5).unwrap()[99_999], 1.0);
        assert!(make_sampling_table(0, 1e-5).unwrap().is_empty());
        assert!(make_sampling_table(5, 0.0).is_err());
    }

    #[test]
    fn negatives_keep_the_first_words_and_draw_any_other() {
        let text: Vec<u32> = (0..3000).map(|i| i % 7).collect();
        let (couples, marks) = skipgrams(&text, 7, plain().negative_samples(2.5).seed(1)).unwrap();
        let marks = labels(&marks);
        let positive = marks.iter().filter(|&&label| label == 1).count();
        assert_eq!(couples.len() - positive, (positive as f64 * 2.5) as usize);
        let count = |couples: &[[u32; 2]], side: usize, word: u32| {
            couples.iter().filter(|couple| couple[side] == word).count() as f64 / couples.len() as f64
        };
        let (near, random) = couples.split_at(positive);
        for word in 1..7 {
            assert!((count(near, 0, word) - count(random, 0, word)).abs() < 0.01);
            assert!((count(random, 1, word) - 1.0 / 6.0).abs() < 0.01, "0 is never drawn");
        }
        // In random order the same couples have the same labels.
        let (mixed, mixed_labels) = skipgrams(&text, 7, plain().negative_samples(2.5).seed(1).shuffle(true)).unwrap();
        let sorted = |couples: &[[u32; 2]], labels: &[u8]| {
            let mut all: Vec<_> = couples.iter().zip(labels).map(|(couple, label)| (*couple, *label)).collect();
            all.sort_unstable();
            all
        };
        assert_ne!(mixed, couples);
        assert_eq!(sorted(&mixed, &labels(&mixed_labels)), sorted(&couples, &marks));
    }

    #[test]
    fn labels_can_be_categorical() {
        let arguments = plain().window_size(1).negative_samples(1.0).categorical(true);
        let (couples, labels) = skipgrams(&[1, 2], 3, arguments).unwrap();
        assert_eq!(couples.len(), 4);
        assert_eq!(labels.to_vec2::<f32>().unwrap(), [[0., 1.], [0., 1.], [1., 0.], [1., 0.]]);
    }

    #[test]
    fn the_sampling_table_is_indexed_by_the_word() {
        let text: Vec<u32> = (0..20_000).map(|i| 1 + i % 2).collect();
        let (couples, _) = skipgrams(&text, 3, plain().sampling_table(&[1.0, 0.2, 0.7]).seed(3)).unwrap();
        let share = |word| couples.iter().filter(|couple| couple[0] == word).count() as f64 / 40_000.0;
        assert!((share(1) - 0.2).abs() < 0.01 && (share(2) - 0.7).abs() < 0.01, "{} {}", share(1), share(2));
    }

    #[test]
    fn invalid_arguments_are_errors() {
        let error = skipgrams(&[1, 5], 5, plain()).unwrap_err().to_string();
        assert!(error.contains("0..5") && error.contains("5 at [1]"), "{error}");
        assert!(skipgrams(&[1, 2], usize::MAX, plain()).unwrap_err().to_string().contains("vocabulary_size"));
        assert!(skipgrams(&[1, 2], 5, plain().sampling_table(&[1.0; 3])).is_err());
        for wrong in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(skipgrams(&[1, 2], 5, plain().negative_samples(wrong)).is_err());
        }
        let error = skipgrams(&[1, 2], 5, plain().negative_samples(1e30)).unwrap_err().to_string();
        assert!(error.contains("SkipgramBatches"), "{error}");
    }
}
