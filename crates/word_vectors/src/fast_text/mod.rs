//! fastText: vectors of words that are sums of their parts, also of unseen ones, and labels of lines (Bojanowski et al., 2017; Joulin et
//! al., 2017). Files and answers are those of Facebook's program.

mod all_labels;
mod args;
mod best;
mod bin;
mod classifier;
mod classify;
mod dictionary;
mod lines;
mod matrix;
mod quantized;
mod source;
mod subwords;
#[cfg(test)]
mod tests;
mod unsupervised;
mod untrained;

pub use args::{Args, LossName, ModelName};
pub use classifier::FastTextClassifier;
pub use classify::{Evaluation, Scores};
pub use unsupervised::FastText;

use crate::{Epoch, KeyedVectors, Words};
use best::Best;
use candle_keras_ops::{Error, Result, cores, simd};
use classify::Output;
use dictionary::Dictionary;
use matrix::{Matrix, dot};
use source::Source;
use std::io::BufRead;
use std::path::Path;
use std::sync::OnceLock;

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
        Self { args, dictionary, input, output, output_of, vectors: OnceLock::new(), history: Vec::new() }
    }

    /// With what happened while it was trained.
    fn with_history(self, history: Vec<Epoch>) -> Self {
        Self { history, ..self }
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
        self.input.mean(self.dictionary.rows_of_word(word), &mut vector);
        vector
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
            let (mut rows, mut labels) = (Vec::new(), Vec::new());
            self.dictionary.line(text, &mut rows, &mut labels);
            self.input.mean(rows.into_iter(), &mut sum);
            return Ok(sum);
        }
        let mut count = 0u32;
        for word in text.split([' ', '\r', '\t', '\u{b}', '\u{c}']).filter(|word| !word.is_empty()) {
            let vector = self.vector(word);
            let norm = norm(&vector);
            if norm > 0.0 {
                sum.iter_mut().zip(vector).for_each(|(sum, x)| *sum += x / norm);
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
        let query = self.vector(word);
        let length = norm(&query);
        if length == 0.0 {
            return Err(Error::new(format!("the model knows nothing of the word {word:?}, nor of a part of it"))
                .help("words() are those that it knows"));
        }
        let (vectors, own) = (self.vectors(), self.words().get(word));
        let mut best = Best::of(topn.max(1));
        for (row, number) in vectors.vectors().chunks_exact(self.vector_size()).zip(0..) {
            let product = simd!(|by| dot(row, &query, by)) / length;
            let cosine = product / norm(row);
            if own != Some(number) && cosine.is_finite() {
                best.push(cosine, number);
            }
        }
        let best = best.sorted().into_iter().take(topn);
        Ok(best.map(|(cosine, number)| (self.words().word(number as usize), cosine)).collect())
    }
}

fn norm(x: &[f32]) -> f32 {
    simd!(|by| dot(x, x, by)).sqrt()
}

/// That a text is one line, as it must be for fastText: there, the end of a line is a word.
fn one_line(text: &str) -> Result<&str> {
    match text.strip_suffix('\n').unwrap_or(text) {
        line if line.contains('\n') => {
            Err(Error::new("a text must be one line").help("split it into lines, or put spaces in their place"))
        }
        line => Ok(line),
    }
}
