//! The labels of lines: fastText's supervised mode.

use super::FastTextModel;
use super::args::{Args, LossName, ModelName, as_i32};
use super::dictionary::{Dictionary, END_OF_LINE, LABEL_PREFIX};
use super::entries::Entries;
use super::train;
use super::train_options::TrainOptions;
use crate::arguments::{EPOCHS, NEGATIVES, VECTOR_SIZES, arguments, check_sizes};
use crate::train::{Callbacks, initial_rows};
use crate::{Epoch, KeyedVectors, Text, Vocabulary, Words};
use candle_keras_ops::{Error, Result, SharedRows};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::ops::ControlFlow;
use std::sync::Arc;

/// The losses, by fastText's names.
const LOSSES: [&str; 4] = ["softmax", "ns", "hs", "ova"];

/// The arguments of fastText's supervised mode, with the defaults of Facebook's program: a linear classifier of lines over means of word vectors, which are
/// trained with it.
///
/// A line of the text is an example. Its labels are the words that begin with `__label__`, wherever they stand; the other words are what
/// the labels are predicted from. Lines without a label are skipped.
///
/// Words are what stands between white space, as they stand there, whatever the [`Text`] says of tokens and capital letters: for fastText's
/// program and [`FastTextModel::predict`] they are the same. The end of a line is the word `</s>`, here as there; empty lines are not counted, which
/// the program counts. Text in lower case, with white space around punctuation, is best. A line of more than 32 KB
/// may be taken for two, of which the second has no label.
///
/// ```
/// use candle_keras_word_vectors::{FastTextClassifier, Text};
/// let lines = ["__label__pet the cat purrs", "__label__car an engine roars"].repeat(20);
/// let model = FastTextClassifier::new().vector_size(10).epochs(10).workers(1).fit(Text::lines(lines))?;
/// assert_eq!(model.predict("a cat", 1, 0.0)?[0].0, "__label__pet");
/// # Ok::<(), candle_keras_word_vectors::Error>(())
/// ```
#[derive(Clone, Serialize, Deserialize)]
pub struct FastTextClassifier {
    vector_size: usize,
    alpha: f64,
    min_alpha: f64,
    min_count: u64,
    min_count_label: u64,
    word_ngrams: usize,
    loss: String,
    negative: usize,
    epochs: usize,
    min_n: usize,
    max_n: usize,
    bucket: usize,
    label_prefix: String,
    workers: usize,
    seed: u64,
    #[serde(skip)]
    pretrained: Option<Arc<KeyedVectors>>,
    #[serde(skip)]
    verbose: u8,
    #[serde(skip)]
    callbacks: Callbacks,
}

impl Default for FastTextClassifier {
    fn default() -> Self {
        Self {
            vector_size: 100,
            alpha: 0.1,
            min_alpha: 0.0,
            min_count: 1,
            min_count_label: 1,
            word_ngrams: 1,
            loss: "softmax".into(),
            negative: 5,
            epochs: 5,
            min_n: 0,
            max_n: 0,
            bucket: 2_000_000,
            label_prefix: LABEL_PREFIX.into(),
            workers: candle_keras_ops::cores::count(),
            seed: 1,
            pretrained: None,
            verbose: 0,
            callbacks: Callbacks::default(),
        }
    }
}

impl FastTextClassifier {
    /// Softmax over single words, 100 numbers a word.
    pub fn new() -> Self {
        Self::default()
    }

    arguments! {
        /// Numbers in the vector of a word. Default 100. fastText: `dim`.
        vector_size: usize,
        /// The learning rate at the beginning. Default 0.1. fastText: `lr`.
        alpha: f64,
        /// The learning rate at the end, to which it falls in a straight line. Default 0.
        min_alpha: f64,
        /// How often a word must occur to have a row. Default 1.
        min_count: u64,
        /// How often a label must occur to be predicted. Default 1. fastText: `minCountLabel`.
        min_count_label: u64,
        /// How many words the longest n-gram of words has; 2 tells "not good" from "good". Default 1.
        word_ngrams: usize,
        /// How many wrong labels are drawn for a line, with the loss `"ns"`. Default 5.
        negative: usize,
        /// How often the text is read. Default 5.
        epochs: usize,
        /// How many letters the shortest n-gram of letters has. Default 0.
        min_n: usize,
        /// How many letters the longest one has; 0 is without. Default 0.
        max_n: usize,
        /// How many rows n-grams of words and of letters share, by their hashes. Default 2,000,000, which take 900 MB; none without n-grams.
        bucket: usize,
        /// How many threads train. Default: as many as there are cores. With one, the same text and seed give the same bits on every run.
        workers: usize,
        /// Fixes all random numbers. Default 1.
        seed: u64,
        /// What is shown: 0 nothing (default), 1 a progress bar and a line an epoch, 2 a line an epoch.
        verbose: u8,
    }

    /// What is minimized: `"softmax"` (default); `"hs"`, hierarchical softmax, or `"ns"`, negative sampling, for very many labels; or `"ova"`, one against
    /// all, for lines with several labels.
    #[must_use]
    pub fn loss(mut self, loss: impl Into<String>) -> Self {
        self.loss = loss.into();
        self
    }

    /// The prefix of labels. Default `__label__`. Files do not have it: a model that was read takes the default. fastText: `label`.
    #[must_use]
    pub fn label_prefix(mut self, label_prefix: impl Into<String>) -> Self {
        self.label_prefix = label_prefix.into();
        self
    }

    /// Initial vectors of words. Default: none. Their words are in the model even if the text does not have them. fastText: `pretrainedVectors`.
    #[must_use]
    pub fn pretrained(mut self, vectors: impl Into<Arc<KeyedVectors>>) -> Self {
        self.pretrained = Some(vectors.into());
        self
    }

    /// Calls `f` after each epoch; `ControlFlow::Break(())` ends the training.
    #[must_use]
    pub fn on_epoch_end(mut self, f: impl FnMut(&Epoch) -> ControlFlow<()> + Send + 'static) -> Self {
        self.callbacks.push(f);
        self
    }

    /// Counts the words and labels of a text, and trains on its lines.
    ///
    /// # Errors
    /// If an argument is invalid, the text cannot be read or has no labels, there is not enough memory, or the numbers overflow.
    pub fn fit(self, text: impl Into<Text>) -> Result<FastTextModel> {
        let (args, options) = (self.args()?, self.options());
        options.check(&args)?;
        let text = lines_of(text.into());
        let chunks = text.open()?;
        let dictionary = self.dictionary(&args, &Vocabulary::count(&text, &chunks)?)?;
        let input = self.inputs(&dictionary)?;
        let output = SharedRows::zeros(dictionary.labels().len(), self.vector_size)?;
        train::fit(args, dictionary, options, (&text, &chunks), self.epochs, [input, output])
    }

    /// What the file does not say of the training.
    fn options(&self) -> TrainOptions {
        TrainOptions {
            alpha: Some(self.alpha),
            min_alpha: self.min_alpha,
            workers: self.workers,
            seed: self.seed,
            verbose: self.verbose,
            callbacks: self.callbacks.clone(),
            ..TrainOptions::default()
        }
    }

    /// The words and labels of a text.
    fn dictionary(&self, args: &Args, counted: &Vocabulary) -> Result<Dictionary> {
        let all = || counted.words().iter().zip(counted.counts().iter().copied());
        let is_label = |word: &str| word.starts_with(&self.label_prefix);
        let labels: Vec<_> = all().filter(|(word, _)| is_label(word)).collect();
        let Some(&(frequent, most)) = labels.first() else { return Err(self.no_labels(counted)) };
        if most < self.min_count_label {
            return Err(Error::new("no label occurs often enough to be predicted")
                .expected(format!("a label that occurs at least {} times", self.min_count_label))
                .received(format!("{frequent:?}, the most frequent, occurs {most} times")));
        }
        // Each line ends with a word of its own, from which something is learned that holds for all lines.
        let ends = Some((END_OF_LINE, counted.sentences())).filter(|&(_, count)| count >= self.min_count);
        let pretrained = self.pretrained.iter().flat_map(|vectors| vectors.words().iter()).map(|word| (word, 1));
        let words = all().filter(|&(_, count)| count >= self.min_count).chain(ends).chain(pretrained);
        let words = sorted(words.filter(|(word, _)| !is_label(word)));
        let labels = sorted(labels.into_iter().filter(|&(_, count)| count >= self.min_count_label));
        let tokens = counted.tokens() + counted.sentences();
        Ok(Dictionary::new(args, words, labels, tokens).with_label_prefix(&self.label_prefix))
    }

    fn no_labels(&self, counted: &Vocabulary) -> Error {
        let prefix = &self.label_prefix;
        let found = counted.words().iter().take(3).collect::<Vec<_>>().join(" ");
        Error::new("no line of the text has a label")
            .expected(format!("words that begin with {prefix:?}, as in \"{prefix}sports the game was close\""))
            .received(format!("a text with words like {found:?}"))
            .help("label_prefix(..) sets what a label begins with")
    }

    /// Untrained rows, those of pretrained words apart.
    fn inputs(&self, dictionary: &Dictionary) -> Result<SharedRows> {
        let rows = initial_rows(dictionary.rows(), self.vector_size, self.seed)?;
        let mut row = vec![0.0; rows.stride()];
        if let Some(vectors) = &self.pretrained {
            for (number, word) in vectors.words().iter().enumerate() {
                if let Some(own) = dictionary.words().names().get(word) {
                    row[..self.vector_size].copy_from_slice(vectors.row(number));
                    rows.store(own as usize, &row);
                }
            }
        }
        Ok(rows)
    }

    /// What the file says of the training.
    fn args(&self) -> Result<Args> {
        let loss = LossName::named(&self.loss, &LOSSES)?;
        check_sizes(&[
            ("vector_size", self.vector_size, VECTOR_SIZES),
            ("word_ngrams", self.word_ngrams, 1..=1000),
            ("negative", self.negative, NEGATIVES),
            ("epochs", self.epochs, EPOCHS),
        ])?;
        if self.label_prefix.is_empty() {
            return Err(Error::new("label_prefix must not be empty: every word would be a label"));
        }
        if let Some(vectors) = self.pretrained.as_ref().filter(|vectors| vectors.vector_size() != self.vector_size) {
            return Err(Error::new("the pretrained vectors are of another size")
                .expected(format!("vector_size = {}", self.vector_size))
                .received(vectors.vector_size().to_string()));
        }
        let mut args = Args {
            dim: as_i32("vector_size", self.vector_size)?,
            epoch: as_i32("epochs", self.epochs)?,
            min_count: as_i32("min_count", self.min_count)?,
            neg: as_i32("negative", self.negative)?,
            word_ngrams: as_i32("word_ngrams", self.word_ngrams)?,
            loss,
            model: ModelName::Supervised,
            ..Args::default()
        };
        args.set_ngrams(self.min_n, self.max_n, self.bucket)?;
        Ok(args)
    }
}

/// A text as lines of words between white space, which is how fastText's program reads it.
pub(super) fn lines_of(text: Text) -> Text {
    text.tokenize("whitespace").lowercase(false).sentence("line")
}

/// Words with the sums of their counts, the most frequent first.
fn sorted<'a>(all: impl Iterator<Item = (&'a str, u64)>) -> Entries {
    let (mut words, mut counts) = (Words::new(), Vec::new());
    for (word, count) in all {
        let (number, is_new) = words.insert(word);
        match is_new {
            true => counts.push(count),
            false => counts[number as usize] += count,
        }
    }
    let mut order: Vec<usize> = (0..words.len()).collect();
    order.sort_unstable_by_key(|&number| (Reverse(counts[number]), words.word(number)));
    let names = order.iter().map(|&number| words.word(number)).collect();
    Entries::new(names, order.iter().map(|&number| counts[number]).collect())
}

impl std::fmt::Debug for FastTextClassifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let settings = serde_json::to_string(self).map_err(|_| std::fmt::Error)?;
        write!(f, "FastTextClassifier {settings}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FastText;
    use candle_keras_ops::random::Stream;

    /// Lines whose label is the first letter of most of their words; the label is in the middle of every other one.
    fn lines(count: u64, seed: u64) -> Vec<String> {
        let mut random = Stream::new(seed, 0);
        let line = |i: u64, random: &mut Stream| {
            let letter = ["a", "b", "c", "d"][i as usize % 4];
            let word = |random: &mut Stream| match random.below(3) {
                0 => format!("word{}", random.below(9)),
                _ => format!("{letter}{}", random.below(9)),
            };
            let mut words: Vec<String> = (0..8).map(|_| word(random)).collect();
            words.insert(if random.below(2) == 0 { 0 } else { 4 }, format!("__label__{}", letter.to_uppercase()));
            words.join(" ")
        };
        (0..count).map(|i| line(i, &mut random)).collect()
    }

    fn small() -> FastTextClassifier {
        FastTextClassifier::new().vector_size(10).epochs(8).bucket(500)
    }

    #[test]
    fn every_loss_learns_a_rule() {
        for loss in LOSSES {
            let untrained = small().loss(loss).alpha(0.0).epochs(1).fit(Text::lines(lines(400, 1))).unwrap();
            for (workers, settings) in [(1, small()), (3, small()), (2, small().min_n(2).max_n(3).word_ngrams(2))] {
                let model = settings.loss(loss).workers(workers).fit(Text::lines(lines(2000, 1))).unwrap();
                let test = model.test(lines(400, 2), 1, 0.0).unwrap();
                assert!(test.total.precision() > 0.97, "{loss}, {workers}: {:?}", test.total);
                let is_right = |line: &String| line.contains(model.predict(line, 1, 0.0).unwrap()[0].0);
                let right = lines(400, 2).into_iter().filter(is_right).count();
                assert_eq!((right, test.examples), (test.total.correct, 400));
                let epoch = model.history().last().unwrap();
                assert_eq!((epoch.pairs, epoch.words), (2000, 20_000));
                assert!(epoch.loss < 0.5 * untrained.history()[0].loss, "{loss}: {:?}", model.history());
            }
        }
    }

    /// Untrained, all labels have one probability.
    #[test]
    fn the_loss_is_that_of_a_line() {
        let ln_2 = std::f64::consts::LN_2;
        // A path of hierarchical softmax over four equal labels has two nodes; six regressions for a label and five wrong ones.
        for (loss, expected) in [("softmax", 2.0 * ln_2), ("hs", 2.0 * ln_2), ("ova", 4.0 * ln_2), ("ns", 6.0 * ln_2)] {
            let model = small().loss(loss).alpha(0.0).epochs(1).fit(Text::lines(lines(400, 1))).unwrap();
            assert!((model.history()[0].loss - expected).abs() < 1e-5, "{loss}: {:?}", model.history());
        }
    }

    #[test]
    fn lines_may_have_several_labels() {
        let both = |line: String| if line.contains("__label__A") { line + " __label__also" } else { line };
        let model = small().loss("ova").fit(Text::lines(lines(2000, 1).into_iter().map(both))).unwrap();
        let found: Vec<&str> = model.predict("a1 a2 a3", 2, 0.5).unwrap().into_iter().map(|label| label.0).collect();
        assert!(found.contains(&"__label__A") && found.contains(&"__label__also"), "{found:?}");
        assert_eq!(model.predict("b1 b2 b3", 5, 0.5).unwrap().len(), 1);
    }

    #[test]
    fn word_order_is_seen_by_ngrams_of_words() {
        let line = |i: usize| match i % 2 {
            0 => format!("__label__up x{} goes to y{}", i % 5, i % 7),
            _ => format!("__label__down y{} goes to x{}", i % 7, i % 5),
        };
        let text = || Text::lines((0..3000).map(line));
        let precision = |settings: FastTextClassifier| {
            let model = settings.epochs(20).fit(text()).unwrap();
            model.test((0..100).map(line), 1, 0.0).unwrap().total.precision()
        };
        assert!(precision(small()) < 0.7 && precision(small().word_ngrams(2).bucket(10_000)) > 0.95);
    }

    #[test]
    fn saved_models_give_the_same_answers() {
        let folder = tempfile::tempdir().unwrap();
        for loss in LOSSES {
            let model = small().loss(loss).word_ngrams(2).max_n(3).fit(Text::lines(lines(300, 1))).unwrap();
            let path = folder.path().join(loss);
            model.save(&path).unwrap();
            let read = FastText::load(&path).unwrap();
            assert_eq!((read.args(), read.words()), (model.args(), model.words()));
            assert!(read.labels().eq(model.labels()) && read.label_counts() == model.label_counts());
            for line in lines(20, 3) {
                assert_eq!(read.predict(&line, 4, 0.0).unwrap(), model.predict(&line, 4, 0.0).unwrap());
            }
        }
    }

    #[test]
    fn one_worker_gives_the_same_bits() {
        for loss in LOSSES {
            let fit = |seed| {
                let model = small().loss(loss).workers(1).seed(seed).fit(Text::lines(lines(300, 1))).unwrap();
                model.into_vectors().vectors().to_vec()
            };
            assert_eq!(fit(1), fit(1));
            assert_ne!(fit(1), fit(2));
        }
    }

    #[test]
    fn words_and_labels_are_counted() {
        let text = "__label__x B b, b b\nb __label__y __label__x\n\nno label\n";
        let model = small().epochs(1).fit(Text::lines([text]).lowercase(true)).unwrap();
        let words: Vec<_> = model.words().iter().zip(model.counts().iter().copied()).collect();
        assert_eq!(words, [("</s>", 3), ("b", 3), ("B", 1), ("b,", 1), ("label", 1), ("no", 1)]);
        assert_eq!(model.labels().collect::<Vec<_>>(), ["__label__x", "__label__y"]);
        assert_eq!((model.label_counts(), model.tokens(), model.args().bucket), (&[2, 1][..], 13, 0));
        let rare = small().epochs(1).min_count(3).min_count_label(2).fit(Text::lines([text])).unwrap();
        assert_eq!((rare.words().len(), rare.labels().len()), (2, 1));
        // The end of a line is a word like others.
        let rarer = Text::lines(["__label__x b b b b", "__label__x b"]);
        assert_eq!(small().epochs(1).min_count(3).fit(rarer).unwrap().words().iter().collect::<Vec<_>>(), ["b"]);
        let own = small().epochs(1).label_prefix("#").fit(Text::lines(["#a b #c", "__label__d"])).unwrap();
        assert_eq!((own.labels().collect::<Vec<_>>(), own.words().len()), (vec!["#a", "#c"], 3));
    }

    #[test]
    fn rows_begin_with_pretrained_vectors() {
        let vectors =
            KeyedVectors::from_parts(["a1", "unseen"].into_iter().collect(), vec![1.0, 2.0, 3.0, 4.0], 2, None);
        let settings = small().vector_size(2).alpha(0.0).epochs(1).pretrained(vectors);
        let model = settings.clone().fit(Text::lines(lines(100, 1))).unwrap();
        assert_eq!((model.vector("a1"), model.vector("unseen")), (vec![1.0, 2.0], vec![3.0, 4.0]));
        assert!(model.vector("b1").iter().all(|x| x.abs() <= 0.5));
        let error = settings.vector_size(3).fit(Text::lines(lines(10, 1))).unwrap_err().to_string();
        assert!(error.contains("another size"));
    }

    #[test]
    fn what_cannot_be_is_an_error() {
        let error =
            |settings: FastTextClassifier, line: &str| settings.fit(Text::lines([line])).unwrap_err().to_string();
        let labelled = "__label__a b";
        let without = error(small(), "some words");
        assert!(without.contains("\"__label__sports the game") && without.contains("label_prefix"), "{without}");
        assert!(error(small().loss("nce"), labelled).contains("softmax"));
        assert!(error(small().min_count_label(2), labelled).contains("\"__label__a\", the most frequent, occurs 1"));
        assert!(error(small().word_ngrams(0), labelled).contains("word_ngrams"));
        assert!(error(small().word_ngrams(2).bucket(0), labelled).contains("bucket"));
        assert!(error(small().vector_size(0), labelled).contains("vector_size"));
        assert!(error(small().alpha(-1.0), labelled).contains("alpha"));
        assert!(error(small().label_prefix(""), labelled).contains("label_prefix"));
        let overflow = small().alpha(1e30).fit(Text::lines(lines(200, 1))).unwrap_err().to_string();
        assert!(overflow.contains("a smaller alpha"), "{overflow}");
        // One label is right whatever is drawn.
        assert!(small().loss("ns").fit(Text::lines([labelled])).is_ok());
    }
}
