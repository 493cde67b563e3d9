//! The files that word vectors come in: each format read and written as the program reads and writes it that it is from.
//!
//! A file is recognized by what is in it (`format`), read as a stream through gzip or zip if it is packed (`source`), and what is asked
//! for of it is kept (`rows`): a file of 3.6 GB needs the memory of the rows that are kept.

mod binary;
mod finalfusion;
mod format;
mod layout;
mod lines;
mod load;
mod npy;
mod number;
mod parts;
mod places;
mod projector;
mod projector_config;
mod raw;
mod rows;
pub(crate) mod safetensors;
mod save;
mod source;
pub(crate) mod tables;
mod text;
mod word_list;
mod write;

#[cfg(test)]
mod damaged;
#[cfg(test)]
mod testing;

pub use load::Load;
pub use save::Save;

use crate::{KeyedVectors, fast_text};
use candle_keras_ops::{Error, Result};
use format::Format;
use source::Input;
use std::borrow::Borrow;
use std::path::{Path, PathBuf};

impl KeyedVectors {
    /// Reads vectors from a file, whatever program wrote it: the format is recognized by what is in the file, not by its name.
    ///
    /// | format | where the words are |
    /// |---|---|
    /// | word2vec text and fastText `.vec`, GloVe text without a header | in the file |
    /// | word2vec binary, as the C program and as gensim write it | in the file |
    /// | safetensors: the table `embeddings`, or the only one | a JSON list in the metadata under `vocabulary` |
    /// | NumPy's `.npy`, and what gensim puts beside its `.kv` | `NAME.words.txt`, one a line, or `NAME.vocab`, with or without counts |
    /// | `vectors.tsv` of TensorBoard's projector, text of `numpy.savetxt` | `metadata.tsv`, or [`Load::words`] |
    /// | finalfusion `.fifu` without subwords | in the file |
    /// | fastText's models, `.bin` and `.ftz` | in the file, which is read whole; [`FastText::load`](crate::FastText::load) has vectors of unseen words too |
    ///
    /// Each of them may be packed with gzip, or be a member of a zip archive; `NAME.npy.gz` has its words where `NAME.npy` has them, and a table in
    /// an archive needs [`Load::words`]. A pipe is read as a file is, unless it gives a zip archive. See [`Load`] to read a part of a file.
    ///
    /// Rows that have numbers alone are taken for words and vectors if they begin with integers, and for a table without words if they begin
    /// with numbers with a point.
    ///
    /// Of a word that comes several times, the first vector is kept, and a warning says how many were skipped. Numbers that are not
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
    /// | `.safetensors` | the table `embeddings`, the words in the metadata under `vocabulary`, and their counts, if they are known, under `counts` |
    /// | `.npy` | the table, and the words in `NAME.words.txt` |
    /// | `.tsv` | for TensorBoard's projector: the table, the words in `metadata.tsv`, and `projector_config.pbtxt` |
    ///
    /// Text has each number in the fewest digits that read back as the same number. A file is replaced whole or not at all, and several files that
    /// belong together get their names when all of them are written. Of a `projector_config.pbtxt` that is there, the blocks of other tables stay.
    ///
    /// # Errors
    /// If a file cannot be written, the ending is another, or the format has no place for a word: word2vec's binary format has none for a word
    /// with a space in it, for which there is [`Save::replace_spaces`].
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
    let unpacked = unpacked(path);
    let format = format::recognize(&unpacked, input, options)?;
    format.check(options)?;
    match format {
        Format::Text(layout) => text::read(input, &layout, None, options),
        Format::Binary(header) => binary::read(input, &header, options),
        Format::SafeTensors => safetensors::read(input, options),
        Format::Npy => npy::read(&unpacked, input, options),
        Format::Table(layout) => projector::read(&unpacked, input, &layout, options),
        Format::FinalFusion => finalfusion::read(input, options),
        // A model is read whole: the vector of a word is a mean of rows from all of it.
        Format::FastText => {
            let length = input.length();
            let vectors = fast_text::read(path, input, length)?.into_vectors();
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

/// The path without the ending of gzip, by which the files beside it are named.
fn unpacked(path: &Path) -> PathBuf {
    let packed = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gz"));
    if packed { path.with_extension("") } else { path.to_path_buf() }
}

/// The error with the file that it is about, unless it begins with that.
fn named(path: &Path, error: Error) -> Error {
    match error {
        Error::Invalid(problem) => {
            let (path, problem) = (path.display().to_string(), problem.to_string());
            Error::new(if problem.starts_with(&path) { problem } else { format!("{path}: {problem}") })
        }
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
