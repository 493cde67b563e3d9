//! Words and their ids, by the tokenizers crate, so that a vocabulary is a standard `tokenizer.json`.

use candle_keras_ops::{Error, Result};
use std::path::Path;
use tokenizers::models::wordlevel::{WordLevel, WordLevelTrainer};
use tokenizers::normalizers::utils::Lowercase;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{AddedToken, ModelWrapper, SplitDelimiterBehavior, Tokenizer};

/// A word: letters and digits, with single apostrophes, hyphens or underscores inside.
const WORD: &str = r"[\p{L}\p{N}]+(?:['’_-][\p{L}\p{N}]+)*";
/// The special ids are those of Keras's TextVectorization: 0 is padding, 1 is any unknown word.
const PADDING: &str = "[PAD]";
const UNKNOWN: &str = "[UNK]";

/// Splits text into words and maps them to ids, the most frequent first.
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
    lowercase: bool,
    min_count: u64,
    max_size: usize,
    tokenizer: Option<Tokenizer>,
}

impl Default for WordTokenizer {
    fn default() -> Self {
        Self { lowercase: true, min_count: 1, max_size: usize::MAX, tokenizer: None }
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
    pub fn fit<S: AsRef<str> + Send>(mut self, texts: impl IntoIterator<Item = S, IntoIter: Send>) -> Result<Self> {
        let special = [PADDING, UNKNOWN].map(|token| AddedToken::from(token, true)).to_vec();
        let mut trainer = WordLevelTrainer::builder()
            .min_frequency(self.min_count)
            .vocab_size(self.max_size)
            .show_progress(false)
            .special_tokens(special)
            .build()
            .map_err(|error| Error::new(format!("the vocabulary cannot be learned: {error}")))?;
        let model = WordLevel::builder().unk_token(UNKNOWN.into()).build().map_err(tokenizing)?;
        let words = Split::new(SplitPattern::Regex(WORD.into()), SplitDelimiterBehavior::Removed, true);
        let mut tokenizer = tokenizers::TokenizerBuilder::new()
            .with_model(model)
            .with_normalizer(self.lowercase.then_some(tokenizers::NormalizerWrapper::from(Lowercase)))
            .with_pre_tokenizer(Some(tokenizers::PreTokenizerWrapper::from(words.map_err(tokenizing)?)))
            .with_post_processor(None::<tokenizers::PostProcessorWrapper>)
            .with_decoder(None::<tokenizers::DecoderWrapper>)
            .build()
            .map_err(tokenizing)?;
        tokenizer.train(&mut trainer, texts.into_iter()).map_err(tokenizing)?;
        // The generic type, as which tokenizer.json is read.
        let mut general = Tokenizer::new(ModelWrapper::from(tokenizer.get_model().clone()));
        general.with_normalizer(tokenizer.get_normalizer().cloned()).map_err(tokenizing)?;
        general.with_pre_tokenizer(tokenizer.get_pre_tokenizer().cloned());
        general
            .add_special_tokens([PADDING, UNKNOWN].map(|token| AddedToken::from(token, true)))
            .map_err(tokenizing)?;
        if general.get_vocab_size(true) <= 2 {
            return Err(Error::new("no word of the text occurs often enough")
                .expected(format!("a word that occurs {} times", self.min_count))
                .help("a smaller min_count keeps rarer words"));
        }
        self.tokenizer = Some(general);
        Ok(self)
    }

    fn fitted(&self) -> Result<&Tokenizer> {
        self.tokenizer
            .as_ref()
            .ok_or_else(|| Error::new("the vocabulary is not known yet").help("call fit or load first"))
    }

    /// The ids of the words of a text, in order.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        Ok(self.fitted()?.encode_fast(text, false).map_err(tokenizing)?.get_ids().to_vec())
    }

    /// All words by their ids; empty before [`fit`](Self::fit).
    pub fn vocabulary(&self) -> Vec<String> {
        let Some(tokenizer) = &self.tokenizer else { return Vec::new() };
        let mut words: Vec<_> = tokenizer.get_vocab(true).into_iter().collect();
        words.sort_by_key(|(_, id)| *id);
        words.into_iter().map(|(word, _)| word).collect()
    }

    /// The size of the vocabulary: the `input_dim` of an Embedding.
    pub fn vocabulary_size(&self) -> usize {
        self.tokenizer.as_ref().map_or(0, |tokenizer| tokenizer.get_vocab_size(true))
    }

    /// The id of a word of the vocabulary.
    pub fn id(&self, word: &str) -> Option<u32> {
        self.tokenizer.as_ref()?.token_to_id(word)
    }

    /// Writes `tokenizer.json`, which the tokenizers libraries of all languages can read.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let json = self.fitted()?.to_string(true).map_err(tokenizing)?;
        std::fs::write(path, json).map_err(|error| Error::io(path, error))
    }

    /// Loads a file of [`save`](Self::save), or any other word-level `tokenizer.json`.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let json = std::fs::read_to_string(path).map_err(|error| Error::io(path, error))?;
        let tokenizer: Tokenizer =
            json.parse().map_err(|error| Error::new(format!("{} is not a tokenizer.json: {error}", path.display())))?;
        Ok(Self { tokenizer: Some(tokenizer), ..Self::default() })
    }
}

fn tokenizing(error: tokenizers::Error) -> Error {
    Error::new(format!("tokenizing failed: {error}"))
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
        assert!(WordTokenizer::new().encode("b").unwrap_err().to_string().contains("fit"));
    }
}
