//! Options shared by several models.

use crate::vectors::options::{finite, not_negative, whole};
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct Common {
    /// The dimension of the vectors
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = whole(1..=100_000))]
    pub dim: usize,
    /// The maximum number of words on each side of a word in its window [default: 5; 15 for glove]
    #[arg(long, value_name = "N", value_parser = whole(1..=100_000))]
    pub window: Option<usize>,
    /// The number of passes over the text, or with glove over its counts [default: 5; 25 for glove]
    #[arg(long, value_name = "N", value_parser = whole(1..=1_000_000))]
    pub epochs: Option<usize>,
    /// The initial learning rate [default: 0.025 for skipgram; 0.05 for the others]
    #[arg(long, value_name = "RATE", allow_negative_numbers = true, value_parser = not_negative)]
    pub alpha: Option<f64>,
    /// The minimum count of words
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub min_count: u64,
    /// The maximum number of words, the most frequent first [default: all of min-count]
    #[arg(long, value_name = "N", value_parser = whole(2..))]
    pub max_final_vocab: Option<usize>,
    /// The number of threads; with one, the same text and --seed (default 1) give the same vectors on every run [default: the number of cores]
    #[arg(long, value_name = "N", value_parser = whole(1..=4096))]
    pub workers: Option<usize>,
}

/// Options of models that are trained window by window: all but glove.
#[derive(Debug, Args)]
pub(super) struct Windows {
    /// The final learning rate, to which it decays linearly [default: 0.0001; 0 for fasttext]
    #[arg(long, value_name = "RATE", allow_negative_numbers = true, value_parser = not_negative)]
    pub min_alpha: Option<f64>,
    /// Uses the full width for all windows; otherwise the width of each is drawn at random, so that near words count more
    #[arg(long)]
    pub fixed_windows: bool,
    /// The relative frequency above which words are subsampled; 0 is without [default: 0.001; 0.0001
    /// for fasttext]
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true, value_parser = not_negative)]
    pub sample: Option<f64>,
    /// The number of negatives per window; 0 is without negative sampling [default: 5]
    #[arg(long, value_name = "N", value_parser = whole(0..=10_000))]
    pub negative: Option<usize>,
    /// The exponent of counts in the distribution of negatives [default: 0.75; 0.5 for fasttext]
    #[arg(long, value_name = "POWER", allow_negative_numbers = true, value_parser = finite)]
    pub ns_exponent: Option<f64>,
    /// The number of consecutive windows that share negatives; 0 draws new ones for each pair of words, and takes several times as long
    /// [default: 1]
    #[arg(long, value_name = "N", value_parser = whole(0..=1_000_000))]
    pub shared_negatives: Option<usize>,
    /// Hierarchical softmax: in addition to negative sampling, or alone with --negative 0; in its place for fasttext
    #[arg(long)]
    pub hs: bool,
    /// For cbow: uses the sum of a window's words, not their mean
    #[arg(long)]
    pub cbow_sum: bool,
    /// For cbow: divides the gradient of the mean by the number of words, as word2vec does not; 0.075 is a good alpha with it
    #[arg(long)]
    pub corrected_cbow: bool,
}

impl Windows {
    /// The given options that glove does not have.
    pub(super) fn given(&self) -> Vec<&'static str> {
        names(&[
            ("--min-alpha", self.min_alpha.is_some()),
            ("--fixed-windows", self.fixed_windows),
            ("--sample", self.sample.is_some()),
            ("--negative", self.negative.is_some()),
            ("--ns-exponent", self.ns_exponent.is_some()),
            ("--shared-negatives", self.shared_negatives.is_some()),
            ("--hs", self.hs),
        ])
    }

    /// The given options that only cbow has.
    pub(super) fn given_for_cbow(&self) -> Vec<&'static str> {
        names(&[("--cbow-sum", self.cbow_sum), ("--corrected-cbow", self.corrected_cbow)])
    }
}

/// The names of the given options.
pub(super) fn names(options: &[(&'static str, bool)]) -> Vec<&'static str> {
    options.iter().filter(|(_, is_given)| *is_given).map(|(name, _)| *name).collect()
}

/// Sets the given arguments of a model; the others keep the library's defaults.
macro_rules! given {
    ($model:expr, $($name:ident: $value:expr),* $(,)?) => {{
        let mut model = $model;
        $(if let Some(value) = $value {
            model = model.$name(value);
        })*
        model
    }};
}

/// Sets the arguments shared by models with windows, and the given ones after `;`.
macro_rules! with_windows {
    ($model:expr, $options:expr, $windows:expr, $run:expr; $($rest:tt)*) => {
        given!(
            $model
                .vector_size($options.dim)
                .min_count($options.min_count)
                .shrink_windows(!$windows.fixed_windows)
                .verbose($run.verbose),
            window: $options.window,
            epochs: $options.epochs,
            alpha: $options.alpha,
            max_final_vocab: $options.max_final_vocab,
            workers: $options.workers,
            min_alpha: $windows.min_alpha,
            sample: $windows.sample,
            negative: $windows.negative,
            shared_negatives: $windows.shared_negatives,
            ns_exponent: $windows.ns_exponent,
            seed: $run.seed,
            $($rest)*
        )
    };
}

pub(super) use {given, with_windows};
