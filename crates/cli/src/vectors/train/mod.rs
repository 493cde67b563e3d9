//! Trains vectors: text, output and progress are shared by all models; each model has a file with its options.

mod fast_text;
mod glove;
mod options;
pub(in crate::vectors) mod text;
mod word2vec;

use super::options::verbosity;
use crate::outputs::{check_apart, check_output};
use crate::print::print;
use anyhow::{Result, bail};
use candle_keras_word_vectors::{FastTextModel, KeyedVectors, Save, Text};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::time::Instant;

#[derive(Debug, Args)]
pub(crate) struct Train {
    /// The model
    #[arg(long, value_enum, default_value_t = Model::Skipgram)]
    model: Model,
    /// The file of the vectors: .txt or .vec, .bin (with fasttext the whole model), .safetensors, .npy, or .tsv for TensorBoard's projector
    #[arg(long, value_name = "FILE")]
    save: PathBuf,
    /// Writes the counts of words to this file, a word and its count per line
    #[arg(long, value_name = "FILE")]
    save_counts: Option<PathBuf>,
    /// Saves the whole model of skipgram or cbow after each epoch, .safetensors: `vectors resume` continues with it
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
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

impl Train {
    /// Whether a whole model of fastText is saved, not only its vectors.
    fn saves_model(&self) -> bool {
        self.model == Model::Fasttext && self.save.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("bin"))
    }

    /// Checks that are possible before the text is read.
    fn check(&self) -> Result<()> {
        let mut save = Save::new();
        if let Some(path) = &self.save_counts {
            save = save.counts(path);
        }
        save.check(&self.save)?;
        if let Some(path) = &self.checkpoint {
            check_output(path, &["safetensors"])?;
        }
        let outputs = [Some(self.save.as_path()), self.save_counts.as_deref(), self.checkpoint.as_deref()];
        check_apart(&[self.text.path()], &outputs.into_iter().flatten().collect::<Vec<_>>())?;
        match &self.save_counts {
            Some(_) if self.saves_model() => {
                bail!(
                    "a model of fastText has its counts in itself; vectors convert MODEL OUT --save-counts FILE writes them"
                )
            }
            _ => (),
        }
        let (ngrams, windows) = (&self.ngrams, &self.windows);
        let checkpoint = self.checkpoint.iter().map(|_| "--checkpoint").collect();
        let options = [
            (matches!(self.model, Model::Skipgram | Model::Cbow), "skipgram and cbow", checkpoint),
            (self.model == Model::Fasttext, "fasttext", ngrams.given()),
            (self.model == Model::Glove, "glove", self.counts.given()),
            (self.model == Model::Cbow, "cbow", windows.given_for_cbow()),
            (self.model != Model::Glove, "skipgram, cbow and fasttext", windows.given()),
        ];
        match options.iter().find_map(|(is_its, name, given)| Some((name, given.first().filter(|_| !is_its)?))) {
            Some((name, option)) => bail!("{option} is for --model {name}"),
            None => Ok(()),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Model {
    /// word2vec: each word of a window predicts the centre word
    Skipgram,
    /// word2vec: the mean of a window predicts the centre word; several times as fast
    Cbow,
    /// fastText: skip-gram with character n-grams, which give unseen and misspelled words vectors too
    Fasttext,
    /// GloVe: co-occurrence counts of the whole text
    Glove,
}

/// The arguments of every model.
struct Run {
    text: Text,
    checkpoint: Option<PathBuf>,
    seed: Option<u64>,
    verbose: u8,
}

/// The trained vectors, and the number of words of the text, if known.
enum Trained {
    Vectors(Box<KeyedVectors>, Option<u64>),
    FastText(Box<FastTextModel>),
}

impl Trained {
    fn vectors(&self) -> &KeyedVectors {
        match self {
            Self::Vectors(vectors, _) => vectors,
            Self::FastText(model) => model.vectors(),
        }
    }

    fn tokens(&self) -> Option<u64> {
        match self {
            Self::Vectors(_, tokens) => *tokens,
            Self::FastText(model) => Some(model.tokens()),
        }
    }

    fn save(&self, arguments: &Train) -> Result<()> {
        let Train { save: path, save_counts, .. } = arguments;
        match self {
            // The whole model, with vectors for unseen words.
            Self::FastText(model) if arguments.saves_model() => model.save(path)?,
            _ => {
                let save = save_counts.iter().fold(Save::new(), |save, counts| save.counts(counts));
                self.vectors().save_with(path, save)?
            }
        }
        Ok(())
    }
}

pub(super) fn train(arguments: &Train, seed: Option<u64>, verbose: Option<u8>) -> Result<()> {
    let Train { model, save, text, options, windows, ngrams, counts, .. } = arguments;
    arguments.check()?;
    let verbose = verbosity(verbose);
    let run = Run { text: text.text(), checkpoint: arguments.checkpoint.clone(), seed, verbose };
    let start = Instant::now();
    let trained = match model {
        Model::Skipgram => word2vec::train(options, windows, true, run)?,
        Model::Cbow => word2vec::train(options, windows, false, run)?,
        Model::Fasttext => fast_text::train(options, windows, ngrams, run)?,
        Model::Glove => glove::train(options, counts, run)?,
    };
    let seconds = start.elapsed().as_secs_f64();
    trained.save(arguments)?;
    if verbose == 0 {
        return Ok(());
    }
    let vectors = trained.vectors();
    let (words, size, path) = (vectors.len(), vectors.vector_size(), save.display());
    let tokens = trained.tokens().map_or(String::new(), |tokens| format!("{tokens} words of text, "));
    print(&format!("{tokens}{words} different ones with {size} numbers each, trained in {seconds:.1} s: {path}"))
}
