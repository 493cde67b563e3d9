//! The loops over epochs and batches: `fit`, `evaluate`, `predict`.

use crate::arguments::{Evaluate, Fit, Predict, Run};
use crate::arrays::{class_weights, split};
use crate::callbacks::{Callback, Params, ProgbarLogger};
use crate::compiled::{Use, warn_of_nan};
use crate::model::Model;
use crate::{History, Logs, Result};
use candle_core::Tensor;
use candle_keras_data::{Batches, ToTensors};
use candle_keras_ops::Error;

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
        self.compiled()?;
        let sample_weight = fit.sample_weight.take().transpose()?;
        let data = self.training_data(x.to_tensors()?, y.to_tensors()?, sample_weight)?;
        let (mut training, mut validation) = (data, None);
        if let Some(data) = fit.validation_data.take() {
            let (x, y, weight) = data?;
            validation = Some(self.training_data(x, y, weight)?);
        } else if fit.validation_split != 0.0 {
            let (head, tail) = split(training, fit.validation_split)?;
            (training, validation) = (head, Some(tail));
        }
        let (inputs, targets, weight) = training;
        let weight = match fit.class_weight.is_empty() {
            true => weight,
            false => Some(class_weights(&fit.class_weight, &targets, weight.is_some())?),
        };
        let (outputs, samples) = (targets.len(), inputs[0].dim(0)?);
        if samples == 0 {
            return Err(Error::new("there are no samples to train on"));
        }
        let inputs_count = inputs.len();
        let batches = Batches::new([inputs, targets, weight.into_iter().collect()].concat(), fit.run.batch_size)?;

        let size = fit.run.batch_size;
        let (mut callbacks, params) = prepared(fit.run, fit.epochs, batches.len());
        let mut history = History::new(params);
        let mut last = Logs::default();
        self.stop_training = false;
        each(&mut callbacks, |c| c.on_train_begin(self, &Logs::default()))?;
        for epoch in fit.initial_epoch..fit.epochs {
            self.compiled()?.reset_metrics();
            each(&mut callbacks, |c| c.on_epoch_begin(self, epoch, &Logs::default()))?;
            let epochs = self.compiled()?.epochs;
            let order = fit
                .shuffle
                .then(|| -> Result<_> { Ok(self.compiled()?.stream(Use::Shuffle, epochs).permutation(samples)) });
            let order = order.transpose()?;
            self.compiled()?.epochs += 1;
            let mut warned = false;
            for step in 0..batches.len() {
                each(&mut callbacks, |c| c.on_train_batch_begin(self, step, &Logs::default()))?;
                let batch = self.on_device(batches.get(step, order.as_deref())?)?;
                let (inputs, rest) = batch.split_at(inputs_count);
                let (targets, weights) = rest.split_at(outputs);
                let loss = self.train_step(inputs, targets, (!weights.is_empty()).then_some(weights))?;
                if !warned && !loss.is_finite() {
                    warn_of_nan(loss, epoch, step);
                    warned = true;
                }
                if !callbacks.is_empty() {
                    let logs = self.compiled()?.logs();
                    each(&mut callbacks, |c| c.on_train_batch_end(self, step, &logs))?;
                }
                if self.stop_training {
                    break;
                }
            }
            let mut logs = self.compiled()?.logs().sorted();
            if let Some((x, y, weight)) = validation.as_ref().filter(|_| (epoch + 1) % fit.validation_freq.max(1) == 0)
            {
                let size = fit.validation_batch_size.unwrap_or(size);
                let batches =
                    Batches::new([x.clone(), y.clone(), weight.clone().into_iter().collect()].concat(), size)?;
                logs.extend_validation(&self.run_evaluation(&batches, x.len(), &mut callbacks)?.sorted());
            }
            each(&mut callbacks, |c| c.on_epoch_end(self, epoch, &logs))?;
            history.push(epoch, &logs);
            last = logs;
            if self.stop_training {
                break;
            }
        }
        each(&mut callbacks, |c| c.on_train_end(self, &last))?;
        Ok(history)
    }

    /// The loss and the metrics on these inputs and targets, by name. Keras: `model.evaluate(..., return_dict=True)`.
    ///
    /// # Errors
    /// As for [`fit`](Self::fit).
    pub fn evaluate<'a>(
        &mut self,
        x: impl ToTensors,
        y: impl ToTensors,
        evaluate: impl Into<Evaluate<'a>>,
    ) -> Result<Logs> {
        let mut evaluate = evaluate.into();
        self.compiled()?;
        let weight = evaluate.sample_weight.take().transpose()?;
        let (x, y, weight) = self.training_data(x.to_tensors()?, y.to_tensors()?, weight)?;
        let inputs = x.len();
        let batches = Batches::new([x, y, weight.into_iter().collect()].concat(), evaluate.run.batch_size)?;
        let (mut callbacks, _) = prepared(evaluate.run, 1, batches.len());
        self.run_evaluation(&batches, inputs, &mut callbacks)
    }

    /// The model's output for these inputs, all batches in one tensor.
    ///
    /// # Errors
    /// If the arrays do not suit the inputs, or the model has several outputs (see [`predict_multiple`](Self::predict_multiple)).
    pub fn predict<'a>(&mut self, x: impl ToTensors, predict: impl Into<Predict<'a>>) -> Result<Tensor> {
        let mut outputs = self.predict_multiple(x, predict)?;
        match (outputs.pop(), outputs.len()) {
            (Some(output), 0) => Ok(output),
            (_, more) => Err(Error::new("the model has several outputs")
                .received((more + 1).to_string())
                .help("use predict_multiple")),
        }
    }

    /// [`predict`](Self::predict) for a model with several outputs.
    pub fn predict_multiple<'a>(&mut self, x: impl ToTensors, predict: impl Into<Predict<'a>>) -> Result<Vec<Tensor>> {
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
            let outputs = self.predict_step(&self.on_device(batches.get(step, None)?)?)?;
            parts.resize(outputs.len(), Vec::new());
            parts.iter_mut().zip(outputs).for_each(|(part, output)| part.push(output));
            each(&mut callbacks, |c| c.on_predict_batch_end(self, step, &Logs::default()))?;
        }
        each(&mut callbacks, |c| c.on_predict_end(self, &Logs::default()))?;
        Ok(parts.iter().map(|parts| Tensor::cat(parts, 0)).collect::<candle_core::Result<_>>()?)
    }

    fn run_evaluation(&mut self, batches: &Batches, inputs: usize, callbacks: Callbacks) -> Result<Logs> {
        if batches.is_empty() {
            return Err(Error::new("there are no samples to evaluate on"));
        }
        let outputs = self.graph()?.outputs().len();
        self.compiled()?.reset_metrics();
        each(callbacks, |c| c.on_test_begin(self, &Logs::default()))?;
        for step in 0..batches.len() {
            each(callbacks, |c| c.on_test_batch_begin(self, step, &Logs::default()))?;
            let batch = self.on_device(batches.get(step, None)?)?;
            let (x, rest) = batch.split_at(inputs);
            let (y, weights) = rest.split_at(outputs);
            self.test_step(x, y, (!weights.is_empty()).then_some(weights))?;
            let logs = self.compiled()?.logs();
            each(callbacks, |c| c.on_test_batch_end(self, step, &logs))?;
        }
        let logs = self.compiled()?.logs();
        each(callbacks, |c| c.on_test_end(self, &logs))?;
        Ok(logs)
    }
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
