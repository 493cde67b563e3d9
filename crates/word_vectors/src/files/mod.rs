//! The files that word vectors come in: each format read and written as the program reads and writes it that it is from.
//!
//! A file is recognized by what is in it (`format`), read as a stream through gzip or zip if it is packed (`source`), and what is asked
//! for of it is kept (`rows`): a file of 3.6 GB needs the memory of the rows that are kept.

mod binary;
mod finalfusion;
mod format;
mod load;
mod npy;
mod number;
mod parts;
mod projector;
mod raw;
mod rows;
mod safetensors;
mod save;
mod source;
pub(crate) mod tables;
mod text;
mod word_list;

#[cfg(test)]
mod damaged;
#[cfg(test)]
mod testing;

pub use load::Load;
pub use save::Save;

use crate::{FastText, KeyedVectors};
use candle_keras_ops::{Error, Result};
use format::Format;
use source::Input;
use std::borrow::Borrow;
use std::path::Path;

impl KeyedVectors {
    /// Reads vectors from a file, whatever program wrote it: the format is recognized by what is in the file, not by its name.
    ///
    /// | format | where the words are |
    /// |---|---|
    /// | word2vec text and fastText `.vec`, GloVe text without a header | in the file |
    /// | word2vec binary, as the C program and as gensim write it | in the file |
    /// | safetensors: the table `embeddings`, or the only one | a JSON list in the metadata under `vocabulary` |
    /// | NumPy's `.npy`, and what gensim puts beside its `.kv` | `NAME.words.txt` or `NAME.vocab`, one a line |
    /// | `vectors.tsv` of TensorBoard's projector | `metadata.tsv` |
    /// | finalfusion `.fifu` without subwords | in the file |
    /// | fastText's models, `.bin` and `.ftz` | in the file, which is read whole; [`FastText::load`] has vectors of unseen words too |
    ///
    /// Each of them may be packed with gzip, or be a member of a zip archive. See [`Load`] to read a part of a file.
    ///
    /// Of a word that comes several times, the first vector is kept, and a warning says how many were passed over. Numbers that are not
    /// finite are kept as they are, with a warning.
    ///
    /// # Errors
    /// If the file cannot be read, or is not what it must be: the line or the word is named.
    ///
    /// ```
    /// use candle_keras_word_vectors::KeyedVectors;
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("vectors.txt");
    /// std::fs::write(&path, "2 3\ncat 0.5 1 -2\ndog 0.25 1 -1.5\n").unwrap();
    /// let vectors = KeyedVectors::load(&path)?;
    /// assert_eq!((vectors.words().word(1), vectors.row(1)), ("dog", &[0.25, 1., -1.5][..]));
    /// # Ok::<(), candle_keras_word_vectors::Error>(())
    /// ```
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Self::load_with(path, Load::new())
    }

    /// [`load`](Self::load) with options: the first words only, or certain words.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    ///
    /// ```
    /// use candle_keras_word_vectors::{KeyedVectors, Load};
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("glove.txt");
    /// std::fs::write(&path, "the 0.5 1\ncat 0.25 1\ndog 2 3\n").unwrap();
    /// let vectors = KeyedVectors::load_with(&path, Load::new().vocabulary(["dog", "the", "mouse"]))?;
    /// assert_eq!(vectors.words().iter().collect::<Vec<_>>(), ["the", "dog"]);
    /// # Ok::<(), candle_keras_word_vectors::Error>(())
    /// ```
    pub fn load_with(path: impl AsRef<Path>, options: impl Borrow<Load>) -> Result<Self> {
        let (path, options) = (path.as_ref(), options.borrow());
        let vectors = source::open(path, options.member.as_deref(), |input| read(path, input, options));
        vectors.map_err(|error| named(path, error))
    }

    /// Writes the vectors in the format that the ending of the path names.
    ///
    /// | ending | format |
    /// |---|---|
    /// | `.txt`, `.vec` | word2vec text; GloVe's with [`Save::header`]`(false)` |
    /// | `.bin` | word2vec binary |
    /// | `.safetensors` | the table `embeddings`, and the words in the metadata under `vocabulary` |
    /// | `.npy` | the table, and the words in `NAME.words.txt` |
    /// | `.tsv` | for TensorBoard's projector: the table, the words in `metadata.tsv`, and `projector_config.pbtxt` |
    ///
    /// Text has each number in the fewest digits that read back as the same number. A file is replaced whole or not at all.
    ///
    /// # Errors
    /// If the file cannot be written, the ending is another, or the format has no place for a word: text and word2vec's binary format have
    /// none for a word with a space in it.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        self.save_with(path, Save::new())
    }

    /// [`save`](Self::save) with options.
    ///
    /// # Errors
    /// As [`save`](Self::save).
    pub fn save_with(&self, path: impl AsRef<Path>, options: impl Borrow<Save>) -> Result<()> {
        let (path, options) = (path.as_ref(), options.borrow());
        save::save(self, path, options).map_err(|error| named(path, error))
    }
}

fn read(path: &Path, input: &mut Input, options: &Load) -> Result<KeyedVectors> {
    match format::recognize(input, options)? {
        Format::Text(layout) => text::read(input, &layout, None, options),
        Format::Binary(header) => binary::read(input, &header, options),
        Format::SafeTensors => safetensors::read(input, options),
        Format::Npy => npy::read(path, input, options),
        Format::Projector(layout) => projector::read(path, input, &layout, options),
        Format::FinalFusion => finalfusion::read(input, options),
        // A model is read whole: the vector of a word is a mean of rows from all of it.
        Format::FastText => {
            let vectors = FastText::load(path)?.into_vectors();
            let vectors = match options.limit {
                Some(limit) => vectors.truncate(limit as usize),
                None => vectors,
            };
            Ok(match &options.vocabulary {
                Some(vocabulary) => vectors.filter(|word| vocabulary.words.get(word).is_some()),
                None => vectors,
            })
        }
    }
}

/// The error with the file that it is about.
fn named(path: &Path, error: Error) -> Error {
    match error {
        Error::Invalid(problem) => Error::new(format!("{}: {problem}", path.display())),
        other => other,
    }
}

/// What reading and writing fail with; [`named`] adds the path.
fn io(cause: std::io::Error) -> Error {
    Error::new(cause.to_string())
}

/// The beginning of some bytes of a file, in quotes.
fn shown(bytes: &[u8]) -> String {
    let start = &bytes[..bytes.len().min(60)];
    match std::str::from_utf8(start) {
        Ok(text) => format!("{text:?}"),
        // The cut is within a letter.
        Err(error) if error.error_len().is_none() && start.len() < bytes.len() => shown(&start[..error.valid_up_to()]),
        Err(_) => format!("\"{}\"", start.escape_ascii()),
    }
}
