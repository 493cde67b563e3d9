//! Options that several models have.

use crate::vectors::options::{finite, not_negative, whole};
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct Common {
    /// Numbers in the vector of a word
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = whole(1..=100_000))]
    pub dim: usize,
    /// How many words on either side of a word belong to its window, at most [default: 5; 15 for glove]
    #[arg(long, value_name = "N", value_parser = whole(1..=100_000))]
    pub window: Option<usize>,
    /// How often the text is read, or with glove what was counted in it [default: 5; 25 for glove]
    #[arg(long, value_name = "N", value_parser = whole(1..=1_000_000))]
    pub epochs: Option<usize>,
    /// The learning rate at the beginning [default: 0.025 for skipgram; 0.05 for the others]
    #[arg(long, value_name = "RATE", allow_negative_numbers = true, value_parser = not_negative)]
    pub alpha: Option<f64>,
    /// How often a word must occur to get a vector
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub min_count: u64,
    /// How many words get a vector at most, the most frequent first [default: all of min-count]
    #[arg(long, value_name = "N", value_parser = whole(2..))]
    pub max_final_vocab: Option<usize>,
    /// How many threads train; with one, the same text and --seed (default 1) give the same vectors on every run [default: the number of cores]
    #[arg(long, value_name = "N", value_parser = whole(1..=4096))]
    pub workers: Option<usize>,
}

/// Options of what is trained window by window: all but glove.
#[derive(Debug, Args)]
pub(super) struct Windows {
    /// The learning rate at the end, to which it falls in a straight line [default: 0.0001; 0 for fasttext]
    #[arg(long, value_name = "RATE", allow_negative_numbers = true, value_parser = not_negative)]
    pub min_alpha: Option<f64>,
    /// Makes all windows as wide as they may be, where the width of each is drawn at random otherwise, so that near words count more
    #[arg(long)]
    pub fixed_windows: bool,
    /// From which share of the text on a word is so frequent that some of its occurrences are left out; 0 leaves out none [default: 0.001; 0.0001
    /// for fasttext]
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true, value_parser = not_negative)]
    pub sample: Option<f64>,
    /// How many negatives are drawn for a window; 0 is without negative sampling [default: 5]
    #[arg(long, value_name = "N", value_parser = whole(0..=10_000))]
    pub negative: Option<usize>,
    /// The power of a word's count with which it is drawn as a negative [default: 0.75; 0.5 for fasttext]
    #[arg(long, value_name = "POWER", allow_negative_numbers = true, value_parser = finite)]
    pub ns_exponent: Option<f64>,
    /// For how many windows in a row the same negatives are used; 0 draws others for each pair of words, and takes several times as long
    /// [default: 1]
    #[arg(long, value_name = "N", value_parser = whole(0..=1_000_000))]
    pub shared_negatives: Option<usize>,
    /// Hierarchical softmax: beside negative sampling or alone with --negative 0; in its place for fasttext
    #[arg(long)]
    pub hs: bool,
    /// For cbow: the sum of a window's words predicts its centre, not their mean
    #[arg(long)]
    pub cbow_sum: bool,
    /// For cbow: divides the gradient of the mean by the number of words, as word2vec does not; 0.075 is a good alpha with it
    #[arg(long)]
    pub corrected_cbow: bool,
}

impl Windows {
    /// The options that were given, which glove does not have.
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

    /// Those that cbow alone has.
    pub(super) fn given_for_cbow(&self) -> Vec<&'static str> {
        names(&[("--cbow-sum", self.cbow_sum), ("--corrected-cbow", self.corrected_cbow)])
    }
}

/// The names of the options that were given.
pub(super) fn names(options: &[(&'static str, bool)]) -> Vec<&'static str> {
    options.iter().filter(|(_, is_given)| *is_given).map(|(name, _)| *name).collect()
}

/// Sets the arguments of a model that were given; the others keep the library's defaults.
macro_rules! given {
    ($model:expr, $($name:ident: $value:expr),* $(,)?) => {{
        let mut model = $model;
        $(if let Some(value) = $value {
            model = model.$name(value);
        })*
        model
    }};
}

/// Sets the arguments that models with windows have in common, and those behind `;` that were given.
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
