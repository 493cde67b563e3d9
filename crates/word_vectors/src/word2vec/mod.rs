//! word2vec: vectors of words that predict the words around them (Mikolov et al., 2013).

mod file;
mod model;
mod negatives;
mod worker;

pub use model::Word2VecModel;
pub(crate) use worker::{Shared, Trainer};

use crate::arguments::{EPOCHS, NEGATIVES, VECTOR_SIZES, WINDOWS, WORKERS, arguments, check_rates, check_sizes};
use crate::train::Callbacks;
use crate::{Epoch, Text, Vocabulary};
use candle_keras_ops::{Error, Result};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::path::PathBuf;

/// The arguments of word2vec, with the names of gensim and its defaults, but for four: `skip_gram` is true, CBOW's `alpha` is 0.05 as in word2vec,
/// `workers` are as many as there are cores, and `shared_negatives` is 1.
///
/// Skip-gram and CBOW, with negative sampling or hierarchical softmax, as the program word2vec has them: each word of a window, or the mean of all, predicts
/// its centre. Where programs differ: a score of any size has its exact sigmoid (word2vec cuts it off at 6, gensim leaves it out), and lines are not cut off
/// (both cut them at 1000 or 10,000 words).
///
/// # Speed
/// The negatives of a window are the same for all of its words, so that it is three small matrix products on rows that are in
/// the cache (HogBatch); `shared_negatives(0)` draws them for each pair, and takes several times as long. One less than a multiple of six is the
/// fastest number of `negative`.
///
/// ```
/// use candle_keras_word_vectors::{Text, Word2Vec};
/// let text = Text::lines(["the cat sat on the mat", "the dog sat on the log"].repeat(20));
/// let model = Word2Vec::new().vector_size(16).min_count(1).workers(1).fit(text)?;
/// assert_eq!(model.vectors().row(0).len(), 16);
/// # Ok::<(), candle_keras_word_vectors::Error>(())
/// ```
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Word2Vec {
    vector_size: usize,
    alpha: Option<f64>,
    min_alpha: f64,
    window: usize,
    min_count: u64,
    max_final_vocab: Option<usize>,
    sample: f64,
    seed: u64,
    #[serde(skip)]
    workers: usize,
    skip_gram: bool,
    hs: bool,
    negative: usize,
    ns_exponent: f64,
    cbow_mean: bool,
    corrected_cbow: bool,
    shared_negatives: usize,
    shrink_windows: bool,
    epochs: usize,
    #[serde(skip)]
    verbose: u8,
    #[serde(skip)]
    callbacks: Callbacks,
    #[serde(skip)]
    checkpoint: Option<PathBuf>,
}

impl Default for Word2Vec {
    fn default() -> Self {
        Self {
            vector_size: 100,
            alpha: None,
            min_alpha: 1e-4,
            window: 5,
            min_count: 5,
            max_final_vocab: None,
            sample: 1e-3,
            seed: 1,
            workers: candle_keras_ops::cores::count(),
            skip_gram: true,
            hs: false,
            negative: 5,
            ns_exponent: 0.75,
            cbow_mean: true,
            corrected_cbow: false,
            shared_negatives: 1,
            shrink_windows: true,
            epochs: 5,
            verbose: 0,
            callbacks: Callbacks::default(),
            checkpoint: None,
        }
    }
}

impl Word2Vec {
    /// Skip-gram with five negatives, 100 numbers a word.
    pub fn new() -> Self {
        Self::default()
    }

    arguments! {
        /// Numbers in the vector of a word. Default 100.
        vector_size: usize,
        /// The learning rate at the beginning. Default 0.025; 0.05 for CBOW, as in word2vec (gensim has 0.025 for both).
        alpha: optional f64,
        /// The learning rate at the end, to which it falls in a straight line. Default 0.0001.
        min_alpha: f64,
        /// How many words on either side of the centre belong to its window, at most. Default 5.
        window: usize,
        /// How often a word must occur to get a vector. Default 5.
        min_count: u64,
        /// How many words get a vector at most, the most frequent first. Default: all that `min_count` leaves.
        max_final_vocab: optional usize,
        /// From which share of the text on a word is so frequent that some of its occurrences are left out, which widens the windows of the words
        /// around them; 0 leaves out none. Default 0.001.
        sample: f64,
        /// Fixes all random numbers. Default 1.
        seed: u64,
        /// How many threads train. Default: as many as there are cores. With one, the same text and seed give the same bits on every run; several
        /// share the rows without locks (Hogwild), so that their results differ a little from run to run.
        workers: usize,
        /// Whether each word of a window predicts the centre (skip-gram), or the mean of them (CBOW). Default true. gensim: `sg`, default 0.
        skip_gram: bool,
        /// Whether there is hierarchical softmax, beside negative sampling or alone with `negative(0)`. Default false.
        hs: bool,
        /// How many negatives are drawn for a window; 0 is without negative sampling. Default 5.
        negative: usize,
        /// The power of a word's count with which it is drawn as a negative. Default 0.75.
        ns_exponent: f64,
        /// Whether CBOW takes the mean of the window's words, or their sum. Default true. As in gensim, the gradient of a sum is divided by the number
        /// of words, unless `corrected_cbow` is set.
        cbow_mean: bool,
        /// Whether CBOW's gradient is the derivative: that of a mean is divided by the number of words, where word2vec and gensim add it to each word whole (İrsoy
        /// et al., 2021). Default false. With it, an alpha of 0.075 is a good one.
        corrected_cbow: bool,
        /// For how many windows in a row the same negatives are used, so that their rows are read once and stay in the cache: 0 draws others for each pair of
        /// words, as word2vec does, and takes several times as long. Default 1.
        shared_negatives: usize,
        /// Whether the reach of each window is drawn from `1..=window`, so that near words count more. Default true.
        shrink_windows: bool,
        /// How often the text is read. Default 5.
        epochs: usize,
        /// What is shown: 0 nothing (default), 1 a progress bar and a line an epoch, 2 a line an epoch.
        verbose: u8,
    }

    /// Calls `f` after each epoch; `ControlFlow::Break(())` ends the training.
    #[must_use]
    pub fn on_epoch_end(mut self, f: impl FnMut(&Epoch) -> ControlFlow<()> + Send + 'static) -> Self {
        self.callbacks.push(f);
        self
    }

    /// Saves the model after each epoch, so that a training that was interrupted goes on with `Word2VecModel::load(path)?.resume(text)`.
    #[must_use]
    pub fn checkpoint(mut self, path: impl Into<PathBuf>) -> Self {
        self.checkpoint = Some(path.into());
        self
    }

    /// Counts the words of a text, and trains their vectors on it.
    ///
    /// # Errors
    /// If an argument is invalid, the text cannot be read or has too few words, or the numbers overflow.
    pub fn fit(self, text: impl Into<Text>) -> Result<Word2VecModel> {
        self.check()?;
        let text = text.into();
        let chunks = text.open()?;
        let all = Vocabulary::count(&text, &chunks)?;
        let vocabulary = all.for_training(self.min_count, self.max_final_vocab)?;
        let mut model = Word2VecModel::new(self, vocabulary)?;
        model.resume(text)?;
        Ok(model)
    }

    fn alpha_or_default(&self) -> f64 {
        self.alpha.unwrap_or(if self.skip_gram { 0.025 } else { 0.05 })
    }

    /// Checks all arguments.
    pub(crate) fn check(&self) -> Result<()> {
        check_sizes(&[
            ("vector_size", self.vector_size, VECTOR_SIZES),
            ("window", self.window, WINDOWS),
            ("negative", self.negative, NEGATIVES),
            ("epochs", self.epochs, EPOCHS),
            ("workers", self.workers, WORKERS),
        ])?;
        check_rates(&[("alpha", self.alpha_or_default()), ("min_alpha", self.min_alpha), ("sample", self.sample)])?;
        if !self.hs && self.negative == 0 {
            return Err(Error::new("there is nothing to train: hs is false and negative is 0")
                .help("negative(5) is the default; hs(true) trains hierarchical softmax"));
        }
        if !self.ns_exponent.is_finite() {
            return Err(Error::new("ns_exponent must be finite").received(self.ns_exponent.to_string()));
        }
        Ok(())
    }
}

impl std::fmt::Debug for Word2Vec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let settings = serde_json::to_string(self).map_err(|_| std::fmt::Error)?;
        write!(f, "Word2Vec {settings}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::KeyedVectors;
    use candle_keras_ops::random::Stream;

    /// Sentences about one of two things each, with words that occur in both.
    fn text(sentences: u64) -> Text {
        let mut random = Stream::new(5, 0);
        let sentence = |topic: u64, random: &mut Stream| {
            let word = |random: &mut Stream| match random.below(4) {
                0 => format!("both{}", random.below(5)),
                _ => format!("{}{}", ["cat", "car"][topic as usize], random.below(10)),
            };
            (0..12).map(|_| word(random)).collect::<Vec<_>>().join(" ")
        };
        Text::lines((0..sentences).map(|i| sentence(i % 2, &mut random)))
    }

    fn small() -> Word2Vec {
        Word2Vec::new().vector_size(20).epochs(4).min_count(2).sample(0.0).alpha(0.05)
    }

    fn cosine(vectors: &KeyedVectors, a: &str, b: &str) -> f32 {
        let row = |word: &str| vectors.row(vectors.words().get(word).unwrap() as usize);
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let (a, b) = (row(a), row(b));
        dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
    }

    /// The mean similarity of words of one topic minus that of words of two.
    fn separation(vectors: &KeyedVectors) -> f32 {
        let mut sums = [0.0; 2];
        for i in 0..10 {
            for j in (0..10).filter(|&j| j != i) {
                sums[0] += cosine(vectors, &format!("cat{i}"), &format!("cat{j}")) / 90.0;
                sums[1] += cosine(vectors, &format!("cat{i}"), &format!("car{j}")) / 90.0;
            }
        }
        sums[0] - sums[1]
    }

    #[test]
    fn every_kind_learns_what_belongs_together() {
        let kinds = [
            ("skip-gram", small()),
            ("skip-gram, own negatives", small().shared_negatives(0)),
            ("skip-gram, tree", small().hs(true).negative(0)),
            ("skip-gram, both", small().hs(true)),
            ("skip-gram, many negatives", small().negative(13)),
            ("skip-gram, whole windows", small().shrink_windows(false)),
            ("cbow", small().skip_gram(false)),
            ("cbow, corrected", small().skip_gram(false).corrected_cbow(true).alpha(0.15)),
            ("cbow, sum", small().skip_gram(false).cbow_mean(false)),
            ("cbow, derivative of the sum", small().skip_gram(false).cbow_mean(false).corrected_cbow(true)),
            ("cbow, tree", small().skip_gram(false).hs(true).negative(0)),
        ];
        let text = text(3000);
        for (name, settings) in kinds {
            let untrained = settings.clone().alpha(0.0).min_alpha(0.0).epochs(1).fit(text.clone()).unwrap();
            let untrained = untrained.history()[0].loss;
            for workers in [1, 3] {
                let model = settings.clone().workers(workers).fit(text.clone()).unwrap();
                let (history, separation) = (model.history(), separation(model.vectors()));
                // Gensim's rule for a sum learns mostly output rows. A thread that is interrupted between reading and writing a row undoes what others
                // have learned of it meanwhile, which is much where there are 25 words.
                let least = match (name, workers) {
                    ("cbow, sum", _) => 0.01,
                    (_, 1) => 0.4,
                    _ => 0.0,
                };
                assert!(separation > least, "{name}, {workers} workers: {separation}");
                assert!(history[3].loss < 0.9 * untrained, "{name}: {history:?}, {untrained}");
                assert_eq!(history[0].words, 36_000);
            }
        }
    }

    #[test]
    fn one_worker_gives_the_same_bits() {
        let fit = |settings: Word2Vec| settings.workers(1).fit(text(400)).unwrap();
        for settings in [small(), small().skip_gram(false), small().hs(true).sample(1e-2)] {
            let model = fit(settings.clone());
            assert_eq!(model.vectors().vectors(), fit(settings.clone()).vectors().vectors());
            assert_ne!(model.vectors().vectors(), fit(settings.clone().seed(2)).vectors().vectors());
            // A training that is ended after two epochs goes on as if it had not been.
            let mut half = fit(settings.on_epoch_end(|epoch| match epoch.epoch {
                1 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }));
            assert_eq!(half.history().len(), 2);
            half.resume(text(400)).unwrap();
            assert_eq!(half.vectors().vectors(), model.vectors().vectors());
            let losses = |model: &Word2VecModel| model.history().iter().map(|epoch| epoch.loss).collect::<Vec<_>>();
            assert_eq!(losses(&half), losses(&model));
        }
    }

    /// An untrained model gives every answer the probability 1/2, so that a pair with five negatives costs 6 ln 2.
    #[test]
    fn the_loss_is_that_of_a_pair() {
        let text = text(300);
        let untrained = small().alpha(0.0).min_alpha(0.0).epochs(1).fit(text.clone()).unwrap();
        let expected = 6.0 * std::f64::consts::LN_2;
        // A negative that is the right answer or comes twice is left out, which 25 words make likely.
        let part = untrained.history()[0].loss / expected;
        assert!((0.85..1.0).contains(&part), "{part}");
        let trained = small().workers(1).fit(text.clone()).unwrap();
        let held_out = trained.loss(text.clone()).unwrap();
        assert!(held_out < untrained.loss(text.clone()).unwrap() && held_out == trained.loss(text).unwrap());
        assert!(trained.loss(Text::lines(["nothing of it"])).is_err());
    }

    #[test]
    fn training_goes_on_with_new_words() {
        let mut model = small().fit(text(1000)).unwrap();
        let old = model.vectors().len();
        let more = Text::lines((0..600).map(|i| format!("cat{} kitten cat{} cat{}", i % 10, i % 7, i % 3)));
        assert_eq!(model.update_vocabulary(more.clone()).unwrap(), 1);
        assert_eq!((model.vectors().len(), model.vectors().words().word(old)), (old + 1, "kitten"));
        model.train(more, 5).unwrap();
        let vectors = model.vectors();
        assert!(cosine(vectors, "kitten", "cat1") > cosine(vectors, "kitten", "car1") + 0.3);
        assert_eq!(model.history().len(), 9);
        model.configure(|settings| settings.max_final_vocab(old + 1)).unwrap();
        assert_eq!(model.update_vocabulary(Text::lines(["new words new words"])).unwrap(), 0);
        assert!(
            model.configure(|settings| settings.vector_size(3)).unwrap_err().to_string().contains("cannot be other")
        );
        assert!(small().hs(true).fit(text(100)).unwrap().update_vocabulary(text(10)).is_err());
    }

    /// What is resumed is the training that was begun last, and a model that was saved goes on as one that was not.
    #[test]
    fn each_training_is_resumed_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let stop_at = |settings: Word2Vec, epoch: usize| {
            let mut calls = 0;
            settings.on_epoch_end(move |_| {
                calls += 1;
                if calls == epoch { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
        };
        let settings = small().workers(1).epochs(2);
        let mut whole = settings.clone().fit(text(300)).unwrap();
        whole.train(text(200), 3).unwrap();
        // The second training is ended after one epoch of three, saved, read and resumed.
        let mut cut = stop_at(settings, 3).fit(text(300)).unwrap();
        cut.train(text(200), 3).unwrap();
        assert_eq!(cut.history().len(), 3);
        cut.save(&path).unwrap();
        let mut cut = Word2VecModel::load(&path).unwrap();
        cut.configure(|settings| settings.workers(1)).unwrap();
        cut.resume(text(200)).unwrap();
        assert_eq!(cut.vectors().vectors(), whole.vectors().vectors());
        // There is nothing left to resume, and another training draws other numbers.
        assert_eq!(cut.resume(text(200)).unwrap().len(), 2);
        let before = cut.vectors().vectors().to_vec();
        cut.train(text(200), 1).unwrap();
        assert_ne!(cut.vectors().vectors(), before);
    }

    #[test]
    fn a_window_is_as_large_as_the_sentence() {
        let fit = |window| small().window(window).workers(1).shrink_windows(false).fit(text(100)).unwrap();
        let model = fit(1_000_000);
        assert_eq!(model.vectors().vectors(), fit(11).vectors().vectors());
        assert_eq!(model.history()[0].pairs, 100 * 12 * 11);
    }

    #[test]
    fn what_cannot_be_is_an_error() {
        let error = |settings: Word2Vec| settings.fit(text(50)).unwrap_err().to_string();
        assert!(error(small().vector_size(0)).contains("vector_size must be between 1 and"));
        assert!(error(small().negative(0)).contains("nothing to train"));
        let beyond = usize::MAX;
        for settings in
            [small().window(beyond), small().negative(beyond), small().vector_size(beyond), small().workers(beyond)]
        {
            assert!(error(settings).contains("must be between"));
        }
        assert!(error(small().alpha(f64::NAN)).contains("alpha"));
        assert!(error(small().min_count(1000)).contains("set min_count to"));
        assert!(error(small().max_final_vocab(1)).contains("at least two words"));
        let overflow = small().alpha(1e20).epochs(3).fit(text(500)).unwrap_err().to_string();
        assert!(overflow.contains("a smaller alpha"), "{overflow}");
        assert!(small().fit(Text::lines(["!"])).unwrap_err().to_string().contains("no words"));
    }
}
