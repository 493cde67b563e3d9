//! `tokenizer.json`, the format of the tokenizers libraries, as far as it is about whole words.

use crate::words::{Split, WORD};
use candle_keras_ops::{Error, Result};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};
use std::collections::HashMap;

pub(crate) const UNKNOWN: &str = "[UNK]";

/// The parts of a file that determine the ids of a text, and those that do not, which are kept for the next save.
#[derive(Debug, Clone)]
pub(crate) struct Contents {
    pub(crate) lowercase: bool,
    pub(crate) split: Split,
    /// All words by their ids.
    pub(crate) words: Vec<String>,
    /// The word whose id unknown words have.
    pub(crate) unknown: String,
    pub(crate) post_processor: Value,
    pub(crate) decoder: Value,
}

impl Default for Contents {
    fn default() -> Self {
        let (post_processor, decoder) = (Value::Null, Value::Null);
        Self {
            lowercase: true,
            split: Split::default(),
            words: Vec::new(),
            unknown: UNKNOWN.into(),
            post_processor,
            decoder,
        }
    }
}

/// The file. Components that are refused are read as any JSON, to be named in the error.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: String,
    #[serde(default)]
    truncation: Value,
    #[serde(default)]
    padding: Value,
    #[serde(default)]
    added_tokens: Vec<AddedToken>,
    #[serde(default)]
    normalizer: Value,
    #[serde(default)]
    pre_tokenizer: Value,
    #[serde(default)]
    post_processor: Value,
    #[serde(default)]
    decoder: Value,
    model: Model,
}

#[derive(Deserialize)]
struct AddedToken {
    id: u64,
    content: String,
    #[serde(default)]
    special: bool,
}

#[derive(Deserialize)]
struct Model {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    vocab: Value,
    unk_token: Option<String>,
}

/// The file as it is written.
#[derive(Serialize)]
struct Written<'a> {
    version: &'a str,
    truncation: (),
    padding: (),
    // Special tokens would be found in texts.
    added_tokens: [(); 0],
    normalizer: Value,
    pre_tokenizer: Value,
    post_processor: &'a Value,
    decoder: &'a Value,
    model: WrittenModel<'a>,
}

#[derive(Serialize)]
struct WrittenModel<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(serialize_with = "by_id")]
    vocab: &'a [String],
    unk_token: &'a str,
}

fn by_id<S: Serializer>(words: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(words.iter().zip(0u32..))
}

/// The components of each kind that are known here.
fn splits() -> [(Split, Value); 4] {
    [
        (Split::Words, json!({"type": "Split", "pattern": {"Regex": WORD}, "behavior": "Removed", "invert": true})),
        (Split::WordsAndPunctuation, json!({"type": "Whitespace"})),
        (Split::Whitespace, json!({"type": "WhitespaceSplit"})),
        (Split::Whole, Value::Null),
    ]
}

fn lowercases() -> [(bool, Value); 2] {
    [(true, json!({"type": "Lowercase"})), (false, Value::Null)]
}

fn refused(kind: &str, expected: &str, received: &Value) -> Error {
    let mut received = received.to_string();
    if let Some((cut, _)) = received.char_indices().nth(200) {
        received.truncate(cut);
        received.push('…');
    }
    Error::new(format!("this {kind} is not supported")).expected(expected).received(received)
}

impl Contents {
    pub(crate) fn of_json(json: &str) -> Result<Self> {
        let file: File = serde_json::from_str(json)?;
        if file.version != "1.0" {
            return Err(refused("version", "\"1.0\"", &file.version.into()));
        }
        for (kind, component) in [("truncation", &file.truncation), ("padding", &file.padding)] {
            if !component.is_null() {
                return Err(refused(kind, "null: pad_sequences truncates and pads", component));
            }
        }
        let lowercase = lowercases().into_iter().find(|(_, known)| *known == file.normalizer);
        let split = splits().into_iter().find(|(_, known)| *known == file.pre_tokenizer);
        let (lowercase, _) = lowercase.ok_or_else(|| refused("normalizer", "Lowercase or null", &file.normalizer))?;
        let (split, _) = split.ok_or_else(|| {
            let expected = "Whitespace, WhitespaceSplit, null, or the Split of this library's files";
            refused("pre_tokenizer", expected, &file.pre_tokenizer)
        })?;
        if let Some(kind) = file.model.kind.filter(|kind| kind != "WordLevel") {
            return Err(refused("model", "WordLevel", &kind.into()));
        }
        let Value::Object(vocab) = file.model.vocab else {
            return Err(refused("vocab", "words and their ids", &file.model.vocab));
        };
        let mut ids: HashMap<String, u64> = HashMap::with_capacity(vocab.len());
        for (word, id) in vocab {
            let wrong = || refused("id", "a number", &json!({word.as_str(): id.clone()}));
            let id = id.as_u64().ok_or_else(wrong)?;
            ids.insert(word, id);
        }
        for token in file.added_tokens {
            if !token.special {
                return Err(refused("added token", "special tokens alone", &token.content.into()));
            }
            match ids.insert(token.content.clone(), token.id) {
                Some(id) if id != token.id => {
                    return Err(Error::new("a special token has another id in the vocabulary")
                        .expected(id.to_string())
                        .received(format!("{} of {:?}", token.id, token.content)));
                }
                _ => {}
            }
        }
        Ok(Self {
            lowercase,
            split,
            words: words_by_id(ids)?,
            unknown: file.model.unk_token.unwrap_or_else(|| "<unk>".into()),
            post_processor: file.post_processor,
            decoder: file.decoder,
        })
    }

    pub(crate) fn to_json(&self) -> Result<String> {
        let split = splits().into_iter().find(|(split, _)| *split == self.split);
        let lowercase = lowercases().into_iter().find(|(lowercase, _)| *lowercase == self.lowercase);
        Ok(serde_json::to_string_pretty(&Written {
            version: "1.0",
            truncation: (),
            padding: (),
            added_tokens: [],
            normalizer: lowercase.map(|(_, json)| json).unwrap_or_default(),
            pre_tokenizer: split.map(|(_, json)| json).unwrap_or_default(),
            post_processor: &self.post_processor,
            decoder: &self.decoder,
            model: WrittenModel { kind: "WordLevel", vocab: &self.words, unk_token: &self.unknown },
        })?)
    }
}

/// The words in the order of their ids, which are the rows of a table: all numbers below the number of words, each once.
fn words_by_id(ids: HashMap<String, u64>) -> Result<Vec<String>> {
    let mut words: Vec<(u64, String)> = ids.into_iter().map(|(word, id)| (id, word)).collect();
    words.sort_unstable();
    match words.iter().zip(0..).find(|((id, _), i)| id != i) {
        None => Ok(words.into_iter().map(|(_, word)| word).collect()),
        Some(((id, word), i)) => Err(Error::new("the ids of a vocabulary are 0, 1, 2, and so on, each for one word")
            .expected(format!("a word with the id {i}"))
            .received(format!("{id} of {word:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_keras_ops::{damage::damaged, random::Stream};

    fn file() -> Value {
        json!({
            "version": "1.0", "truncation": null, "padding": null,
            "added_tokens": [{"id": 0, "content": "[PAD]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
                "special": true}, {"id": 3, "content": "[CLS]", "special": true}],
            "normalizer": {"type": "Lowercase"}, "pre_tokenizer": {"type": "Whitespace"},
            "post_processor": {"type": "TemplateProcessing", "single": []}, "decoder": null,
            "model": {"type": "WordLevel", "vocab": {"[PAD]": 0, "the": 2, "[UNK]": 1}, "unk_token": "[UNK]"},
        })
    }

    #[test]
    fn a_foreign_file_of_words_is_read_and_kept() {
        let contents = Contents::of_json(&file().to_string()).unwrap();
        assert_eq!(contents.words, ["[PAD]", "[UNK]", "the", "[CLS]"]);
        assert_eq!((contents.split, contents.lowercase), (Split::WordsAndPunctuation, true));
        let again: Value = serde_json::from_str(&contents.to_json().unwrap()).unwrap();
        for same in ["normalizer", "pre_tokenizer", "post_processor", "decoder"] {
            assert_eq!(again[same], file()[same], "{same}");
        }
        assert_eq!(again["model"]["vocab"], json!({"[PAD]": 0, "[UNK]": 1, "the": 2, "[CLS]": 3}));
    }

    /// Each is refused by name: components of the tokenizers libraries that change ids, and ids that are no rows.
    #[test]
    fn foreign_components_are_refused() {
        let wrong = [
            ("/version", json!("2.0"), "version"),
            ("/truncation", json!({"max_length": 1}), "truncation"),
            ("/padding", json!({"strategy": "BatchLongest"}), "padding"),
            ("/added_tokens/1/special", json!(false), "added token"),
            ("/added_tokens/0/id", json!(2), "another id"),
            ("/added_tokens/1/id", json!(u64::MAX), "id"),
            ("/normalizer", json!({"type": "NFD"}), "normalizer"),
            ("/normalizer", json!({"type": "Replace", "pattern": {"Regex": "(a*)*b"}, "content": ""}), "normalizer"),
            ("/normalizer", json!({"type": "Precompiled", "precompiled_charsmap": "////"}), "normalizer"),
            ("/pre_tokenizer", json!({"type": "Split", "pattern": {"Regex": "(a*)*b"}}), "pre_tokenizer"),
            ("/pre_tokenizer", json!({"type": "ByteLevel"}), "pre_tokenizer"),
            ("/model/type", json!("BPE"), "model"),
            ("/model/vocab", json!(["a"]), "vocab"),
            ("/model/vocab/the", json!(-1), "id"),
            ("/model/vocab/the", json!(1.5), "id"),
            ("/model/vocab/the", json!(4_294_967_296u64), "id"),
            ("/model/vocab/the", json!(1), "id"),
        ];
        for (place, value, named) in wrong {
            let mut file = file();
            *file.pointer_mut(place).unwrap() = value;
            let error = Contents::of_json(&file.to_string()).unwrap_err().to_string();
            assert!(error.contains(named), "{place}: {error}");
        }
        assert!(Contents::of_json("{}").is_err());
    }

    #[test]
    fn damaged_files_are_read_or_refused() {
        let mut random = Stream::new(20, 0);
        let mut read = 0;
        for file in [file().to_string(), Contents::of_json(&file().to_string()).unwrap().to_json().unwrap()] {
            for _ in 0..5000 {
                let mut bytes = file.clone().into_bytes();
                (0..1 + random.below(3)).for_each(|_| bytes = damaged(&bytes, &mut random));
                let contents = Contents::of_json(&String::from_utf8_lossy(&bytes));
                if let Ok(contents) = contents {
                    Contents::of_json(&contents.to_json().unwrap()).unwrap();
                    read += 1;
                }
            }
        }
        assert!(read > 100, "{read}");
    }
}
