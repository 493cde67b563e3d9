//! Trains word vectors on a folder of unlabeled text: two input words, one Embedding for both, the distance of their
//! vectors as the output, and zero as the target for adjacent words.

mod common;

use anyhow::{Result, ensure};
use candle_keras::data::WordTokenizer;
use candle_keras::layers::{Embedding, Lambda, Subtract};
use candle_keras::{ops, prelude::*, utils};
use clap::Parser;
use std::io::Write;
use std::path::PathBuf;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Trains an Embedding on unlabeled text and shows the result.
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
    /// Pairs of words per step; with few, Adam's steps are too large for the remaining loss
    #[arg(long, default_value_t = 512)]
    batch_size: usize,
    /// The loss: mse, mae or another one of Keras
    #[arg(long, default_value = "mse")]
    loss: String,
    /// The optimizer: adam, rmsprop or sgd
    #[arg(long, default_value = "adam")]
    optimizer: String,
    /// The minimum count of words
    #[arg(long, default_value_t = 2)]
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
    /// The device: cpu, or cuda[:n] in a build with --features cuda
    #[arg(long, default_value = "cpu")]
    device: String,
    /// The seed of all random numbers
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

fn main() -> Result<()> {
    let args = Args::parse();
    common::check_output(args.save.as_ref(), common::VECTORS)?;
    let device = utils::device(&args.device)?;
    utils::set_random_seed(args.seed);
    let mut out = std::io::stdout();

    let texts: Vec<String> =
        common::documents(args.text.as_ref(), args.lossy)?.into_iter().map(|document| document.text).collect();
    let tokenizer = WordTokenizer::new().min_count(args.min_count).max_size(args.max_words).fit(&texts)?;
    let text = tokenizer.encode(&texts.join("\n"))?;
    ensure!(text.len() > 1, "the text has {} words; at least two are needed", text.len());
    let vocabulary = tokenizer.vocabulary_size();
    writeln!(out, "{} words of text, {vocabulary} of them different\n", text.len())?;

    let (word1, word2) = (Input::shape([1]), Input::shape([1]));
    let embedding = Embedding::new(vocabulary, args.dim);
    let distance = Subtract::new().call([&embedding.call(&word1), &embedding.call(&word2)]);
    let distance = Lambda::new(|x| ops::mean(x, -1)).call(&distance);
    let mut model = Model::new([word1, word2], distance)?;
    model.compile(args.optimizer.as_str(), args.loss.as_str())?;
    model.to_device(&device)?;
    model.summary();

    let zeros = vec![0f32; text.len() - 1];
    let pairs = [&text[..text.len() - 1], &text[1..]];
    let history = model.fit(pairs, &zeros, Fit::new().epochs(args.epochs.into()).batch_size(args.batch_size))?;

    writeln!(out, "\nloss of each epoch:")?;
    for (epoch, loss) in history.epoch.iter().zip(&history["loss"]) {
        writeln!(out, "  {:>3}  {loss:.3e}", epoch + 1)?;
    }
    if let [first, .., last] = &history["loss"] {
        writeln!(out, "it fell to 1/{:.0} of the first epoch's", first / last)?;
    }
    writeln!(out)?;
    let vectors = common::vectors(tokenizer.vocabulary(), &embedding.get_weights()?[0])?;
    if let Some(path) = &args.save {
        vectors.save(path)?;
        writeln!(out, "{} vectors written to {}\n", vectors.len(), path.display())?;
    }
    common::print_neighbours(&vectors, &args.near, 5)?;
    writeln!(
        out,
        "\nThe neighbours are random: the distance here is that of the vectors' means, so that only the mean of each vector\n\
         learns (all become equal), and every other direction stays as random as it began. docs/text-and-embeddings.md says more."
    )?;
    Ok(())
}
