//! Trains word vectors on a folder of text that has no labels, shows the neighbours of its common words, and keeps the vectors.

mod common;

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
    /// Reads files with these extensions only, as txt,md
    #[arg(long, value_delimiter = ',', value_name = "LIST")]
    extensions: Vec<String>,
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
    /// Writes the vectors, in the format of the ending: .bin (of fastText, the whole model) and .txt as word2vec, .safetensors, .npy, .tsv
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

/// Trains, and saves what was trained before anything else can go wrong.
fn train(args: &Args) -> Result<KeyedVectors> {
    let is_guide = args.text.is_none();
    let text = match &args.text {
        Some(path) => Text::folder(path).lossy(args.lossy).extensions(&args.extensions),
        // Its lines have one width, so that a paragraph is a sentence.
        None => Text::folder(concat!(env!("CARGO_MANIFEST_DIR"), "/docs")).extensions(["md"]).sentence("paragraph"),
    };
    // The arguments that all models have.
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
                // The whole model, which has vectors for unseen words too.
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
