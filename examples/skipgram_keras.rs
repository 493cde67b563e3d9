//! Trains word vectors on unlabeled text as a Keras model: two input words, an Embedding for each side, their dot product, and the target
//! whether the two are neighbours in the text or a negative sample.

mod common;

use anyhow::{Result, ensure};
use candle_keras::callbacks::BackupAndRestore;
use candle_keras::data::WordTokenizer;
use candle_keras::layers::{Activation, Dot, Embedding, Flatten};
use candle_keras::optimizers::Adam;
use candle_keras::preprocessing::sequence::SkipgramBatches;
use candle_keras::{prelude::*, utils};
use clap::Parser;
use std::io::Write;
use std::path::PathBuf;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Trains word vectors on unlabeled text, as a Keras model on pairs of words, and shows the nearest words of some.
#[derive(Parser)]
struct Args {
    /// A text file, or a folder of which all text files are read [default: the prose of this repository]
    #[arg(long, value_name = "FOLDER_OR_FILE")]
    text: Option<PathBuf>,
    /// The dimension of the vectors
    #[arg(long, default_value_t = 64)]
    dim: usize,
    /// The number of passes over the text
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    epochs: u16,
    /// The maximum number of words on each side of a word in its window
    #[arg(long, default_value_t = 5)]
    window_size: usize,
    /// Negative samples for each pair of the text
    #[arg(long, default_value_t = 5.0)]
    negative_samples: f64,
    /// The relative frequency above which words are subsampled
    #[arg(long, default_value_t = 1e-3)]
    sample: f64,
    /// Pairs of words per step
    #[arg(long, default_value_t = 1024)]
    batch_size: usize,
    /// The learning rate of Adam
    #[arg(long, default_value_t = 0.003)]
    learning_rate: f64,
    /// The minimum count of words
    #[arg(long, default_value_t = 3)]
    min_count: u64,
    /// The maximum number of words, the most frequent first
    #[arg(long, default_value_t = 100_000)]
    max_words: usize,
    /// Replaces bytes that are not UTF-8; otherwise they are an error
    #[arg(long)]
    lossy: bool,
    /// Words whose neighbours are shown [default: some common ones]
    #[arg(long, value_delimiter = ',', value_name = "WORD,WORD")]
    near: Vec<String>,
    /// Writes the vectors, in the format of the extension: .bin and .txt as word2vec, .safetensors, .npy, .tsv
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Backs up the training in this folder; the same command resumes it if it was interrupted
    #[arg(long, value_name = "FOLDER")]
    backup: Option<PathBuf>,
    /// The device: cpu, or cuda[:n] in a build with --features cuda
    #[arg(long, default_value = "cpu")]
    device: String,
    /// The seed of all random numbers
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// The tokenizer's id of out-of-vocabulary words.
const UNKNOWN: u32 = 1;

fn main() -> Result<()> {
    let args = Args::parse();
    common::check_output(args.save.as_ref(), common::VECTORS)?;
    let device = utils::device(&args.device)?;
    utils::set_random_seed(args.seed);
    let mut out = std::io::stdout();

    let texts: Vec<String> =
        common::documents(args.text.as_ref(), args.lossy)?.into_iter().map(|document| document.text).collect();
    let tokenizer = WordTokenizer::new().min_count(args.min_count).max_size(args.max_words).fit(&texts)?;
    let mut text = Vec::new();
    for document in &texts {
        text.extend(tokenizer.encode(document)?);
        text.push(0); // Pairs do not cross documents.
    }
    let (words, vocabulary) = (text.len() - texts.len(), tokenizer.vocabulary_size());
    ensure!(words > 1, "the text has {words} words; at least two are needed");
    writeln!(out, "{words} words of text, {vocabulary} of them different\n")?;

    let (target, context) = (Input::shape([1]), Input::shape([1]));
    let (targets, contexts) = (Embedding::new(vocabulary, args.dim), Embedding::new(vocabulary, args.dim));
    let product = Dot::new(2).call([&targets.call(&target), &contexts.call(&context)]);
    let near = Activation::new("sigmoid").call(Flatten::new().call(product));
    let mut model = Model::new([target, context], near)?;
    model.compile(Adam::new().learning_rate(args.learning_rate), "binary_crossentropy")?;
    model.to_device(&device)?;
    model.summary();

    let pairs = SkipgramBatches::new(text, vocabulary)
        .window_size(args.window_size)
        .negative_samples(args.negative_samples)
        .sample(args.sample)
        .oov_token(UNKNOWN)
        .batch_size(args.batch_size)
        .dataset();
    let mut fit = Fit::new().epochs(args.epochs.into());
    if let Some(folder) = &args.backup {
        fit = fit.callback(BackupAndRestore::new(folder).save_freq(1000));
    }
    // Pairs are generated while the model trains on earlier ones.
    model.fit(pairs.prefetch(4), (), fit)?;
    writeln!(out)?;
    let vectors = common::vectors(tokenizer.vocabulary(), &targets.get_weights()?[0])?;
    if let Some(path) = &args.save {
        vectors.save(path)?;
        writeln!(out, "{} vectors written to {}\n", vectors.len(), path.display())?;
    }
    common::print_neighbours(&vectors, &args.near, 10)
}
