//! Trains word vectors on a folder of text that has no labels, shows the neighbours of its common words, and keeps the vectors.

use anyhow::Result;
use candle_keras::word_vectors::{FastText, GloVe, KeyedVectors, Map, Text, Word2Vec};
use clap::{Parser, ValueEnum};
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Trains word vectors on text without labels, and shows what they have learned.
#[derive(Parser)]
struct Args {
    /// A text file, or a folder of which all text files are read [default: the guide of this repository]
    #[arg(long, value_name = "FOLDER_OR_FILE")]
    text: Option<PathBuf>,
    /// What is trained
    #[arg(long, value_enum, default_value = "skipgram")]
    model: Kind,
    /// Numbers in the vector of a word
    #[arg(long, default_value_t = 100)]
    dim: usize,
    /// How often the text is read [default: 5; 60 for the guide, which is small]
    #[arg(long)]
    epochs: Option<usize>,
    /// How often a word must occur to get a vector [default: 5; 3 for the guide]
    #[arg(long)]
    min_count: Option<u64>,
    /// How many threads train [default: one a core]; with 1, every run gives the same vectors
    #[arg(long)]
    workers: Option<usize>,
    /// Fixes all random numbers
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Reads files that are not UTF-8 as well, with their wrong bytes replaced
    #[arg(long)]
    lossy: bool,
    /// Words whose neighbours are shown [default: some common ones]
    #[arg(long, value_delimiter = ',', value_name = "WORD,WORD")]
    near: Vec<String>,
    /// Writes the vectors, in the format of the ending: .bin and .txt as word2vec, .safetensors, .npy, .tsv
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Writes a map of the words: one page that opens offline (.html), or a picture (.svg)
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Skipgram,
    Cbow,
    Fasttext,
    Glove,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let mut out = std::io::stdout();
    let start = Instant::now();
    let vectors = train(&args)?;
    let seconds = start.elapsed().as_secs_f64();
    writeln!(out, "\n{} words with {} numbers each, in {seconds:.1} s\n", vectors.len(), vectors.vector_size())?;

    // The most frequent words are short and say little.
    let common = vectors.words().iter().filter(|word| word.chars().count() > 4).take(12).map(String::from);
    let words = if args.near.is_empty() { common.collect() } else { args.near.clone() };
    for word in &words {
        let near = vectors.most_similar(word.as_str(), 5)?;
        let near: Vec<_> = near.into_iter().map(|(word, cosine)| format!("{word} ({cosine:.2})")).collect();
        writeln!(out, "near {word:<14} {}", near.join(", "))?;
    }
    if let Some(path) = &args.save {
        vectors.save(path)?;
        writeln!(out, "\nwritten to {}", path.display())?;
    }
    if let Some(path) = &args.map {
        Map::new(&vectors).seed(args.seed).fit()?.save(path)?;
        writeln!(out, "\nthe map is {}", path.display())?;
    }
    Ok(())
}

fn train(args: &Args) -> Result<KeyedVectors> {
    let is_guide = args.text.is_none();
    let text = match &args.text {
        Some(path) => Text::folder(path).lossy(args.lossy),
        // Its lines have one width, so that a paragraph is a sentence.
        None => Text::folder(concat!(env!("CARGO_MANIFEST_DIR"), "/docs")).extensions(["md"]).sentence("paragraph"),
    };
    let epochs = args.epochs.unwrap_or(if is_guide { 60 } else { 5 });
    let min_count = args.min_count.unwrap_or(if is_guide { 3 } else { 5 });
    let workers = args.workers.unwrap_or_else(candle_keras::ops::cores::count);
    Ok(match args.model {
        Kind::Skipgram | Kind::Cbow => Word2Vec::new()
            .skip_gram(matches!(args.model, Kind::Skipgram))
            .vector_size(args.dim)
            .epochs(epochs)
            .min_count(min_count)
            .workers(workers)
            .seed(args.seed)
            .verbose(1)
            .fit(text)?
            .into_vectors(),
        Kind::Fasttext => FastText::new()
            .vector_size(args.dim)
            .epochs(epochs)
            .min_count(min_count)
            .workers(workers)
            .seed(args.seed)
            .verbose(1)
            .fit(text)?
            .into_vectors(),
        Kind::Glove => GloVe::new()
            .vector_size(args.dim)
            .epochs(epochs)
            .min_count(min_count)
            .workers(workers)
            .seed(args.seed)
            .verbose(1)
            .fit(text)?
            .into_vectors(),
    })
}
