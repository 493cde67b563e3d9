//! Vectors from text: the text, the file and the progress are the same for all models; each model has a file with its options.

mod fast_text;
mod glove;
mod options;
mod text;
mod word2vec;

use super::options::{VECTORS, check_output};
use super::print::print;
use anyhow::{Result, bail};
use candle_keras_word_vectors::{KeyedVectors, Text};
use clap::{Args, ValueEnum};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Instant;

#[derive(Debug, Args)]
pub(crate) struct Train {
    /// What is trained
    #[arg(long, value_enum, default_value_t = Model::Skipgram)]
    model: Model,
    /// Where the vectors go: .txt or .vec, .bin (with fasttext the whole model), .safetensors, .npy, or .tsv for TensorBoard's projector
    #[arg(long, value_name = "FILE")]
    save: PathBuf,
    #[command(flatten, next_help_heading = "Text")]
    text: text::Options,
    #[command(flatten, next_help_heading = "Options of all models")]
    options: options::Common,
    #[command(flatten, next_help_heading = "Options of skipgram, cbow and fasttext")]
    windows: options::Windows,
    #[command(flatten, next_help_heading = "Options of fasttext")]
    ngrams: fast_text::NGrams,
    #[command(flatten, next_help_heading = "Options of glove")]
    counts: glove::Counts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Model {
    /// word2vec: each word of a window predicts the word in its centre
    Skipgram,
    /// word2vec: the mean of a window predicts the word in its centre; several times as fast
    Cbow,
    /// fastText: skip-gram with the n-grams of letters of a word, which gives unseen and misspelled words vectors too
    Fasttext,
    /// GloVe: how often two words stand near each other in the whole text
    Glove,
}

/// What every model is trained by.
struct Run<'a> {
    text: Text,
    save: &'a Path,
    seed: Option<u64>,
    verbose: u8,
}

/// What was trained and saved.
struct Trained {
    /// Words of the text, where the model knows.
    tokens: Option<u64>,
    /// Words with a vector.
    words: usize,
    vector_size: usize,
}

impl Trained {
    fn new(vectors: &KeyedVectors, tokens: Option<u64>) -> Self {
        Self { tokens, words: vectors.len(), vector_size: vectors.vector_size() }
    }
}

pub(super) fn train(arguments: &Train, seed: Option<u64>, verbose: Option<u8>) -> Result<()> {
    check_output(&arguments.save, &VECTORS)?;
    // Bars are for people, lines for files.
    let verbose = verbose.unwrap_or(if std::io::stdout().is_terminal() { 1 } else { 2 });
    let run = Run { text: arguments.text.text(), save: &arguments.save, seed, verbose };
    let start = Instant::now();
    let Train { model, options, windows, ngrams, counts, .. } = arguments;
    let others = [(Model::Fasttext, "fasttext", ngrams.given()), (Model::Glove, "glove", counts.given())];
    for (owner, name, given) in &others {
        if let (true, Some(option)) = (owner != model, given.first()) {
            bail!("{option} is for --model {name}");
        }
    }
    let trained = match model {
        Model::Skipgram => word2vec::train(options, windows, true, run)?,
        Model::Cbow => word2vec::train(options, windows, false, run)?,
        Model::Fasttext => fast_text::train(options, windows, ngrams, run)?,
        Model::Glove => glove::train(options, counts, run)?,
    };
    if verbose == 0 {
        return Ok(());
    }
    let Trained { tokens, words, vector_size } = trained;
    let (seconds, path) = (start.elapsed().as_secs_f64(), arguments.save.display());
    let tokens = tokens.map_or(String::new(), |tokens| format!("{tokens} words of text, "));
    print(&format!("{tokens}{words} different ones with {vector_size} numbers each, {seconds:.1} s: {path}"))
}
