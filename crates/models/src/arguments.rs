//! The keyword arguments of `fit`, `evaluate` and `predict`, with Keras's names and defaults.

use crate::Result;
use crate::callbacks::Callback;
use crate::steps::TrainStep;
use candle_core::Tensor;
use candle_keras_data::{Data, IntoData, ToTensors};
use std::collections::BTreeMap;

/// Inputs, targets and weights.
pub(crate) type Validation = (Data, Data, Vec<Tensor>);

/// What all three have: the size of a batch, how much is printed, callbacks.
pub(crate) struct Run<'a> {
    pub(crate) batch_size: usize,
    pub(crate) verbose: u8,
    pub(crate) callbacks: Vec<Box<dyn Callback + 'a>>,
}

impl Default for Run<'_> {
    fn default() -> Self {
        Self { batch_size: 32, verbose: 1, callbacks: Vec::new() }
    }
}

/// Writes the methods that all three have.
macro_rules! run_arguments {
    ($name:ident) => {
        impl From<()> for $name<'_> {
            fn from((): ()) -> Self {
                Self::default()
            }
        }

        impl<'a> $name<'a> {
            /// Keras's defaults: batches of 32, and a progress bar.
            pub fn new() -> Self {
                Self::default()
            }

            /// The number of samples a batch of arrays. Default: 32. The last batch may be smaller. A dataset comes in batches already.
            pub fn batch_size(mut self, batch_size: usize) -> Self {
                self.run.batch_size = batch_size;
                self
            }

            /// 0 for silence, 1 for a progress bar, 2 for a line at the end.
            pub fn verbose(mut self, verbose: u8) -> Self {
                self.run.verbose = verbose;
                self
            }

            /// Adds a callback; one that is lent (`&mut early_stopping`) can be looked at afterwards.
            pub fn callback(mut self, callback: impl Callback + 'a) -> Self {
                self.run.callbacks.push(Box::new(callback));
                self
            }
        }
    };
}

/// The keyword arguments of [`Model::fit`](crate::Model::fit).
#[must_use]
pub struct Fit<'a> {
    pub(crate) run: Run<'a>,
    pub(crate) step: Option<Box<dyn TrainStep + 'a>>,
    pub(crate) epochs: usize,
    pub(crate) validation_split: f64,
    pub(crate) validation_data: Option<Result<Validation>>,
    pub(crate) shuffle: bool,
    pub(crate) class_weight: BTreeMap<u32, f64>,
    pub(crate) sample_weight: Option<Result<Vec<Tensor>>>,
    pub(crate) initial_epoch: usize,
    pub(crate) steps_per_epoch: Option<usize>,
    pub(crate) validation_steps: Option<usize>,
    pub(crate) validation_batch_size: Option<usize>,
    pub(crate) validation_freq: usize,
}

impl Default for Fit<'_> {
    fn default() -> Self {
        Self {
            run: Run::default(),
            step: None,
            epochs: 1,
            validation_split: 0.0,
            validation_data: None,
            shuffle: true,
            class_weight: BTreeMap::new(),
            sample_weight: None,
            initial_epoch: 0,
            steps_per_epoch: None,
            validation_steps: None,
            validation_batch_size: None,
            validation_freq: 1,
        }
    }
}

run_arguments!(Fit);

impl<'a> Fit<'a> {
    /// Trains by steps of one's own, in place of the loss and optimizer of `compile`, which is not needed then. Keras: an overridden `train_step`.
    pub fn step(mut self, step: impl TrainStep + 'a) -> Self {
        self.step = Some(Box::new(step));
        self
    }
}

impl Fit<'_> {
    /// The index of the epoch before which training ends: their number, if `initial_epoch` is 0.
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.epochs = epochs;
        self
    }

    /// Keeps this part of the samples, the last ones before any shuffling, for validation.
    pub fn validation_split(mut self, part: f64) -> Self {
        self.validation_split = part;
        self
    }

    /// Validates on these inputs and targets after each epoch, or on a [`Dataset`](candle_keras_data::Dataset) with `()` in place of targets; goes before `validation_split`.
    pub fn validation_data(mut self, x: impl IntoData, y: impl IntoData) -> Self {
        self.validation_data = Some(x.into_data().and_then(|x| Ok((x, y.into_data()?, Vec::new()))));
        self
    }

    /// [`validation_data`](Self::validation_data) with a weight for each sample.
    pub fn weighted_validation_data(mut self, x: impl ToTensors, y: impl ToTensors, weight: impl ToTensors) -> Self {
        let data = || Ok((x.into_data()?, y.into_data()?, weight.to_tensors()?));
        self.validation_data = Some(data());
        self
    }

    /// Whether each epoch goes through arrays in a new order. Default: true. A dataset has [its own](candle_keras_data::Dataset::shuffle).
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// How much the samples of a class weigh in the loss; 1 for classes that are not named. For models with one output.
    pub fn class_weight(mut self, weights: impl IntoIterator<Item = (u32, f64)>) -> Self {
        self.class_weight = weights.into_iter().collect();
        self
    }

    /// How much each sample weighs in the loss: `(samples,)`, or `(samples, steps)`. For a model with several outputs, one for all of them or one for each.
    pub fn sample_weight(mut self, weight: impl ToTensors) -> Self {
        self.sample_weight = Some(weight.to_tensors());
        self
    }

    /// The index of the first epoch, for a run that goes on.
    pub fn initial_epoch(mut self, epoch: usize) -> Self {
        self.initial_epoch = epoch;
        self
    }

    /// The number of batches an epoch. Default: all there are. Where a dataset has more, the next epoch goes on with them; where it ends within an epoch, this one is shorter.
    pub fn steps_per_epoch(mut self, steps: usize) -> Self {
        self.steps_per_epoch = Some(steps);
        self
    }

    /// The number of batches of a validation. Default: all there are.
    pub fn validation_steps(mut self, steps: usize) -> Self {
        self.validation_steps = Some(steps);
        self
    }

    /// The number of samples a batch of validation. Default: `batch_size`.
    pub fn validation_batch_size(mut self, batch_size: usize) -> Self {
        self.validation_batch_size = Some(batch_size);
        self
    }

    /// Validates after each `n`-th epoch.
    pub fn validation_freq(mut self, n: usize) -> Self {
        self.validation_freq = n;
        self
    }
}

/// The keyword arguments of [`Model::evaluate`](crate::Model::evaluate).
#[derive(Default)]
#[must_use]
pub struct Evaluate<'a> {
    pub(crate) run: Run<'a>,
    pub(crate) step: Option<Box<dyn TrainStep + 'a>>,
    pub(crate) sample_weight: Option<Result<Vec<Tensor>>>,
    pub(crate) steps: Option<usize>,
}

run_arguments!(Evaluate);

impl<'a> Evaluate<'a> {
    /// Measures by steps of one's own. Keras: an overridden `test_step`.
    pub fn step(mut self, step: impl TrainStep + 'a) -> Self {
        self.step = Some(Box::new(step));
        self
    }
}

impl Evaluate<'_> {
    /// How much each sample weighs in the loss.
    pub fn sample_weight(mut self, weight: impl ToTensors) -> Self {
        self.sample_weight = Some(weight.to_tensors());
        self
    }

    /// The number of batches. Default: all there are.
    pub fn steps(mut self, steps: usize) -> Self {
        self.steps = Some(steps);
        self
    }
}

/// The keyword arguments of [`Model::predict`](crate::Model::predict).
#[derive(Default)]
#[must_use]
pub struct Predict<'a> {
    pub(crate) run: Run<'a>,
    pub(crate) steps: Option<usize>,
}

run_arguments!(Predict);

impl Predict<'_> {
    /// The number of batches. Default: all there are.
    pub fn steps(mut self, steps: usize) -> Self {
        self.steps = Some(steps);
        self
    }
}
