//! GloVe: vectors of words whose products are the logarithms of how often the words occur near each other (Pennington et al., 2014).

mod cooccurrences;
mod counter;
mod dense;
mod kernel;
mod model;
mod records;
mod spill;
mod train;

pub use model::GloVeModel;

use crate::arguments::{EPOCHS, VECTOR_SIZES, WORKERS, arguments, check_rates, check_sizes};
use crate::train::Callbacks;
use crate::{Epoch, Text, Vocabulary};
use candle_keras_ops::console::print_line;
use candle_keras_ops::{Error, Result};
use cooccurrences::Cooccurrences;
use counter::Counting;
use kernel::Tables;
use records::Records;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::time::Instant;

/// The largest `window`: more words than that are no neighbours.
const LARGEST_WINDOW: usize = 1 << 16;

/// The arguments of GloVe, with the defaults of the reference program where nothing else is said. Two names are those of [`Word2Vec`](crate::Word2Vec): the
/// learning rate is `alpha`, which the reference calls `-eta`, and the power of a count's weight, which it calls `-alpha`, is `power`.
///
/// The text is read twice: to count words, then to count which words occur near each other. Each pair of a word and a context is then trained on in
/// every epoch, in random order, so that an epoch takes as long for a text of any length with these pairs.
///
/// # Memory and disk
/// Half of `memory` serves to count, half for the pairs that are trained on, 12 bytes each. Beyond it, counts are sorted and written to temporary files, and
/// pairs into buckets of a temporary file, one of which is in memory at a time. What is counted is the same in any memory.
///
/// ```
/// use candle_keras_word_vectors::{GloVe, Text};
/// let text = Text::lines(["the cat sat on the mat", "the dog sat on the log"].repeat(20));
/// let model = GloVe::new().vector_size(16).window(5).x_max(10.0).min_count(1).workers(1).fit(text)?;
/// assert_eq!(model.vectors().row(0).len(), 16);
/// assert!(model.history()[24].loss < 0.1 * model.history()[0].loss);
/// # Ok::<(), candle_keras_word_vectors::Error>(())
/// ```
#[derive(Clone, Serialize, Deserialize)]
pub struct GloVe {
    vector_size: usize,
    window: usize,
    symmetric: bool,
    distance_weighting: bool,
    min_count: u64,
    max_final_vocab: Option<usize>,
    x_max: f64,
    power: f64,
    alpha: f64,
    epochs: usize,
    seed: u64,
    workers: usize,
    memory: usize,
    #[serde(skip)]
    verbose: u8,
    #[serde(skip)]
    callbacks: Callbacks,
}

impl Default for GloVe {
    fn default() -> Self {
        Self {
            vector_size: 100,
            window: 15,
            symmetric: true,
            distance_weighting: true,
            min_count: 5,
            max_final_vocab: None,
            x_max: 100.0,
            power: 0.75,
            alpha: 0.05,
            epochs: 25,
            seed: 1,
            workers: candle_keras_ops::cores::count(),
            memory: 1 << 30,
            verbose: 0,
            callbacks: Callbacks::default(),
        }
    }
}

impl GloVe {
    /// 100 numbers a word, windows of 15 words on either side.
    pub fn new() -> Self {
        Self::default()
    }

    arguments! {
        /// Numbers in the vector of a word. Default 100 (the reference program: 50).
        vector_size: usize,
        /// How many words to the left of a word, and if `symmetric` to its right, are its contexts, at most. Default 15.
        window: usize,
        /// Whether words to the right are contexts as well. Otherwise only the left word of a pair has the right one as its context. Default true.
        symmetric: bool,
        /// Whether a word at distance `d` counts as `1/d`, or as 1. Default true.
        distance_weighting: bool,
        /// How often a word must occur to get a vector. Default 5 (the reference program: 1).
        min_count: u64,
        /// How many words get a vector at most, the most frequent first. Default: all that `min_count` leaves. The reference: `-max-vocab`.
        max_final_vocab: optional usize,
        /// The count from which on the loss of a pair has the weight 1; less frequent pairs have less. Default 100; 10 is better for a text of a few million
        /// words.
        x_max: f64,
        /// The weight of a count `x` below `x_max` is `(x / x_max)^power`. Default 0.75. The reference: `-alpha`.
        power: f64,
        /// The learning rate of AdaGrad, for vectors alone: biases have 1, as in the reference. Default 0.05. The reference: `-eta`.
        alpha: f64,
        /// How often all pairs are trained on. Default 25. The reference: `-iter`.
        epochs: usize,
        /// Fixes all random numbers. Default 1.
        seed: u64,
        /// How many threads train. Default: as many as there are cores. With one, the same text, seed and memory give the same bits on every run; several
        /// share the rows without locks (Hogwild), so that their results differ a little from run to run.
        workers: usize,
        /// About how many bytes counts and pairs may take; what is beyond is on disk. Vectors and vocabulary come on top. Default 1 GiB (the reference: 4 GB).
        memory: usize,
        /// What is shown: 0 nothing (default), 1 a progress bar and a line an epoch, 2 a line an epoch.
        verbose: u8,
    }

    /// Calls `f` after each epoch; `ControlFlow::Break(())` ends the training.
    #[must_use]
    pub fn on_epoch_end(mut self, f: impl FnMut(&Epoch) -> ControlFlow<()> + Send + 'static) -> Self {
        self.callbacks.push(f);
        self
    }

    /// Counts the words of a text and which of them occur near each other, and trains their vectors.
    ///
    /// # Errors
    /// If an argument is invalid, the text cannot be read or has too few words, a temporary file cannot be written, or the numbers overflow.
    pub fn fit(self, text: impl Into<Text>) -> Result<GloVeModel> {
        self.check()?;
        let text = text.into();
        let chunks = text.open()?;
        let all = Vocabulary::count(&text, &chunks)?;
        let vocabulary = all.for_training(self.min_count, self.max_final_vocab)?;
        let start = Instant::now();
        let Self { window, symmetric, distance_weighting, .. } = self;
        let counting = Counting { window, symmetric, distance_weighting };
        let counts = Cooccurrences::count(counting, &text, &chunks, &vocabulary, self.memory / 2)?;
        let records = Records::new(&counts, symmetric, self.memory / 2, self.seed)?;
        drop(counts);
        if records.len() == 0 {
            return Err(Error::new("the text has no two words with vectors in one sentence")
                .help("Text::sentence says where sentences end; a smaller min_count keeps more words"));
        }
        if self.verbose > 0 {
            let (seconds, words) = (start.elapsed().as_secs_f64(), vocabulary.len());
            print_line(&format!("{} co-occurrences of {words} words, counted in {seconds:.1}s", records.len()));
        }
        let tables = Tables::new(vocabulary.len(), self.vector_size, self.seed)?;
        let history = train::train(&self, &tables, &records, vocabulary.tokens())?;
        let rows = tables.into_vectors();
        Ok(GloVeModel::new(self, vocabulary.words(), vocabulary.counts(), rows, history))
    }

    /// Checks all arguments.
    fn check(&self) -> Result<()> {
        check_sizes(&[
            ("vector_size", self.vector_size, VECTOR_SIZES),
            ("window", self.window, 1..=LARGEST_WINDOW),
            ("epochs", self.epochs, EPOCHS),
            ("workers", self.workers, WORKERS),
        ])?;
        check_rates(&[("alpha", self.alpha), ("power", self.power)])?;
        if !(self.x_max.is_finite() && self.x_max as f32 > 0.0) {
            return Err(Error::new("x_max must be a positive number").received(self.x_max.to_string()));
        }
        Ok(())
    }
}

impl std::fmt::Debug for GloVe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let settings = serde_json::to_string(self).map_err(|_| std::fmt::Error)?;
        write!(f, "GloVe {settings}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::KeyedVectors;
    use candle_keras_ops::random::Stream;

    /// Sentences about one of two things each, with some words about the other, and words that occur in both. (Pairs that never occur are not trained
    /// on, so that two topics without any pair in common need not differ.)
    fn text(sentences: u64) -> Text {
        let mut random = Stream::new(5, 0);
        let word = |topic: u64, random: &mut Stream| match random.below(12) {
            0..3 => format!("both{}", random.below(5)),
            3 => format!("{}{}", ["car", "cat"][topic as usize], random.below(10)),
            _ => format!("{}{}", ["cat", "car"][topic as usize], random.below(10)),
        };
        let sentence = |topic, random: &mut Stream| (0..12).map(|_| word(topic, random)).collect::<Vec<_>>().join(" ");
        Text::lines((0..sentences).map(|i| sentence(i % 2, &mut random)))
    }

    fn small() -> GloVe {
        GloVe::new().vector_size(20).window(4).x_max(10.0).epochs(30).min_count(2)
    }

    /// The mean similarity of words of one topic minus that of words of two.
    fn separation(vectors: &KeyedVectors) -> f64 {
        let mut sums = [0.0; 2];
        for i in 0..10 {
            for j in (0..10).filter(|&j| j != i) {
                let similarity = |other: String| f64::from(vectors.similarity(&format!("cat{i}"), &other).unwrap());
                sums[0] += similarity(format!("cat{j}")) / 90.0;
                sums[1] += similarity(format!("car{j}")) / 90.0;
            }
        }
        sums[0] - sums[1]
    }

    #[test]
    fn what_belongs_together_is_learned() {
        let kinds = [
            ("default", small()),
            ("left contexts", small().symmetric(false)),
            ("no distances", small().distance_weighting(false)),
        ];
        for (name, settings) in kinds {
            for workers in [1, 3] {
                let model = settings.clone().workers(workers).fit(text(1000)).unwrap();
                let history = model.history();
                for vectors in [model.vectors(), &model.word_vectors(), &model.context_vectors()] {
                    assert!(separation(vectors) > 0.4, "{name}, {workers} workers: {}", separation(vectors));
                }
                assert!(
                    history[29].loss < 0.05 * history[0].loss && history[29].loss < history[10].loss,
                    "{name}: {history:?}"
                );
                assert_eq!((history.len(), history[0].words), (30, 12_000));
            }
        }
    }

    #[test]
    fn the_sum_of_both_vectors_is_kept() {
        let model = small().fit(text(100)).unwrap();
        let (words, contexts) = (model.word_vectors(), model.context_vectors());
        let row = model.vectors().vector("cat3").unwrap();
        let both = words.vector("cat3").unwrap().iter().zip(contexts.vector("cat3").unwrap());
        assert!(both.zip(row).all(|((a, b), sum)| a + b == *sum));
        assert_eq!(model.vectors().counts().map(<[u64]>::len), Some(25));
    }

    #[test]
    fn one_worker_gives_the_same_bits() {
        let fit = |settings: GloVe| settings.workers(1).epochs(3).fit(text(400)).unwrap();
        for settings in [small(), small().memory(0)] {
            let model = fit(settings.clone());
            assert_eq!(model.vectors().vectors(), fit(settings.clone()).vectors().vectors());
            assert_ne!(model.vectors().vectors(), fit(settings.seed(2)).vectors().vectors());
        }
        let ended = fit(small().on_epoch_end(|_| ControlFlow::Break(())));
        assert_eq!(ended.history().len(), 1);
    }

    #[test]
    fn what_cannot_be_is_an_error() {
        let error = |settings: GloVe| settings.fit(text(50)).unwrap_err().to_string();
        assert!(error(small().vector_size(0)).contains("vector_size must be between"));
        assert!(error(small().window(1 << 40)).contains("window must be between"));
        assert!(error(small().epochs(0)).contains("epochs must be between"));
        assert!(error(small().x_max(0.0)).contains("x_max must be a positive number"));
        assert!(error(small().alpha(f64::NAN)).contains("alpha"));
        assert!(error(small().power(-1.0)).contains("power"));
        assert!(error(small().min_count(1000)).contains("set min_count to"));
        assert!(error(small().max_final_vocab(1)).contains("at least two words"));
        let overflow = error(small().alpha(1e30));
        assert!(overflow.contains("a smaller alpha"), "{overflow}");
        let lonely = small().fit(Text::lines(["a", "b"].repeat(5))).unwrap_err().to_string();
        assert!(lonely.contains("no two words"), "{lonely}");
    }
}
