//! How a text becomes words: standardized, and split.

use candle_keras_ops::{Error, Result};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// A function of a text.
type Function<T> = Arc<dyn Fn(&str) -> T + Send + Sync>;

/// The standardization of a text before it is split into words: a name, or a function `|text: &str| -> String`. As in Keras, only ASCII letters have a lower case,
/// and only ASCII characters are punctuation.
#[derive(Clone)]
pub enum Standardize {
    /// Lower case, without punctuation.
    LowerAndStripPunctuation,
    /// Lower case.
    Lower,
    /// Without punctuation.
    StripPunctuation,
    /// Unchanged.
    None,
    /// By a function, which is not in files.
    Custom(Function<String>),
    /// An unknown name.
    Unknown(String),
}

/// How a text is split into words: a name, or a function `|text: &str| -> Vec<String>`.
#[derive(Clone)]
pub enum Split {
    /// At ASCII whitespace.
    Whitespace,
    /// Into its characters.
    Character,
    /// Not at all.
    None,
    /// By a function, which is not in files.
    Custom(Function<Vec<String>>),
    /// An unknown name.
    Unknown(String),
}

/// Keras's punctuation.
const PUNCTUATION: &[u8] = b"!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'";

const STANDARDIZE: [(&str, Standardize); 3] = [
    ("lower_and_strip_punctuation", Standardize::LowerAndStripPunctuation),
    ("lower", Standardize::Lower),
    ("strip_punctuation", Standardize::StripPunctuation),
];

const SPLIT: [(&str, Split); 2] = [("whitespace", Split::Whitespace), ("character", Split::Character)];

impl Standardize {
    /// The standardized text.
    pub(crate) fn apply<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        let stripped = || text.iter().copied().filter(|byte| !PUNCTUATION.contains(byte));
        match self {
            Self::LowerAndStripPunctuation => stripped().map(|byte| byte.to_ascii_lowercase()).collect(),
            Self::Lower => text.to_ascii_lowercase().into(),
            Self::StripPunctuation => stripped().collect(),
            Self::Custom(function) => function(&String::from_utf8_lossy(text)).into_bytes().into(),
            Self::None | Self::Unknown(_) => text.into(),
        }
    }

    /// An error if the name is unknown.
    pub(crate) fn check(&self) -> Result<()> {
        match self {
            Self::Unknown(name) => Err(Error::unknown("standardize", name, &STANDARDIZE.map(|(name, _)| name))),
            _ => Ok(()),
        }
    }
}

/// Whether `tf.strings.split` splits there: a no-break space is a part of a word.
fn is_space(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r')
}

impl Split {
    /// Calls `f` with each word.
    pub(crate) fn each_word(&self, text: &[u8], f: &mut dyn FnMut(&[u8])) {
        match self {
            Self::Whitespace => text.split(is_space).filter(|word| !word.is_empty()).for_each(f),
            Self::Character => {
                let mut buffer = [0; 4];
                String::from_utf8_lossy(text).chars().for_each(|c| f(c.encode_utf8(&mut buffer).as_bytes()));
            }
            Self::Custom(function) => {
                function(&String::from_utf8_lossy(text)).iter().for_each(|word| f(word.as_bytes()));
            }
            Self::None | Self::Unknown(_) => f(text),
        }
    }

    /// An error if the name is unknown.
    pub(crate) fn check(&self) -> Result<()> {
        match self {
            Self::Unknown(name) => Err(Error::unknown("split", name, &SPLIT.map(|(name, _)| name))),
            _ => Ok(()),
        }
    }

    pub(crate) fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}

macro_rules! named_or_function {
    ($type:ident, $names:ident, $result:ty) => {
        impl From<&str> for $type {
            fn from(name: &str) -> Self {
                let known = $names.into_iter().find(|(known, _)| *known == name);
                known.map_or_else(|| Self::Unknown(name.into()), |(_, value)| value)
            }
        }

        impl<F: Fn(&str) -> $result + Send + Sync + 'static> From<F> for $type {
            fn from(function: F) -> Self {
                Self::Custom(Arc::new(function))
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name().unwrap_or(match self {
                    Self::Custom(_) => "a function",
                    _ => "None",
                }))
            }
        }

        impl $type {
            fn name(&self) -> Option<&str> {
                match self {
                    Self::Unknown(name) => Some(name),
                    known => {
                        let is_this = |value: &Self| std::mem::discriminant(value) == std::mem::discriminant(known);
                        $names.iter().find(|(_, value)| is_this(value)).map(|(name, _)| *name)
                    }
                }
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    Self::Custom(_) => {
                        Err(S::Error::custom(concat!("a function of ", stringify!($type), " has no form in files")))
                    }
                    named => named.name().serialize(serializer),
                }
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                match serde_json::Value::deserialize(deserializer)? {
                    serde_json::Value::Null => Ok(Self::None),
                    serde_json::Value::String(name) => Ok(name.as_str().into()),
                    _ => Err(D::Error::custom("functions of Python are not executed")),
                }
            }
        }
    };
}

named_or_function!(Standardize, STANDARDIZE, String);
named_or_function!(Split, SPLIT, Vec<String>);

#[cfg(test)]
mod tests {
    use super::*;

    fn words(split: &Split, text: &str) -> Vec<String> {
        let mut words = Vec::new();
        split.each_word(text.as_bytes(), &mut |word| words.push(String::from_utf8_lossy(word).into_owned()));
        words
    }

    #[test]
    fn texts_are_standardized() {
        let apply = |standardize: Standardize, text: &str| {
            standardize.check().unwrap();
            String::from_utf8(standardize.apply(text.as_bytes()).into_owned()).unwrap()
        };
        assert_eq!(apply("lower_and_strip_punctuation".into(), "It's A-1"), "its a1");
        assert_eq!(apply("lower".into(), "It's A-1"), "it's a-1");
        assert_eq!(apply("strip_punctuation".into(), "It's A-1"), "Its A1");
        assert_eq!(apply(Standardize::None, "It's A-1"), "It's A-1");
        assert_eq!(apply("lower".into(), "ÄÖÜ ABC İI ß \u{212a}"), "ÄÖÜ abc İi ß \u{212a}", "as Keras");
        assert_eq!(apply((|text: &str| text.replace("<br />", " ")).into(), "a<br />b"), "a b");
        assert!(Standardize::from("upper").check().is_err());
    }

    #[test]
    fn texts_are_split() {
        assert_eq!(words(&"whitespace".into(), " a \t\u{b}b\u{a0}c\x1cd\r\n"), ["a", "b\u{a0}c\x1cd"]);
        assert_eq!(words(&"character".into(), "aä b"), ["a", "ä", " ", "b"]);
        assert_eq!(words(&Split::None, "a b"), ["a b"]);
        let at_commas = |text: &str| text.split(',').map(String::from).collect::<Vec<_>>();
        assert_eq!(words(&at_commas.into(), "a b,c"), ["a b", "c"]);
        assert!(Split::from("words").check().is_err());
    }

    #[test]
    fn names_are_in_configurations_and_functions_are_not() {
        for json in ["\"lower\"", "null", "\"strip_punctuation\""] {
            let standardize: Standardize = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&standardize).unwrap(), json);
        }
        assert_eq!(serde_json::to_string(&Split::from("character")).unwrap(), "\"character\"");
        assert!(serde_json::to_string(&Standardize::from(|text: &str| text.to_string())).is_err());
        assert!(serde_json::from_str::<Split>(r#"{"class_name": "function", "config": "f"}"#).is_err());
    }
}
