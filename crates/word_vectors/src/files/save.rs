//! Vectors to files.

use super::{io, npy, projector, safetensors};
use crate::KeyedVectors;
use candle_keras_data::atomic;
use candle_keras_ops::{Error, Result, cores};
use std::io::Write;
use std::path::{Path, PathBuf};

/// About how many bytes a core writes at once.
const PART: usize = 1 << 20;

/// Options of [`KeyedVectors::save_with`].
///
/// ```
/// use candle_keras_word_vectors::Save;
/// let as_glove = Save::new().header(false);
/// ```
#[derive(Debug, Clone)]
pub struct Save {
    header: bool,
    line_feeds: bool,
    counts: Option<PathBuf>,
}

impl Default for Save {
    fn default() -> Self {
        Self { header: true, line_feeds: false, counts: None }
    }
}

impl Save {
    /// As gensim's `save_word2vec_format`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether text begins with a line with the number of words and of their numbers; GloVe's does not. Default true. gensim: `write_header`.
    pub fn header(mut self, header: bool) -> Self {
        self.header = header;
        self
    }

    /// Whether word2vec's binary format has a line feed after each vector, as the C program writes and all programs read it. Default false.
    pub fn line_feeds(mut self, line_feeds: bool) -> Self {
        self.line_feeds = line_feeds;
        self
    }

    /// Writes the counts of the words into this file as well, a word and its count on each line. gensim: `fvocab`.
    pub fn counts(mut self, path: impl Into<PathBuf>) -> Self {
        self.counts = Some(path.into());
        self
    }
}

pub(super) fn save(vectors: &KeyedVectors, path: &Path, options: &Save) -> Result<()> {
    let counts = match (&options.counts, vectors.counts()) {
        (Some(path), Some(counts)) => Some((path, counts)),
        (Some(_), None) => {
            return Err(
                Error::new("the vectors have no counts of their words").help("Load::counts reads them from a file")
            );
        }
        (None, _) => None,
    };
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_lowercase();
    match ending.as_str() {
        "txt" | "vec" => {
            fields(vectors)?;
            atomic::write(path, |out| text(vectors, options, out).map_err(io))?;
        }
        "bin" => {
            fields(vectors)?;
            atomic::write(path, |out| binary(vectors, options.line_feeds, out).map_err(io))?;
        }
        "safetensors" => atomic::write(path, |out| safetensors::write(vectors, out))?,
        "npy" => {
            words(vectors, &npy::words_of(path), |word| !word.contains(['\n', '\r']))?;
            atomic::write(path, |out| npy::write(vectors, out).map_err(io))?;
        }
        "tsv" => {
            let metadata = projector::metadata_of(path);
            words(vectors, &metadata, |word| !word.is_empty() && !word.contains(['\t', '\n', '\r']))?;
            atomic::write(path, |out| tensors(vectors, out).map_err(io))?;
            let config = projector::config(path, &metadata);
            atomic::write(&path.with_file_name("projector_config.pbtxt"), |out| {
                out.write_all(config.as_bytes()).map_err(io)
            })?;
        }
        _ => {
            return Err(Error::unknown(
                "ending of a file of vectors",
                &ending,
                &["txt", "vec", "bin", "safetensors", "npy", "tsv"],
            ));
        }
    }
    if let Some((path, counts)) = counts {
        fields(vectors)?;
        atomic::write(path, |out| {
            vectors.words().iter().zip(counts).try_for_each(|(word, count)| writeln!(out, "{word} {count}")).map_err(io)
        })?;
    }
    Ok(())
}

fn no_place(word: &str) -> Error {
    Error::new("the format has no place for this word")
        .received(format!("{word:?}"))
        .help("save as .safetensors, which has a place for all")
}

/// Words that end at a space must have none, nor anything else at which C's scanf ends a word.
fn fields(vectors: &KeyedVectors) -> Result<()> {
    let space = |byte: u8| matches!(byte, b' ' | 0x09..=0x0d);
    match vectors.words().iter().find(|word| word.is_empty() || word.bytes().any(space)) {
        Some(word) => Err(no_place(word)),
        None => Ok(()),
    }
}

/// Writes the words into a file of their own, one a line.
fn words(vectors: &KeyedVectors, path: &Path, has_place: impl Fn(&str) -> bool) -> Result<()> {
    if let Some(word) = vectors.words().iter().find(|word| !has_place(word)) {
        return Err(no_place(word));
    }
    atomic::write(path, |out| vectors.words().iter().try_for_each(|word| writeln!(out, "{word}")).map_err(io))
}

/// Writes what `append` adds for each row, which all cores do for parts of them.
fn rows(
    vectors: &KeyedVectors,
    out: &mut impl Write,
    append: impl Fn(usize, &mut Vec<u8>) + Sync,
) -> std::io::Result<()> {
    // A number takes at most about 16 bytes.
    let part = (PART / 16 / vectors.vector_size().max(1)).max(1);
    let at_once = part * 2 * cores::count();
    for from in (0..vectors.len()).step_by(at_once) {
        let to = (from + at_once).min(vectors.len());
        let parts: Vec<_> = (from..to).step_by(part).map(|from| from..(from + part).min(to)).collect();
        let written = cores::map(parts, |rows| {
            let mut bytes = Vec::with_capacity(PART);
            rows.for_each(|row| append(row, &mut bytes));
            bytes
        });
        written.iter().try_for_each(|bytes| out.write_all(bytes))?;
    }
    Ok(())
}

fn text(vectors: &KeyedVectors, options: &Save, out: &mut impl Write) -> std::io::Result<()> {
    if options.header {
        writeln!(out, "{} {}", vectors.len(), vectors.vector_size())?;
    }
    rows(vectors, out, |row, bytes| {
        bytes.extend_from_slice(vectors.words().word(row).as_bytes());
        for &x in vectors.row(row) {
            bytes.push(b' ');
            number(x, bytes);
        }
        bytes.push(b'\n');
    })
}

fn binary(vectors: &KeyedVectors, line_feeds: bool, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "{} {}", vectors.len(), vectors.vector_size())?;
    rows(vectors, out, |row, bytes| {
        bytes.extend_from_slice(vectors.words().word(row).as_bytes());
        bytes.push(b' ');
        append_raw(vectors.row(row), bytes);
        if line_feeds {
            bytes.push(b'\n');
        }
    })
}

fn tensors(vectors: &KeyedVectors, out: &mut impl Write) -> std::io::Result<()> {
    rows(vectors, out, |row, bytes| {
        for (i, &x) in vectors.row(row).iter().enumerate() {
            if i > 0 {
                bytes.push(b'\t');
            }
            number(x, bytes);
        }
        bytes.push(b'\n');
    })
}

/// The fewest digits that read back as the same number; one with a point or an exponent, so that no line looks like a header.
fn number(x: f32, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(zmij::Buffer::new().format(x).as_bytes());
}

/// The numbers as they are in memory, in little-endian order.
pub(super) fn raw(vectors: &KeyedVectors, out: &mut impl Write) -> std::io::Result<()> {
    rows(vectors, out, |row, bytes| append_raw(vectors.row(row), bytes))
}

fn append_raw(row: &[f32], bytes: &mut Vec<u8>) {
    bytes.extend(row.iter().flat_map(|x| x.to_le_bytes()));
}
