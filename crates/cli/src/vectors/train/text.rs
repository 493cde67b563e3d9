//! The text that is trained on.

use candle_keras_word_vectors::{Sentence, Text, Tokenize};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(in crate::vectors) struct Options {
    /// A folder, all files below it without hidden ones; or one file
    #[arg(long, value_name = "FOLDER")]
    text: PathBuf,
    /// Reads files with these extensions only, as txt,md
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    extensions: Vec<String>,
    /// What a word is
    #[arg(long, value_enum, default_value_t = Words::Words)]
    tokenize: Words,
    /// Leaves capital letters as they are, which become small ones otherwise
    #[arg(long)]
    keep_case: bool,
    /// Where windows of words end
    #[arg(long, value_enum, default_value_t = End::Line)]
    sentence: End,
    /// Replaces bytes that are not UTF-8, where they are an error otherwise
    #[arg(long)]
    lossy: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Words {
    /// Letters and digits, with apostrophes, hyphens and underscores inside
    Words,
    /// What stands between white space, for text that is split already
    Whitespace,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum End {
    /// At the end of a line
    Line,
    /// At an empty line, for text with lines of one width
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
