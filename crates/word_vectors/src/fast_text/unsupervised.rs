//! Word vectors with parts: word2vec whose input rows are means.

use super::args::{Args, LossName, ModelName, as_i32};
use super::dictionary::Dictionary;
use super::entries::Entries;
use super::source::Source;
use super::train::{self, word2vec_of};
use super::train_options::TrainOptions;
use super::{FastTextModel, bin};
use crate::arguments::arguments;
use crate::train::{Callbacks, initial_rows};
use crate::{Epoch, Text, Vocabulary};
use candle_keras_ops::{Error, Result, SharedRows};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::path::Path;

/// The arguments of fastText without labels, with gensim's names and the defaults of Facebook's program.
///
/// The vector of a word is the mean of its own row and of those of its n-grams, so that unseen and misspelled words have vectors. In each window the vectors
/// of the words around it answer with the centre, as in word2vec; the mean of a word's rows is computed once for all windows
/// that it is in, and its change is added to each of its rows. Where the program differs: `</s>` is not a word here, all input rows are initialized with random
/// numbers whatever the number of threads, and negatives are shared by the pairs of a window, except if `shared_negatives` is 0.
///
/// # Memory
/// `bucket` rows of `vector_size` numbers of 4 bytes, rows filled up to 64 bytes: 900 MB by default, whatever the text. A
/// smaller `bucket`, 200,000 or so, is enough for a text of a few million words.
///
/// ```
/// use candle_keras_word_vectors::{FastText, Text};
/// let text = Text::lines(["the cat sat on the mat", "the dog sat on the log"].repeat(20));
/// let model = FastText::new().vector_size(16).bucket(1000).min_count(1).workers(1).fit(text)?;
/// assert_eq!(model.vector("cats").len(), 16);
/// # Ok::<(), candle_keras_word_vectors::Error>(())
/// ```
#[derive(Clone, Serialize, Deserialize)]
pub struct FastText {
    vector_size: usize,
    alpha: f64,
    min_alpha: f64,
    window: usize,
    min_count: u64,
    max_final_vocab: Option<usize>,
    sample: f64,
    seed: u64,
    workers: usize,
    skip_gram: bool,
    loss: String,
    negative: usize,
    ns_exponent: f64,
    shared_negatives: usize,
    shrink_windows: bool,
    epochs: usize,
    min_n: usize,
    max_n: usize,
    bucket: usize,
    #[serde(skip)]
    verbose: u8,
    #[serde(skip)]
    callbacks: Callbacks,
}

impl Default for FastText {
    fn default() -> Self {
        Self {
            vector_size: 100,
            alpha: 0.05,
            min_alpha: 0.0,
            window: 5,
            min_count: 5,
            max_final_vocab: None,
            sample: 1e-4,
            seed: 1,
            workers: candle_keras_ops::cores::count(),
            skip_gram: true,
            loss: "ns".into(),
            negative: 5,
            ns_exponent: 0.5,
            shared_negatives: 1,
            shrink_windows: true,
            epochs: 5,
            min_n: 3,
            max_n: 6,
            bucket: 2_000_000,
            verbose: 0,
            callbacks: Callbacks::default(),
        }
    }
}

impl FastText {
    /// Skip-gram with five negatives, 100 numbers a word, n-grams of 3 to 6 letters.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a model that fastText's program, gensim's `save_facebook_model` or [`FastTextModel::save`] wrote: `.bin`, or `.ftz` with quantized
    /// matrices. It may be packed with gzip, as the published ones are.
    ///
    /// A `.bin` needs about as much memory as the file is long, unpacked: cc.en.300.bin 7.3 GB. [`FastTextModel::vectors`] and what asks for
    /// them need the vectors of all words beside it, there 2.4 GB.
    ///
    /// # Errors
    /// If the file cannot be read or is no such model, with what it is instead, if that can be told.
    ///
    /// ```
    /// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/fasttext/skipgram.bin");
    /// use candle_keras_word_vectors::FastText;
    /// let model = FastText::load(path)?;
    /// assert!(model.words().get("rosebud").is_none());
    /// let unseen = model.vector("rosebud");
    /// assert_eq!(unseen.len(), 5);
    /// assert_eq!(model.most_similar("rosebud", 3)?.len(), 3);
    /// # Ok::<(), candle_keras_word_vectors::Error>(())
    /// ```
    pub fn load(path: impl AsRef<Path>) -> Result<FastTextModel> {
        bin::read(&mut Source::open(path.as_ref())?)
    }

    arguments! {
        /// Numbers in the vector of a word. Default 100. fastText: `dim`.
        vector_size: usize,
        /// The learning rate at the beginning. Default 0.05. fastText: `lr`.
        alpha: f64,
        /// The learning rate at the end, to which it falls in a straight line. Default 0, as in fastText; gensim has 0.0001.
        min_alpha: f64,
        /// How many words on either side of the centre belong to its window, at most. Default 5. fastText: `ws`.
        window: usize,
        /// How often a word must occur to have a row of its own. Default 5.
        min_count: u64,
        /// How many words have a row at most, the most frequent first. Default: all that `min_count` leaves.
        max_final_vocab: optional usize,
        /// From which share of the text on a word is so frequent that some of its occurrences are left out; 0 leaves out none. Default 0.0001, a tenth
        /// of word2vec's. fastText: `t`.
        sample: f64,
        /// Fixes all random numbers. Default 1.
        seed: u64,
        /// How many threads train. Default: as many as there are cores. With one, the same text and seed give the same bits on every run.
        workers: usize,
        /// Skip-gram, or CBOW: the mean of a window's rows answers with its centre. Default true. gensim: `sg`, default 0.
        skip_gram: bool,
        /// How many negatives are drawn for a window, with the loss `"ns"`. Default 5.
        negative: usize,
        /// The power of a word's count with which it is drawn as a negative. Default 0.5, as in fastText; word2vec and gensim have 0.75.
        ns_exponent: f64,
        /// For how many windows in a row the same negatives are used: 0 draws others for each pair of words, as fastText's program does, and takes
        /// longer. Default 1.
        shared_negatives: usize,
        /// Whether the reach of each window is drawn from `1..=window`, so that near words count more. Default true.
        shrink_windows: bool,
        /// How often the text is read. Default 5.
        epochs: usize,
        /// How many letters the shortest n-gram has, `<` and `>` around the word included. Default 3.
        min_n: usize,
        /// How many letters the longest n-gram has; 0 is without n-grams, which is word2vec. Default 6.
        max_n: usize,
        /// How many rows n-grams share, by their hashes. Default 2,000,000.
        bucket: usize,
        /// What is shown: 0 nothing (default), 1 a progress bar and a line an epoch, 2 a line an epoch.
        verbose: u8,
    }

    /// What is minimized: `"ns"`, negative sampling (default), or `"hs"`, hierarchical softmax.
    #[must_use]
    pub fn loss(mut self, loss: impl Into<String>) -> Self {
        self.loss = loss.into();
        self
    }

    /// Calls `f` after each epoch; `ControlFlow::Break(())` ends the training.
    #[must_use]
    pub fn on_epoch_end(mut self, f: impl FnMut(&Epoch) -> ControlFlow<()> + Send + 'static) -> Self {
        self.callbacks.push(f);
        self
    }

    /// Counts the words of a text, and trains rows for them and their n-grams on it.
    ///
    /// # Errors
    /// If an argument is invalid, the text cannot be read or has too few words, there is not enough memory, or the numbers overflow.
    pub fn fit(self, text: impl Into<Text>) -> Result<FastTextModel> {
        let (args, options) = (self.args()?, self.options());
        word2vec_of(&args, &options).epochs(self.epochs).check()?;
        let text = text.into();
        let chunks = text.open()?;
        let all = Vocabulary::count(&text, &chunks)?;
        let tokens = all.tokens();
        let (words, counts) = all.for_training(self.min_count, self.max_final_vocab)?.into_parts();
        let dictionary = Dictionary::new(&args, Entries::new(words, counts), Entries::default(), tokens);
        let input = initial_rows(dictionary.rows(), self.vector_size, self.seed)?;
        // Of the tree there is one inner node less than words; the files have a row for each word all the same.
        let output = SharedRows::zeros(dictionary.words().len(), self.vector_size)?;
        train::fit(args, dictionary, options, (&text, &chunks), self.epochs, [input, output])
    }

    /// What the file does not say of the training.
    fn options(&self) -> TrainOptions {
        TrainOptions {
            alpha: Some(self.alpha),
            min_alpha: self.min_alpha,
            workers: self.workers,
            seed: self.seed,
            ns_exponent: self.ns_exponent,
            shared_negatives: self.shared_negatives,
            shrink_windows: self.shrink_windows,
            verbose: self.verbose,
            callbacks: self.callbacks.clone(),
        }
    }

    /// What the file says of the training.
    fn args(&self) -> Result<Args> {
        let loss = LossName::named(&self.loss, &["ns", "hs"])?;
        if self.negative == 0 && loss == LossName::NegativeSampling {
            return Err(Error::new("negative must be positive")
                .received("0")
                .help("loss(\"hs\") is without wrong words"));
        }
        let mut args = Args {
            dim: as_i32("vector_size", self.vector_size)?,
            ws: as_i32("window", self.window)?,
            epoch: as_i32("epochs", self.epochs)?,
            min_count: as_i32("min_count", self.min_count)?,
            neg: as_i32("negative", self.negative)?,
            loss,
            model: if self.skip_gram { ModelName::Skipgram } else { ModelName::Cbow },
            t: self.sample,
            ..Args::default()
        };
        args.set_ngrams(self.min_n, self.max_n, self.bucket)?;
        Ok(args)
    }
}

impl std::fmt::Debug for FastText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let settings = serde_json::to_string(self).map_err(|_| std::fmt::Error)?;
        write!(f, "FastText {settings}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_keras_ops::random::Stream;

    const TOPICS: [[&str; 8]; 2] = [
        ["kitten", "whisker", "meowing", "purring", "litter", "tomcat", "feline", "pawprint"],
        ["engine", "gearbox", "driving", "bumper", "wheels", "clutch", "diesel", "motorway"],
    ];

    /// Sentences about one of two things each, with words that occur in both.
    fn text(sentences: u64) -> Text {
        let mut random = Stream::new(5, 0);
        let sentence = |topic: usize, random: &mut Stream| {
            let word = |random: &mut Stream| match random.below(4) {
                0 => ["and", "the", "with"][random.below(3) as usize],
                _ => TOPICS[topic][random.below(8) as usize],
            };
            (0..12).map(|_| word(random)).collect::<Vec<_>>().join(" ")
        };
        Text::lines((0..sentences).map(|i| sentence(i as usize % 2, &mut random)))
    }

    fn small() -> FastText {
        FastText::new().vector_size(20).bucket(2000).epochs(4).min_count(2).sample(0.0)
    }

    fn cosine(model: &FastTextModel, a: &str, b: &str) -> f32 {
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let (a, b) = (model.vector(a), model.vector(b));
        dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt()
    }

    /// The mean similarity of words of one topic minus that of words of two.
    fn separation(model: &FastTextModel) -> f32 {
        let [cats, cars] = TOPICS;
        let mean = |others: [&str; 8]| {
            let pairs = cats.iter().flat_map(|a| others.iter().map(move |b| (a, b))).filter(|(a, b)| a != b);
            let cosines: Vec<f32> = pairs.map(|(a, b)| cosine(model, a, b)).collect();
            cosines.iter().sum::<f32>() / cosines.len() as f32
        };
        mean(cats) - mean(cars)
    }

    #[test]
    fn every_kind_learns_what_belongs_together() {
        let kinds = [
            ("skip-gram", small()),
            ("skip-gram, own negatives", small().shared_negatives(0)),
            ("skip-gram, tree", small().loss("hs")),
            ("skip-gram, no n-grams", small().max_n(0)),
            ("cbow", small().skip_gram(false)),
            ("cbow, tree", small().skip_gram(false).loss("hs")),
        ];
        let text = text(2000);
        for (name, settings) in kinds {
            let untrained = settings.clone().alpha(0.0).epochs(1).fit(text.clone()).unwrap().history()[0].loss;
            for workers in [1, 3] {
                let model = settings.clone().workers(workers).fit(text.clone()).unwrap();
                let separation = separation(&model);
                // Threads that meet on 24 words all the time lose some of what they learn.
                let least = if workers == 1 { 0.4 } else { 0.0 };
                assert!(separation > least, "{name}, {workers} workers: {separation}");
                assert!(model.history()[3].loss < 0.9 * untrained, "{name}: {:?}, {untrained}", model.history());
                assert_eq!((model.history()[0].words, model.tokens()), (24_000, 24_000));
            }
        }
    }

    /// Words that the text does not have are near those whose parts they have.
    #[test]
    fn misspelled_words_are_near_the_right_ones() {
        for skip_gram in [true, false] {
            let model = small().skip_gram(skip_gram).fit(text(2000)).unwrap();
            for (wrong, right, other) in [("kiten", "kitten", "engine"), ("gearboxes", "gearbox", "whisker")] {
                assert!(model.words().get(wrong).is_none());
                let (near, far) = (cosine(&model, wrong, right), cosine(&model, wrong, other));
                assert!(near > far + 0.3, "{wrong}: {near} and {far}");
            }
        }
    }

    #[test]
    fn one_worker_gives_the_same_bits() {
        for settings in [small(), small().skip_gram(false), small().loss("hs").sample(1e-2)] {
            let fit = |settings: FastText| settings.workers(1).fit(text(300)).unwrap().into_vectors();
            let vectors = fit(settings.clone());
            assert_eq!(vectors.vectors(), fit(settings.clone()).vectors());
            assert_ne!(vectors.vectors(), fit(settings.seed(2)).vectors());
        }
    }

    /// With skip-gram an untrained model gives every answer the probability 1/2.
    #[test]
    fn the_loss_is_that_of_a_pair() {
        let untrained = small().alpha(0.0).epochs(1).shared_negatives(0).fit(text(300)).unwrap();
        let expected = 6.0 * std::f64::consts::LN_2;
        // A negative that is the right answer or comes twice is left out, which 19 words make likely.
        let part = untrained.history()[0].loss / expected;
        assert!((0.85..1.0).contains(&part), "{part}");
    }

    #[test]
    fn saved_models_give_the_same_answers() {
        let folder = tempfile::tempdir().unwrap();
        for (name, settings) in [("ns.bin", small()), ("hs.bin", small().loss("hs")), ("plain.bin", small().max_n(0))] {
            let model = settings.epochs(1).fit(text(200)).unwrap();
            let path = folder.path().join(name);
            model.save(&path).unwrap();
            let read = FastText::load(&path).unwrap();
            assert_eq!((read.args(), read.words(), read.counts()), (model.args(), model.words(), model.counts()));
            assert_eq!(read.vectors().vectors(), model.vectors().vectors());
            assert_eq!(read.vector("kiten"), model.vector("kiten"));
            assert_eq!(read.history().len() + 1, model.history().len());
        }
    }

    #[test]
    fn training_ends_when_asked() {
        let stop = |epoch: &Epoch| if epoch.epoch == 1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        assert_eq!(small().on_epoch_end(stop).fit(text(50)).unwrap().history().len(), 2);
    }

    #[test]
    fn what_cannot_be_is_an_error() {
        let error = |settings: FastText| settings.fit(text(50)).unwrap_err().to_string();
        assert!(error(small().vector_size(0)).contains("vector_size must be between 1 and"));
        assert!(error(small().negative(0)).contains("negative must be positive"));
        assert!(error(small().loss("softmax")).contains("ns or hs"));
        assert!(error(small().min_n(7)).contains("min_n must not be above max_n"));
        assert!(error(small().bucket(0)).contains("max_n(0)"));
        assert!(error(small().bucket(usize::MAX)).contains("below 2^31"));
        assert!(error(small().bucket(i32::MAX as usize).vector_size(100_000)).contains("smaller bucket"));
        assert!(error(small().min_count(10_000)).contains("set min_count to"));
        assert!(error(small().max_final_vocab(1)).contains("at least two words"));
        assert!(error(small().alpha(f64::NAN)).contains("alpha"));
        assert!(error(small().alpha(1e20)).contains("a smaller alpha"));
    }
}
