//! `fit`: the loop over epochs and batches.

use crate::arguments::{BATCH_SIZE, Fit, Run};
use crate::arrays::split;
use crate::backup::{self, Progress};
use crate::callbacks::{Callback, Params, ProgbarLogger};
use crate::compiled::{Use, scalar, warn_of_nan};
use crate::feed::{Feed, Given};
use crate::model::Model;
use crate::steps::TrainStep;
use crate::{History, Logs, Result, record};
use candle_keras_data::{Batch, Data, IntoData};
use candle_keras_ops::config::max_epochs;
use candle_keras_ops::{Error, random, warnings};
use std::path::{Path, PathBuf};

pub(crate) type Callbacks<'c, 'a> = &'c mut [Box<dyn Callback + 'a>];

/// The data of a fit.
struct Training {
    feed: Feed,
    steps: Option<usize>,
    steps_per_epoch: Option<usize>,
    validation: Option<(Feed, Option<usize>)>,
}

impl Model {
    /// Trains the model on these inputs and targets, or on a [`Dataset`](candle_keras_data::Dataset) of batches, with `()` in place of targets. Keras: `model.fit`.
    ///
    /// The logged `loss` of an epoch is the mean of the batches' losses, weighted by their numbers of samples and computed before
    /// the update; metrics are means over samples.
    ///
    /// # Errors
    /// If the model is not compiled, or the data does not match the model. A loss that is NaN or infinite is a warning
    /// that names the step.
    pub fn fit<'a>(&mut self, x: impl IntoData, y: impl IntoData, fit: impl Into<Fit<'a>>) -> Result<History> {
        let mut fit = fit.into();
        if let Some(most) = max_epochs().filter(|most| *most < fit.epochs) {
            warnings::warn(format!("epochs are limited to {most} by config::set_max_epochs"));
            fit.epochs = most;
        }
        let mut step = fit.step.take();
        let has_optimizer = self.compiled.is_some() || step.as_mut().is_none_or(|step| !step.optimizers().is_empty());
        self.compiled_for(step.is_some())?;
        let mut training = self.training(&mut fit, x.into_data()?, y.into_data()?)?;
        let validates = training.validation.is_some() && fit.validation_freq <= 1;
        let (mut callbacks, params) = prepared(fit.run, fit.epochs, training.steps, validates);
        let mut history = History::new(params);
        self.stop_training = false;
        let first_pass = self.compiled()?.stream(Use::Shuffle, 0);
        training.feed.show(&first_pass, self)?;
        each(&mut callbacks, |c| c.on_train_begin(self, &Logs::default()))?;
        let mut progress = Progress { epoch: fit.initial_epoch, ..Progress::default() };
        if !has_optimizer && backup_of(&callbacks).is_some() {
            warnings::warn(
                "a resumed training starts with new optimizers: TrainStep::optimizers returns none to back up",
            );
        }
        if let Some(path) = backup_of(&callbacks)
            && let Some(restored) = backup::restore(&path, self, step.as_deref_mut(), &mut history, &mut callbacks)?
        {
            self.stop_training = restored.stopped;
            if restored.taken > 0 {
                let compiled = self.compiled()?;
                let pass = compiled.stream(Use::Shuffle, compiled.passes - 1);
                training.feed.begin(&pass, restored.taken)?;
            }
            progress = restored;
        }
        // A training that is stopped within an epoch still finishes its validation and hooks.
        while progress.epoch < fit.epochs && !(progress.stopped && progress.step == 0) {
            let epoch = progress.epoch;
            each(&mut callbacks, |c| match progress.step {
                0 => c.on_epoch_begin(self, epoch, &Logs::default()),
                _ => c.on_epoch_resume(self, epoch, &Logs::default()),
            })?;
            let mut logs =
                self.train_epoch(&mut training, step.as_deref_mut(), &mut progress, &history, &mut callbacks)?;
            let wanted = (epoch + 1).is_multiple_of(fit.validation_freq.max(1));
            if let Some((feed, steps)) = training.validation.as_mut().filter(|_| wanted) {
                logs.extend_validation(
                    &self.run_evaluation(feed, *steps, step.as_deref_mut(), &mut callbacks)?.sorted(),
                );
            }
            each(&mut callbacks, |c| {
                c.extend_logs(self, epoch, &mut logs)?;
                c.on_epoch_end(self, epoch, &logs)
            })?;
            history.push(epoch, &logs);
            let taken = if training.steps_per_epoch.is_some() { training.feed.taken } else { 0 };
            progress = Progress { epoch: epoch + 1, step: 0, taken, stopped: self.stop_training, last: logs };
            self.back_up(None, step.as_deref_mut(), &progress, &history, &mut callbacks)?;
        }
        self.compiled()?.optimizer.finalize()?;
        each(&mut callbacks, |c| c.on_train_end(self, &progress.last))?;
        record::fitted(&history)?;
        Ok(history)
    }

    /// Backs up the training if a callback requests it.
    fn back_up(
        &mut self,
        batch: Option<usize>,
        step: Option<&mut (dyn TrainStep + '_)>,
        progress: &Progress,
        history: &History,
        callbacks: Callbacks,
    ) -> Result<()> {
        let wanted = callbacks.iter_mut().any(|callback| callback.wants_backup(batch));
        match backup_of(callbacks).filter(|_| wanted) {
            Some(path) => backup::save(&path, self, step, progress, history, callbacks),
            None => Ok(()),
        }
    }

    /// The batches to train on, and those to validate on, if there are any.
    fn training(&mut self, fit: &mut Fit, x: Data, y: Data) -> Result<Training> {
        let size = fit.run.batch_size;
        let validation_size = fit.validation_batch_size.or(size);
        let mut validation = match fit.validation_data.take().transpose()? {
            Some((x, y, weight)) => Some(match Given::new(x, y, Some(weight))? {
                given @ Given::Dataset(_) => self.feed(given, "validation_batch_size", fit.validation_batch_size)?,
                given @ Given::Arrays(_) => self.feed(given, "validation_batch_size", validation_size)?,
            }),
            None => None,
        };
        let split_off = validation.is_none() && fit.validation_split != 0.0;
        let feed = match Given::new(x, y, fit.sample_weight.take().transpose()?)? {
            Given::Dataset(_) if split_off => {
                return Err(Error::new("validation_split is for arrays; this is a dataset")
                    .help("split it with Dataset::split, and pass the second part to validation_data"));
            }
            given @ Given::Dataset(_) => self.feed(given, "batch_size", size)?,
            Given::Arrays(arrays) => {
                let (size, validation_size) = (size.unwrap_or(BATCH_SIZE), validation_size.unwrap_or(BATCH_SIZE));
                let mut arrays = self.adapted(arrays)?;
                if split_off {
                    let (head, tail) = split(&arrays, fit.validation_split)?;
                    validation = Some(Feed::of_arrays(tail, validation_size, false)?.starting_at(head.size()));
                    arrays = head;
                }
                Feed::of_arrays(arrays, size, fit.shuffle)?
            }
        };
        let steps_per_epoch = feed.limited(fit.steps_per_epoch, "steps_per_epoch");
        let with_steps = |feed: Feed| feed.steps(fit.validation_steps, "validation_steps").map(|steps| (feed, steps));
        Ok(Training {
            steps: feed.steps(steps_per_epoch, "steps_per_epoch")?,
            steps_per_epoch,
            validation: validation.map(with_steps).transpose()?,
            feed: feed.weighted(std::mem::take(&mut fit.class_weight)),
        })
    }

    /// The batches of the given data, in order, of the size that an argument has.
    pub(crate) fn feed(&mut self, given: Given, argument: &str, batch_size: Option<usize>) -> Result<Feed> {
        match given {
            Given::Dataset(dataset) => Ok(Feed::of_batches(dataset, argument, batch_size)),
            Given::Arrays(arrays) => Feed::of_arrays(self.adapted(arrays)?, batch_size.unwrap_or(BATCH_SIZE), false),
        }
    }

    /// Runs an epoch, or the rest of it: one pass over the data, or `steps_per_epoch` batches.
    fn train_epoch(
        &mut self,
        training: &mut Training,
        mut step: Option<&mut (dyn TrainStep + '_)>,
        progress: &mut Progress,
        history: &History,
        callbacks: Callbacks,
    ) -> Result<Logs> {
        let feed = &mut training.feed;
        if progress.step == 0 {
            self.compiled()?.reset_metrics();
            step.iter_mut().for_each(|step| step.reset_metrics());
            if training.steps_per_epoch.is_none() || !feed.has_begun() {
                self.begin_pass(feed)?;
            }
        }
        let mut warned = false;
        while training.steps_per_epoch.is_none_or(|steps| progress.step < steps) && !progress.stopped {
            let number = progress.step;
            let Some(batch) = self.next_batch(feed, number)? else { break };
            each(callbacks, |c| c.on_train_batch_begin(self, number, &Logs::default()))?;
            match &mut step {
                Some(step) => {
                    let compiled = self.compiled()?;
                    let random = compiled.stream(Use::OwnStep, compiled.passes).child(feed.taken as u64 - 1);
                    let logs = random::with_stream(random, || step.train_step(self, &batch));
                    let logs = logs.map_err(|error| feed.located(error))?;
                    self.compiled()?.measure_own(&logs, batch.size(), step.averages_logs())?;
                }
                None => {
                    let loss = self.train_step(&batch).map_err(|error| feed.located(error))?;
                    // Reading each loss would wait for the device at each step.
                    if loss.device().is_cpu() {
                        warned = warned || warn_of_nan(scalar(&loss)?, progress.epoch, number);
                    }
                }
            }
            let logs = self.batch_logs(number, callbacks)?;
            each(callbacks, |c| c.on_train_batch_end(self, number, &logs))?;
            (progress.step, progress.taken, progress.stopped) = (number + 1, feed.taken, self.stop_training);
            self.back_up(Some(number + 1), step.as_deref_mut(), progress, history, callbacks)?;
        }
        if progress.step == 0 && !progress.stopped {
            return Err(Error::new("there are no samples to train on"));
        }
        if let Some(steps) = training.steps_per_epoch.filter(|steps| progress.step < *steps && !progress.stopped) {
            warnings::warn(format!(
                "the data ended after {} of {steps} steps of epoch {}; Dataset::repeat makes it infinite",
                progress.step,
                progress.epoch + 1
            ));
        }
        let logs = self.compiled()?.logs()?.sorted();
        if let (None, Some(loss)) = (&step, logs.get("loss").filter(|_| !warned)) {
            warn_of_nan(loss, progress.epoch, progress.step.saturating_sub(1));
        }
        Ok(logs)
    }

    /// The logs of a batch, if a callback reads them.
    pub(crate) fn batch_logs(&mut self, batch: usize, callbacks: Callbacks) -> Result<Logs> {
        match callbacks.iter().any(|callback| callback.reads_logs_of(batch)) {
            true => self.compiled()?.logs(),
            false => Ok(Logs::default()),
        }
    }

    fn begin_pass(&mut self, feed: &mut Feed) -> Result<()> {
        let compiled = self.compiled()?;
        compiled.passes += 1;
        feed.begin(&compiled.stream(Use::Shuffle, compiled.passes - 1), 0)
    }

    /// The next batch of the pass, or of a new pass if an epoch would start at the end of one.
    fn next_batch(&mut self, feed: &mut Feed, step: usize) -> Result<Option<Batch>> {
        let device = self.device();
        let batch = feed.next(&device, |batch| self.adapted(batch))?;
        if batch.is_some() || step > 0 || feed.taken == 0 {
            return Ok(batch);
        }
        self.begin_pass(feed)?;
        feed.next(&device, |batch| self.adapted(batch))
    }
}

/// The file of the backup, if a callback requests one.
fn backup_of(callbacks: &[Box<dyn Callback + '_>]) -> Option<PathBuf> {
    callbacks.iter().find_map(|callback| callback.backup()).map(Path::to_path_buf)
}

pub(crate) fn each<'a>(
    callbacks: Callbacks<'_, 'a>,
    mut f: impl FnMut(&mut (dyn Callback + 'a)) -> Result<()>,
) -> Result<()> {
    callbacks.iter_mut().try_for_each(|callback| f(&mut **callback))
}

/// The callbacks of a run, followed by a progress bar if wanted.
pub(crate) fn prepared(
    run: Run<'_>,
    epochs: usize,
    steps: Option<usize>,
    validates: bool,
) -> (Vec<Box<dyn Callback + '_>>, Params) {
    let Run { verbose, mut callbacks, .. } = run;
    if verbose > 0 {
        callbacks.push(Box::new(ProgbarLogger::new(verbose)));
    }
    let params = Params { verbose, epochs, steps, validates };
    callbacks.iter_mut().for_each(|callback| callback.set_params(&params));
    (callbacks, params)
}
