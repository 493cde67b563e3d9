//! Helpers of several examples: reading text, showing nearest neighbours, and checking output files before training.

use anyhow::{Context, Result, bail};
use candle_keras::data::{Document, ReadText, read_text};
use candle_keras::prelude::*;
use candle_keras::word_vectors::KeyedVectors;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The file extensions of vectors.
pub const VECTORS: &[&str] = &["bin", "txt", "vec", "safetensors", "npy", "tsv"];

/// Checks that a file can be written, before training: an error if its extension is unknown, or its folder does not exist.
pub fn check_output(path: Option<&PathBuf>, endings: &[&str]) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    if !endings.contains(&ending.as_str()) {
        bail!("{}: unknown file extension; expected: .{}", path.display(), endings.join(", ."));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        bail!("{}: there is no folder {}", path.display(), folder.display());
    }
    Ok(())
}

/// The given text, or the prose of this repository.
#[allow(dead_code, reason = "an example that trains on a folder alone has no documents")]
pub fn documents(text: Option<&PathBuf>, lossy: bool) -> Result<Vec<Document>> {
    let options = ReadText::new().lossy(lossy);
    if let Some(path) = text {
        return Ok(read_text(path, &options)?);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut documents = read_text(root.join("docs"), &options.clone().extensions(["md"]))?;
    for name in ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"] {
        documents.extend(read_text(root.join(name), &options).context("the example reads the repository's own prose")?);
    }
    Ok(documents)
}

/// The words of a tokenizer's vocabulary with their rows of an Embedding, without the special tokens.
#[allow(dead_code, reason = "an example without a model of layers has vectors already")]
pub fn vectors(vocabulary: Vec<String>, table: &Tensor) -> Result<KeyedVectors> {
    let words = table.narrow(0, 2, vocabulary.len() - 2)?;
    Ok(KeyedVectors::new(vocabulary.into_iter().skip(2), &words)?)
}

/// Prints the nearest words of some words, or of `count` frequent ones, except short ones.
pub fn print_neighbours(vectors: &KeyedVectors, words: &[String], count: usize) -> Result<()> {
    let mut out = std::io::stdout();
    let common = vectors.words().iter().filter(|word| word.chars().count() > 4).take(count).map(String::from);
    let words = if words.is_empty() { common.collect() } else { words.to_vec() };
    for word in words {
        let near = vectors.most_similar(&word, 5)?;
        let near: Vec<_> = near.into_iter().map(|(word, cosine)| format!("{word} ({cosine:.2})")).collect();
        writeln!(out, "near {word:<14} {}", near.join(", "))?;
    }
    Ok(())
}
