//! Words with a vector each: what every model of this crate is trained for, and what files of word vectors hold.

mod change;
mod many;
mod merge;
mod most_similar;
mod products;
mod query;
mod search;
mod search_index;
mod similarity;
mod terms;
mod top;
mod unknown;

pub use merge::Duplicates;
pub use query::{Objective, Query};
pub use terms::{Term, Terms};

pub(crate) use products::{cosine, dot, norm};
pub(crate) use search::{COSMUL_EPSILON, shifted};
pub(crate) use top::Top;

use crate::Words;
use candle_core::{DType, Device, Tensor};
use candle_keras_ops::{Error, Result};
use search_index::SearchIndex;
use std::sync::OnceLock;

/// Words and a vector for each. gensim: `KeyedVectors`.
///
/// Trained vectors and most files have the words in the order of their frequency, the most frequent first.
///
/// Similarity is the cosine of two vectors; a vector of zeros has similarity 0 with every other.
///
/// ```
/// use candle_keras_word_vectors::KeyedVectors;
/// use candle_core::{Device, Tensor};
/// let table = Tensor::new(&[[1f32, 0.], [0.9, 0.1], [0., 1.]], &Device::Cpu)?;
/// let vectors = KeyedVectors::new(["cat", "dog", "car"], &table)?;
/// assert_eq!(vectors.vector("car")?, [0., 1.]);
/// assert_eq!(vectors.most_similar("cat", 1)?[0].0, "dog");
/// # Ok::<(), candle_keras_word_vectors::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct KeyedVectors {
    words: Words,
    counts: Option<Vec<u64>>,
    vectors: Vec<f32>,
    vector_size: usize,
    norms: OnceLock<Vec<f32>>,
    search_index: Option<SearchIndex>,
}

impl KeyedVectors {
    /// The rows of a table, `(words, vector_size)`, with their words.
    ///
    /// # Errors
    /// If there is not one word a row, or a word comes twice.
    pub fn new<S: AsRef<str>>(words: impl IntoIterator<Item = S>, vectors: &Tensor) -> Result<Self> {
        let (rows, vector_size) = vectors.dims2()?;
        let words = distinct(words, rows)?;
        let vectors = vectors.to_device(&Device::Cpu)?.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?;
        Ok(Self::from_parts(words, vectors, vector_size, None))
    }

    /// Words, and their vectors one after another with `vector_size` numbers each; nothing is copied.
    ///
    /// ```
    /// use candle_keras_word_vectors::KeyedVectors;
    /// let vectors = KeyedVectors::from_vec(["cat", "dog"], vec![1., 0., 0.9, 0.1], 2)?.with_counts(vec![20, 30])?;
    /// assert_eq!(vectors.vector("dog")?, [0.9, 0.1]);
    /// # Ok::<(), candle_keras_word_vectors::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is not one word a vector, a word comes twice, or the last vector is not whole.
    pub fn from_vec<S: AsRef<str>>(
        words: impl IntoIterator<Item = S>,
        vectors: Vec<f32>,
        vector_size: usize,
    ) -> Result<Self> {
        if vector_size == 0 || !vectors.len().is_multiple_of(vector_size) {
            return Err(Error::new("vectors must be whole")
                .expected(format!("vectors of {vector_size} numbers each, at least one"))
                .received(format!("{} numbers", vectors.len())));
        }
        let words = distinct(words, vectors.len() / vector_size)?;
        Ok(Self::from_parts(words, vectors, vector_size, None))
    }

    /// The same vectors, with how often each word occurred, in the order of the words. gensim: `set_vecattr(word, "count", count)`.
    ///
    /// # Errors
    /// If there is not one count a word.
    pub fn with_counts(mut self, counts: Vec<u64>) -> Result<Self> {
        if counts.len() != self.len() {
            return Err(Error::new("each word must have one count")
                .expected(format!("{} counts", self.len()))
                .received(format!("{} counts", counts.len())));
        }
        self.counts = Some(counts);
        Ok(self)
    }

    /// All vectors as a tensor `(words, vector_size)`.
    ///
    /// # Errors
    /// None that is known.
    pub fn to_tensor(&self) -> Result<Tensor> {
        Ok(Tensor::from_slice(&self.vectors, (self.len(), self.vector_size), &Device::Cpu)?)
    }

    /// Words, their vectors one after another, and how often each word occurred, if that is known.
    pub(crate) fn from_parts(words: Words, vectors: Vec<f32>, vector_size: usize, counts: Option<Vec<u64>>) -> Self {
        debug_assert_eq!(words.len() * vector_size, vectors.len());
        Self { words, counts, vectors, vector_size, norms: OnceLock::new(), search_index: None }
    }

    /// The words and their vectors.
    pub(crate) fn into_parts(self) -> (Words, Vec<f32>) {
        (self.words, self.vectors)
    }

    /// The words, by the numbers of their rows. gensim: `index_to_key`, `key_to_index`.
    pub fn words(&self) -> &Words {
        &self.words
    }

    /// How many words there are.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there is no word.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// How many numbers a vector has.
    pub fn vector_size(&self) -> usize {
        self.vector_size
    }

    /// All vectors, one after another in the order of the words.
    pub fn vectors(&self) -> &[f32] {
        &self.vectors
    }

    /// The vector of the word with this number.
    ///
    /// # Panics
    /// If there is no such word, as indexing does.
    pub fn row(&self, number: usize) -> &[f32] {
        &self.vectors[number * self.vector_size..][..self.vector_size]
    }

    /// How often each word occurred in the text that the vectors are from, if that is known.
    pub fn counts(&self) -> Option<&[u64]> {
        self.counts.as_deref()
    }

    /// Whether the word has a vector. gensim: `word in vectors`.
    pub fn contains(&self, word: &str) -> bool {
        self.words.get(word).is_some()
    }

    /// The vector of a word, if it has one: where many words are unknown, as in a loop over a text, this is faster than
    /// [`vector`](Self::vector), which looks for similar spellings.
    pub fn get(&self, word: &str) -> Option<&[f32]> {
        self.words.get(word).map(|number| self.row(number as usize))
    }

    /// The number of a word's row. gensim: `get_index`.
    ///
    /// # Errors
    /// If the word has no vector; the error names words that are spelled nearly the same.
    pub fn index_of(&self, word: &str) -> Result<usize> {
        self.words.get(word).map(|number| number as usize).ok_or_else(|| unknown::error(&self.words, word))
    }

    /// The vector of a word. gensim: `vectors[word]`, `get_vector`.
    ///
    /// # Errors
    /// If the word has no vector; the error names words that are spelled nearly the same.
    pub fn vector(&self, word: &str) -> Result<&[f32]> {
        Ok(self.row(self.index_of(word)?))
    }

    /// The vector of a word, divided by its norm; zeros remain zeros. gensim: `get_vector(word, norm=True)`.
    ///
    /// # Errors
    /// If the word has no vector.
    pub fn unit_vector(&self, word: &str) -> Result<Vec<f32>> {
        let mut vector = self.vector(word)?.to_vec();
        products::normalize(&mut vector);
        Ok(vector)
    }

    /// The Euclidean norm of each vector, in the order of the words. Computed at the first call, and kept. gensim: `norms`.
    pub fn norms(&self) -> &[f32] {
        self.norms.get_or_init(|| products::norms(&self.vectors, self.vector_size, self.len()))
    }
}

/// So many words, each once.
fn distinct<S: AsRef<str>>(words: impl IntoIterator<Item = S>, count: usize) -> Result<Words> {
    let mut all = Words::new();
    for word in words {
        if all.push(word.as_ref()).is_none() {
            return Err(Error::new(format!("the word {:?} comes twice", word.as_ref())));
        }
    }
    if all.len() != count {
        return Err(Error::new("each word must have one vector")
            .expected(format!("{count} words"))
            .received(format!("{} words", all.len())));
    }
    Ok(all)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Words with small vectors, which the tests of this module share.
    pub(super) fn animals() -> KeyedVectors {
        table(&[
            ("cat", [3.0, 4.0]),
            ("dog", [4.0, 3.0]),
            ("none", [0.0, 0.0]),
            ("car", [5.0, 0.0]),
            ("owl", [-6.0, 8.0]),
        ])
    }

    pub(super) fn table<const N: usize>(rows: &[(&str, [f32; N])]) -> KeyedVectors {
        let words = rows.iter().map(|(word, _)| word).collect();
        KeyedVectors::from_parts(words, rows.iter().flat_map(|(_, row)| *row).collect(), N, None)
    }

    /// Reproducible vectors without any structure.
    pub(crate) fn random(rows: usize, size: usize) -> KeyedVectors {
        let mut state = 1u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1 << 23) as f32 - 1.0
        };
        let vectors = (0..rows * size).map(|_| next() + next() + next()).collect();
        KeyedVectors::from_parts((0..rows).map(|i| format!("w{i}")).collect(), vectors, size, None)
    }

    /// The same words, with scores that are the same but for rounding.
    pub(super) fn assert_close(found: &[(&str, f32)], expected: &[(&str, f32)]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.0 == expected.0 && (found.1 - expected.1).abs() < 1e-6, "{found:?} {expected:?}");
        }
    }

    #[test]
    fn words_are_found() {
        let vectors = animals();
        assert_eq!(vectors.vector("dog").unwrap(), [4.0, 3.0]);
        assert_eq!(vectors.index_of("owl").unwrap(), 4);
        assert!(vectors.contains("car") && !vectors.contains("cars"));
        assert_eq!((vectors.get("cat"), vectors.get("bat")), (Some(&[3.0, 4.0][..]), None));
        assert_eq!(vectors.unit_vector("owl").unwrap(), [-0.6, 0.8]);
        assert_eq!(vectors.unit_vector("none").unwrap(), [0.0, 0.0]);
        assert_eq!(vectors.norms(), [5.0, 5.0, 0.0, 5.0, 10.0]);
    }

    #[test]
    fn vectors_of_no_numbers_are_zeros() {
        let vectors = table(&[("a", []), ("b", [])]).with_search_index();
        assert_eq!(vectors.most_similar("a", 5).unwrap(), [("b", 0.0)]);
        assert_eq!(vectors.most_similar_many(["b"], 5).unwrap(), [[("a", 0.0)]]);
        assert_eq!((vectors.similarity("a", "b").unwrap(), vectors.rank("a", "b").unwrap()), (0.0, 1));
        assert_eq!(vectors.normalized().norms(), [0.0, 0.0]);
        let none = KeyedVectors::from_parts(Words::new(), Vec::new(), 3, None).with_search_index();
        assert_eq!(none.similar_by_vector(&[1.0; 3], 5).unwrap(), []);
        assert!(none.vector("a").unwrap_err().to_string().contains("no vectors at all"));
    }

    #[test]
    fn tables_that_do_not_fit_are_errors() {
        let table = Tensor::new(&[[1f32, 0.], [0., 1.]], &Device::Cpu).unwrap();
        assert!(KeyedVectors::new(["a", "b"], &table).is_ok());
        assert!(KeyedVectors::new(["a"], &table).unwrap_err().to_string().contains("expected: 2 words"));
        assert!(KeyedVectors::new(["a", "a"], &table).unwrap_err().to_string().contains("\"a\" comes twice"));
        assert!(KeyedVectors::new(["a", "b"], &table.flatten_all().unwrap()).is_err());
        let error = |words: &[&str], size| KeyedVectors::from_vec(words, vec![0.0; 4], size).unwrap_err().to_string();
        assert!(error(&["a"], 2).contains("expected: 2 words") && error(&["a", "a"], 2).contains("twice"));
        assert!(error(&["a"], 3).contains("received: 4 numbers") && error(&[], 0).contains("at least one"));
        let error = animals().with_counts(vec![1]).unwrap_err().to_string();
        assert!(error.contains("expected: 5 counts\n  received: 1 counts"), "{error}");
    }

    #[test]
    fn a_table_is_the_same_again() {
        let vectors = animals().with_counts(vec![5, 4, 3, 2, 1]).unwrap();
        let again = KeyedVectors::new(vectors.words().iter(), &vectors.to_tensor().unwrap()).unwrap();
        assert_eq!((again.vectors(), again.counts()), (vectors.vectors(), None));
        let again = KeyedVectors::from_vec(vectors.words().iter(), vectors.vectors().to_vec(), 2).unwrap();
        assert_eq!((again.words(), again.vectors()), (vectors.words(), vectors.vectors()));
        assert_eq!(vectors.counts(), Some(&[5, 4, 3, 2, 1][..]));
    }
}
