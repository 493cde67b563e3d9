//! Training: of new models, and of those that have been trained.

use super::FastTextModel;
use super::args::{Args, LossName, ModelName};
use super::classifier::lines_of;
use super::classifier_worker::{self, Outputs};
use super::dictionary::{Dictionary, END_OF_LINE};
use super::matrix::{Dense, Matrix};
use super::train_options::TrainOptions;
use crate::sampling::keep_probabilities;
use crate::text::Chunks;
use crate::train::{Huffman, Parts, Run, check_finite, initial_rows};
use crate::word2vec::{self, Shared};
use crate::{Epoch, Text, Vocabulary, Word2Vec};
use candle_keras_data::AliasTable;
use candle_keras_ops::{Error, Result, SharedRows};
use std::sync::OnceLock;

/// Wider windows and more negatives are a damaged file's: threads have memory for each of them.
const LARGEST: u32 = 10_000;

/// A training of the rows of words and labels on a text.
pub(super) struct Training<'a> {
    pub args: &'a Args,
    pub dictionary: &'a Dictionary,
    pub options: &'a TrainOptions,
    pub text: &'a Text,
    pub chunks: &'a Chunks,
    pub epochs: usize,
}

/// Trains a new model from these input and output rows.
///
/// # Errors
/// As [`Training::run`].
pub(super) fn fit(
    args: Args,
    dictionary: Dictionary,
    options: TrainOptions,
    (text, chunks): (&Text, &Chunks),
    epochs: usize,
    [input, output]: [SharedRows; 2],
) -> Result<FastTextModel> {
    let training = Training { args: &args, dictionary: &dictionary, options: &options, text, chunks, epochs };
    let trained = training.run(input, output)?;
    Ok(FastTextModel::new(args, dictionary, trained, options))
}

/// What a training ends with.
pub(super) struct Trained {
    pub input: Matrix,
    pub output: Matrix,
    pub history: Vec<Epoch>,
}

impl Training<'_> {
    /// Trains input and output rows.
    ///
    /// # Errors
    /// If an argument is invalid, the text cannot be read, or the numbers overflow.
    pub fn run(&self, input: SharedRows, output: SharedRows) -> Result<Trained> {
        for (name, value) in [("ws", self.args.ws), ("neg", self.args.neg)] {
            if value > LARGEST {
                return Err(Error::new(format!("{name} of the model is too large to train it"))
                    .expected(format!("at most {LARGEST}"))
                    .received(value.to_string()));
            }
        }
        let run = Run {
            chunks: self.chunks,
            epochs: self.epochs,
            from_epoch: 0,
            alpha: (self.options.alpha_for(self.args), self.options.min_alpha),
            workers: self.options.workers,
            seed: self.options.seed,
            verbose: self.options.verbose,
        };
        let (input, output, history) = match self.args.model {
            ModelName::Supervised => self.lines(&run, input, output)?,
            ModelName::Cbow | ModelName::Skipgram => self.words(&run, input, output)?,
        };
        let [input, output] = [input, output].map(Dense::from_shared);
        check_finite(&input.data, self.options.alpha_for(self.args))?;
        let [input, output] = [input, output].map(Matrix::Dense);
        Ok(Trained { input, output, history })
    }

    /// Words answer with the words around them.
    fn words(
        &self,
        run: &Run<'_>,
        inputs: SharedRows,
        outputs: SharedRows,
    ) -> Result<(SharedRows, SharedRows, Vec<Epoch>)> {
        let Self { args, dictionary, options, .. } = self;
        let settings = word2vec_of(args, options);
        settings.check()?;
        let (names, counts) = (dictionary.words().names(), dictionary.words().counts());
        if names.len() < 2 || counts.iter().try_fold(0u64, |sum, &count| sum.checked_add(count)).is_none() {
            return Err(Error::new("the model has no words that can be trained")
                .expected("two words or more, with their counts")
                .received(format!("{} words", names.len())));
        }
        let (negatives, tree) = match args.loss {
            LossName::NegativeSampling => (Some((AliasTable::of_counts(counts, options.ns_exponent)?, outputs)), None),
            LossName::HierarchicalSoftmax => (None, Some((Huffman::new(counts).paths(), outputs))),
            LossName::Softmax | LossName::OneVsAll => {
                return Err(Error::new("word vectors cannot be trained with this loss")
                    .expected("negative sampling or hierarchical softmax")
                    .received(format!("{:?}", args.loss)));
            }
        };
        let shared = Shared {
            keep: keep_probabilities(counts, args.t),
            inputs,
            parts: (args.bucket > 0).then(|| Parts::new((0..counts.len()).map(|word| dictionary.rows_of(word)))),
            negatives,
            tree,
            vocabulary: Vocabulary::from_parts(names.clone(), counts.to_vec()),
        };
        let trainer = || word2vec::Trainer::new(&settings, &shared, self.text);
        let history = run.train(trainer, |epoch| Ok(options.callbacks.call(epoch)))?;
        let Shared { inputs, negatives, tree, .. } = shared;
        let outputs = negatives.map(|(_, rows)| rows).or(tree.map(|(_, rows)| rows));
        Ok((inputs, outputs.expect("the loss above has one of the two"), history))
    }

    /// Lines answer with their labels.
    fn lines(
        &self,
        run: &Run<'_>,
        inputs: SharedRows,
        outputs: SharedRows,
    ) -> Result<(SharedRows, SharedRows, Vec<Epoch>)> {
        let Self { args, dictionary, options, .. } = self;
        options.check(args)?;
        let outputs = Outputs::new(args.loss, dictionary.labels().counts(), outputs)?;
        let trainer = || classifier_worker::Trainer::new(dictionary, &inputs, &outputs, args.neg as usize);
        let history = run.train(trainer, |epoch| Ok(options.callbacks.call(epoch)))?;
        Ok((inputs, outputs.into_rows(), history))
    }
}

/// How word2vec is trained that is the same but for the parts of words.
pub(super) fn word2vec_of(args: &Args, options: &TrainOptions) -> Word2Vec {
    let hs = args.loss == LossName::HierarchicalSoftmax;
    Word2Vec::new()
        .vector_size(args.dim as usize)
        .alpha(options.alpha_for(args))
        .min_alpha(options.min_alpha)
        .window(args.ws as usize)
        .sample(args.t)
        .skip_gram(args.model == ModelName::Skipgram)
        .hs(hs)
        .negative(if hs { 0 } else { args.neg as usize })
        .ns_exponent(options.ns_exponent)
        .shared_negatives(options.shared_negatives)
        .shrink_windows(options.shrink_windows)
}

impl FastTextModel {
    /// How the model is trained further.
    pub fn options(&self) -> &TrainOptions {
        &self.options
    }

    /// Sets how the model is trained further: a learning rate, a number of threads.
    #[must_use]
    pub fn with_options(self, options: TrainOptions) -> Self {
        Self { options, ..self }
    }

    /// Trains for more epochs, on the same or another text, with the learning rate from its beginning to its end. Words without a row are trained by their
    /// n-grams in supervised models, and skipped in others: [`update_vocabulary`](Self::update_vocabulary) gives them one. In supervised models,
    /// labels that the model does not have are skipped. gensim: `train`.
    ///
    /// Models that were read are trained as well as others, those of fastText's program included; [`with_options`](Self::with_options) sets what their
    /// files do not say. For its time, a training takes the memory of the model's matrices once more. After an error, the model is as it was before.
    ///
    /// ```
    /// use candle_keras_word_vectors::fast_text::TrainOptions;
    /// use candle_keras_word_vectors::{FastText, Text};
    /// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/fasttext/skipgram.bin");
    /// let mut model = FastText::load(path)?.with_options(TrainOptions::new().alpha(0.025).workers(1));
    /// let text = Text::lines(["the heron stood by the pond"].repeat(10));
    /// model.update_vocabulary(text.clone())?;
    /// model.train(text, 5)?;
    /// assert!(model.words().get("heron").is_some() && model.history().len() == 5);
    /// # Ok::<(), candle_keras_word_vectors::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the model is quantized, an option is invalid, the text cannot be read, or the numbers overflow.
    pub fn train(&mut self, text: impl Into<Text>, epochs: usize) -> Result<&[Epoch]> {
        // Other draws than in the epochs before.
        let seed = self.options.seed.wrapping_add(self.history.len() as u64 + 1);
        let options = self.options.clone().seed(seed);
        let Trained { input, output, history } = self.trained(text.into(), &options, epochs)?;
        (self.input, self.output) = (input, output);
        self.history.extend(history);
        self.vectors = OnceLock::new();
        Ok(&self.history)
    }

    /// Adds what a text has to the counts of words, and gives a row to each new word that occurs in it at least `args().min_count` times, behind the words
    /// that have one; says how many there are. Labels and their counts remain as they are. gensim: `build_vocab(update=True)`.
    ///
    /// # Errors
    /// If the model is quantized or has a tree of words, which cannot grow, or the text cannot be read.
    pub fn update_vocabulary(&mut self, text: impl Into<Text>) -> Result<usize> {
        let (is_supervised, min_count, known) = (self.is_supervised(), self.args.min_count.into(), self.words().len());
        if self.args.loss == LossName::HierarchicalSoftmax && !is_supervised {
            return Err(Error::new("the tree of hierarchical softmax cannot take more words")
                .help("train with negative sampling, loss(\"ns\"), or on both texts from the beginning"));
        }
        let (text, width) = (self.text(text.into()), self.vector_size());
        let (Matrix::Dense(input), Matrix::Dense(output)) = (&mut self.input, &mut self.output) else {
            return Err(is_quantized());
        };
        let counted = Vocabulary::count(&text, &text.open()?)?;
        let ends = if is_supervised { counted.sentences() } else { 0 };
        let dictionary = &self.dictionary;
        let is_word = |word: &str| dictionary.words().names().get(word).is_some();
        let found = counted.words().iter().zip(counted.counts().iter().copied());
        let found: Vec<_> =
            found.filter(|(word, _)| is_word(word) || !is_supervised || !dictionary.is_label(word)).collect();
        let added = found.iter().filter(|&&(word, count)| !is_word(word) && count >= min_count).count();
        let rows = initial_rows(added, width, self.options.seed.wrapping_add(known as u64))?.into_vec();
        // Nothing fails from here on.
        input.insert(known, rows);
        if !is_supervised {
            output.insert(known, vec![0.0; added * width]);
        }
        // A model without the end of a line among its words does without it.
        let end = is_word(END_OF_LINE).then_some((END_OF_LINE, ends));
        self.dictionary.extend(found.into_iter().chain(end), min_count, counted.tokens() + ends);
        self.vectors = OnceLock::new();
        Ok(added)
    }

    /// The mean loss of a pair on another text, of a line in supervised models, in nats, without training: with negatives that are the same each time.
    ///
    /// It takes as long as an epoch, and for its time the memory of the model's matrices once more.
    ///
    /// # Errors
    /// As [`train`](Self::train), and if the text has nothing that is trained: two words with rows in a sentence, or a label.
    pub fn loss(&self, text: impl Into<Text>) -> Result<f64> {
        let mut options = self.options.clone().alpha(0.0).min_alpha(0.0).seed(0).verbose(0);
        options.callbacks = Default::default();
        let trained = self.trained(text.into(), &options, 1)?;
        let epoch = trained.history.last().filter(|epoch| epoch.pairs > 0);
        let what = if self.is_supervised() {
            "line with a label of the model"
        } else {
            "two words of the model in one sentence"
        };
        epoch.map(|epoch| epoch.loss).ok_or_else(|| Error::new(format!("the text has no {what}")))
    }

    /// The text as the model reads it.
    fn text(&self, text: Text) -> Text {
        if self.is_supervised() { lines_of(text) } else { text }
    }

    /// Trains copies of the matrices.
    fn trained(&self, text: Text, options: &TrainOptions, epochs: usize) -> Result<Trained> {
        let (Matrix::Dense(input), Matrix::Dense(output)) = (&self.input, &self.output) else {
            return Err(is_quantized());
        };
        let text = self.text(text);
        let chunks = text.open()?;
        let (args, dictionary) = (&self.args, &self.dictionary);
        let training = Training { args, dictionary, options, text: &text, chunks: &chunks, epochs };
        training.run(input.to_shared()?, output.to_shared()?)
    }
}

fn is_quantized() -> Error {
    Error::new("a quantized model cannot be trained")
        .expected("a .bin file, with numbers of 32 bits")
        .help("train the model that it was made of")
}

#[cfg(test)]
mod tests;
