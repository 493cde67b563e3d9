//! Trains word vectors on text that has no labels, the Keras way: two words in, an Embedding for each side, their product, and whether the two
//! stood near each other in the text or were drawn at random.

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

/// Trains word vectors on text without labels, as a Keras model on pairs of words, and shows the nearest words of some.
#[derive(Parser)]
struct Args {
    /// A text file, or a folder of which all text files are read [default: the prose of this repository]
    #[arg(long, value_name = "FOLDER_OR_FILE")]
    text: Option<PathBuf>,
    /// Numbers in the vector of a word
    #[arg(long, default_value_t = 64)]
    dim: usize,
    /// How often the text is read
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    epochs: u16,
    /// Words on each side of a word that count as near, at most
    #[arg(long, default_value_t = 5)]
    window_size: usize,
    /// Random pairs for each pair of the text
    #[arg(long, default_value_t = 5.0)]
    negative_samples: f64,
    /// The share of the text above which a word is left out now and then
    #[arg(long, default_value_t = 1e-3)]
    sample: f64,
    /// Pairs of words a step
    #[arg(long, default_value_t = 1024)]
    batch_size: usize,
    /// The learning rate of Adam
    #[arg(long, default_value_t = 0.003)]
    learning_rate: f64,
    /// How often a word must occur to get a vector
    #[arg(long, default_value_t = 3)]
    min_count: u64,
    /// How many words get a vector at most, the most frequent first
    #[arg(long, default_value_t = 100_000)]
    max_words: usize,
    /// Reads files that are not UTF-8 as well, with their wrong bytes replaced
    #[arg(long)]
    lossy: bool,
    /// Words whose neighbours are shown [default: some common ones]
    #[arg(long, value_delimiter = ',', value_name = "WORD,WORD")]
    near: Vec<String>,
    /// Writes the vectors, in the format of the ending: .bin and .txt as word2vec, .safetensors, .npy, .tsv
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Saves the training in this folder now and then; the same command goes on where it was cut off
    #[arg(long, value_name = "FOLDER")]
    backup: Option<PathBuf>,
    /// Where to compute: cpu, or cuda[:n] in a build with --features cuda
    #[arg(long, default_value = "cpu")]
    device: String,
    /// Fixes all random numbers
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// The number that the tokenizer gives to words that are not in the vocabulary.
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
        text.push(0); // No pair has its words in two documents.
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
    // Pairs are drawn while the model is trained on those before them.
    model.fit(pairs.prefetch(4), (), fit)?;
    writeln!(out)?;
    let vectors = common::vectors(tokenizer.vocabulary(), &targets.get_weights()?[0])?;
    if let Some(path) = &args.save {
        vectors.save(path)?;
        writeln!(out, "{} vectors written to {}\n", vectors.len(), path.display())?;
    }
    common::print_neighbours(&vectors, &args.near, 10)
}
