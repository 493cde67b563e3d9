//! The training text.

use candle_keras_word_vectors::{Sentence, Text, Tokenize};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(in crate::vectors) struct Options {
    /// A folder, of which all files are read except hidden ones; or one file
    #[arg(long, value_name = "FOLDER")]
    text: PathBuf,
    /// Reads only files with these extensions, such as txt,md
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    extensions: Vec<String>,
    /// The definition of a word
    #[arg(long, value_enum, default_value_t = Words::Words)]
    tokenize: Words,
    /// Keeps upper case; otherwise text is converted to lower case
    #[arg(long)]
    keep_case: bool,
    /// Where sentences end, across which windows do not reach
    #[arg(long, value_enum, default_value_t = End::Line)]
    sentence: End,
    /// Replaces bytes that are not UTF-8; otherwise they are an error
    #[arg(long)]
    lossy: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Words {
    /// Letters and digits, with apostrophes, hyphens and underscores inside
    Words,
    /// Separated by whitespace, for tokenized text
    Whitespace,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum End {
    /// At the end of a line
    Line,
    /// At an empty line, for text that is wrapped to a width
    Paragraph,
}

impl Options {
    pub(in crate::vectors) fn path(&self) -> &Path {
        &self.text
    }

    pub(in crate::vectors) fn text(&self) -> Text {
        Text::folder(&self.text)
            .extensions(self.extensions.iter().map(|extension| extension.trim().trim_start_matches('.')))
            .tokenize(match self.tokenize {
                Words::Words => Tokenize::Words,
                Words::Whitespace => Tokenize::Whitespace,
            })
            .lowercase(!self.keep_case)
            .sentence(match self.sentence {
                End::Line => Sentence::Line,
                End::Paragraph => Sentence::Paragraph,
            })
            .lossy(self.lossy)
    }
}
