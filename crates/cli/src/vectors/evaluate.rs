//! Evaluates vectors.

use super::options::whole;
use super::query::ObjectiveName;
use super::source::Reading;
use crate::print::print;
use anyhow::{Context, Result, bail};
use candle_keras_word_vectors::{AnalogyScores, EvaluationOptions, PairScores, SectionScore};
use clap::Args;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
#[command(override_usage = "candle-keras vectors evaluate <VECTORS> --pairs <FILE>... --analogies <FILE>...")]
pub(crate) struct Evaluate {
    /// A file of vectors
    file: PathBuf,
    #[command(flatten)]
    reading: Reading,
    /// Pairs of words with human similarity ratings, two words and a number per line: WordSim-353, SimLex-999
    #[arg(long, value_name = "FILE", num_args = 1.., required_unless_present = "analogies")]
    pairs: Vec<PathBuf>,
    /// Questions of four words per line, in sections that start with `: name`: questions-words.txt
    #[arg(long, value_name = "FILE", num_args = 1..)]
    analogies: Vec<PathBuf>,
    /// Uses only this many words, the first ones
    #[arg(long, value_name = "N", default_value_t = 300_000, value_parser = whole(1..))]
    restrict_vocab: usize,
    /// Scores a pair with an unknown word as 0 and a question with one as wrong; otherwise they are skipped
    #[arg(long)]
    dummy4unknown: bool,
    /// Case-sensitive
    #[arg(long)]
    case_sensitive: bool,
    /// The delimiter of a file of pairs; detected by default
    #[arg(long, value_name = "CHARACTER")]
    delimiter: Option<char>,
    /// The objective of analogies
    #[arg(long, value_enum, default_value_t = ObjectiveName::Cosadd)]
    objective: ObjectiveName,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn evaluate(arguments: &Evaluate) -> Result<()> {
    // A wrong path is reported before gigabytes are read.
    for path in arguments.pairs.iter().chain(&arguments.analogies) {
        std::fs::metadata(path).with_context(|| path.display().to_string())?;
    }
    let vectors = arguments.reading.open(&arguments.file)?.into_vectors();
    let (options, mut failed) = (options(arguments), Vec::new());
    let pairs = scores(&arguments.pairs, &mut failed, |path| vectors.evaluate_word_pairs(path, &options));
    let analogies = scores(&arguments.analogies, &mut failed, |path| vectors.evaluate_word_analogies(path, &options));
    if !pairs.is_empty() || !analogies.is_empty() {
        print(&if arguments.json { json(&pairs, &analogies) } else { tables(&pairs, &analogies) })?;
    }
    if failed.is_empty() { Ok(()) } else { bail!(failed.join("\n")) }
}

fn json(pairs: &[(&Path, PairScores)], analogies: &[(&Path, AnalogyScores)]) -> String {
    let pairs: Vec<_> = pairs.iter().map(|(path, scores)| json_of_pairs(path, scores)).collect();
    let analogies: Vec<_> = analogies.iter().map(|(path, scores)| json_of_analogies(path, scores)).collect();
    json!({"pairs": pairs, "analogies": analogies}).to_string()
}

fn tables(pairs: &[(&Path, PairScores)], analogies: &[(&Path, AnalogyScores)]) -> String {
    let pairs = pairs.iter().map(|(path, scores)| format!("{}\n{scores}", path.display()));
    let analogies = analogies.iter().map(|(path, scores)| format!("{}\n{scores}", path.display()));
    pairs.chain(analogies).collect::<Vec<_>>().join("\n\n")
}

fn options(arguments: &Evaluate) -> EvaluationOptions {
    let options = EvaluationOptions::new()
        .restrict_vocab(arguments.restrict_vocab)
        .dummy4unknown(arguments.dummy4unknown)
        .case_insensitive(!arguments.case_sensitive)
        .objective(arguments.objective.into());
    if let Some(delimiter) = arguments.delimiter { options.delimiter(delimiter) } else { options }
}

/// The scores of each file; the error of a file without scores is added to `failed`, and the others are scored.
fn scores<'a, T>(
    paths: &'a [PathBuf],
    failed: &mut Vec<String>,
    score: impl Fn(&Path) -> candle_keras_word_vectors::Result<T>,
) -> Vec<(&'a Path, T)> {
    let mut scored = Vec::new();
    for path in paths {
        match score(path) {
            Ok(scores) => scored.push((path.as_path(), scores)),
            Err(error) => failed.push(error.to_string()),
        }
    }
    scored
}

fn json_of_pairs(path: &Path, scores: &PairScores) -> Value {
    json!({
        "file": path.display().to_string(),
        "spearman": scores.spearman,
        "pearson": scores.pearson,
        "used": scores.used,
        "unknown": scores.unknown,
        "total": scores.total,
    })
}

fn json_of_analogies(path: &Path, scores: &AnalogyScores) -> Value {
    let section = |section: &SectionScore| {
        json!({
            "name": section.name,
            "accuracy": section.accuracy(),
            "correct": section.correct,
            "used": section.used,
            "unknown": section.unknown,
            "total": section.total,
        })
    };
    json!({
        "file": path.display().to_string(),
        "total": section(&scores.total()),
        "semantic": section(&scores.semantic()),
        "syntactic": section(&scores.syntactic()),
        "sections": scores.sections.iter().map(section).collect::<Vec<_>>(),
    })
}
