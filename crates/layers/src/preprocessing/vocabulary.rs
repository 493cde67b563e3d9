//! The vocabulary that a layer is given.

use candle_keras_ops::{Error, Result};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::path::{Path, PathBuf};

/// The terms of a vocabulary: a list, or the path of a text file with one a line.
///
/// A list is a part of the layer's configuration. The terms of a file are saved with a model, its path is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Vocabulary<T = String> {
    /// The terms, from the first number on.
    Terms(Vec<T>),
    /// The path of a file.
    File(PathBuf),
}

impl<T: Clone> Vocabulary<T> {
    /// The terms, which `parse` reads from the lines of a file.
    pub(crate) fn terms(&self, parse: impl Fn(&str) -> Result<T>) -> Result<Vec<T>> {
        match self {
            Self::Terms(terms) => Ok(terms.clone()),
            Self::File(path) => {
                let wrong = |cause: Error| Error::new(format!("{}: {cause}", path.display()));
                let text = std::fs::read_to_string(path).map_err(|cause| Error::io(path, cause))?;
                text.lines().map(parse).collect::<Result<_>>().map_err(wrong)
            }
        }
    }

    pub(crate) fn is_file(&self) -> bool {
        matches!(self, Self::File(_))
    }
}

macro_rules! from_lists {
    ($term:ty: $([$($generics:tt)*] $list:ty;)*) => {
        $(impl<$($generics)*> From<$list> for Vocabulary<$term> {
            fn from(terms: $list) -> Self {
                Self::Terms(terms.iter().cloned().map(Into::into).collect())
            }
        })*
    };
}

from_lists! { String: [S: Into<String> + Clone, const N: usize] [S; N]; [S: Into<String> + Clone] Vec<S>; [S: Into<String> + Clone] &[S]; [S: Into<String> + Clone] &Vec<S>; }
from_lists! { i64: [const N: usize] [i64; N]; [] Vec<i64>; [] &[i64]; [] &Vec<i64>; }

impl<T> From<&str> for Vocabulary<T> {
    fn from(path: &str) -> Self {
        Self::File(path.into())
    }
}

impl<T> From<&Path> for Vocabulary<T> {
    fn from(path: &Path) -> Self {
        Self::File(path.into())
    }
}

impl<T> From<PathBuf> for Vocabulary<T> {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl<T: Serialize> Serialize for Vocabulary<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Terms(terms) => terms.serialize(serializer),
            Self::File(_) => serializer.serialize_none(),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Vocabulary<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form<T> {
            Terms(Vec<T>),
            Path(String),
        }
        match Form::deserialize(deserializer)? {
            Form::Terms(terms) => Ok(Self::Terms(terms)),
            Form::Path(path) => Err(D::Error::custom(format!(
                "the vocabulary is in another file, which is not opened: {path}; give it to the layer in the program"
            ))),
        }
    }
}
