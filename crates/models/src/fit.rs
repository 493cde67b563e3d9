//! The loops over epochs and batches: `fit`, `evaluate`, `predict`.

use crate::arguments::{Evaluate, Fit, Predict, Run};
use crate::arrays::{class_weights, split};
use crate::backup::{self, Progress};
use crate::callbacks::{Callback, Params, ProgbarLogger};
use crate::compiled::{Use, warn_of_nan};
use crate::model::Model;
use crate::samples::{Samples, on_device};
use crate::steps::TrainStep;
use crate::{History, Logs, Result};
use candle_core::Tensor;
use candle_keras_data::{Batches, ToTensors};
use candle_keras_ops::{Error, random};
use std::path::{Path, PathBuf};

type Callbacks<'c, 'a> = &'c mut [Box<dyn Callback + 'a>];

impl Model {
    /// Trains the model on these inputs and targets. Keras: `model.fit`.
    ///
    /// The logged `loss` of an epoch is the mean of the batches' losses, each weighted by its number of samples, taken before
    /// the step that it leads to; metrics are means over samples.
    ///
    /// # Errors
    /// If the model is not compiled, or arrays do not suit the model or each other. A loss that is not a number is a warning
    /// that names the step.
    pub fn fit<'a>(&mut self, x: impl ToTensors, y: impl ToTensors, fit: impl Into<Fit<'a>>) -> Result<History> {
        let mut fit = fit.into();
        let mut step = fit.step.take();
        self.compiled_for(step.is_some())?;
        let (training, validation) = self.training_and_validation(&mut fit, x.to_tensors()?, y.to_tensors()?)?;
        if training.count() == 0 {
            return Err(Error::new("there are no samples to train on"));
        }
        let (mut callbacks, params) = prepared(fit.run, fit.epochs, training.len());
        let mut history = History::new(params);
        self.stop_training = false;
        each(&mut callbacks, |c| c.on_train_begin(self, &Logs::default()))?;
        let mut progress = Progress { epoch: fit.initial_epoch, ..Progress::default() };
        if let Some(path) = backup_of(&callbacks)
            && let Some(restored) = backup::restore(&path, self, step.as_deref_mut(), &mut history, &mut callbacks)?
        {
            self.stop_training = restored.stopped;
            progress = restored;
        }
        // One that was told to stop in the middle of an epoch still closes it.
        while progress.epoch < fit.epochs && !(progress.stopped && progress.step == 0) {
            let epoch = progress.epoch;
            each(&mut callbacks, |c| c.on_epoch_begin(self, epoch, &Logs::default()))?;
            let mut logs =
                self.train_epoch(&training, step.as_deref_mut(), &mut progress, fit.shuffle, &history, &mut callbacks)?;
            let wanted = (epoch + 1).is_multiple_of(fit.validation_freq.max(1));
            if let Some(validation) = validation.as_ref().filter(|_| wanted) {
                logs.extend_validation(&self.run_evaluation(validation, step.as_deref_mut(), &mut callbacks)?.sorted());
            }
            each(&mut callbacks, |c| c.on_epoch_end(self, epoch, &logs))?;
            history.push(epoch, &logs);
            progress = Progress { epoch: epoch + 1, step: 0, stopped: self.stop_training, last: logs };
            self.back_up(None, step.as_deref_mut(), &progress, &history, &mut callbacks)?;
        }
        self.compiled()?.optimizer.finalize()?;
        each(&mut callbacks, |c| c.on_train_end(self, &progress.last))?;
        Ok(history)
    }

    /// Saves the training where a callback wants it.
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

    /// The samples to train on, with their weights, and those to validate on, if there are any.
    fn training_and_validation(
        &mut self,
        fit: &mut Fit,
        x: Vec<Tensor>,
        y: Vec<Tensor>,
    ) -> Result<(Samples, Option<Samples>)> {
        let mut training = self.training_data(x, y, fit.sample_weight.take().transpose()?)?;
        let mut validation = None;
        if let Some(data) = fit.validation_data.take() {
            let (x, y, weight) = data?;
            validation = Some(self.training_data(x, y, weight)?);
        } else if fit.validation_split != 0.0 {
            let (head, tail) = split(training, fit.validation_split)?;
            (training, validation) = (head, Some(tail));
        }
        if !fit.class_weight.is_empty() {
            training.2 = Some(class_weights(&fit.class_weight, &training.1, training.2.is_some())?);
        }
        let size = fit.run.batch_size;
        let validation = validation.map(|data| Samples::new(data, fit.validation_batch_size.unwrap_or(size)));
        Ok((Samples::new(training, size)?, validation.transpose()?))
    }

    /// Once through the samples, in a new order if they are to be shuffled; or through the rest of them.
    fn train_epoch(
        &mut self,
        samples: &Samples,
        mut step: Option<&mut (dyn TrainStep + '_)>,
        progress: &mut Progress,
        shuffle: bool,
        history: &History,
        callbacks: Callbacks,
    ) -> Result<Logs> {
        let compiled = self.compiled()?;
        if progress.step == 0 {
            compiled.reset_metrics();
            compiled.epochs += 1;
        }
        let order = shuffle.then(|| compiled.stream(Use::Shuffle, compiled.epochs - 1).permutation(samples.count()));
        let mut warned = false;
        while progress.step < samples.len() && !progress.stopped {
            let number = progress.step;
            each(callbacks, |c| c.on_train_batch_begin(self, number, &Logs::default()))?;
            let batch = samples.get(number, order.as_deref(), &self.device)?;
            match &mut step {
                Some(step) => {
                    let random = self.own_stream(number)?;
                    let logs = random::with_stream(random, || step.train_step(self, &batch))?;
                    self.compiled()?.measure_own(&logs, batch.size())?;
                }
                None => {
                    let loss = self.train_step(&batch)?;
                    if !warned && !loss.is_finite() {
                        warn_of_nan(loss, progress.epoch, number);
                        warned = true;
                    }
                }
            }
            if !callbacks.is_empty() {
                let logs = self.compiled()?.logs();
                each(callbacks, |c| c.on_train_batch_end(self, number, &logs))?;
            }
            (progress.step, progress.stopped) = (number + 1, self.stop_training);
            self.back_up(Some(number + 1), step.as_deref_mut(), progress, history, callbacks)?;
        }
        Ok(self.compiled()?.logs().sorted())
    }

    /// The loss and the metrics on these inputs and targets, by name. Keras: `model.evaluate(..., return_dict=True)`.
    ///
    /// # Errors
    /// As for [`fit`](Self::fit).
    pub fn evaluate(&mut self, x: impl ToTensors, y: impl ToTensors) -> Result<Logs> {
        self.evaluate_with(x, y, Evaluate::new())
    }

    /// [`evaluate`](Self::evaluate) with arguments: weights of samples, a batch size, callbacks.
    ///
    /// # Errors
    /// As for [`fit`](Self::fit).
    pub fn evaluate_with<'a>(
        &mut self,
        x: impl ToTensors,
        y: impl ToTensors,
        evaluate: impl Into<Evaluate<'a>>,
    ) -> Result<Logs> {
        let mut evaluate = evaluate.into();
        let mut step = evaluate.step.take();
        self.compiled_for(step.is_some())?;
        let weight = evaluate.sample_weight.take().transpose()?;
        let data = self.training_data(x.to_tensors()?, y.to_tensors()?, weight)?;
        let samples = Samples::new(data, evaluate.run.batch_size)?;
        let (mut callbacks, _) = prepared(evaluate.run, 1, samples.len());
        self.run_evaluation(&samples, step.as_deref_mut(), &mut callbacks)
    }

    /// The model's output for these inputs, all batches in one tensor. Several threads may ask one model at once.
    ///
    /// # Errors
    /// If the arrays do not suit the inputs, or the model has several outputs (see [`predict_multiple`](Self::predict_multiple)).
    pub fn predict(&self, x: impl ToTensors) -> Result<Tensor> {
        self.predict_with(x, Predict::new())
    }

    /// [`predict`](Self::predict) with arguments: a batch size, callbacks, no progress bar.
    ///
    /// # Errors
    /// As for [`predict`](Self::predict).
    pub fn predict_with<'a>(&self, x: impl ToTensors, predict: impl Into<Predict<'a>>) -> Result<Tensor> {
        let mut outputs = self.predict_multiple_with(x, predict)?;
        match (outputs.pop(), outputs.len()) {
            (Some(output), 0) => Ok(output),
            (_, more) => Err(Error::new("the model has several outputs")
                .received((more + 1).to_string())
                .help("use predict_multiple")),
        }
    }

    /// [`predict`](Self::predict) for a model with several outputs.
    ///
    /// # Errors
    /// If the arrays do not suit the inputs.
    pub fn predict_multiple(&self, x: impl ToTensors) -> Result<Vec<Tensor>> {
        self.predict_multiple_with(x, Predict::new())
    }

    /// [`predict_with`](Self::predict_with) for a model with several outputs.
    ///
    /// # Errors
    /// If the arrays do not suit the inputs.
    pub fn predict_multiple_with<'a>(&self, x: impl ToTensors, predict: impl Into<Predict<'a>>) -> Result<Vec<Tensor>> {
        let predict = predict.into();
        let x = self.input_data(x.to_tensors()?)?;
        let batches = Batches::new(x, predict.run.batch_size)?;
        let (mut callbacks, _) = prepared(predict.run, 1, batches.len());
        if batches.is_empty() {
            return Err(Error::new("there are no samples to predict from"));
        }
        each(&mut callbacks, |c| c.on_predict_begin(self, &Logs::default()))?;
        let mut parts: Vec<Vec<Tensor>> = Vec::new();
        for step in 0..batches.len() {
            each(&mut callbacks, |c| c.on_predict_batch_begin(self, step, &Logs::default()))?;
            let outputs = self.predict_step(&on_device(batches.get(step, None)?, &self.device)?)?;
            parts.resize(outputs.len(), Vec::new());
            parts.iter_mut().zip(outputs).for_each(|(part, output)| part.push(output));
            each(&mut callbacks, |c| c.on_predict_batch_end(self, step, &Logs::default()))?;
        }
        each(&mut callbacks, |c| c.on_predict_end(self, &Logs::default()))?;
        Ok(parts.iter().map(|parts| Tensor::cat(parts, 0)).collect::<candle_core::Result<_>>()?)
    }

    /// The random numbers of a step of one's own: those of its number, whatever was drawn before.
    fn own_stream(&mut self, step: usize) -> Result<random::Stream> {
        let compiled = self.compiled()?;
        Ok(compiled.stream(Use::OwnStep, compiled.epochs).child(step as u64))
    }

    fn run_evaluation(
        &mut self,
        samples: &Samples,
        mut step: Option<&mut (dyn TrainStep + '_)>,
        callbacks: Callbacks,
    ) -> Result<Logs> {
        if samples.count() == 0 {
            return Err(Error::new("there are no samples to evaluate on"));
        }
        self.compiled()?.reset_metrics();
        each(callbacks, |c| c.on_test_begin(self, &Logs::default()))?;
        for number in 0..samples.len() {
            each(callbacks, |c| c.on_test_batch_begin(self, number, &Logs::default()))?;
            let batch = samples.get(number, None, &self.device)?;
            match &mut step {
                Some(step) => {
                    let logs = step.test_step(self, &batch)?;
                    self.compiled()?.measure_own(&logs, batch.size())?;
                }
                None => self.test_step(&batch)?,
            }
            let logs = self.compiled()?.logs();
            each(callbacks, |c| c.on_test_batch_end(self, number, &logs))?;
        }
        let logs = self.compiled()?.logs();
        each(callbacks, |c| c.on_test_end(self, &logs))?;
        Ok(logs)
    }
}

/// Where the training is saved, if a callback says so.
fn backup_of(callbacks: &[Box<dyn Callback + '_>]) -> Option<PathBuf> {
    callbacks.iter().find_map(|callback| callback.backup()).map(Path::to_path_buf)
}

fn each<'a>(callbacks: Callbacks<'_, 'a>, mut f: impl FnMut(&mut (dyn Callback + 'a)) -> Result<()>) -> Result<()> {
    callbacks.iter_mut().try_for_each(|callback| f(&mut **callback))
}

/// The callbacks of a run, with a progress bar behind them if one is wanted.
fn prepared(run: Run<'_>, epochs: usize, steps: usize) -> (Vec<Box<dyn Callback + '_>>, Params) {
    let Run { verbose, mut callbacks, .. } = run;
    if verbose > 0 {
        callbacks.push(Box::new(ProgbarLogger::new(verbose)));
    }
    let params = Params { verbose, epochs, steps };
    callbacks.iter_mut().for_each(|callback| callback.set_params(&params));
    (callbacks, params)
}
