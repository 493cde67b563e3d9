//! How a model is trained that files do not say.

use super::args::{Args, ModelName};
use crate::Epoch;
use crate::arguments::{WORKERS, arguments, check_rates, check_sizes};
use crate::train::Callbacks;
use candle_keras_ops::Result;
use std::ops::ControlFlow;

/// How [`FastTextModel::train`](super::FastTextModel::train) and [`loss`](super::FastTextModel::loss) go over a text: what the file of a model does not say.
/// [`Args`] has the rest.
///
/// A model that has just been trained has those that it was trained with; one that was read has the defaults.
#[derive(Debug, Clone)]
pub struct TrainOptions {
    pub(super) alpha: Option<f64>,
    pub(super) min_alpha: f64,
    pub(super) workers: usize,
    pub(super) seed: u64,
    pub(super) ns_exponent: f64,
    pub(super) shared_negatives: usize,
    pub(super) shrink_windows: bool,
    pub(super) verbose: u8,
    pub(super) callbacks: Callbacks,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self {
            alpha: None,
            min_alpha: 0.0,
            workers: candle_keras_ops::cores::count(),
            seed: 1,
            ns_exponent: 0.5,
            shared_negatives: 1,
            shrink_windows: true,
            verbose: 0,
            callbacks: Callbacks::default(),
        }
    }
}

impl TrainOptions {
    /// The defaults of fastText's program.
    pub fn new() -> Self {
        Self::default()
    }

    arguments! {
        /// The learning rate at the beginning. Default 0.05; 0.1 for supervised models.
        alpha: optional f64,
        /// The learning rate at the end, to which it falls in a straight line. Default 0.
        min_alpha: f64,
        /// How many threads train. Default: as many as there are cores. With one, the same text and seed give the same bits on every run.
        workers: usize,
        /// Fixes all random numbers. Default 1.
        seed: u64,
        /// The power of a word's count with which it is drawn as a negative. Default 0.5.
        ns_exponent: f64,
        /// For how many windows in a row the same negatives are used: 0 draws others for each pair of words. Default 1.
        shared_negatives: usize,
        /// Whether the reach of each window is drawn from `1..=window`. Default true.
        shrink_windows: bool,
        /// What is shown: 0 nothing (default), 1 a progress bar and a line an epoch, 2 a line an epoch.
        verbose: u8,
    }

    /// Calls `f` after each epoch; `ControlFlow::Break(())` ends the training.
    #[must_use]
    pub fn on_epoch_end(mut self, f: impl FnMut(&Epoch) -> ControlFlow<()> + Send + 'static) -> Self {
        self.callbacks.push(f);
        self
    }

    /// Checks the learning rates of a model that was trained with these.
    pub(super) fn check(&self, args: &Args) -> Result<()> {
        check_sizes(&[("workers", self.workers, WORKERS)])?;
        check_rates(&[("alpha", self.alpha_for(args)), ("min_alpha", self.min_alpha)])
    }

    /// The learning rate at the beginning, for a model that was trained with these.
    pub(super) fn alpha_for(&self, args: &Args) -> f64 {
        self.alpha.unwrap_or(if args.model == ModelName::Supervised { 0.1 } else { 0.05 })
    }
}
