//! Maps of words in the plane.

use super::lines;
use super::options::{finite, whole};
use super::source::{Reading, is_fast_text};
use crate::outputs::{check_apart, check_output};
use anyhow::Result;
use candle_keras_ops::warnings;
use candle_keras_word_vectors::{self as word_vectors, KeyedVectors};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct Map {
    /// A file of vectors
    file: PathBuf,
    /// The output file: .html, a page that needs no network, or .svg, for printing
    output: PathBuf,
    #[command(flatten)]
    reading: Reading,
    /// Reads the counts of words, which the page shows, from this file, a word and its count per line
    #[arg(long, value_name = "FILE")]
    counts: Option<PathBuf>,
    /// The maximum number of words, the first ones of the file [default: 2000; all of --only]
    #[arg(long, value_name = "N", value_parser = whole(1..))]
    words: Option<usize>,
    /// Shows only the words of this file, one per line; those without a vector are skipped
    #[arg(long, value_name = "FILE")]
    only: Option<PathBuf>,
    /// The projection: tsne preserves neighbors, pca distances
    #[arg(long, value_enum, default_value_t = Method::Tsne)]
    method: Method,
    /// The perplexity of tsne: about the number of neighbors of a word
    #[arg(long, default_value_t = 30.0, value_parser = finite)]
    perplexity: f64,
    /// The steps of gradient descent of tsne
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = whole(0..))]
    iterations: usize,
    /// The number of neighbors that the page lists for each word
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = whole(0..))]
    neighbors: usize,
    /// The title of the page
    #[arg(long, default_value = "Word map")]
    title: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Method {
    Tsne,
    Pca,
}

pub(super) fn map(arguments: &Map, seed: Option<u64>) -> Result<()> {
    check_output(&arguments.output, &["html", "htm", "svg"])?;
    check_apart(&[&arguments.file], &[&arguments.output])?;
    let only = arguments.only.as_deref().map(lines::words).transpose()?;
    let vectors = read(arguments)?;
    let words = if only.is_some() { usize::MAX } else { 2000 };
    let mut map = word_vectors::Map::new(&vectors)
        .words(arguments.words.unwrap_or(words))
        .method(match arguments.method {
            Method::Tsne => word_vectors::Method::Tsne,
            Method::Pca => word_vectors::Method::Pca,
        })
        .perplexity(arguments.perplexity)
        .iterations(arguments.iterations)
        .neighbors(arguments.neighbors)
        .title(&arguments.title)
        .seed(seed.unwrap_or(0));
    if let Some(only) = only {
        map = map.only(known(&vectors, only)?);
    }
    let map = map.fit()?;
    if let Some(first) = map.left_out().first() {
        let count = map.left_out().len();
        warnings::warn(format!(
            "{count} words have no direction, and no place on the map: {first:?} is the first of them"
        ));
    }
    Ok(map.save(&arguments.output)?)
}

fn read(arguments: &Map) -> Result<KeyedVectors> {
    let Map { file, reading, counts, .. } = arguments;
    let Some(counts) = counts else { return Ok(reading.open(file)?.into_vectors()) };
    if is_fast_text(file) {
        reading.check_model(file, &[("--counts", true)])?;
    }
    Ok(KeyedVectors::load_with(file, reading.load().counts(counts))?)
}

/// The words that have a vector, with a warning about the others; an error if none has one.
fn known(vectors: &KeyedVectors, words: Vec<String>) -> Result<Vec<String>> {
    let (known, unknown): (Vec<_>, Vec<_>) = words.into_iter().partition(|word| vectors.contains(word));
    if let Some(first) = unknown.first() {
        if known.is_empty() {
            vectors.index_of(first)?;
        }
        warnings::warn(format!("{} words of the list have no vector: {first:?} is the first of them", unknown.len()));
    }
    Ok(known)
}
