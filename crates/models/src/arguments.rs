//! The keyword arguments of `fit`, `evaluate` and `predict`, with Keras's names and defaults.

use crate::Result;
use crate::callbacks::Callback;
use crate::steps::TrainStep;
use candle_keras_data::{Data, IntoData};
use std::collections::BTreeMap;

/// Inputs, targets and weights.
pub(crate) type Validation = (Data, Data, Data);

/// The arguments that all three share: batch size, verbosity, callbacks.
pub(crate) struct Run<'a> {
    /// Default: [`BATCH_SIZE`].
    pub(crate) batch_size: Option<usize>,
    pub(crate) verbose: u8,
    pub(crate) callbacks: Vec<Box<dyn Callback + 'a>>,
}

/// Keras's default.
pub(crate) const BATCH_SIZE: usize = 32;

impl Default for Run<'_> {
    fn default() -> Self {
        Self { batch_size: None, verbose: 1, callbacks: Vec::new() }
    }
}

/// Generates the methods that all three share.
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

            /// The number of samples per batch of arrays. Default: 32. The last batch may be smaller. A dataset is already batched, by
            /// [`Dataset::batch`](candle_keras_data::Dataset::batch): for it, this is ignored with a warning.
            pub fn batch_size(mut self, batch_size: usize) -> Self {
                self.run.batch_size = Some(batch_size);
                self
            }

            /// 0: silent, 1: a progress bar, 2: one line per epoch.
            pub fn verbose(mut self, verbose: u8) -> Self {
                self.run.verbose = verbose;
                self
            }

            /// Adds a callback; one that is passed by reference (`&mut early_stopping`) can be inspected afterwards.
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
    pub(crate) sample_weight: Option<Result<Data>>,
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
    /// Trains with custom steps, in place of the loss and optimizer of `compile`, which is not needed then. Keras: an overridden `train_step`.
    pub fn step(mut self, step: impl TrainStep + 'a) -> Self {
        self.step = Some(Box::new(step));
        self
    }
}

impl Fit<'_> {
    /// The index after the last epoch: the number of epochs, if `initial_epoch` is 0.
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.epochs = epochs;
        self
    }

    /// The fraction of the samples to validate on: the last ones, before shuffling.
    pub fn validation_split(mut self, part: f64) -> Self {
        self.validation_split = part;
        self
    }

    /// Validates on these inputs and targets after each epoch, or on a [`Dataset`](candle_keras_data::Dataset) with `()` in place of targets; overrides `validation_split`.
    pub fn validation_data(mut self, x: impl IntoData, y: impl IntoData) -> Self {
        self.validation_data = Some(x.into_data().and_then(|x| Ok((x, y.into_data()?, Data::Arrays(Vec::new())))));
        self
    }

    /// [`validation_data`](Self::validation_data) with a weight for each sample.
    pub fn weighted_validation_data(mut self, x: impl IntoData, y: impl IntoData, weight: impl IntoData) -> Self {
        self.validation_data = Some(x.into_data().and_then(|x| Ok((x, y.into_data()?, weight.into_data()?))));
        self
    }

    /// Whether arrays are shuffled before each epoch. Default: true. A dataset has [its own](candle_keras_data::Dataset::shuffle).
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// The weights of classes in the loss; 1 for classes that are not named. For models with one output.
    pub fn class_weight(mut self, weights: impl IntoIterator<Item = (u32, f64)>) -> Self {
        self.class_weight = weights.into_iter().collect();
        self
    }

    /// The weight of each sample in the loss: `(samples,)`, or `(samples, steps)`. For a model with several outputs, one for all of them, one for
    /// each, or by their names: `[("tags", &weight)]`.
    pub fn sample_weight(mut self, weight: impl IntoData) -> Self {
        self.sample_weight = Some(weight.into_data());
        self
    }

    /// The index of the first epoch, to resume a training.
    pub fn initial_epoch(mut self, epoch: usize) -> Self {
        self.initial_epoch = epoch;
        self
    }

    /// The number of batches per epoch. Default: all. If a dataset has more, the next epoch continues with them; if it ends within an epoch, the epoch is shorter.
    pub fn steps_per_epoch(mut self, steps: usize) -> Self {
        self.steps_per_epoch = Some(steps);
        self
    }

    /// The number of batches per validation. Default: all.
    pub fn validation_steps(mut self, steps: usize) -> Self {
        self.validation_steps = Some(steps);
        self
    }

    /// The number of samples per validation batch. Default: `batch_size`.
    pub fn validation_batch_size(mut self, batch_size: usize) -> Self {
        self.validation_batch_size = Some(batch_size);
        self
    }

    /// Validates after every `n`-th epoch.
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
    pub(crate) sample_weight: Option<Result<Data>>,
    pub(crate) steps: Option<usize>,
}

run_arguments!(Evaluate);

impl<'a> Evaluate<'a> {
    /// Evaluates with custom steps. Keras: an overridden `test_step`.
    pub fn step(mut self, step: impl TrainStep + 'a) -> Self {
        self.step = Some(Box::new(step));
        self
    }
}

impl Evaluate<'_> {
    /// The weight of each sample in the loss, as for [`Fit`].
    pub fn sample_weight(mut self, weight: impl IntoData) -> Self {
        self.sample_weight = Some(weight.into_data());
        self
    }

    /// The number of batches. Default: all.
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
    /// The number of batches. Default: all.
    pub fn steps(mut self, steps: usize) -> Self {
        self.steps = Some(steps);
        self
    }
}
