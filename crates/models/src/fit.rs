//! The arguments of `fit`, `evaluate` and `predict`, and the loops.

use crate::arrays;
use crate::callbacks::{Callback, Params, ProgbarLogger};
use crate::compiled::{Batch, Use, penalties, scalar, warn_of_nan};
use crate::model::Model;
use crate::{History, Logs, Result};
use candle_core::{DType, Tensor};
use candle_keras_data::{Batches, ToTensor, ToTensors};
use candle_keras_layers::{Context, Shape};
use candle_keras_ops::{Error, warnings};
use std::collections::BTreeMap;

const BATCH_SIZE: usize = 32;

/// Inputs, targets and perhaps weights.
type Data = (Vec<Tensor>, Vec<Tensor>, Option<Tensor>);

/// The keyword arguments of [`Model::fit`], with Keras's defaults.
#[must_use]
pub struct Fit<'a> {
    batch_size: usize,
    epochs: usize,
    verbose: u8,
    callbacks: Vec<Box<dyn Callback + 'a>>,
    validation_split: f64,
    validation_data: Option<Result<Data>>,
    shuffle: bool,
    class_weight: BTreeMap<u32, f64>,
    sample_weight: Option<Result<Tensor>>,
    initial_epoch: usize,
    validation_batch_size: Option<usize>,
    validation_freq: usize,
}

impl Default for Fit<'_> {
    fn default() -> Self {
        Self {
            batch_size: BATCH_SIZE,
            epochs: 1,
            verbose: 1,
            callbacks: Vec::new(),
            validation_split: 0.0,
            validation_data: None,
            shuffle: true,
            class_weight: BTreeMap::new(),
            sample_weight: None,
            initial_epoch: 0,
            validation_batch_size: None,
            validation_freq: 1,
        }
    }
}

impl From<()> for Fit<'_> {
    fn from((): ()) -> Self {
        Self::default()
    }
}

impl<'a> Fit<'a> {
    /// Keras's defaults: one epoch in shuffled batches of 32, with a progress bar.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of samples a step; 32 unless said. The last batch of an epoch may be smaller.
    pub fn batch_size(mut self, batch_size: usize) -> Self {
        self.batch_size = batch_size;
        self
    }

    /// The index of the epoch before which training ends: their number, if `initial_epoch` is 0.
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.epochs = epochs;
        self
    }

    /// 0 for silence, 1 for a progress bar, 2 for a line an epoch.
    pub fn verbose(mut self, verbose: u8) -> Self {
        self.verbose = verbose;
        self
    }

    /// Adds a callback; one that is lent (`&mut early_stopping`) can be looked at afterwards.
    pub fn callback(mut self, callback: impl Callback + 'a) -> Self {
        self.callbacks.push(Box::new(callback));
        self
    }

    /// Adds callbacks.
    pub fn callbacks(mut self, callbacks: impl IntoIterator<Item = Box<dyn Callback + 'a>>) -> Self {
        self.callbacks.extend(callbacks);
        self
    }

    /// Keeps this part of the samples, the last ones before any shuffling, for validation.
    pub fn validation_split(mut self, part: f64) -> Self {
        self.validation_split = part;
        self
    }

    /// Validates on these inputs and targets after each epoch; goes before `validation_split`.
    pub fn validation_data(mut self, x: impl ToTensors, y: impl ToTensors) -> Self {
        self.validation_data = Some(x.to_tensors().and_then(|x| Ok((x, y.to_tensors()?, None))));
        self
    }

    /// [`validation_data`](Self::validation_data) with a weight for each sample.
    pub fn weighted_validation_data(mut self, x: impl ToTensors, y: impl ToTensors, weight: impl ToTensor) -> Self {
        let data = || Ok((x.to_tensors()?, y.to_tensors()?, Some(weight.to_tensor()?)));
        self.validation_data = Some(data());
        self
    }

    /// Whether each epoch goes through the samples in a new order; true unless said.
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// How much the samples of a class weigh in the loss; 1 for classes that are not named. For models with one output.
    pub fn class_weight(mut self, weights: impl IntoIterator<Item = (u32, f64)>) -> Self {
        self.class_weight = weights.into_iter().collect();
        self
    }

    /// How much each sample weighs in the loss: `(samples,)`, or `(samples, steps)`.
    pub fn sample_weight(mut self, weight: impl ToTensor) -> Self {
        self.sample_weight = Some(weight.to_tensor());
        self
    }

    /// The index of the first epoch, for a run that goes on.
    pub fn initial_epoch(mut self, epoch: usize) -> Self {
        self.initial_epoch = epoch;
        self
    }

    /// The number of samples a batch of validation; `batch_size` unless said.
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

/// The keyword arguments of [`Model::evaluate`].
#[must_use]
pub struct Evaluate<'a> {
    batch_size: usize,
    verbose: u8,
    sample_weight: Option<Result<Tensor>>,
    callbacks: Vec<Box<dyn Callback + 'a>>,
}

impl Default for Evaluate<'_> {
    fn default() -> Self {
        Self { batch_size: BATCH_SIZE, verbose: 1, sample_weight: None, callbacks: Vec::new() }
    }
}

impl From<()> for Evaluate<'_> {
    fn from((): ()) -> Self {
        Self::default()
    }
}

impl<'a> Evaluate<'a> {
    /// Keras's defaults: batches of 32, with a progress bar.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of samples a batch; 32 unless said.
    pub fn batch_size(mut self, batch_size: usize) -> Self {
        self.batch_size = batch_size;
        self
    }

    /// 0 for silence, 1 for a progress bar, 2 for a line.
    pub fn verbose(mut self, verbose: u8) -> Self {
        self.verbose = verbose;
        self
    }

    /// How much each sample weighs in the loss.
    pub fn sample_weight(mut self, weight: impl ToTensor) -> Self {
        self.sample_weight = Some(weight.to_tensor());
        self
    }

    /// Adds a callback.
    pub fn callback(mut self, callback: impl Callback + 'a) -> Self {
        self.callbacks.push(Box::new(callback));
        self
    }
}

/// The keyword arguments of [`Model::predict`].
#[must_use]
pub struct Predict<'a> {
    batch_size: usize,
    verbose: u8,
    callbacks: Vec<Box<dyn Callback + 'a>>,
}

impl Default for Predict<'_> {
    fn default() -> Self {
        Self { batch_size: BATCH_SIZE, verbose: 1, callbacks: Vec::new() }
    }
}

impl From<()> for Predict<'_> {
    fn from((): ()) -> Self {
        Self::default()
    }
}

impl<'a> Predict<'a> {
    /// Keras's defaults: batches of 32, with a progress bar.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of samples a batch; 32 unless said.
    pub fn batch_size(mut self, batch_size: usize) -> Self {
        self.batch_size = batch_size;
        self
    }

    /// 0 for silence, 1 for a progress bar.
    pub fn verbose(mut self, verbose: u8) -> Self {
        self.verbose = verbose;
        self
    }

    /// Adds a callback.
    pub fn callback(mut self, callback: impl Callback + 'a) -> Self {
        self.callbacks.push(Box::new(callback));
        self
    }
}

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
        let batches = Batches::new([inputs, targets, weight.into_iter().collect()].concat(), fit.batch_size)?;

        let mut callbacks = std::mem::take(&mut fit.callbacks);
        if fit.verbose > 0 {
            callbacks.push(Box::new(ProgbarLogger::new(fit.verbose)));
        }
        let params = Params { verbose: fit.verbose, epochs: fit.epochs, steps: batches.len() };
        callbacks.iter_mut().for_each(|callback| callback.set_params(&params));
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
                let size = fit.validation_batch_size.unwrap_or(fit.batch_size);
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
        let batches = Batches::new([x, y, weight.into_iter().collect()].concat(), evaluate.batch_size)?;
        let mut callbacks = std::mem::take(&mut evaluate.callbacks);
        if evaluate.verbose > 0 {
            callbacks.push(Box::new(ProgbarLogger::new(evaluate.verbose)));
        }
        let params = Params { verbose: evaluate.verbose, epochs: 1, steps: batches.len() };
        callbacks.iter_mut().for_each(|callback| callback.set_params(&params));
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
        let mut predict = predict.into();
        let x = self.input_data(x.to_tensors()?)?;
        let batches = Batches::new(x, predict.batch_size)?;
        let mut callbacks = std::mem::take(&mut predict.callbacks);
        if predict.verbose > 0 {
            callbacks.push(Box::new(ProgbarLogger::new(predict.verbose)));
        }
        let params = Params { verbose: predict.verbose, epochs: 1, steps: batches.len() };
        callbacks.iter_mut().for_each(|callback| callback.set_params(&params));
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

    /// One step on one batch; its loss, before the step, and metrics. Keras: `train_on_batch(..., return_dict=True)`.
    pub fn train_on_batch(&mut self, x: impl ToTensors, y: impl ToTensors) -> Result<Logs> {
        self.on_batch(x, y, |model, x, y| {
            let loss = model.train_step(x, y, None)?;
            warn_of_nan(loss, 0, model.compiled()?.optimizer.iterations() as usize - 1);
            Ok(())
        })
    }

    /// The loss and metrics of one batch. Keras: `test_on_batch(..., return_dict=True)`.
    pub fn test_on_batch(&mut self, x: impl ToTensors, y: impl ToTensors) -> Result<Logs> {
        self.on_batch(x, y, |model, x, y| model.test_step(x, y, None))
    }

    fn on_batch(
        &mut self,
        x: impl ToTensors,
        y: impl ToTensors,
        step: impl FnOnce(&mut Self, &[Tensor], &[Tensor]) -> Result<()>,
    ) -> Result<Logs> {
        self.compiled()?;
        let (x, y, _) = self.training_data(x.to_tensors()?, y.to_tensors()?, None)?;
        self.compiled()?.reset_metrics();
        let (x, y) = (self.on_device(x)?, self.on_device(y)?);
        step(self, &x, &y)?;
        Ok(self.compiled()?.logs())
    }

    /// The outputs for one batch. Keras: `predict_on_batch`.
    pub fn predict_on_batch(&mut self, x: impl ToTensors) -> Result<Vec<Tensor>> {
        let x = self.input_data(x.to_tensors()?)?;
        self.predict_step(&self.on_device(x)?)
    }

    fn on_device(&self, tensors: Vec<Tensor>) -> Result<Vec<Tensor>> {
        Ok(tensors.iter().map(|tensor| tensor.to_device(&self.device)).collect::<candle_core::Result<_>>()?)
    }

    /// Inputs as the model takes them; a Sequential learns the shape of its samples here.
    fn input_data(&mut self, x: Vec<Tensor>) -> Result<Vec<Tensor>> {
        let unbuilt = self.body().graph.is_none();
        if let ([x], true) = (x.as_slice(), unbuilt) {
            self.build(Shape::from(x.dims().get(1..).unwrap_or(&[])))?;
            self.settle()?;
        }
        let graph = self.graph()?;
        let x = arrays::inputs(&graph, x)?;
        arrays::same_length(["the first input", "the others"], &x[..1], &x[1..])?;
        Ok(x)
    }

    fn training_data(&mut self, x: Vec<Tensor>, y: Vec<Tensor>, weight: Option<Tensor>) -> Result<Data> {
        let x = self.input_data(x)?;
        let y = arrays::targets(&*self.graph()?, y)?;
        arrays::same_length(["x", "y"], &x, &y)?;
        if let Some(weight) = &weight {
            arrays::same_length(["x", "sample_weight"], &x, std::slice::from_ref(weight))?;
        }
        Ok((x, y, weight))
    }

    /// Forward, backward, update. Returns the loss before the update.
    fn train_step(&mut self, x: &[Tensor], y: &[Tensor], weights: Option<&[Tensor]>) -> Result<f64> {
        let graph = self.graph()?;
        let compiled = self.compiled()?;
        let mut ctx = Context::training(compiled.stream(Use::Step, compiled.optimizer.iterations()));
        let (outputs, masks) = graph.run(x, &vec![None; x.len()], &mut ctx)?;
        let batch = Batch { targets: y, outputs: &outputs, masks: &masks, weights };
        let mut loss = compiled.loss(&batch)?;
        for more in ctx.take_losses().into_iter().chain(penalties(&compiled.trainable)?) {
            loss = (loss + more)?;
        }
        let grads = loss.backward()?;
        let mut gradients = Vec::with_capacity(compiled.trainable.len());
        for variable in &compiled.trainable {
            if let Some(gradient) = variable.take_gradient(&grads)? {
                gradients.push((variable.clone(), gradient));
            }
        }
        drop(grads);
        if gradients.is_empty() && compiled.optimizer.iterations() == 0 {
            warnings::warn("no weight receives a gradient: all are frozen, or the loss does not depend on any");
        }
        let value = scalar(&loss)?;
        compiled.measure(value, &batch)?;
        drop(loss);
        compiled.optimizer.apply(&gradients)?;
        Ok(value)
    }

    fn test_step(&mut self, x: &[Tensor], y: &[Tensor], weights: Option<&[Tensor]>) -> Result<()> {
        let graph = self.graph()?;
        let compiled = self.compiled()?;
        let mut ctx = Context::inference();
        let (outputs, masks) = graph.run(x, &vec![None; x.len()], &mut ctx)?;
        let batch = Batch { targets: y, outputs: &outputs, masks: &masks, weights };
        let mut loss = scalar(&compiled.loss(&batch)?)?;
        for more in ctx.take_losses().into_iter().chain(penalties(&compiled.trainable)?) {
            loss += scalar(&more)?;
        }
        compiled.measure(loss, &batch)
    }

    fn predict_step(&self, x: &[Tensor]) -> Result<Vec<Tensor>> {
        let (outputs, _) = self.graph()?.run(x, &vec![None; x.len()], &mut Context::inference())?;
        Ok(outputs)
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

/// The first samples and the last ones: `floor(n (1 - part))` of them are the first.
fn split((x, y, weight): Data, part: f64) -> Result<(Data, Data)> {
    let samples = x[0].dim(0)?;
    let at = (samples as f64 * (1.0 - part)).floor() as usize;
    if !(0.0..1.0).contains(&part) || at == 0 || at == samples {
        return Err(Error::new("validation_split must leave samples on both sides")
            .expected("more than 0 and less than 1")
            .received(format!("{part} of {samples} samples")));
    }
    let cut = |arrays: &[Tensor], from: usize, to: usize| {
        arrays.iter().map(|array| array.narrow(0, from, to - from)).collect::<candle_core::Result<Vec<_>>>()
    };
    let side = |from, to| -> Result<Data> {
        let weight = weight.as_ref().map(|weight| weight.narrow(0, from, to - from)).transpose()?;
        Ok((cut(&x, from, to)?, cut(&y, from, to)?, weight))
    };
    Ok((side(0, at)?, side(at, samples)?))
}

/// A weight for each sample, from the weights of the classes that targets are numbers or one-hot rows of.
fn class_weights(weights: &BTreeMap<u32, f64>, targets: &[Tensor], has_sample_weight: bool) -> Result<Tensor> {
    if has_sample_weight {
        return Err(Error::new("class_weight and sample_weight cannot be combined"));
    }
    let [target] = targets else {
        return Err(Error::new("class_weight is for models with one output").received(targets.len().to_string()));
    };
    let classes = match target.dims() {
        [_] | [_, 1] => target.flatten_all()?.to_dtype(DType::F64)?.round()?.to_vec1::<f64>()?,
        [_, _] => target.argmax(1)?.to_dtype(DType::F64)?.to_vec1::<f64>()?,
        dims => {
            return Err(Error::new("class_weight needs the number of a class or a one-hot row for each sample")
                .received(format!("targets of shape {dims:?}")));
        }
    };
    let weight = |class: f64| weights.get(&(class as u32)).copied().unwrap_or(1.0) as f32;
    let weights: Vec<f32> = classes.into_iter().map(weight).collect();
    Ok(Tensor::from_vec(weights, target.dim(0)?, target.device())?)
}
