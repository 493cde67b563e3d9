//! fastText: vectors of words that are sums of their parts, also of unseen ones, and labels of lines (Bojanowski et al., 2017; Joulin et
//! al., 2017). Files and answers are those of Facebook's program.

mod all_labels;
mod args;
mod best;
mod bin;
mod classifier;
mod classifier_worker;
mod dictionary;
mod entries;
mod evaluation;
mod matrix;
mod predict;
mod quantized;
mod source;
mod subwords;
#[cfg(test)]
mod tests;
mod train;
mod train_options;
mod unsupervised;

pub use args::{Args, LossName, ModelName};
pub use classifier::FastTextClassifier;
pub use evaluation::{Evaluation, Scores};
pub use train_options::TrainOptions;
pub use unsupervised::FastText;

use crate::keyed_vectors::norm;
use crate::{Epoch, KeyedVectors, Words};
use candle_core::Tensor;
use candle_keras_ops::{Error, Result, cores};
use dictionary::{Dictionary, Line};
use matrix::Matrix;
use predict::Output;
use source::Source;
use std::io::BufRead;
use std::path::Path;
use std::sync::OnceLock;
use train::Trained;

/// For how many words a core makes vectors at a time.
const WORDS: usize = 256;

/// A trained model of fastText: its vocabulary and its matrices.
#[derive(Debug, Clone)]
pub struct FastTextModel {
    args: Args,
    dictionary: Dictionary,
    input: Matrix,
    output: Matrix,
    output_of: Output,
    vectors: OnceLock<KeyedVectors>,
    history: Vec<Epoch>,
    options: TrainOptions,
}

/// Reads a model from a file that is open already, whose length is known unless it is unpacked on the way.
pub(crate) fn read(path: &Path, reader: impl BufRead, length: Option<u64>) -> Result<FastTextModel> {
    bin::read(&mut Source::of(path, reader, length))
}

impl FastTextModel {
    /// A model of its parts. `input` has a row for each word and then one for each bucket of n-grams; `output` has one for each label, or
    /// for each word in a model without labels.
    ///
    /// # Panics
    /// If the matrices have fewer rows, or another number of columns than `args.dim`.
    pub(crate) fn from_parts(args: Args, dictionary: Dictionary, input: Matrix, output: Matrix) -> Self {
        let targets = dictionary.targets(args.model).len();
        assert!(input.rows() >= dictionary.rows() && output.rows() >= targets, "a row for each word and label");
        assert!(
            [&input, &output].iter().all(|matrix| matrix.columns() == args.dim as usize),
            "rows of args.dim numbers"
        );
        let output_of = Output::new(args.loss, dictionary.labels().counts());
        let (vectors, history, options) = (OnceLock::new(), Vec::new(), TrainOptions::default());
        Self { args, dictionary, input, output, output_of, vectors, history, options }
    }

    /// A model that has been trained with these.
    fn new(args: Args, dictionary: Dictionary, trained: Trained, options: TrainOptions) -> Self {
        let Trained { input, output, history } = trained;
        Self { history, options, ..Self::from_parts(args, dictionary, input, output) }
    }

    /// Writes the model, as fastText's program does: what it wrote is the same bytes again.
    ///
    /// # Errors
    /// If the file cannot be written; an old one is left as it was.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        candle_keras_data::atomic::write(path, |file| bin::write(self, file).map_err(|cause| Error::io(path, cause)))
    }

    /// What the model was trained with. Python: `model.f.getArgs()`.
    pub fn args(&self) -> &Args {
        &self.args
    }

    /// What happened in each epoch; files do not have it.
    pub fn history(&self) -> &[Epoch] {
        &self.history
    }

    /// Whether the matrix of the words is quantized. Python: `is_quantized`.
    pub fn is_quantized(&self) -> bool {
        matches!(self.input, Matrix::Quantized(_))
    }

    /// How many numbers a vector has. Python: `get_dimension`.
    pub fn vector_size(&self) -> usize {
        self.args.dim as usize
    }

    /// The words of the vocabulary, the most frequent first. Those that are not UTF-8 in the file have `\x85` for a byte that is not.
    pub fn words(&self) -> &Words {
        self.dictionary.words().names()
    }

    /// How often each word occurred in the text that the model was trained with.
    pub fn counts(&self) -> &[u64] {
        self.dictionary.words().counts()
    }

    /// How many tokens that text had, with those of words that are in no vocabulary.
    pub fn tokens(&self) -> u64 {
        self.dictionary.tokens()
    }

    /// The labels of a supervised model with their prefix, the most frequent first. Python: `get_labels`.
    pub fn labels(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        self.dictionary.labels().names().iter()
    }

    /// How often each label occurred.
    pub fn label_counts(&self) -> &[u64] {
        self.dictionary.labels().counts()
    }

    /// The vector of any word: the mean of its own row, if it is in the vocabulary, and of those of its parts. Python: `get_word_vector`.
    ///
    /// It is all zeros if there are none, as for an unseen word in a model without n-grams.
    pub fn vector(&self, word: &str) -> Vec<f32> {
        let mut vector = vec![0.0; self.vector_size()];
        self.write_vector(word, &mut vector);
        vector
    }

    /// Writes the vector of a word; false if the model has no row for it nor for a part of it.
    pub(crate) fn write_vector(&self, word: &str, vector: &mut [f32]) -> bool {
        self.input.mean(self.dictionary.rows_of_word(word), vector);
        self.dictionary.rows_of_word(word).next().is_some()
    }

    /// The vector of a line of text: the mean of the vectors of its words, each brought to length 1; in a supervised model, the mean of the
    /// rows that it predicts from. Python: `get_sentence_vector`.
    ///
    /// # Errors
    /// If the text is more than a line.
    pub fn sentence_vector(&self, text: &str) -> Result<Vec<f32>> {
        let text = one_line(text)?;
        let mut sum = vec![0.0; self.vector_size()];
        if self.is_supervised() {
            let mut line = Line::default();
            self.dictionary.line(text, &mut line);
            self.input.mean(line.rows.into_iter(), &mut sum);
            return Ok(sum);
        }
        let (mut vector, mut count) = (vec![0.0; self.vector_size()], 0u32);
        for word in text.split([' ', '\r', '\t', '\u{b}', '\u{c}']).filter(|word| !word.is_empty()) {
            self.write_vector(word, &mut vector);
            let norm = norm(&vector);
            if norm > 0.0 {
                sum.iter_mut().zip(&vector).for_each(|(sum, x)| *sum += x / norm);
                count += 1;
            }
        }
        sum.iter_mut().for_each(|x| *x /= count.max(1) as f32);
        Ok(sum)
    }

    /// The parts of a word that the model has rows for, and the numbers of the rows: the word itself first, if it is in the vocabulary.
    /// Python: `get_subwords`.
    pub fn subwords(&self, word: &str) -> Vec<(String, usize)> {
        let number = self.words().get(word);
        let bytes = number.map_or(word.as_bytes(), |number| self.dictionary.words().bytes(number as usize));
        let whole = [b"<", bytes, b">"].concat();
        let parts = self.dictionary.ngrams(bytes).map(|(part, row)| {
            let text = String::from_utf8_lossy(&whole[part.at]).into_owned();
            (text, row as usize)
        });
        number.map(|number| (word.to_string(), number as usize)).into_iter().chain(parts).collect()
    }

    /// The vectors of all words of the vocabulary with their counts: made on all cores when first asked for, and kept.
    pub fn vectors(&self) -> &KeyedVectors {
        self.vectors.get_or_init(|| {
            let size = self.vector_size();
            let mut vectors = vec![0.0; self.words().len() * size];
            cores::each(vectors.chunks_mut(WORDS * size).enumerate(), |(part, vectors)| {
                for (i, vector) in vectors.chunks_exact_mut(size).enumerate() {
                    self.input.mean(self.dictionary.rows_of(part * WORDS + i), vector);
                }
            });
            KeyedVectors::from_parts(self.words().clone(), vectors, size, Some(self.counts().to_vec()))
        })
    }

    /// The vectors of all words, without the model.
    pub fn into_vectors(self) -> KeyedVectors {
        self.vectors();
        let made = self.vectors.into_inner();
        made.expect("the line above makes them")
    }

    /// The `topn` words of the vocabulary with the vectors nearest to that of any word, and the cosines; not the word itself. Python:
    /// `get_nearest_neighbors`.
    ///
    /// # Errors
    /// If the word has no vector: none of its parts is in the model.
    pub fn most_similar(&self, word: &str, topn: usize) -> Result<Vec<(&str, f32)>> {
        if self.words().get(word).is_some() {
            return self.vectors().most_similar(word, topn);
        }
        let mut vector = vec![0.0; self.vector_size()];
        if !self.write_vector(word, &mut vector) {
            return Err(Error::new(format!("the model knows nothing of the word {word:?}, nor of a part of it"))
                .help("words() are those that it knows"));
        }
        self.vectors().similar_by_vector(&vector, topn)
    }

    /// The rows of the words, then those of the buckets of n-grams: `(rows, vector_size)`. Python: `get_input_matrix`.
    ///
    /// # Errors
    /// If it is quantized.
    pub fn input_vectors(&self) -> Result<Tensor> {
        self.input.tensor()
    }

    /// The rows that predict labels, or words in a model without labels: `(rows, vector_size)`. Python: `get_output_matrix`.
    ///
    /// # Errors
    /// If it is quantized.
    pub fn output_vectors(&self) -> Result<Tensor> {
        self.output.tensor()
    }
}

/// Checks that a text is one line, as it must be for fastText: there, the end of a line is a word.
fn one_line(text: &str) -> Result<&str> {
    match text.strip_suffix('\n').unwrap_or(text) {
        line if line.contains('\n') => {
            Err(Error::new("a text must be one line").help("split it into lines, or put spaces in their place"))
        }
        line => Ok(line),
    }
}
