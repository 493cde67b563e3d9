//! Words and their ids.

use crate::atomic;
use crate::tokenizer_json::{Contents, UNKNOWN};
use crate::words::Splitting;
use candle_keras_ops::{Error, Result};
use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

/// The special ids are those of Keras's TextVectorization: 0 is padding, 1 is any unknown word.
const PADDING: &str = "[PAD]";

/// Splits text into words and maps them to ids, the most frequent first.
///
/// A word is letters and digits, with combining marks and with single apostrophes, hyphens or underscores inside. A text is read word by
/// word: one of any length takes no memory beside its ids. `[PAD]` and `[UNK]` in a text are not special.
///
/// ```
/// use candle_keras_data::WordTokenizer;
/// let tokenizer = WordTokenizer::new().min_count(2).fit(["The cat saw the dog.", "A dog!"])?;
/// assert_eq!(tokenizer.vocabulary(), ["[PAD]", "[UNK]", "dog", "the"]);
/// assert_eq!(tokenizer.encode("the DOG barked")?, [3, 2, 1]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct WordTokenizer {
    min_count: u64,
    max_size: usize,
    lowercase: bool,
    fitted: Option<Fitted>,
}

/// A known vocabulary, and how a text is split into its words.
#[derive(Debug, Clone)]
struct Fitted {
    contents: Contents,
    splitting: Splitting,
    ids: HashMap<String, u32>,
}

impl Fitted {
    fn new(contents: Contents) -> Result<Self> {
        let ids = contents.words.iter().cloned().zip(0..).collect();
        Ok(Self { splitting: Splitting::new(contents.split, contents.lowercase)?, ids, contents })
    }
}

impl Default for WordTokenizer {
    fn default() -> Self {
        Self { min_count: 1, max_size: usize::MAX, lowercase: true, fitted: None }
    }
}

impl WordTokenizer {
    /// Converts text to lower case and keeps every word.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether text is converted to lower case. Default: true.
    pub fn lowercase(mut self, lowercase: bool) -> Self {
        self.lowercase = lowercase;
        self
    }

    /// The minimum count of a word in the vocabulary. Default: 1.
    pub fn min_count(mut self, min_count: u64) -> Self {
        self.min_count = min_count;
        self
    }

    /// The maximum size of the vocabulary, including padding and the unknown word.
    pub fn max_size(mut self, max_size: usize) -> Self {
        self.max_size = max_size;
        self
    }

    /// Learns the vocabulary of these texts.
    ///
    /// # Errors
    /// If no word occurs often enough.
    pub fn fit<S: AsRef<str>>(mut self, texts: impl IntoIterator<Item = S>) -> Result<Self> {
        let mut contents = Contents { lowercase: self.lowercase, ..Contents::default() };
        let splitting = Splitting::new(contents.split, contents.lowercase)?;
        let mut counts: HashMap<String, u64> = HashMap::new();
        for text in texts {
            splitting.each_word(text.as_ref(), |word| match counts.get_mut(word) {
                Some(count) => *count += 1,
                None => _ = counts.insert(word.into(), 1),
            });
        }
        let mut words: Vec<_> = counts.into_iter().filter(|(_, count)| *count >= self.min_count).collect();
        words.sort_unstable_by(|(word_a, a), (word_b, b)| b.cmp(a).then_with(|| word_a.cmp(word_b)));
        let special = [PADDING, UNKNOWN].map(String::from);
        contents.words =
            special.into_iter().chain(words.into_iter().map(|(word, _)| word)).take(self.max_size).collect();
        if contents.words.len() <= 2 {
            return Err(Error::new("no word of the text occurs often enough")
                .expected(format!("a word that occurs {} times", self.min_count))
                .help("a smaller min_count keeps rarer words; max_size includes padding and the unknown word"));
        }
        self.fitted = Some(Fitted::new(contents)?);
        Ok(self)
    }

    fn fitted(&self) -> Result<&Fitted> {
        let unknown = || Error::new("the vocabulary is not known yet").help("call fit or load first");
        self.fitted.as_ref().ok_or_else(unknown)
    }

    /// The ids of the words of a text, in order.
    ///
    /// # Errors
    /// If the vocabulary is not known, or is that of a file without an id for unknown words, and has not all words of the text.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        let Fitted { contents, splitting, ids } = self.fitted()?;
        let unknown = ids.get(&contents.unknown).copied();
        let (mut encoded, mut missing) = (Vec::new(), None);
        splitting.each_word(text, |word| match ids.get(word).copied().or(unknown) {
            Some(id) => encoded.push(id),
            None => _ = missing.get_or_insert_with(|| word.to_string()),
        });
        match missing {
            None => Ok(encoded),
            Some(word) => Err(Error::new("a word is not in the vocabulary, which has no id for unknown words")
                .received(format!("{word:?}"))
                .help(format!("the file names {:?} as the unknown word", contents.unknown))),
        }
    }

    /// All words by their ids; empty before [`fit`](Self::fit).
    pub fn vocabulary(&self) -> Vec<String> {
        self.fitted.as_ref().map_or_else(Vec::new, |fitted| fitted.contents.words.clone())
    }

    /// The size of the vocabulary: the `input_dim` of an Embedding.
    pub fn vocabulary_size(&self) -> usize {
        self.fitted.as_ref().map_or(0, |fitted| fitted.contents.words.len())
    }

    /// The id of a word of the vocabulary.
    pub fn id(&self, word: &str) -> Option<u32> {
        self.fitted.as_ref()?.ids.get(word).copied()
    }

    /// Writes `tokenizer.json`, which the tokenizers libraries of all languages can read.
    ///
    /// # Errors
    /// If the vocabulary is not known, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let (path, json) = (path.as_ref(), self.fitted()?.contents.to_json()?);
        atomic::write(path, |file| file.write_all(json.as_bytes()).map_err(|error| Error::io(path, error)))
    }

    /// Loads a file of [`save`](Self::save), or another `tokenizer.json` of whole words: the model WordLevel, the normalizer Lowercase or none,
    /// the pre-tokenizer Whitespace, WhitespaceSplit or none. Special tokens are words of the vocabulary, which are not looked for in texts.
    ///
    /// # Errors
    /// If the file cannot be read, or has other components; the error names them.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let json = std::fs::read_to_string(path).map_err(|error| Error::io(path, error))?;
        let contents = Contents::of_json(&json)
            .map_err(|error| Error::new(format!("{} is not a tokenizer.json of words: {error}", path.display())))?;
        Ok(Self { lowercase: contents.lowercase, fitted: Some(Fitted::new(contents)?), ..Self::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 2] = ["It's a well-known fact: b, B and b.", "Größe—naïve b fact"];

    #[test]
    fn ids_are_ordered_by_frequency() {
        let tokenizer = WordTokenizer::new().fit(TEXTS).unwrap();
        let words = ["[PAD]", "[UNK]", "b", "fact", "a", "and", "größe", "it's", "naïve", "well-known"];
        assert_eq!(tokenizer.vocabulary(), words);
        let capitals = WordTokenizer::new().lowercase(false).max_size(4).fit(TEXTS).unwrap();
        assert_eq!(capitals.vocabulary(), ["[PAD]", "[UNK]", "b", "fact"]);
        assert_eq!(capitals.encode("B b").unwrap(), [1, 2]);
        assert_eq!(capitals.encode(" ,; ").unwrap(), [0u32; 0]);
    }

    #[test]
    fn special_tokens_in_a_text_are_words() {
        let tokenizer = WordTokenizer::new().fit(["[PAD] the [UNK] the"]).unwrap();
        assert_eq!(tokenizer.vocabulary(), ["[PAD]", "[UNK]", "the", "pad", "unk"]);
        assert_eq!(tokenizer.encode("[PAD] [UNK] [unk] x").unwrap(), [3, 4, 4, 1]);
    }

    #[test]
    fn tokenizer_json_is_restored() {
        let folder = tempfile::tempdir().unwrap();
        let (path, tokenizer) = (folder.path().join("tokenizer.json"), WordTokenizer::new().fit(TEXTS).unwrap());
        tokenizer.save(&path).unwrap();
        let again = WordTokenizer::load(&path).unwrap();
        assert_eq!(again.vocabulary(), tokenizer.vocabulary());
        assert_eq!(again.encode(TEXTS[0]).unwrap(), tokenizer.encode(TEXTS[0]).unwrap());
        std::fs::write(&path, "{}").unwrap();
        assert!(WordTokenizer::load(&path).unwrap_err().to_string().contains("tokenizer.json"));
    }

    #[test]
    fn an_empty_vocabulary_is_an_error() {
        assert!(WordTokenizer::new().min_count(9).fit(TEXTS).unwrap_err().to_string().contains("9 times"));
        assert!(WordTokenizer::new().max_size(0).fit(TEXTS).is_err());
        assert!(WordTokenizer::new().encode("b").unwrap_err().to_string().contains("fit"));
    }
}
