//! What is said on the command line.

use crate::vectors;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Summarizes, plots, runs, trains and converts Keras's files, and makes word vectors, without Python.
#[derive(Debug, Parser)]
#[command(name = "candle-keras", version, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Where to compute: cpu, cuda or cuda:N
    #[arg(long, global = true)]
    pub(crate) device: Option<String>,

    /// Fixes shuffling, dropout and all other random numbers [default: 1 for vectors, 0 for their map; others on each run for models]
    #[arg(long, global = true)]
    pub(crate) seed: Option<u64>,

    /// Shows the progress: 0 not, 1 a bar, 2 a line an epoch
    #[arg(long, short, global = true, num_args = 0..=1, default_missing_value = "1")]
    pub(crate) verbose: Option<u8>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Prints the table of the layers
    Summary {
        /// A .keras, .h5 or .safetensors file
        model: PathBuf,
    },
    /// Draws the graph with its shapes
    Plot {
        /// A .keras, .h5 or .safetensors file
        model: PathBuf,
        /// Where to: .svg, or .dot for Graphviz
        out: PathBuf,
    },
    /// Writes the model's outputs for data
    Predict {
        /// A .keras, .h5 or .safetensors file
        model: PathBuf,
        /// Inputs: tensors x/NAME, or x for one input, in .safetensors or .npz; or one array in .npy
        #[arg(long)]
        data: PathBuf,
        /// A .safetensors file, with a tensor for each output, named by its layer
        #[arg(long)]
        output: PathBuf,
        /// Samples a batch
        #[arg(long, default_value_t = 32)]
        batch_size: usize,
    },
    /// Prints the loss and the metrics on data as JSON
    Evaluate(Evaluate),
    /// Goes on training with the file's own optimizer, loss and metrics
    Fit(Fit),
    /// Converts between .keras, .h5 (from), .weights.h5 and .safetensors
    Convert {
        /// What is read
        input: PathBuf,
        /// What is written
        output: PathBuf,
    },
    /// Word vectors: trains, asks, measures, converts and draws them
    #[command(subcommand)]
    Vectors(Box<vectors::Command>),
}

#[derive(Debug, Args)]
pub(crate) struct Evaluate {
    /// A compiled model
    pub(crate) model: PathBuf,
    /// Inputs x/NAME or x, targets y/NAME or y, and perhaps sample_weight, in .safetensors or .npz
    #[arg(long)]
    pub(crate) data: PathBuf,
    /// Samples a batch
    #[arg(long, default_value_t = 32)]
    pub(crate) batch_size: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Fit {
    /// A compiled model
    pub(crate) model: PathBuf,
    /// Inputs x/NAME or x, targets y/NAME or y, and perhaps sample_weight, in .safetensors or .npz
    #[arg(long)]
    pub(crate) data: PathBuf,
    /// Where the trained model goes: .keras or .safetensors
    #[arg(long)]
    pub(crate) output: PathBuf,
    /// Where the logs of each epoch go, as JSON
    #[arg(long)]
    pub(crate) history: Option<PathBuf>,
    /// How often to go through the data
    #[arg(long, default_value_t = 1)]
    pub(crate) epochs: usize,
    /// Samples a batch
    #[arg(long, default_value_t = 32)]
    pub(crate) batch_size: usize,
    /// The part of the samples, from the end, to validate on
    #[arg(long, default_value_t = 0.0)]
    pub(crate) validation_split: f64,
    /// Takes the samples in their order
    #[arg(long)]
    pub(crate) no_shuffle: bool,
    /// How much the samples of a class weigh: 0=1.0,1=2.5
    #[arg(long, value_delimiter = ',', value_parser = class_weight)]
    pub(crate) class_weight: Vec<(u32, f64)>,
}

fn class_weight(text: &str) -> Result<(u32, f64), String> {
    let pair = text.split_once('=').and_then(|(class, weight)| {
        Some((class.trim().parse().ok()?, weight.trim().parse::<f64>().ok().filter(|weight| weight.is_finite())?))
    });
    pair.ok_or_else(|| format!("{text:?} is not CLASS=WEIGHT, as in 1=2.5"))
}
