//! Text that vectors are trained on: where it is, what a word of it is, and the chunks in which threads read it.

mod chunks;
mod encoder;
mod tokens;

use chunks::Ends;
pub(crate) use chunks::{Chunks, Reader};
pub(crate) use encoder::{END, Encoder};
use tokens::BETWEEN_TOKENS;
pub(crate) use tokens::{Token, Tokens};

use candle_keras_ops::{Error, Result};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Text without labels: a file, the files of a folder, or lines in memory.
///
/// Files are read in chunks each time that they are needed, so that no copy of the text is kept in memory. A line is a sentence: windows of
/// words do not reach across its end.
///
/// ```
/// use candle_keras_word_vectors::{Text, Vocabulary};
/// let text = Text::lines(["The cat sat.", "the dog"]);
/// let vocabulary = Vocabulary::build(&text, 1)?;
/// assert_eq!(vocabulary.words().iter().next(), Some("the"));
/// # Ok::<(), candle_keras_word_vectors::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Text {
    source: Source,
    extensions: Vec<String>,
    lossy: bool,
    pub(crate) tokenize: Tokenize,
    pub(crate) lowercase: bool,
    pub(crate) sentence: Sentence,
}

#[derive(Debug, Clone)]
enum Source {
    Path(PathBuf),
    Memory(Arc<str>),
}

/// What a word of a text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tokenize {
    /// Letters and digits, with single apostrophes, hyphens or underscores inside: `"words"`.
    Words,
    /// Whatever stands between white space of ASCII: `"whitespace"`, for text that other programs have split already.
    Whitespace,
    /// What [`Text::tokens`] was given.
    Done,
    /// A name that is neither.
    Unknown(String),
}

impl From<&str> for Tokenize {
    fn from(name: &str) -> Self {
        match name {
            "words" => Self::Words,
            "whitespace" => Self::Whitespace,
            other => Self::Unknown(other.into()),
        }
    }
}

/// Where windows of words end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sentence {
    /// At the end of a line: `"line"`.
    Line,
    /// At an empty line: `"paragraph"`, for text with lines of one width.
    Paragraph,
    /// A name that is neither.
    Unknown(String),
}

impl From<&str> for Sentence {
    fn from(name: &str) -> Self {
        match name {
            "line" => Self::Line,
            "paragraph" => Self::Paragraph,
            other => Self::Unknown(other.into()),
        }
    }
}

impl Text {
    fn new(source: Source) -> Self {
        Self {
            source,
            extensions: Vec::new(),
            lossy: false,
            tokenize: Tokenize::Words,
            lowercase: true,
            sentence: Sentence::Line,
        }
    }

    /// All files below a folder, in the order of their paths, without hidden ones; or one file.
    pub fn folder(path: impl AsRef<Path>) -> Self {
        Self::new(Source::Path(path.as_ref().into()))
    }

    /// A file; or all files below a folder.
    pub fn file(path: impl AsRef<Path>) -> Self {
        Self::folder(path)
    }

    /// Lines in memory.
    pub fn lines<S: AsRef<str>>(lines: impl IntoIterator<Item = S>) -> Self {
        let mut text = String::new();
        for line in lines {
            text.push_str(line.as_ref());
            text.push('\n');
        }
        Self::new(Source::Memory(text.into()))
    }

    /// Sentences in memory that are tokens already, of a custom tokenizer, which may have spaces in them. They are not changed. gensim: `sentences`.
    ///
    /// ```
    /// use candle_keras_word_vectors::{Text, Vocabulary};
    /// let text = Text::tokens([vec!["New York", "is", "big"], vec!["New York"]]);
    /// assert_eq!(Vocabulary::build(&text, 2)?.words().word(0), "New York");
    /// # Ok::<(), candle_keras_word_vectors::Error>(())
    /// ```
    pub fn tokens<S: AsRef<str>>(sentences: impl IntoIterator<Item = impl IntoIterator<Item = S>>) -> Self {
        let mut text = String::new();
        for sentence in sentences {
            for token in sentence {
                let is_ours = |c: char| c == '\n' || c == char::from(BETWEEN_TOKENS);
                text.extend(token.as_ref().chars().map(|c| if is_ours(c) { ' ' } else { c }));
                text.push(BETWEEN_TOKENS.into());
            }
            text.push('\n');
        }
        let text = Self::new(Source::Memory(text.into()));
        Self { tokenize: Tokenize::Done, lowercase: false, ..text }
    }

    /// Reads the files of a folder that have one of these extensions, `"txt"` or `".txt"`, and passes over the others. Default: all files.
    pub fn extensions<S: AsRef<str>>(mut self, extensions: impl IntoIterator<Item = S>) -> Self {
        let name = |extension: S| extension.as_ref().trim_start_matches('.').to_string();
        self.extensions = extensions.into_iter().map(name).collect();
        self
    }

    /// Whether bytes that are not UTF-8 are replaced by U+FFFD; they are an error otherwise. Default false.
    pub fn lossy(mut self, lossy: bool) -> Self {
        self.lossy = lossy;
        self
    }

    /// What a word is: `"words"` (default) or `"whitespace"`.
    pub fn tokenize(mut self, tokenize: impl Into<Tokenize>) -> Self {
        self.tokenize = tokenize.into();
        self
    }

    /// Whether text is turned into lower case. Default true.
    pub fn lowercase(mut self, lowercase: bool) -> Self {
        self.lowercase = lowercase;
        self
    }

    /// Where windows of words end: at a `"line"` (default) or at a `"paragraph"`, which an empty line ends.
    pub fn sentence(mut self, sentence: impl Into<Sentence>) -> Self {
        self.sentence = sentence.into();
        self
    }

    /// The chunks of the text, all of which exist now.
    ///
    /// # Errors
    /// If a name of a setting is not known, a file or folder cannot be read, or there is no text.
    pub(crate) fn open(&self) -> Result<Chunks> {
        if let Tokenize::Unknown(name) = &self.tokenize {
            return Err(Error::unknown("tokenize", name, &["words", "whitespace"]));
        }
        if let Sentence::Unknown(name) = &self.sentence {
            return Err(Error::unknown("sentence", name, &["line", "paragraph"]));
        }
        let ends = match (&self.tokenize, &self.sentence) {
            (Tokenize::Done, _) => Ends::Tokens,
            (_, Sentence::Paragraph) => Ends::Paragraphs,
            _ => Ends::Lines,
        };
        match &self.source {
            Source::Memory(text) => Chunks::of_memory(text.clone(), ends),
            Source::Path(path) => Chunks::of_files(path, &self.extensions, self.lossy, ends),
        }
    }
}

/// The file of a path, or the files below that folder.
macro_rules! from_path {
    ($($path:ty),*) => {
        $(impl From<$path> for Text {
            /// The file of this path, or the files below this folder.
            fn from(path: $path) -> Self {
                Self::folder(path)
            }
        })*
    };
}

from_path!(&Path, PathBuf, &PathBuf, &str, String, &String);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Vocabulary;

    #[test]
    fn tokens_stay_as_they_are() {
        let text = Text::tokens([vec!["New York", "It's, a\nB!"], vec!["New York", "Größe", ""]]);
        let vocabulary = Vocabulary::build(&text, 1).unwrap();
        assert_eq!(vocabulary.words().iter().collect::<Vec<_>>(), ["New York", "Größe", "It's, a B!"]);
        assert_eq!((vocabulary.counts()[0], vocabulary.sentences()), (2, 2));
    }

    #[test]
    fn extensions_may_have_a_dot() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.TXT"), "text").unwrap();
        std::fs::write(folder.path().join("b.md"), "page").unwrap();
        for extension in ["txt", ".txt"] {
            let text = Text::from(folder.path().to_path_buf()).extensions([extension]);
            assert_eq!(Vocabulary::build(&text, 1).unwrap().words().iter().collect::<Vec<_>>(), ["text"]);
        }
    }
}
