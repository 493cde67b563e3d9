//! fastText: skip-gram or CBOW with character n-grams.

use super::options::{Common, Windows, given, names, with_windows};
use super::{Run, Trained};
use crate::vectors::options::whole;
use anyhow::Result;
use candle_keras_word_vectors::FastText;
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct NGrams {
    /// The mean of a window's rows predicts its centre, as with cbow
    #[arg(long)]
    cbow: bool,
    /// The minimum length of n-grams, including the < and > around a word [default: 3]
    #[arg(long, value_name = "N", value_parser = whole(0..=1000))]
    min_n: Option<usize>,
    /// The maximum length of n-grams; 0 is without n-grams [default: 6]
    #[arg(long, value_name = "N", value_parser = whole(0..=1000))]
    max_n: Option<usize>,
    /// The number of buckets for hashed n-grams [default: 2000000]
    #[arg(long, value_name = "N", value_parser = whole(1..=1_000_000_000))]
    bucket: Option<usize>,
}

impl NGrams {
    /// The given options that other models do not have.
    pub(super) fn given(&self) -> Vec<&'static str> {
        names(&[
            ("--cbow", self.cbow),
            ("--min-n", self.min_n.is_some()),
            ("--max-n", self.max_n.is_some()),
            ("--bucket", self.bucket.is_some()),
        ])
    }
}

pub(super) fn train(options: &Common, windows: &Windows, ngrams: &NGrams, run: Run) -> Result<Trained> {
    let fast_text = FastText::new().skip_gram(!ngrams.cbow).loss(if windows.hs { "hs" } else { "ns" });
    let fast_text = with_windows!(
        fast_text, options, windows, run;
        min_n: ngrams.min_n,
        max_n: ngrams.max_n,
        bucket: ngrams.bucket,
    );
    Ok(Trained::FastText(Box::new(fast_text.fit(run.text)?)))
}
