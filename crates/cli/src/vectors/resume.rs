//! Resumes a training of word2vec from a checkpoint.

use super::options::{verbosity, whole};
use super::train::text;
use crate::outputs::{check_apart, check_output};
use crate::print::print;
use anyhow::Result;
use candle_keras_word_vectors::{Save, Word2VecModel};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct Resume {
    /// A checkpoint of `vectors train --checkpoint`; it is replaced after each epoch
    checkpoint: PathBuf,
    /// The file of the vectors: .txt or .vec, .bin, .safetensors, .npy, or .tsv for TensorBoard's projector
    #[arg(long, value_name = "FILE")]
    save: PathBuf,
    /// Adds the new words of the text, and trains for this many epochs with the learning rate schedule restarted; without it, the remaining epochs
    /// are run, on the same text with the same options
    #[arg(long, value_name = "N", value_parser = whole(1..=1_000_000))]
    epochs: Option<usize>,
    /// The number of threads [default: the number of cores]
    #[arg(long, value_name = "N", value_parser = whole(1..=4096))]
    workers: Option<usize>,
    #[command(flatten, next_help_heading = "Text")]
    text: text::Options,
}

pub(super) fn resume(arguments: &Resume, verbose: Option<u8>) -> Result<()> {
    Save::new().check(&arguments.save)?;
    check_output(&arguments.checkpoint, &["safetensors"])?;
    check_apart(&[arguments.text.path()], &[&arguments.save, &arguments.checkpoint])?;
    let verbose = verbosity(verbose);
    let mut model = Word2VecModel::load(&arguments.checkpoint)?;
    model.configure(|settings| {
        let settings = settings.verbose(verbose).checkpoint(&arguments.checkpoint);
        match arguments.workers {
            Some(workers) => settings.workers(workers),
            None => settings,
        }
    })?;
    let text = arguments.text.text();
    let mut added = 0;
    let epochs = match arguments.epochs {
        None => model.resume(text)?.len(),
        Some(epochs) => {
            added = model.update_vocabulary(text.clone())?;
            model.train(text, epochs)?.len()
        }
    };
    model.vectors().save(&arguments.save)?;
    if verbose == 0 {
        return Ok(());
    }
    let (words, path) = (model.vectors().len(), arguments.save.display());
    let hint = if epochs == 0 { " (the training had ended; --epochs N trains further)" } else { "" };
    print(&format!("{epochs} epochs{hint}, {words} words, {added} of them new: {path}"))
}
