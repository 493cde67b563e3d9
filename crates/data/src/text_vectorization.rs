//! TextVectorization: maps text to token ids. Keras: `keras.layers.TextVectorization`, in its mode `"int"`.

use crate::Dataset;
use candle_core::{Device, Tensor};
use candle_keras_ops::{Error, Result, strings};
use std::collections::HashMap;

/// The standardization of a text before it is split into words.
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
            Self::LowerAndStripPunctuation => stripped().to_lowercase(),
            Self::Lower => text.to_lowercase(),
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

/// The number of ids before the first word.
const RESERVED: usize = 2;

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
    /// With Keras's defaults: lower case, without punctuation, split at whitespace.
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
    /// If `standardize` is unknown, or the dataset has no text or cannot be read.
    pub fn adapt(&mut self, texts: impl Texts) -> Result<()> {
        let mut counts: HashMap<String, u64> = HashMap::new();
        texts.each_text(&mut |text| {
            for word in self.standardize.apply(text)?.split_whitespace() {
                match counts.get_mut(word) {
                    Some(count) => *count += 1,
                    None => _ = counts.insert(word.into(), 1),
                }
            }
            Ok(())
        })?;
        let mut words: Vec<_> = counts.into_iter().collect();
        words.sort_by(|(word_a, a), (word_b, b)| b.cmp(a).then_with(|| word_b.cmp(word_a)));
        let kept = self.max_tokens.map_or(usize::MAX, |max| max.saturating_sub(RESERVED));
        self.set_vocabulary(words.into_iter().take(kept).map(|(word, _)| word))
    }

    /// Sets the words that follow padding and `[UNK]`. Keras: `set_vocabulary`.
    ///
    /// # Errors
    /// If a word occurs twice.
    pub fn set_vocabulary<S: Into<String>>(&mut self, words: impl IntoIterator<Item = S>) -> Result<()> {
        self.words = words.into_iter().map(Into::into).collect();
        let numbered = self.words.iter().enumerate();
        self.ids = numbered.map(|(i, word)| (word.clone(), (i + RESERVED) as i64)).collect();
        if self.ids.len() != self.words.len() {
            return Err(Error::new("a vocabulary must have each word once").received(format!(
                "{} words, {} of them different",
                self.words.len(),
                self.ids.len()
            )));
        }
        Ok(())
    }

    /// All words by their ids, the first two of which are padding and unknown words.
    pub fn get_vocabulary(&self) -> Vec<String> {
        ["", "[UNK]"].map(String::from).into_iter().chain(self.words.iter().cloned()).collect()
    }

    /// The size of the vocabulary: the `input_dim` of an Embedding.
    pub fn vocabulary_size(&self) -> usize {
        self.words.len() + RESERVED
    }

    /// The ids of the words of each text, one row per text. Keras: `layer(texts)`.
    ///
    /// # Shapes
    /// - the result: `(texts, output_sequence_length)`, i64
    pub fn call<S: AsRef<str>>(&self, texts: impl IntoIterator<Item = S>) -> Result<Tensor> {
        let mut rows = Vec::new();
        for text in texts {
            let text = self.standardize.apply(text.as_ref())?;
            rows.push(text.split_whitespace().map(|word| self.ids.get(word).copied().unwrap_or(1)).collect::<Vec<_>>());
        }
        let length = self.output_sequence_length.unwrap_or_else(|| rows.iter().map(Vec::len).max().unwrap_or(0));
        let count = rows.len();
        rows.iter_mut().for_each(|row| row.resize(length, 0));
        Ok(Tensor::from_vec(rows.concat(), (count, length), &Device::Cpu)?)
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
