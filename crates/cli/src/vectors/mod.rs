//! Word vectors: `candle-keras vectors ...`.

mod classify;
mod convert;
mod evaluate;
mod lines;
mod map;
mod options;
mod query;
mod resume;
mod source;
mod train;

use anyhow::{Result, anyhow};
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Trains vectors on a folder of unlabeled text
    Train(Box<train::Train>),
    /// Resumes an interrupted training of word2vec, or continues with more text
    Resume(resume::Resume),
    /// Prints the most similar words of each given word
    Nearest(query::Nearest),
    /// Prints the words nearest to a sum of words: king - man + woman
    Analogy(query::Analogy),
    /// Evaluates vectors by human similarity ratings and by analogies
    Evaluate(evaluate::Evaluate),
    /// Converts between the formats of word2vec, fastText, GloVe, safetensors, NumPy and TensorBoard's projector
    Convert(convert::Convert),
    /// Maps the words in the plane, similar ones next to each other
    Map(map::Map),
    /// Classifies lines of text with a supervised model of fastText
    #[command(subcommand)]
    Classify(classify::Command),
}

pub(crate) fn run(command: &Command, seed: Option<u64>, verbose: Option<u8>) -> Result<()> {
    let done = match command {
        Command::Train(train) => train::train(train, seed, verbose),
        Command::Resume(resume) => resume::resume(resume, verbose),
        Command::Nearest(nearest) => query::nearest(nearest),
        Command::Analogy(analogy) => query::analogy(analogy),
        Command::Evaluate(evaluate) => evaluate::evaluate(evaluate),
        Command::Convert(convert) => convert::convert(convert),
        Command::Map(map) => map::map(map, seed),
        Command::Classify(command) => classify::run(command, seed, verbose),
    };
    done.map_err(|error| anyhow!(options::with_options(&format!("{error:#}"))))
}
