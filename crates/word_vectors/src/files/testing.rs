//! What the tests of this folder share.

use super::Load;
use crate::{KeyedVectors, Words};
use candle_keras_ops::warnings;
use std::borrow::Borrow;
use std::path::PathBuf;
use tempfile::TempDir;

/// Words, the numbers of their vectors one after another, and how many each has.
pub(super) type Content = (Vec<String>, Vec<f32>, usize);

pub(super) fn content(words: &[&str], numbers: &[f32]) -> Content {
    (words.iter().map(|word| word.to_string()).collect(), numbers.to_vec(), numbers.len() / words.len())
}

pub(super) fn content_of(vectors: &KeyedVectors) -> Content {
    (vectors.words().iter().map(str::to_string).collect(), vectors.vectors().to_vec(), vectors.vector_size())
}

pub(super) fn vectors(words: &[&str], numbers: &[f32]) -> KeyedVectors {
    let all: Words = words.iter().collect();
    KeyedVectors::from_parts(all, numbers.to_vec(), numbers.len() / words.len(), None)
}

/// A folder for files of a test.
pub(super) struct Folder(TempDir);

impl Folder {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(super) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        std::fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    pub(super) fn read(&self, name: &str) -> String {
        String::from_utf8(std::fs::read(self.path(name)).unwrap()).unwrap()
    }
}

/// What a file of these bytes holds, and no warning.
pub(super) fn load(bytes: impl AsRef<[u8]>) -> Content {
    load_with(bytes, Load::new())
}

pub(super) fn load_with(bytes: impl AsRef<[u8]>, options: impl Borrow<Load>) -> Content {
    let (content, warnings) = loaded(bytes, options);
    assert!(warnings.is_empty(), "{warnings:?}");
    content
}

/// What a file of these bytes holds, and the warnings.
pub(super) fn loaded(bytes: impl AsRef<[u8]>, options: impl Borrow<Load>) -> (Content, Vec<String>) {
    let folder = Folder::new();
    let path = folder.write("file", bytes);
    let (vectors, warnings) = warnings::catch(|| KeyedVectors::load_with(path, options.borrow()));
    (content_of(&vectors.unwrap()), warnings)
}

/// Why a file of these bytes cannot be read, without its path.
pub(super) fn error(bytes: impl AsRef<[u8]>) -> String {
    error_with(bytes, Load::new())
}

pub(super) fn error_with(bytes: impl AsRef<[u8]>, options: impl Borrow<Load>) -> String {
    let folder = Folder::new();
    let path = folder.write("file", bytes);
    let error = KeyedVectors::load_with(&path, options.borrow()).unwrap_err().to_string();
    error.strip_prefix(&format!("{}: ", path.display())).expect("the path of the file").to_string()
}

/// Saves, and reads again.
pub(super) fn comes_back(folder: &Folder, name: &str, vectors: &KeyedVectors) {
    vectors.save(folder.path(name)).unwrap();
    assert_eq!(content_of(&KeyedVectors::load(folder.path(name)).unwrap()), content_of(vectors), "{name}");
}
