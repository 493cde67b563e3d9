//! GloVe.

use super::options::{Common, given, names};
use super::{Run, Trained};
use crate::vectors::options::{not_negative, whole};
use anyhow::Result;
use candle_keras_word_vectors::GloVe;
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct Counts {
    /// The count above which all co-occurrences have the weight 1 [default: 100]
    #[arg(long, value_name = "COUNT", value_parser = not_negative)]
    x_max: Option<f64>,
    /// The exponent of the weight of smaller counts [default: 0.75]
    #[arg(long, value_name = "POWER", value_parser = not_negative)]
    power: Option<f64>,
    /// Counts only words to the left of a word
    #[arg(long)]
    asymmetric: bool,
    /// Counts all words of a window equally; otherwise near ones count more
    #[arg(long)]
    no_distance_weighting: bool,
    /// Megabytes for counting; the rest is kept in temporary files [default: 1024]
    #[arg(long, value_name = "MB", value_parser = whole(1..=1_000_000))]
    memory: Option<usize>,
}

impl Counts {
    /// The given options that other models do not have.
    pub(super) fn given(&self) -> Vec<&'static str> {
        names(&[
            ("--x-max", self.x_max.is_some()),
            ("--power", self.power.is_some()),
            ("--asymmetric", self.asymmetric),
            ("--no-distance-weighting", self.no_distance_weighting),
            ("--memory", self.memory.is_some()),
        ])
    }
}

pub(super) fn train(options: &Common, counts: &Counts, run: Run) -> Result<Trained> {
    let glove = GloVe::new()
        .vector_size(options.dim)
        .min_count(options.min_count)
        .symmetric(!counts.asymmetric)
        .distance_weighting(!counts.no_distance_weighting)
        .verbose(run.verbose);
    let glove = given!(
        glove,
        window: options.window,
        epochs: options.epochs,
        alpha: options.alpha,
        max_final_vocab: options.max_final_vocab,
        workers: options.workers,
        x_max: counts.x_max,
        power: counts.power,
        memory: counts.memory.map(|megabytes| megabytes << 20),
        seed: run.seed,
    );
    Ok(Trained::Vectors(Box::new(glove.fit(run.text)?.into_vectors()), None))
}
