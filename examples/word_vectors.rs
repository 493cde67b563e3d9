//! Trains word vectors on a folder of unlabeled text, shows the nearest neighbours of common words, and saves the vectors.

mod common;

use anyhow::Result;
use candle_keras::word_vectors::{FastText, GloVe, KeyedVectors, Map, Text, Word2Vec};
use clap::{Parser, ValueEnum};
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Trains word vectors on unlabeled text, and shows nearest neighbours.
#[derive(Parser)]
struct Args {
    /// A text file, or a folder of which all text files are read [default: the guide of this repository]
    #[arg(long, value_name = "FOLDER_OR_FILE")]
    text: Option<PathBuf>,
    /// Reads only files with these extensions, such as txt,md
    #[arg(long, value_delimiter = ',', value_name = "LIST")]
    extensions: Vec<String>,
    /// The model
    #[arg(long, value_enum, default_value = "skipgram")]
    model: Kind,
    /// The dimension of the vectors
    #[arg(long, default_value_t = 100)]
    dim: usize,
    /// The number of passes over the text [default: 5; 60 for the guide, which is small]
    #[arg(long)]
    epochs: Option<usize>,
    /// The minimum count of words [default: 5; 3 for the guide]
    #[arg(long)]
    min_count: Option<u64>,
    /// The number of threads [default: one per core]; with 1, every run gives the same vectors
    #[arg(long)]
    workers: Option<usize>,
    /// The seed of all random numbers
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Replaces bytes that are not UTF-8; otherwise they are an error
    #[arg(long)]
    lossy: bool,
    /// Words whose neighbours are shown [default: some common ones]
    #[arg(long, value_delimiter = ',', value_name = "WORD,WORD")]
    near: Vec<String>,
    /// Writes the vectors, in the format of the extension: .bin (of fastText, the whole model) and .txt as word2vec, .safetensors, .npy, .tsv
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
    common::check_output(args.save.as_ref(), common::VECTORS)?;
    common::check_output(args.map.as_ref(), &["html", "htm", "svg"])?;
    let mut out = std::io::stdout();
    let start = Instant::now();
    let vectors = train(&args)?;
    let seconds = start.elapsed().as_secs_f64();
    writeln!(out, "\n{} words with {} numbers each, in {seconds:.1} s\n", vectors.len(), vectors.vector_size())?;
    if let Some(path) = &args.save {
        writeln!(out, "written to {}\n", path.display())?;
    }
    if let Some(path) = &args.map {
        Map::new(&vectors).seed(args.seed).fit()?.save(path)?;
        writeln!(out, "the map is {}\n", path.display())?;
    }
    common::print_neighbours(&vectors, &args.near, 12)
}

/// Trains, and saves the result before anything else can fail.
fn train(args: &Args) -> Result<KeyedVectors> {
    let is_guide = args.text.is_none();
    let text = match &args.text {
        Some(path) => Text::folder(path).lossy(args.lossy).extensions(&args.extensions),
        // Its lines are wrapped, so that a paragraph is a sentence.
        None => Text::folder(concat!(env!("CARGO_MANIFEST_DIR"), "/docs")).extensions(["md"]).sentence("paragraph"),
    };
    // The arguments that all models share.
    macro_rules! fit {
        ($model:expr) => {{
            let model = $model
                .vector_size(args.dim)
                .epochs(args.epochs.unwrap_or(if is_guide { 60 } else { 5 }))
                .min_count(args.min_count.unwrap_or(if is_guide { 3 } else { 5 }))
                .seed(args.seed)
                .verbose(1);
            match args.workers {
                Some(workers) => model.workers(workers).fit(text)?,
                None => model.fit(text)?,
            }
        }};
    }
    let vectors = match args.model {
        Kind::Skipgram => fit!(Word2Vec::new()).into_vectors(),
        Kind::Cbow => fit!(Word2Vec::new().skip_gram(false)).into_vectors(),
        Kind::Glove => fit!(GloVe::new()).into_vectors(),
        Kind::Fasttext => {
            let model = fit!(FastText::new());
            let is_bin = |path: &&PathBuf| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("bin"));
            if let Some(path) = args.save.as_ref().filter(is_bin) {
                // The whole model, with vectors for unseen words.
                model.save(path)?;
                return Ok(model.into_vectors());
            }
            model.into_vectors()
        }
    };
    if let Some(path) = &args.save {
        vectors.save(path)?;
    }
    Ok(vectors)
}
