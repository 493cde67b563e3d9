//! Batches of skip-gram pairs, generated during training: as in word2vec, or as in Keras by options.

use super::alias_table::AliasTable;
use super::epoch::{Ids, Plan, SkipgramEpoch, threshold};
use super::{check_ids, check_length, check_negative_samples};
use crate::{Dataset, Elements, IntoBatch, Source};
use candle_keras_ops::random::{self, Stream};
use candle_keras_ops::{Error, Result};
use std::fmt;
use std::sync::Arc;

/// Batches of pairs of neighbouring words, each with negative samples: training data for a model of two Embeddings and a Dot.
/// The pairs are generated part by part, and each epoch has other random numbers and another order.
///
/// As in word2vec: frequent words are subsampled before windows are formed (`sample`), a window has a random width
/// (`shrink_windows`), and negatives are drawn with their counts to the power of 0.75 (`ns_exponent`). A negative that equals the
/// neighbour is dropped. Id 0 is not a word: it ends a sentence, and pairs do not cross sentences.
///
/// A text is read in parts of about 250,000 pairs, in random order, as are the pairs in them; negatives follow the pair
/// that they belong to. This takes 3 MB, and 12 bytes for each word of the vocabulary, independent of the length of the text.
///
/// ```
/// use candle_keras_data::SkipgramBatches;
/// let text = [3, 1, 4, 1, 5, 0, 2, 6, 5, 3, 5];
/// let batches = SkipgramBatches::new(&text, 7).window_size(2).negative_samples(2.0).batch_size(8).seed(1);
/// for epoch in 0..2 {
///     for (targets, contexts, labels) in batches.epoch(epoch)? {
///         assert!(targets.len() == contexts.len() && targets.len() == labels.len() && targets.len() <= 8);
///     }
/// }
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// Keras's [`skipgrams`](crate::skipgrams), except for its order, is `shrink_windows(false)`, `sample(0.0)`, `ns_exponent(0.0)`,
/// `negative_samples(1.0)`, `window_size(4)` and perhaps a `sampling_table`, on a text without id 0.
#[derive(Clone)]
#[must_use]
pub struct SkipgramBatches<'a> {
    ids: Ids<'a>,
    vocabulary_size: usize,
    window_size: usize,
    shrink_windows: bool,
    negative_samples: f64,
    ns_exponent: f64,
    sample: f64,
    counts: Option<&'a [u64]>,
    sampling_table: Option<&'a [f64]>,
    oov_token: Option<u32>,
    batch_size: usize,
    shuffle: bool,
    seed: Option<u64>,
}

impl fmt::Debug for SkipgramBatches<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SkipgramBatches({} ids below {})", self.text().len(), self.vocabulary_size)
    }
}

impl<'a> SkipgramBatches<'a> {
    /// The pairs of this text, borrowed or owned, whose ids are below `vocabulary_size`.
    pub fn new(ids: impl AsRef<[u32]> + Send + Sync + 'a, vocabulary_size: usize) -> Self {
        Self {
            ids: Arc::new(ids),
            vocabulary_size,
            window_size: 5,
            shrink_windows: true,
            negative_samples: 5.0,
            ns_exponent: 0.75,
            sample: 1e-3,
            counts: None,
            sampling_table: None,
            oov_token: None,
            batch_size: 1024,
            shuffle: true,
            seed: None,
        }
    }

    /// The number of words on each side of a word that are paired with it, default 5.
    pub fn window_size(mut self, window_size: usize) -> Self {
        self.window_size = window_size;
        self
    }

    /// Whether the width of each window is drawn from 1 to `window_size`, default true: nearer words count more.
    pub fn shrink_windows(mut self, shrink_windows: bool) -> Self {
        self.shrink_windows = shrink_windows;
        self
    }

    /// The number of negative samples for each pair of the text, default 5.0.
    pub fn negative_samples(mut self, negative_samples: f64) -> Self {
        self.negative_samples = negative_samples;
        self
    }

    /// The power of the counts with which negatives are drawn, default 0.75; 0.0 is uniform.
    pub fn ns_exponent(mut self, ns_exponent: f64) -> Self {
        self.ns_exponent = ns_exponent;
        self
    }

    /// The relative frequency above which a word is subsampled, default 1e-3; 0.0 keeps all.
    pub fn sample(mut self, sample: f64) -> Self {
        self.sample = sample;
        self
    }

    /// The count of each id, including 0; counted in the text by default. A word of count 0 is left out.
    pub fn counts(mut self, counts: &'a [u64]) -> Self {
        self.counts = Some(counts);
        self
    }

    /// The probability for each id that the word is paired with its neighbours, as in [`skipgrams`](crate::skipgrams).
    pub fn sampling_table(mut self, table: &'a [f64]) -> Self {
        self.sampling_table = Some(table);
        self
    }

    /// The id of out-of-vocabulary words, which are dropped before windows are formed; none by default. It is 1 in the
    /// vocabularies of TextVectorization and WordTokenizer.
    pub fn oov_token(mut self, id: u32) -> Self {
        self.oov_token = Some(id);
        self
    }

    /// The number of pairs per batch, default 1024; the last one of an epoch may have fewer.
    pub fn batch_size(mut self, batch_size: usize) -> Self {
        self.batch_size = batch_size;
        self
    }

    /// Whether pairs come in random order, default true; otherwise in that of the text.
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// The seed of the random numbers: the same epoch then has the same batches.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// One pass over the text: targets, contexts and labels, batch by batch. The random numbers depend on the index of the epoch.
    ///
    /// # Errors
    /// If an argument is invalid, an id is not below `vocabulary_size` (with its position), or the text has no words.
    pub fn epoch(&self, epoch: u64) -> Result<SkipgramEpoch<'a>> {
        self.pass(self.seed.map_or_else(random::next_stream, |seed| Stream::new(seed, 0)).child(epoch))
    }

    /// One pass over the text, with these random numbers.
    fn pass(&self, stream: Stream) -> Result<SkipgramEpoch<'a>> {
        self.check()?;
        let counts = self.word_counts();
        let total: f64 = counts.iter().map(|&count| count as f64).sum();
        if total == 0.0 {
            return Err(Error::new("the text has no words to pair")
                .received(format!("{} ids", self.text().len()))
                .help("id 0, the oov_token and ids of count 0 are not words"));
        }
        let negatives = match self.negative_samples > 0.0 {
            true => Some(AliasTable::of_counts(&self.negative_counts(counts.clone()), self.ns_exponent)?),
            false => None,
        };
        Ok(SkipgramEpoch::new(Plan {
            ids: self.ids.clone(),
            window_size: self.window_size,
            shrink_windows: self.shrink_windows,
            negative_samples: self.negative_samples,
            batch_size: self.batch_size,
            shuffle: self.shuffle,
            kept: counts
                .iter()
                .map(|&count| {
                    threshold(if count > 0 { keep_probability(count as f64 / total, self.sample) } else { 0.0 })
                })
                .collect(),
            centres: self.sampling_table.map(|table| table.iter().map(|&p| threshold(p)).collect()),
            negatives,
            stream,
        }))
    }

    fn text(&self) -> &[u32] {
        self.ids.as_ref().as_ref()
    }

    fn check(&self) -> Result<()> {
        let wrong = |what: &str, received: String| Err(Error::new(what).received(received));
        check_negative_samples(self.negative_samples)?;
        for (what, value) in [("sample", self.sample), ("ns_exponent", self.ns_exponent)] {
            if !value.is_finite() || (what == "sample" && value < 0.0) {
                return wrong(&format!("{what} is not a share or a power"), value.to_string());
            }
        }
        if !(1..=LARGEST_WINDOW).contains(&self.window_size) {
            return wrong("window_size must be from 1 to 1000", self.window_size.to_string());
        }
        if self.batch_size == 0 {
            return wrong("batch_size must be positive", "0".into());
        }
        if let Some(counts) = self.counts {
            check_length("counts", counts.len(), self.vocabulary_size)?;
        }
        if let Some(table) = self.sampling_table {
            check_length("sampling_table", table.len(), self.vocabulary_size)?;
        }
        check_ids(self.text(), self.vocabulary_size)
    }

    /// The count of each id, 0 for ids that are not words.
    fn word_counts(&self) -> Vec<u64> {
        let mut counts = match self.counts {
            Some(counts) => counts.to_vec(),
            None => {
                let mut counts = vec![0; self.vocabulary_size];
                self.text().iter().for_each(|&id| counts[id as usize] += 1);
                counts
            }
        };
        for id in [Some(0), self.oov_token].into_iter().flatten() {
            if let Some(count) = counts.get_mut(id as usize) {
                *count = 0;
            }
        }
        counts
    }

    /// The counts whose power is the weight of each id as a negative.
    fn negative_counts(&self, mut counts: Vec<u64>) -> Vec<u64> {
        if self.ns_exponent == 0.0 {
            // Keras draws from all words, even those that do not occur.
            let is_word = |&(id, _): &(usize, _)| id != 0 && Some(id as u32) != self.oov_token;
            counts.iter_mut().enumerate().filter(is_word).for_each(|(_, count)| *count = 1);
        }
        counts
    }
}

impl SkipgramBatches<'static> {
    /// The batches as a [`Dataset`] of `([targets, contexts], labels)` for `fit`, each pass with other random numbers; the text must be owned: `SkipgramBatches::new(ids, ...)` with
    /// a `Vec`, or an `Arc` of one.
    ///
    /// ```
    /// use candle_keras_data::{Batch, SkipgramBatches};
    /// let pairs = SkipgramBatches::new(vec![3, 1, 4, 1, 5, 0, 2, 6, 5, 3, 5], 7).sample(0.0).batch_size(8).dataset();
    /// let Batch { x, y, .. } = pairs.iter()?.next().expect("there are pairs")?;
    /// assert_eq!((x.len(), x[0].dims(), y[0].dims()), (2, &[8][..], &[8][..]));
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    pub fn dataset(self) -> Dataset {
        Dataset::new(self)
    }
}

impl Source for SkipgramBatches<'static> {
    fn elements(&self, random: &Stream, from: usize) -> Result<Elements> {
        let stream = self.seed.map_or_else(|| random.clone(), |seed| random.child(seed));
        let batches = self.pass(stream)?.skip(from);
        Ok(Box::new(batches.map(|(targets, contexts, labels)| ([targets, contexts], labels).into_batch())))
    }
}

/// The probability that an occurrence of a word with the relative frequency `share` is kept: 1 with a `sample` of 0.
///
/// The formula is that of the word2vec program, `sqrt(sample / share) + sample / share`, not that of the paper.
pub fn keep_probability(share: f64, sample: f64) -> f64 {
    if sample == 0.0 {
        return 1.0;
    }
    let ratio = sample / share;
    (ratio.sqrt() + ratio).min(1.0)
}

/// A part of the text has at least as many words as a window.
const LARGEST_WINDOW: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_arguments_are_errors() {
        let text = [1, 2, 3];
        let error = |batches: SkipgramBatches| batches.epoch(0).unwrap_err().to_string();
        let batches = || SkipgramBatches::new(text, 4);
        assert!(error(SkipgramBatches::new(text, 3)).contains("3 at [2]"));
        assert!(error(SkipgramBatches::new(text, usize::MAX)).contains("vocabulary_size"));
        assert!(error(SkipgramBatches::new([], 3)).contains("no words"));
        assert!(error(SkipgramBatches::new([0, 0], 3)).contains("no words"));
        assert!(error(batches().window_size(0)).contains("window_size"));
        assert!(error(batches().window_size(usize::MAX)).contains("window_size"));
        assert!(error(batches().batch_size(0)).contains("batch_size"));
        assert!(error(batches().negative_samples(-1.0)).contains("negative_samples"));
        assert!(error(batches().sample(f64::NAN)).contains("sample"));
        assert!(error(batches().counts(&[1, 2])).contains("4 numbers"));
        assert!(error(batches().sampling_table(&[1.0])).contains("4 numbers"));
        assert!(batches().sample(0.0).batch_size(usize::MAX).epoch(0).unwrap().next().is_some());
    }
}
