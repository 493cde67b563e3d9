//! Which files vectors are saved in.

use super::{io, named, npy, places, projector, projector_config, safetensors, write};
use crate::KeyedVectors;
use candle_keras_data::atomic::{self, Files};
use candle_keras_ops::{Error, Result, warnings};
use std::borrow::Cow;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Options of [`KeyedVectors::save_with`].
///
/// ```
/// use candle_keras_word_vectors::Save;
/// let as_glove = Save::new().header(false);
/// ```
#[derive(Debug, Clone)]
pub struct Save {
    pub(super) header: bool,
    pub(super) line_feeds: bool,
    pub(super) replace_spaces: Option<String>,
    counts: Option<PathBuf>,
}

impl Default for Save {
    fn default() -> Self {
        Self { header: true, line_feeds: false, replace_spaces: None, counts: None }
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

    /// Writes this in place of each space in a word, in text and in word2vec's binary format, where a space ends the word: `"_"`, as in
    /// `New_York`. Default: spaces stay in text, and are an error in the binary format.
    ///
    /// ```
    /// # use candle_keras_word_vectors::{KeyedVectors, Save};
    /// # use candle_core::{Device, Tensor};
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("vectors.bin");
    /// let vectors = KeyedVectors::new(["New York"], &Tensor::new(&[[1f32]], &Device::Cpu)?)?;
    /// assert!(vectors.save(&path).is_err());
    /// vectors.save_with(&path, Save::new().replace_spaces("_"))?;
    /// assert_eq!(KeyedVectors::load(&path)?.words().word(0), "New_York");
    /// # Ok::<(), candle_keras_word_vectors::Error>(())
    /// ```
    pub fn replace_spaces(mut self, with: impl Into<String>) -> Self {
        self.replace_spaces = Some(with.into());
        self
    }

    /// Writes the counts of the words into this file as well, a word and its count on each line. gensim: `fvocab`.
    pub fn counts(mut self, path: impl Into<PathBuf>) -> Self {
        self.counts = Some(path.into());
        self
    }

    /// Checks that vectors can be saved here with these options, before the work begins whose vectors they are to be: the ending is known, the
    /// format has these options, and the folder takes files.
    ///
    /// # Errors
    /// If they cannot.
    ///
    /// ```
    /// use candle_keras_word_vectors::Save;
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let folder = folder.path();
    /// Save::new().check(folder.join("vectors.bin"))?;
    /// assert!(Save::new().check(folder.join("vectors.bim")).is_err());
    /// # Ok::<(), candle_keras_word_vectors::Error>(())
    /// ```
    pub fn check(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        self.format(path).map_err(|error| named(path, error))?;
        std::iter::once(path).chain(self.counts.as_deref()).try_for_each(atomic::check)
    }

    /// The format that the ending names, which must have these options.
    fn format(&self, path: &Path) -> Result<Format> {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_lowercase();
        let format = match ending.as_str() {
            "txt" | "vec" => Format::Text,
            "bin" => Format::Binary,
            "safetensors" => Format::SafeTensors,
            "npy" => Format::Npy,
            "tsv" => Format::Projector,
            _ => {
                let endings = ["txt", "vec", "bin", "safetensors", "npy", "tsv"];
                return Err(Error::unknown("ending of a file of vectors", &ending, &endings));
            }
        };
        let (text, binary) = (format == Format::Text, format == Format::Binary);
        let options = [
            (!self.header && !text, "Save::header(false)", ".txt and .vec"),
            (self.line_feeds && !binary, "Save::line_feeds(true)", ".bin"),
            (self.replace_spaces.is_some() && !text && !binary, "Save::replace_spaces", ".txt, .vec and .bin"),
        ];
        match options.iter().find(|(wrong, ..)| *wrong) {
            Some((_, option, endings)) => {
                Err(Error::new(format!("{option} has no effect on .{ending}")).expected(*endings))
            }
            None => Ok(format),
        }
    }

    /// A word in the form written into text, binary files and files of counts.
    pub(super) fn spelled<'a>(&self, word: &'a str) -> Cow<'a, str> {
        match &self.replace_spaces {
            Some(with) if word.contains(' ') => word.replace(' ', with).into(),
            _ => word.into(),
        }
    }
}

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Format {
    Text,
    Binary,
    SafeTensors,
    Npy,
    Projector,
}

pub(super) fn save(vectors: &KeyedVectors, path: &Path, options: &Save) -> Result<()> {
    let format = options.format(path)?;
    places::check(vectors, format, options)?;
    if options.counts.is_some() {
        places::check_counts(vectors, options)?;
    }
    let mut files = Files::new();
    match format {
        Format::Text => files.write(path, |out| write::text(vectors, options, out).map_err(io))?,
        Format::Binary => files.write(path, |out| write::binary(vectors, options, out).map_err(io))?,
        Format::SafeTensors => {
            let header = safetensors::header(vectors)?;
            files.write(path, |out| out.write_all(&header).and_then(|()| write::raw(vectors, out)).map_err(io))?;
        }
        Format::Npy => {
            files.write(&npy::words_of(path), |out| write::words(vectors, out).map_err(io))?;
            files.write(path, |out| npy::write(vectors, out).map_err(io))?;
        }
        Format::Projector => {
            let metadata = projector::metadata_of(path);
            files.write(&metadata, |out| write::words(vectors, out).map_err(io))?;
            files.write(path, |out| write::table(vectors, out).map_err(io))?;
            add_to_config(&mut files, path, &metadata)?;
        }
    }
    if let (Some(path), Some(counts)) = (&options.counts, vectors.counts()) {
        files.write(path, |out| write::counts(vectors, counts, options, out).map_err(io))?;
    }
    files.commit()
}

/// Writes the configuration that TensorBoard reads in a folder of logs. One that is there and cannot be parsed is kept.
fn add_to_config(files: &mut Files, table: &Path, words: &Path) -> Result<()> {
    let path = table.with_file_name("projector_config.pbtxt");
    let old = match std::fs::read(&path) {
        Ok(bytes) => String::from_utf8(bytes).ok(),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Some(String::new()),
        Err(cause) => return Err(Error::io(path, cause)),
    };
    match old.and_then(|old| projector_config::with(&old, table, words)) {
        Some(config) => files.write(&path, |out| out.write_all(config.as_bytes()).map_err(io)),
        None => {
            warnings::warn(format!("{} cannot be understood, and stays as it is", path.display()));
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Folder, comes_back, content_of, vectors};
    use super::*;

    #[test]
    fn text_comes_back_bit_by_bit() {
        let folder = Folder::new();
        let numbers = [1., -0.1, 1e-45, f32::MAX, -0., 16_777_217., f32::MIN_POSITIVE, 0.1 + 0.2];
        let written = vectors(&["a", "größe", "</s>", "1"], &numbers);
        for (name, options) in
            [("v.txt", Save::new()), ("v.vec", Save::new()), ("glove.txt", Save::new().header(false))]
        {
            written.save_with(folder.path(name), &options).unwrap();
            let read = content_of(&KeyedVectors::load(folder.path(name)).unwrap());
            assert_eq!(read, content_of(&written));
            assert!(read.1.iter().zip(&numbers).all(|(a, b)| a.to_bits() == b.to_bits()));
        }
        let simple = vectors(&["a", "b"], &[1., -0.5, 3e-8, 2.5]);
        comes_back(&folder, "simple.txt", &simple);
        assert!(folder.read("simple.txt").starts_with("2 2\na 1"));
        let narrow = vectors(&["12", "7"], &[5., 1.]);
        narrow.save_with(folder.path("narrow.txt"), Save::new().header(false)).unwrap();
        assert_eq!(content_of(&KeyedVectors::load(folder.path("narrow.txt")).unwrap()), content_of(&narrow));
    }

    #[test]
    fn options_of_other_formats_are_errors() {
        let folder = Folder::new();
        for (name, options, expected) in [
            (
                "v.bin",
                Save::new().header(false),
                "Save::header(false) has no effect on .bin\n  expected: .txt and .vec",
            ),
            ("v.npy", Save::new().header(false), "Save::header(false) has no effect on .npy"),
            ("v.txt", Save::new().line_feeds(true), "Save::line_feeds(true) has no effect on .txt\n  expected: .bin"),
            ("v.tsv", Save::new().replace_spaces("_"), "Save::replace_spaces has no effect on .tsv"),
        ] {
            for result in
                [vectors(&["a"], &[1.]).save_with(folder.path(name), &options), options.check(folder.path(name))]
            {
                let error = result.unwrap_err().to_string();
                assert!(error.contains(&format!("{name}: {expected}")), "{error}");
            }
        }
    }

    #[test]
    fn paths_are_checked_before_the_work() {
        let folder = Folder::new();
        std::fs::create_dir(folder.path("v.bin")).unwrap();
        Save::new().check(folder.path("w.bin")).unwrap();
        for (name, expected) in [("v.bin", "is a folder"), ("none/v.txt", ""), ("v.csv", "unknown ending")] {
            let error = Save::new().check(folder.path(name)).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        assert!(Save::new().counts(folder.path("none/counts")).check(folder.path("w.bin")).is_err());
        assert_eq!(std::fs::read_dir(folder.path("")).unwrap().count(), 1);
    }

    #[test]
    fn files_that_belong_together_are_written_together() {
        let folder = Folder::new();
        let old = vectors(&["a", "b"], &[1., 2.]);
        old.save(folder.path("v.npy")).unwrap();
        old.save(folder.path("vectors.tsv")).unwrap();
        // Of three words, which could all be written beside the old table, if the rest had no place.
        let new = KeyedVectors::from_parts(
            ["x", "y", "two\twords"].into_iter().collect(),
            vec![1., 2., 3.],
            1,
            Some(vec![1, 2, 3]),
        );
        assert!(new.save_with(folder.path("v.npy"), Save::new().counts(folder.path("counts"))).is_err());
        assert!(new.save(folder.path("vectors.tsv")).is_err());
        let new = vectors(&["x", "y", "z"], &[1., 2., 3.]);
        assert!(new.save_with(folder.path("v.npy"), Save::new().counts(folder.path("counts"))).is_err());
        std::fs::remove_file(folder.path("v.npy")).unwrap();
        std::fs::create_dir(folder.path("v.npy")).unwrap();
        assert!(new.save(folder.path("v.npy")).is_err());
        assert_eq!((folder.read("v.words.txt"), folder.read("metadata.tsv")), ("a\nb\n".into(), "a\nb\n".into()));
        assert!(!folder.path("counts").exists());
        let twice = KeyedVectors::from_parts(["x"].into_iter().collect(), vec![1.], 1, Some(vec![1]));
        let error = twice.save_with(folder.path("v.txt"), Save::new().counts(folder.path("v.txt"))).unwrap_err();
        assert!(error.to_string().contains("is to hold two files at once") && !folder.path("v.txt").exists());
    }

    #[test]
    fn a_config_of_others_stays() {
        let folder = Folder::new();
        let v = vectors(&["a"], &[1.]);
        v.save(folder.path("vectors.tsv")).unwrap();
        let first = folder.read("projector_config.pbtxt");
        v.save(folder.path("other.tsv")).unwrap();
        let both = folder.read("projector_config.pbtxt");
        assert!(both.starts_with(&first) && both.contains("tensor_path: \"other.tsv\""), "{both}");
        folder.write("projector_config.pbtxt", "embeddings {");
        let (saved, warnings) = warnings::catch(|| v.save(folder.path("vectors.tsv")));
        saved.unwrap();
        assert_eq!(folder.read("projector_config.pbtxt"), "embeddings {");
        assert!(
            warnings[0].ends_with("projector_config.pbtxt cannot be understood, and stays as it is"),
            "{warnings:?}"
        );
    }
}
