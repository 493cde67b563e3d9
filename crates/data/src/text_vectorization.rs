//! TextVectorization: maps text to token ids. Keras: `keras.layers.TextVectorization`, in its mode `"int"`.

use crate::Dataset;
use candle_core::{Device, Tensor};
use candle_keras_ops::{Error, Result, has_memory_for, strings};
use std::collections::{HashMap, HashSet};

/// The standardization of a text before it is split into words. As in Keras, only ASCII letters have a lower case, and only ASCII characters are
/// punctuation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standardize {
    /// Lower case, without punctuation.
    LowerAndStripPunctuation,
    /// Lower case.
    Lower,
    /// Without punctuation.
    StripPunctuation,
    /// Unchanged.
    None,
    /// An unknown name.
    Unknown(String),
}

impl From<&str> for Standardize {
    fn from(name: &str) -> Self {
        match name {
            "lower_and_strip_punctuation" => Self::LowerAndStripPunctuation,
            "lower" => Self::Lower,
            "strip_punctuation" => Self::StripPunctuation,
            other => Self::Unknown(other.into()),
        }
    }
}

/// Keras's punctuation.
const PUNCTUATION: &str = "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'";

impl Standardize {
    fn apply(&self, text: &str) -> Result<String> {
        let stripped = || text.chars().filter(|c| !PUNCTUATION.contains(*c)).collect::<String>();
        Ok(match self {
            // Only ASCII, as `tf.strings.lower`.
            Self::LowerAndStripPunctuation => stripped().to_ascii_lowercase(),
            Self::Lower => text.to_ascii_lowercase(),
            Self::StripPunctuation => stripped(),
            Self::None => text.into(),
            Self::Unknown(name) => {
                let known = ["lower_and_strip_punctuation", "lower", "strip_punctuation"];
                return Err(Error::unknown("standardize", name, &known));
            }
        })
    }
}

/// Maps the words of texts to ids, with Keras's vocabulary: 0 is padding, 1 is `[UNK]`, and words follow by decreasing count, those
/// with the same count in reverse alphabetical order.
///
/// Strings are not tensors here, so this is not a layer: its result is the input of a model.
///
/// ```
/// use candle_keras_data::TextVectorization;
/// let mut vectorize = TextVectorization::new().output_sequence_length(4);
/// vectorize.adapt(["The cat sat.", "The dog"])?;
/// assert_eq!(vectorize.get_vocabulary(), ["", "[UNK]", "the", "sat", "dog", "cat"]);
/// assert_eq!(vectorize.call(["the bird sat"])?.to_vec2::<i64>()?, [[2, 1, 3, 0]]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct TextVectorization {
    max_tokens: Option<usize>,
    standardize: Standardize,
    output_sequence_length: Option<usize>,
    words: Vec<String>,
    ids: HashMap<String, i64>,
}

/// Texts to adapt to.
pub trait Texts {
    /// Calls the function with each of them.
    ///
    /// # Errors
    /// If a text is not available, and those of the function.
    fn each_text(self, f: &mut dyn FnMut(&str) -> Result<()>) -> Result<()>;
}

impl<I: IntoIterator<Item: AsRef<str>>> Texts for I {
    fn each_text(self, f: &mut dyn FnMut(&str) -> Result<()>) -> Result<()> {
        for text in self {
            f(text.as_ref())?;
        }
        Ok(())
    }
}

/// The inputs of all elements; targets are ignored.
impl Texts for &Dataset {
    fn each_text(self, f: &mut dyn FnMut(&str) -> Result<()>) -> Result<()> {
        for element in self.iter()? {
            for text in element?.x {
                for text in strings(&text)? {
                    f(&text)?;
                }
            }
        }
        Ok(())
    }
}

/// What the first ids stand for: padding and unknown words.
const RESERVED: [&str; 2] = ["", "[UNK]"];

/// The words between ASCII whitespace, as of `tf.strings.split`: a no-break space is a part of a word.
fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', '\t', '\n', '\x0b', '\x0c', '\r']).filter(|word| !word.is_empty())
}

impl Default for TextVectorization {
    fn default() -> Self {
        Self {
            max_tokens: None,
            standardize: Standardize::LowerAndStripPunctuation,
            output_sequence_length: None,
            words: Vec::new(),
            ids: HashMap::new(),
        }
    }
}

impl TextVectorization {
    /// With Keras's defaults: lower case, without punctuation, split at ASCII whitespace.
    pub fn new() -> Self {
        Self::default()
    }

    /// The maximum size of the vocabulary, including padding and `[UNK]`.
    pub fn max_tokens(mut self, max_tokens: usize) -> Self {
        self.max_tokens = Some(max_tokens);
        self
    }

    /// The standardization. Default: `"lower_and_strip_punctuation"`.
    pub fn standardize(mut self, standardize: impl Into<Standardize>) -> Self {
        self.standardize = standardize.into();
        self
    }

    /// The length to which all rows are padded or truncated at their end. Default: that of the longest.
    pub fn output_sequence_length(mut self, length: usize) -> Self {
        self.output_sequence_length = Some(length);
        self
    }

    /// Learns the vocabulary of these texts and replaces any earlier one: strings, or the inputs of a [`Dataset`], which is read once.
    ///
    /// # Errors
    /// If `standardize` is unknown, `max_tokens` has no place for a word, or the dataset has no text or cannot be read.
    pub fn adapt(&mut self, texts: impl Texts) -> Result<()> {
        let most = self.most_words()?;
        let mut counts: HashMap<String, u64> = HashMap::new();
        texts.each_text(&mut |text| {
            for word in split(&self.standardize.apply(text)?) {
                match counts.get_mut(word) {
                    Some(count) => *count += 1,
                    None => _ = counts.insert(word.into(), 1),
                }
            }
            Ok(())
        })?;
        // A text without standardization may have it.
        counts.remove(RESERVED[1]);
        let mut words: Vec<_> = counts.into_iter().collect();
        words.sort_by(|(word_a, a), (word_b, b)| b.cmp(a).then_with(|| word_b.cmp(word_a)));
        self.replace(words.into_iter().take(most).map(|(word, _)| word).collect());
        Ok(())
    }

    /// The maximum number of words.
    fn most_words(&self) -> Result<usize> {
        match self.max_tokens {
            None => Ok(usize::MAX),
            Some(0 | 1) => Err(Error::new("max_tokens must be greater than 1, for padding and unknown words")
                .received(self.max_tokens.unwrap_or_default().to_string())),
            Some(max) => Ok(max - RESERVED.len()),
        }
    }

    /// Sets the words that follow padding and `[UNK]`, which may be the first two of the given ones, as
    /// [`get_vocabulary`](Self::get_vocabulary) returns them. Keras: `set_vocabulary`.
    ///
    /// # Errors
    /// If there are no words, more than `max_tokens`, a word occurs twice or is empty. The vocabulary is then unchanged.
    pub fn set_vocabulary<S: Into<String>>(&mut self, words: impl IntoIterator<Item = S>) -> Result<()> {
        let mut words: Vec<String> = words.into_iter().map(Into::into).collect();
        if words.is_empty() {
            return Err(Error::new("a vocabulary must have words").received("none"));
        }
        let skipped = if words.starts_with(&RESERVED.map(String::from)) { RESERVED.len() } else { 0 };
        words.drain(..skipped);
        let mut known = HashSet::new();
        if let Some((i, word)) = words.iter().enumerate().find(|(_, word)| word.is_empty() || !known.insert(*word)) {
            let what = if word.is_empty() { "an empty word" } else { "a word that it has already" };
            return Err(Error::new(format!("a vocabulary has {what}"))
                .expected("each word once; without the words for padding and unknown words, or with them at the start")
                .received(format!("{word:?} at [{}]", i + skipped)));
        }
        if words.len() > self.most_words()? {
            return Err(Error::new("the vocabulary is larger than max_tokens")
                .expected(format!("at most {}, with padding and unknown words", self.max_tokens.unwrap_or_default()))
                .received((words.len() + RESERVED.len()).to_string()));
        }
        self.replace(words);
        Ok(())
    }

    fn replace(&mut self, words: Vec<String>) {
        let numbered = words.iter().zip(RESERVED.len() as i64..);
        self.ids = numbered.map(|(word, id)| (word.clone(), id)).collect();
        self.words = words;
    }

    /// All words by their ids, the first two of which are padding and unknown words.
    pub fn get_vocabulary(&self) -> Vec<String> {
        RESERVED.map(String::from).into_iter().chain(self.words.iter().cloned()).collect()
    }

    /// The size of the vocabulary: the `input_dim` of an Embedding.
    pub fn vocabulary_size(&self) -> usize {
        self.words.len() + RESERVED.len()
    }

    /// The ids of the words of each text, one row per text. Keras: `layer(texts)`.
    ///
    /// # Shapes
    /// - the result: `(texts, output_sequence_length)`, i64
    pub fn call<S: AsRef<str>>(&self, texts: impl IntoIterator<Item = S>) -> Result<Tensor> {
        let mut rows = Vec::new();
        for text in texts {
            let text = self.standardize.apply(text.as_ref())?;
            rows.push(split(&text).map(|word| self.ids.get(word).copied().unwrap_or(1)).collect::<Vec<_>>());
        }
        let length = self.output_sequence_length.unwrap_or_else(|| rows.iter().map(Vec::len).max().unwrap_or(0));
        let count = rows.len().checked_mul(length);
        let bytes = count.and_then(|count| count.checked_mul(size_of::<u64>()));
        if !bytes.is_some_and(has_memory_for) {
            return Err(Error::new("texts of this output_sequence_length do not fit into memory")
                .received(format!("{} texts of {length} words", rows.len())));
        }
        let mut ids = Vec::with_capacity(rows.len() * length);
        let count = rows.len();
        for row in rows {
            let end = ids.len() + length;
            ids.extend(row.into_iter().take(length));
            ids.resize(end, 0);
        }
        Ok(Tensor::from_vec(ids, (count, length), &Device::Cpu)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vocabulary_has_a_maximum_size() {
        let mut vectorize = TextVectorization::new().max_tokens(4);
        vectorize.adapt(["b b a a c don't"]).unwrap();
        assert_eq!(vectorize.get_vocabulary(), ["", "[UNK]", "b", "a"]);
        assert_eq!(vectorize.vocabulary_size(), 4);
        assert_eq!(vectorize.call(["a c B!", "b"]).unwrap().to_vec2::<i64>().unwrap(), [[3, 1, 2], [2, 0, 0]]);
        let cut = vectorize.output_sequence_length(1);
        assert_eq!(cut.call(["a c b"]).unwrap().to_vec2::<i64>().unwrap(), [[3]]);
    }

    #[test]
    fn texts_are_standardized() {
        let apply = |name: &str| Standardize::from(name).apply("It's A-1").unwrap();
        assert_eq!(apply("lower_and_strip_punctuation"), "its a1");
        assert_eq!(apply("lower"), "it's a-1");
        assert_eq!(apply("strip_punctuation"), "Its A1");
        assert!(TextVectorization::new().standardize("upper").adapt(["a"]).is_err());
        assert!(TextVectorization::new().set_vocabulary(["a", "a"]).is_err());
    }

    /// The expected values are those of Keras 3.15.1.
    #[test]
    fn lower_case_and_whitespace_are_those_of_ascii() {
        let mut vectorize = TextVectorization::new();
        vectorize.adapt(["foo Ä Bar", "bar\u{a0}baz bar", "", "ÄÄ [UNK] \x0b x\x0cy\x1cz"]).unwrap();
        let words = ["", "[UNK]", "bar", "ÄÄ", "Ä", "y\x1cz", "x", "unk", "foo", "bar\u{a0}baz"];
        assert_eq!(vectorize.get_vocabulary(), words);
        assert_eq!(Standardize::from("lower").apply("ÄÖÜ ABC İI ß \u{212a}").unwrap(), "ÄÖÜ abc İi ß \u{212a}");
        let mut plain = TextVectorization { standardize: Standardize::None, ..TextVectorization::new() };
        plain.adapt(["a b [UNK] [UNK] c"]).unwrap();
        assert_eq!(plain.get_vocabulary(), ["", "[UNK]", "c", "b", "a"]);
        assert_eq!(plain.call(["[UNK] a c  q"]).unwrap().to_vec2::<i64>().unwrap(), [[1, 4, 2, 1]]);
    }

    #[test]
    fn setting_the_vocabulary_changes_nothing_or_all() {
        let mut vectorize = TextVectorization::new();
        vectorize.adapt(["b a a"]).unwrap();
        let words = vectorize.get_vocabulary();
        for _ in 0..2 {
            vectorize.set_vocabulary(vectorize.get_vocabulary()).unwrap();
            assert_eq!((vectorize.get_vocabulary(), vectorize.vocabulary_size()), (words.clone(), 4));
        }
        for wrong in [&["", "a"][..], &["a", ""], &["a", "a"], &[], &["", "[UNK]", "a", "[UNK]", "a"]] {
            vectorize.set_vocabulary(wrong.iter().copied()).unwrap_err();
            assert_eq!(vectorize.get_vocabulary(), words, "{wrong:?}");
        }
        vectorize.set_vocabulary(["[UNK]", "a"]).unwrap();
        assert_eq!(vectorize.get_vocabulary(), ["", "[UNK]", "[UNK]", "a"], "as in Keras");
        let error = vectorize.clone().max_tokens(3).set_vocabulary(["a", "b"]).unwrap_err().to_string();
        assert!(error.contains("at most 3"), "{error}");
        for max in [0, 1] {
            assert!(TextVectorization::new().max_tokens(max).adapt(["a"]).is_err());
        }
        let long = vectorize.output_sequence_length(usize::MAX).call(["a", "b"]).unwrap_err().to_string();
        assert!(long.contains("do not fit into memory"), "{long}");
    }

    #[test]
    fn it_adapts_to_a_dataset() {
        let texts = vec!["the cat", "the dog", "näht the"];
        let dataset = Dataset::from_tensor_slices((texts.clone(), vec![0f32; 3])).unwrap();
        let (mut a, mut b) = (TextVectorization::new(), TextVectorization::new());
        a.adapt(&texts).unwrap();
        b.adapt(&dataset.batch(2)).unwrap();
        assert_eq!(a.get_vocabulary(), b.get_vocabulary());
        b.adapt(&dataset).unwrap();
        assert_eq!(a.get_vocabulary(), b.get_vocabulary());
        assert!(b.adapt(&Dataset::from_tensor_slices(vec![1f32]).unwrap()).is_err());
    }
}
