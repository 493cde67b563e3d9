//! Words or characters as numbers, as Keras 2 did it.

use candle_core::{Device, Tensor};
use candle_keras_ops::{Error, Result};
use indexmap::IndexMap;
use std::collections::HashSet;

/// What Keras takes for no part of a word.
const FILTERS: &str = "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n";

/// Gives the words of texts numbers from 1 on, the most frequent one the smallest. Keras 2: `keras.preprocessing.text.Tokenizer`; a new program
/// uses the layer `TextVectorization`, or [`WordTokenizer`](crate::WordTokenizer).
///
/// ```
/// use candle_keras_data::Tokenizer;
/// let texts = ["The cat sat.", "A dog and the cat!"];
/// let mut tokenizer = Tokenizer::new().num_words(4);
/// tokenizer.fit_on_texts(&texts);
/// assert_eq!(tokenizer.word_index()["cat"], 2);
/// assert_eq!(tokenizer.texts_to_sequences(&texts), [vec![1, 2, 3], vec![1, 2]]);
/// ```
#[derive(Debug, Clone)]
pub struct Tokenizer {
    num_words: Option<usize>,
    filters: String,
    lower: bool,
    split: String,
    char_level: bool,
    oov_token: Option<String>,
    word_counts: IndexMap<String, usize>,
    word_docs: IndexMap<String, usize>,
    word_index: IndexMap<String, usize>,
    document_count: usize,
}

impl Default for Tokenizer {
    fn default() -> Self {
        Self {
            num_words: None,
            filters: FILTERS.into(),
            lower: true,
            split: " ".into(),
            char_level: false,
            oov_token: None,
            word_counts: IndexMap::new(),
            word_docs: IndexMap::new(),
            word_index: IndexMap::new(),
            document_count: 0,
        }
    }
}

impl Tokenizer {
    /// Keras's defaults: words in lower case between spaces, without punctuation.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Only words with a smaller number are kept: the `num_words - 1` most frequent ones. Default: all.
    #[must_use]
    pub fn num_words(mut self, num_words: usize) -> Self {
        self.num_words = Some(num_words);
        self
    }

    /// The characters that separate words like [`split`](Self::split). Default: punctuation except `'`, tabs and line breaks.
    #[must_use]
    pub fn filters(mut self, filters: impl Into<String>) -> Self {
        self.filters = filters.into();
        self
    }

    /// Whether texts are taken in lower case. Default: true.
    #[must_use]
    pub fn lower(mut self, lower: bool) -> Self {
        self.lower = lower;
        self
    }

    /// What is between words. Default: a space.
    #[must_use]
    pub fn split(mut self, split: impl Into<String>) -> Self {
        self.split = split.into();
        self
    }

    /// Whether each character is a word. Default: false.
    #[must_use]
    pub fn char_level(mut self, char_level: bool) -> Self {
        self.char_level = char_level;
        self
    }

    /// The word that stands for those that are not known; its number is 1. Default: they are left out.
    #[must_use]
    pub fn oov_token(mut self, token: impl Into<String>) -> Self {
        self.oov_token = Some(token.into());
        self
    }

    /// Counts the words of texts, and numbers all that it has seen by now.
    pub fn fit_on_texts<S: AsRef<str>>(&mut self, texts: impl IntoIterator<Item = S>) {
        for text in texts {
            self.document_count += 1;
            let mut seen = HashSet::new();
            for word in self.words(text.as_ref()) {
                if seen.insert(word.clone()) {
                    *self.word_docs.entry(word.clone()).or_default() += 1;
                }
                *self.word_counts.entry(word).or_default() += 1;
            }
        }
        let mut counts: Vec<(&String, usize)> = self.word_counts.iter().map(|(word, count)| (word, *count)).collect();
        // Words that are equally frequent stay in the order in which they were seen.
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let words = self.oov_token.iter().chain(counts.into_iter().map(|(word, _)| word)).cloned();
        self.word_index = words.zip(1..).collect();
    }

    /// The numbers of the words of each text; words that are not known are left out, or have the number of [`oov_token`](Self::oov_token).
    pub fn texts_to_sequences<S: AsRef<str>>(&self, texts: impl IntoIterator<Item = S>) -> Vec<Vec<u32>> {
        texts.into_iter().map(|text| self.sequence(text.as_ref())).collect()
    }

    /// The words of each sequence, with spaces between them.
    pub fn sequences_to_texts<S: AsRef<[u32]>>(&self, sequences: impl IntoIterator<Item = S>) -> Vec<String> {
        let words: IndexMap<usize, &str> = self.word_index.iter().map(|(word, id)| (*id, word.as_str())).collect();
        let word = |&id: &u32| {
            let known = words.get(&(id as usize)).copied().filter(|_| self.is_kept(id as usize));
            known.or(self.oov_token.as_deref())
        };
        let text = |ids: S| ids.as_ref().iter().filter_map(word).collect::<Vec<_>>().join(" ");
        sequences.into_iter().map(text).collect()
    }

    /// An array `[texts, words]` of float64, with a number for each word of a text: 1 with the mode `"binary"`, how often it is there with
    /// `"count"`, its share of the words with `"freq"`, and `"tfidf"`. The first column belongs to no word.
    ///
    /// # Errors
    /// If there is no such mode, or nothing is known of the words.
    pub fn texts_to_matrix<S: AsRef<str>>(&self, texts: impl IntoIterator<Item = S>, mode: &str) -> Result<Tensor> {
        self.sequences_to_matrix(&self.texts_to_sequences(texts), mode)
    }

    /// As [`texts_to_matrix`](Self::texts_to_matrix), of sequences of numbers.
    ///
    /// # Errors
    /// If there is no such mode, nothing is known of the words, or a number is too large.
    pub fn sequences_to_matrix(&self, sequences: &[Vec<u32>], mode: &str) -> Result<Tensor> {
        const MODES: [&str; 4] = ["binary", "count", "freq", "tfidf"];
        if !MODES.contains(&mode) {
            return Err(Error::unknown("mode of a matrix of texts", mode, &MODES));
        }
        let width = match self.num_words {
            Some(num_words) => num_words,
            None if self.word_index.is_empty() => {
                return Err(Error::new("the number of words is not known").help("give num_words, or call fit_on_texts"));
            }
            None => self.word_index.len() + 1,
        };
        let docs: Vec<usize> = std::iter::once(0)
            .chain(self.word_index.keys().map(|word| self.word_docs.get(word).copied().unwrap_or(0)))
            .collect();
        let mut numbers = vec![0f64; sequences.len() * width];
        for (ids, row) in sequences.iter().zip(numbers.chunks_exact_mut(width.max(1))) {
            for &id in ids {
                let count = row.get_mut(id as usize).ok_or_else(|| {
                    Error::new("a number of a word is too large")
                        .expected(format!("one below {width}"))
                        .received(id.to_string())
                })?;
                *count += 1.0;
            }
            for (id, count) in row.iter_mut().enumerate().filter(|(_, count)| **count > 0.0) {
                *count = match mode {
                    "binary" => 1.0,
                    "freq" => *count / ids.len() as f64,
                    "tfidf" => {
                        let in_docs = docs.get(id).copied().unwrap_or(0);
                        (1.0 + count.ln()) * (1.0 + self.document_count as f64 / (1 + in_docs) as f64).ln()
                    }
                    _ => *count,
                };
            }
        }
        Ok(Tensor::from_vec(numbers, (sequences.len(), width), &Device::Cpu)?)
    }

    /// The number of each word, the most frequent one first; also of those that [`num_words`](Self::num_words) leaves out.
    #[must_use]
    pub fn word_index(&self) -> &IndexMap<String, usize> {
        &self.word_index
    }

    /// The word of each number.
    #[must_use]
    pub fn index_word(&self) -> IndexMap<usize, String> {
        self.word_index.iter().map(|(word, id)| (*id, word.clone())).collect()
    }

    /// How often each word was there, in the order in which they were seen.
    #[must_use]
    pub fn word_counts(&self) -> &IndexMap<String, usize> {
        &self.word_counts
    }

    /// The number of texts that it was fitted on.
    #[must_use]
    pub fn document_count(&self) -> usize {
        self.document_count
    }

    fn words(&self, text: &str) -> Vec<String> {
        let text = if self.lower { text.to_lowercase() } else { text.to_string() };
        if self.char_level {
            return text.chars().map(String::from).collect();
        }
        let separated: String =
            text.chars().map(|c| if self.filters.contains(c) { self.split.clone() } else { c.to_string() }).collect();
        separated.split(self.split.as_str()).filter(|word| !word.is_empty()).map(String::from).collect()
    }

    fn sequence(&self, text: &str) -> Vec<u32> {
        let unknown = self.oov_token.as_ref().and_then(|token| self.word_index.get(token)).copied();
        let id = |word: String| self.word_index.get(&word).copied().filter(|&id| self.is_kept(id)).or(unknown);
        self.words(text).into_iter().filter_map(id).map(|id| id as u32).collect()
    }

    /// Whether a number is below `num_words`.
    fn is_kept(&self, id: usize) -> bool {
        self.num_words.is_none_or(|num_words| id < num_words)
    }
}

/// The words of a text in lower case, without punctuation. Keras 2: `keras.preprocessing.text.text_to_word_sequence`.
///
/// ```
/// use candle_keras_data::text_to_word_sequence;
/// assert_eq!(text_to_word_sequence("Don't stop, cat!"), ["don't", "stop", "cat"]);
/// ```
#[must_use]
pub fn text_to_word_sequence(text: &str) -> Vec<String> {
    Tokenizer::new().words(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 3] = ["The cat sat on the mat.", "The dog, the cat & the bird!", "A bird; a mat"];

    fn rows(matrix: Result<Tensor>) -> Vec<Vec<f64>> {
        matrix.unwrap().to_vec2().unwrap()
    }

    /// The values of `Tokenizer(num_words=5, oov_token="<OOV>")` of tf.keras 2.21.
    #[test]
    fn numbers_are_those_of_keras() {
        let mut tokenizer = Tokenizer::new().num_words(5).oov_token("<OOV>");
        tokenizer.fit_on_texts(TEXTS);
        let words: Vec<&str> = tokenizer.word_index().keys().map(String::as_str).collect();
        assert_eq!(words, ["<OOV>", "the", "cat", "mat", "bird", "a", "sat", "on", "dog"]);
        assert_eq!(tokenizer.word_counts()["the"], 5);
        assert_eq!(tokenizer.document_count(), 3);
        let sequences = tokenizer.texts_to_sequences(TEXTS.into_iter().chain(["unknown cat"]));
        assert_eq!(sequences, [vec![2, 3, 1, 1, 2, 4], vec![2, 1, 2, 3, 2, 1], vec![1, 1, 1, 4], vec![1, 3]]);
        let texts = tokenizer.sequences_to_texts(&sequences);
        assert_eq!(texts[2..], ["<OOV> <OOV> <OOV> mat", "<OOV> cat"]);
        let matrix = |mode: &str| rows(tokenizer.texts_to_matrix(TEXTS, mode));
        assert_eq!(matrix("binary")[2], [0., 1., 0., 0., 1.]);
        assert_eq!(matrix("count")[1], [0., 2., 3., 1., 0.]);
        assert_eq!(matrix("freq")[2], [0., 0.75, 0., 0., 0.25]);
        let tfidf = [0., 2.909294381957509, 0., 0., std::f64::consts::LN_2];
        assert!(matrix("tfidf")[2].iter().zip(tfidf).all(|(a, b)| (a - b).abs() < 1e-12));
    }

    #[test]
    fn words_are_chosen_as_in_keras() {
        let mut all = Tokenizer::new();
        all.fit_on_texts(TEXTS);
        assert_eq!(all.texts_to_sequences(["A cat unknown"]), [[5, 2]]);
        assert_eq!(rows(all.texts_to_matrix(&TEXTS[..1], "binary"))[0], [0., 1., 1., 1., 0., 0., 1., 1., 0.]);
        let mut few = Tokenizer::new().num_words(3);
        few.fit_on_texts(TEXTS);
        assert_eq!(few.texts_to_sequences(TEXTS), [vec![1, 2, 1], vec![1, 1, 2, 1], vec![]]);
        assert_eq!(few.sequences_to_texts([[1, 2, 9]]), ["the cat"]);
        let mut characters = Tokenizer::new().char_level(true);
        characters.fit_on_texts(["Hello", "ole"]);
        assert_eq!(characters.texts_to_sequences(["hole!"]), [[4, 3, 1, 2]]);
        let mut others = Tokenizer::new().filters("").lower(false).split("-");
        others.fit_on_texts(["A-b-A-"]);
        assert_eq!(others.index_word().into_iter().collect::<Vec<_>>(), [(1, "A".to_string()), (2, "b".into())]);
    }

    #[test]
    fn what_is_not_known_is_an_error() {
        let tokenizer = Tokenizer::new();
        assert!(tokenizer.texts_to_matrix(["a"], "binary").unwrap_err().to_string().contains("fit_on_texts"));
        let tokenizer = tokenizer.num_words(3);
        assert!(tokenizer.texts_to_matrix(["a"], "tf").unwrap_err().to_string().contains("binary"));
        assert!(tokenizer.sequences_to_matrix(&[vec![3]], "count").unwrap_err().to_string().contains("below 3"));
    }
}
