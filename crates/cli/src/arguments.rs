//! The command line arguments.

use crate::vectors;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Summarizes, plots, runs, trains and converts Keras's files, and trains word vectors, without Python.
#[derive(Debug, Parser)]
#[command(name = "candle-keras", version, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// The device: cpu, cuda or cuda:N
    #[arg(long, global = true)]
    pub(crate) device: Option<String>,

    /// The seed of shuffling, dropout and all other random numbers [default: 1 for vectors, 0 for their map; others on each run for models]
    #[arg(long, global = true)]
    pub(crate) seed: Option<u64>,

    /// Shows the progress: 0 silent, 1 a bar, 2 a line per epoch
    #[arg(long, short, global = true, num_args = 0..=1, default_missing_value = "1")]
    pub(crate) verbose: Option<u8>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Prints the summary of the layers
    Summary {
        /// A .keras, .h5 or .safetensors file
        model: PathBuf,
    },
    /// Plots the graph with its shapes
    Plot {
        /// A .keras, .h5 or .safetensors file
        model: PathBuf,
        /// The output file: .svg, .png, or .dot for Graphviz
        out: PathBuf,
        /// The direction: TB from top to bottom, BT, LR from left to right, or RL
        #[arg(long, default_value = "TB")]
        rankdir: String,
        /// The dots per inch of a .png
        #[arg(long, default_value_t = 200)]
        dpi: u32,
        /// Draws the layers of nested models too
        #[arg(long)]
        expand_nested: bool,
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
        /// Samples per batch
        #[arg(long, default_value_t = 32)]
        batch_size: usize,
    },
    /// Prints the loss and the metrics on data as JSON
    Evaluate(Evaluate),
    /// Continues training with the file's own optimizer, loss and metrics; or makes a model for a table or a folder
    Fit(Fit),
    /// Converts between .keras, .h5 (from), .weights.h5, .safetensors and .npz (weights)
    Convert {
        /// The input file
        input: PathBuf,
        /// The output file
        output: PathBuf,
    },
    /// Makes a Rust program of a Python script or notebook that uses Keras
    Port {
        /// The script: .py or .ipynb
        script: PathBuf,
        /// The folder of the program; by default the script's name in the current folder
        #[arg(long)]
        output: Option<PathBuf>,
        /// Writes nothing, and fails if a line cannot be ported
        #[arg(long)]
        check: bool,
        /// Runs the script and the program with the same random numbers, and fails if they print different lines; needs a Python with Keras 3, and cargo
        #[arg(long, conflicts_with = "check")]
        verify: bool,
        /// The Python for --verify
        #[arg(long, env = "PYTHON", default_value = "python3")]
        python: PathBuf,
        /// For --verify: arguments of the script and the program
        #[arg(last = true, requires = "verify")]
        arguments: Vec<String>,
    },
    /// Word vectors: trains, queries, evaluates, converts and maps them
    #[command(subcommand)]
    Vectors(Box<vectors::Command>),
}

#[derive(Debug, Args)]
pub(crate) struct Evaluate {
    /// A compiled model
    pub(crate) model: PathBuf,
    /// Inputs x/NAME or x, targets y/NAME or y, and optionally sample_weight, in .safetensors or .npz
    #[arg(long)]
    pub(crate) data: PathBuf,
    /// Samples per batch
    #[arg(long, default_value_t = 32)]
    pub(crate) batch_size: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Fit {
    /// A compiled model; or data to make a model for: a .csv, .tsv or .parquet file, or a folder with a subfolder of images or texts for each class
    pub(crate) model: PathBuf,
    /// For a model: inputs x/NAME or x, targets y/NAME or y, and optionally sample_weight, in .safetensors or .npz
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
    /// For a table: the column that is predicted. Strings, and integers of up to 20 values, are classes
    #[arg(long)]
    pub(crate) target: Option<String>,
    /// For a table: the target is a number, though it has few values
    #[arg(long)]
    pub(crate) regression: bool,
    /// For images: the height and width that they are resized to [default: 96]
    #[arg(long)]
    pub(crate) image_size: Option<usize>,
    /// The file of the trained model: .keras or .safetensors
    #[arg(long)]
    pub(crate) output: PathBuf,
    /// Without a model: the file of the report, .html [default: beside the output]
    #[arg(long)]
    pub(crate) report: Option<PathBuf>,
    /// The file of the logs of each epoch, as JSON
    #[arg(long)]
    pub(crate) history: Option<PathBuf>,
    /// The number of passes over the data [default: 1; without a model until the validation loss no longer falls, at most 100 for tables, 30 for folders]
    #[arg(long)]
    pub(crate) epochs: Option<usize>,
    /// Samples per batch
    #[arg(long, default_value_t = 32)]
    pub(crate) batch_size: usize,
    /// The fraction of the samples to validate on: from the end for a model [default: 0]; at random otherwise [default: 0.2]
    #[arg(long)]
    pub(crate) validation_split: Option<f64>,
    /// Does not shuffle the samples
    #[arg(long)]
    pub(crate) no_shuffle: bool,
    /// The weights of classes in the loss: 0=1.0,1=2.5
    #[arg(long, value_delimiter = ',', value_parser = class_weight)]
    pub(crate) class_weight: Vec<(u32, f64)>,
}

fn class_weight(text: &str) -> Result<(u32, f64), String> {
    let pair = text.split_once('=').and_then(|(class, weight)| {
        Some((class.trim().parse().ok()?, weight.trim().parse::<f64>().ok().filter(|weight| weight.is_finite())?))
    });
    pair.ok_or_else(|| format!("{text:?} is not CLASS=WEIGHT, as in 1=2.5"))
}
