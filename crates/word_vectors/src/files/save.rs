//! Which files vectors are saved in, and what has no place there.

use super::{io, layout, named, npy, projector, projector_config, safetensors, write};
use crate::{KeyedVectors, Words};
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
    replace_spaces: Option<String>,
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
                Err(Error::new(format!("{option} is nothing for .{ending}")).expected(*endings))
            }
            None => Ok(format),
        }
    }

    /// A word as it is written into text, binary files and files of counts.
    pub(super) fn spelled<'a>(&self, word: &'a str) -> Cow<'a, str> {
        match &self.replace_spaces {
            Some(with) if word.contains(' ') => word.replace(' ', with).into(),
            _ => word.into(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Format {
    Text,
    Binary,
    SafeTensors,
    Npy,
    Projector,
}

pub(super) fn save(vectors: &KeyedVectors, path: &Path, options: &Save) -> Result<()> {
    let format = options.format(path)?;
    check_words(vectors, format, options)?;
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

/// Writes what TensorBoard looks for in a folder of logs, unless one that is there cannot be understood.
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

/// Checks, before anything is written, that the format has a place for each word, and that there are counts if they are to be written.
fn check_words(vectors: &KeyedVectors, format: Format, options: &Save) -> Result<()> {
    let narrow = vectors.vector_size() == 1;
    // A mark of UTF-8 at the beginning is passed over.
    let begins = |number: usize, word: &str| number > 0 || !word.starts_with('\u{feff}');
    match format {
        Format::Text if options.header => places(vectors, options, |_, word| in_text(word))?,
        // The width is that of the numbers at the end of a line.
        Format::Text => places(vectors, options, |number, word| {
            let number_at_end = || layout::numbers_at_end(word.as_bytes()) > 0;
            in_text(word) && begins(number, word) && !(word.contains(' ') && (narrow || number_at_end()))
        })?,
        Format::Binary => places(vectors, options, |_, word| in_text(word) && !word.contains(' '))?,
        Format::SafeTensors => {}
        Format::Npy => {
            places(vectors, options, |number, word| begins(number, word) && !word.contains(['\n', '\r']))?;
        }
        Format::Projector => places(vectors, options, |number, word| {
            begins(number, word) && !word.is_empty() && !word.contains(['\t', '\n', '\r'])
        })?,
    }
    if options.counts.is_some() {
        if vectors.counts().is_none() {
            return Err(
                Error::new("the vectors have no counts of their words").help("Load::counts reads them from a file")
            );
        }
        places(vectors, options, |number, word| in_text(word) && begins(number, word))?;
    }
    Ok(())
}

/// Whether the word of a line can be found again: it may have spaces within it, but nothing else at which C's scanf ends a word.
fn in_text(word: &str) -> bool {
    !word.is_empty()
        && !word.starts_with(' ')
        && !word.ends_with(' ')
        && !word.bytes().any(|b| (0x09..=0x0d).contains(&b))
}

/// Checks that there is a place for each word, as it is spelled, and that no two are spelled the same.
fn places(vectors: &KeyedVectors, options: &Save, has_place: impl Fn(usize, &str) -> bool) -> Result<()> {
    let mut replaced = Words::new();
    for (number, word) in vectors.words().iter().enumerate() {
        let spelled = options.spelled(word);
        if !has_place(number, &spelled) {
            let error = Error::new("the format has no place for this word").received(format!("{word:?}"));
            let help = "save as .safetensors, which has a place for all";
            return Err(
                if options.replace_spaces.is_none() && word.contains(' ') && has_place(number, &word.replace(' ', "_"))
                {
                    error.help(format!("Save::replace_spaces(\"_\") writes {:?}; or {help}", word.replace(' ', "_")))
                } else {
                    error.help(help)
                },
            );
        }
        let mut again = || vectors.words().get(&spelled).is_some() || replaced.push(&spelled).is_none();
        if matches!(spelled, Cow::Owned(_)) && again() {
            return Err(Error::new("without its spaces, a word is the same as another")
                .received(format!("{word:?} as {spelled:?}"))
                .help("Save::replace_spaces takes another text"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Folder, comes_back, content, content_of, vectors};
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
    fn words_without_a_place_are_not_written() {
        let folder = Folder::new();
        for (name, word) in [
            ("a.txt", ""),
            ("a.txt", " a"),
            ("a.txt", "a "),
            ("a.txt", "a\nb"),
            ("a.vec", "a\tb"),
            ("a.bin", "a b"),
            ("a.tsv", "a\tb"),
            ("a.npy", "a\nb"),
            ("a.tsv", ""),
        ] {
            let error = vectors(&[word], &[1., 2.]).save(folder.path(name)).unwrap_err().to_string();
            assert!(error.contains(&format!("has no place for this word\n  received: {word:?}")), "{name}: {error}");
            assert!(!folder.path(name).exists());
        }
        for name in ["vectors", "a.csv", "a.bim"] {
            let error = vectors(&["a"], &[1.]).save(folder.path(name)).unwrap_err().to_string();
            assert!(error.contains("expected: txt, vec, bin, safetensors, npy or tsv"), "{error}");
        }
        comes_back(&folder, "a.safetensors", &vectors(&["two words", "", "a\tb", "\n"], &[1., 2., 3., 4.]));
    }

    #[test]
    fn words_with_spaces_in_them_come_back() {
        let folder = Folder::new();
        let written = vectors(&[". . .", "doc 1", "doc 2", "at  name"], &[1., -0.5, 3e-8, 2.5]);
        comes_back(&folder, "v.txt", &written);
        let folder = Folder::new();
        let glove = vectors(&["at name@domain.com", "a b"], &[1., -0.5, 3e-8, 2.5]);
        glove.save_with(folder.path("glove.txt"), Save::new().header(false)).unwrap();
        assert_eq!(content_of(&KeyedVectors::load(folder.path("glove.txt")).unwrap()), content_of(&glove));
        // Without a header, the number would be one of the vector's.
        for (vectors, word) in [(vectors(&["doc 1"], &[1., 2.]), "doc 1"), (vectors(&["a b"], &[1.]), "a b")] {
            let error = vectors.save_with(folder.path("v.txt"), Save::new().header(false)).unwrap_err().to_string();
            assert!(error.contains(&format!("no place for this word\n  received: {word:?}")), "{error}");
        }
    }

    #[test]
    fn spaces_are_replaced() {
        let folder = Folder::new();
        let written = vectors(&["New York", "a_b", "x"], &[1., 2., 3.]);
        let error = written.save(folder.path("v.bin")).unwrap_err().to_string();
        assert!(error.ends_with(
            "received: \"New York\"\n  help: Save::replace_spaces(\"_\") writes \"New_York\"; or save as .safetensors, which has a place for all"
        ));
        for name in ["v.bin", "v.txt"] {
            written.save_with(folder.path(name), Save::new().replace_spaces("_")).unwrap();
            let read = KeyedVectors::load(folder.path(name)).unwrap();
            assert_eq!(content_of(&read), content(&["New_York", "a_b", "x"], &[1., 2., 3.]));
        }
        for words in [["a b", "a_b"], ["a b c", "a b_c"]] {
            let same = vectors(&words, &[1., 2.]).save_with(folder.path("w.bin"), Save::new().replace_spaces("_"));
            assert!(same.unwrap_err().to_string().contains("a word is the same as another"));
        }
        let spaces = written.save_with(folder.path("w.bin"), Save::new().replace_spaces(" "));
        assert!(spaces.unwrap_err().to_string().contains("no place for this word"));
        assert!(!folder.path("w.bin").exists());
    }

    #[test]
    fn options_of_other_formats_are_errors() {
        let folder = Folder::new();
        for (name, options, expected) in [
            ("v.bin", Save::new().header(false), "Save::header(false) is nothing for .bin\n  expected: .txt and .vec"),
            ("v.npy", Save::new().header(false), "Save::header(false) is nothing for .npy"),
            ("v.txt", Save::new().line_feeds(true), "Save::line_feeds(true) is nothing for .txt\n  expected: .bin"),
            ("v.tsv", Save::new().replace_spaces("_"), "Save::replace_spaces is nothing for .tsv"),
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
