//! Steps on one batch: training, test, prediction.

use crate::compiled::{Compiled, Results, Use, penalties, scalar, warn_of_nan, warn_of_nan_in_test};
use crate::graph::Graph;
use crate::model::Model;
use crate::{Logs, Optimizer, Result, arrays};
use candle_core::Tensor;
use candle_keras_data::{Batch, IntoBatch, IntoData, TextArrays};
use candle_keras_layers::{Context, Input, Variable};
use candle_keras_ops::{Error, Gradient, Tape, to_device};

impl Model {
    /// Trains on one batch; returns its loss, before the update, and metrics. Keras: `train_on_batch(..., return_dict=True)`.
    pub fn train_on_batch(&mut self, x: impl IntoData, y: impl IntoData) -> Result<Logs> {
        let batch = self.one_batch((x, y).into_batch()?)?;
        let number = self.compiled()?.optimizer.iterations() as usize;
        let loss = self.train_step(&batch)?;
        warn_of_nan(scalar(&loss)?, 0, number);
        self.compiled()?.logs()
    }

    /// The loss and metrics of one batch. Keras: `test_on_batch(..., return_dict=True)`.
    pub fn test_on_batch(&mut self, x: impl IntoData, y: impl IntoData) -> Result<Logs> {
        let batch = self.one_batch((x, y).into_batch()?)?;
        self.test_step(&batch)?;
        let logs = self.compiled()?.logs()?;
        warn_of_nan_in_test(&logs);
        Ok(logs)
    }

    /// All samples as one batch, with the metrics reset.
    fn one_batch(&mut self, batch: Batch) -> Result<Batch> {
        self.compiled()?.reset_metrics();
        let batch = self.adapted(batch)?;
        arrays::not_empty(&batch)?;
        batch.to_device(&self.device())
    }

    /// All samples as one batch, adapted to the model: for [`grad_step`](Self::grad_step) in a custom loop.
    ///
    /// # Errors
    /// If the model is not compiled, or arrays do not match it or each other.
    pub fn batch(&mut self, x: impl IntoData, y: impl IntoData) -> Result<Batch> {
        self.one_batch((x, y).into_batch()?)
    }

    /// The outputs for one batch. Keras: `predict_on_batch`.
    pub fn predict_on_batch(&self, x: impl IntoData) -> Result<Vec<Tensor>> {
        let batch = self.in_order((x, ()).into_batch()?)?;
        let x = self.input_data(batch.x, &batch.text.x)?;
        let device = self.device();
        let x = x.iter().map(|x| to_device(x, &device)).collect::<Result<Vec<_>>>()?;
        self.predict_step(&x)
    }

    /// Adapts inputs to the model, of which those with the indices `text` were given as strings; builds a Sequential whose input shape is not known yet.
    pub(crate) fn input_data(&self, x: Vec<Tensor>, text: &[usize]) -> Result<Vec<Tensor>> {
        let unbuilt = self.body().graph()?.is_none();
        if unbuilt && self.has_parts() {
            let inputs = x.iter().map(|x| {
                let input = Input::shape(x.dims().get(1..).unwrap_or(&[]));
                if x.dtype().is_int() { input.dtype("int32") } else { input }
            });
            self.build_parts(&inputs.collect::<Vec<_>>())?;
        }
        if let ([x], true) = (x.as_slice(), unbuilt) {
            let sample = x.dims().get(1..).unwrap_or(&[]);
            match (sample, TextArrays::first(text, std::slice::from_ref(x))) {
                // The last axis of text is its bytes.
                ([places @ .., _], Some(_)) => self.build_on(&Input::shape(places).dtype("string"))?,
                _ => self.build(sample)?,
            }
        }
        let graph = self.graph()?;
        let x = arrays::inputs(&graph, x, text)?;
        arrays::same_length(["the first input", "the others"], &x[..1], &x[1..])?;
        Ok(x)
    }

    /// Adapts a batch, or all data, to the model: ranks and dtypes are adapted, lengths and values checked.
    pub(crate) fn adapted(&mut self, batch: Batch) -> Result<Batch> {
        let Batch { x, y, sample_weight, names, text } = self.in_order(batch)?;
        if self.compiled()?.has_own_step {
            // A custom step takes any targets.
            arrays::same_length(["the first input", "the others"], &x[..x.len().min(1)], &[&x[..], &y].concat())?;
            return Ok(Batch { x, y, sample_weight, names, text });
        }
        let x = self.input_data(x, &text.x)?;
        self.bind_outputs()?;
        let y = self.compiled()?.filled(&x, y)?;
        let y = arrays::targets(&*self.graph()?, y, &text.y)?;
        arrays::same_length(["x", "y"], &x, &y)?;
        arrays::same_length(["x", "sample_weight"], &x, &sample_weight)?;
        if sample_weight.len() > 1 && sample_weight.len() != y.len() {
            return Err(Error::new("sample_weight is one array for all outputs, or one for each")
                .expected(y.len().to_string())
                .received(sample_weight.len().to_string()));
        }
        Ok(Batch { x, y, sample_weight, names, text })
    }

    /// The forward and backward pass of a training step: its loss, outputs, gradients and new states. Nothing is updated until
    /// [`apply_step`](Self::apply_step).
    ///
    /// ```
    /// use candle_keras_layers::{layers, Dense, Input};
    /// use candle_keras_models::Sequential;
    /// let mut model = Sequential::new(layers![Input::shape([2]), Dense::new(1)]);
    /// model.compile("adam", "mse")?;
    /// let batch = model.batch(vec![vec![1f32, 2.]], vec![3f32])?;
    /// let step = model.grad_step(&batch)?;
    /// if step.is_finite()? {
    ///     model.apply_step(step)?;
    /// }
    /// # Ok::<(), candle_keras_models::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the model is not compiled, or the batch does not match it.
    pub fn grad_step(&mut self, batch: &Batch) -> Result<Step> {
        let graph = self.graph()?;
        graph.weights().read(|| self.compiled()?.grad_step(&graph, batch))
    }

    /// Applies a step: the optimizer updates the weights, and the states are set to their new values. A step that the optimizer skips, because its gradients are not
    /// finite, changes neither.
    ///
    /// # Errors
    /// If the model is not compiled.
    pub fn apply_step(&mut self, step: Step) -> Result<()> {
        let Step { gradients, mut ctx, outputs, losses, .. } = step;
        drop((outputs, losses));
        let graph = self.graph()?;
        graph.weights().write(|| {
            let before = ctx.assign_replaced()?;
            let applied = self.compiled().and_then(|compiled| compiled.optimizer.apply_gradients(gradients));
            match applied {
                Ok(true) => ctx.commit(),
                Ok(false) => restore(&before),
                Err(error) => restore(&before).and(Err(error)),
            }
        })
    }

    /// Forward pass, backward pass, update. Returns the loss before the update as a tensor: reading it would wait for the device.
    pub(crate) fn train_step(&mut self, batch: &Batch) -> Result<Tensor> {
        let mut step = self.grad_step(batch)?;
        let compiled = self.compiled()?;
        let loss = step.loss.clone();
        compiled.measure(&loss, &std::mem::take(&mut step.losses), &step.results(batch))?;
        self.apply_step(step)?;
        Ok(loss)
    }

    pub(crate) fn test_step(&mut self, batch: &Batch) -> Result<()> {
        let graph = self.graph()?;
        let compiled = self.compiled()?;
        let mut ctx = Context::inference();
        graph.weights().read(|| {
            let (outputs, masks) = graph.run(&batch.x, &[], &mut ctx)?;
            let results =
                Results { targets: &batch.y, outputs: &outputs, masks: &masks, weights: &batch.sample_weight };
            let losses = compiled.losses(&results)?;
            let mut added = ctx.take_losses();
            added.extend(penalties(&compiled.trainable)?);
            compiled.measure(&compiled.total(&losses, added)?, &losses, &results)
        })?;
        commit(&graph, &mut ctx)
    }

    pub(crate) fn predict_step(&self, x: &[Tensor]) -> Result<Vec<Tensor>> {
        let mut ctx = Context::inference();
        let graph = self.graph()?;
        let (outputs, _) = graph.weights().read(|| graph.run(x, &[], &mut ctx))?;
        commit(&graph, &mut ctx)?;
        Ok(outputs)
    }
}

impl Compiled {
    /// The forward and backward pass.
    fn grad_step(&mut self, graph: &Graph, batch: &Batch) -> Result<Step> {
        let number = self.optimizer.iterations();
        let mut ctx = Context::training(self.stream(Use::Step, number)).at_step(number).trains(self.trained.clone());
        let tape = Tape::start();
        let (outputs, masks) = graph.run(&batch.x, &[], &mut ctx)?;
        let results = Results { targets: &batch.y, outputs: &outputs, masks: &masks, weights: &batch.sample_weight };
        let losses = self.losses(&results)?;
        let mut added = ctx.take_losses();
        added.extend(penalties(&self.trainable)?);
        let loss = self.total(&losses, added)?;
        let scale = self.optimizer.loss_scale();
        let grads = if scale == 1.0 { tape.backward(&loss)? } else { tape.backward(&(&loss * scale)?)? };
        let mut gradients = Vec::with_capacity(self.trainable.len());
        for variable in &self.trainable {
            if let Some(gradient) = variable.gradient(&grads)? {
                gradients.push((variable.clone(), if scale == 1.0 { gradient } else { gradient.scaled(1.0 / scale)? }));
            }
        }
        let loss = loss.detach();
        Ok(Step { loss, outputs, gradients, losses, masks, ctx })
    }
}

/// Assigns the values that weights had before a step that changes nothing.
fn restore(before: &[(Variable, Tensor)]) -> Result<()> {
    before.iter().try_for_each(|(variable, value)| variable.assign(value))
}

/// Applies the new states of a prediction, if any.
fn commit(graph: &Graph, ctx: &mut Context) -> Result<()> {
    if ctx.has_updates() { graph.weights().write(|| ctx.commit()) } else { Ok(()) }
}

/// The results of a training step, before anything is updated; see [`Model::grad_step`].
#[derive(Debug)]
pub struct Step {
    /// The total loss, a scalar.
    pub loss: Tensor,
    /// The outputs of the model.
    pub outputs: Vec<Tensor>,
    /// The gradients of the trainable weights, which may be changed before they are applied.
    pub gradients: Vec<(Variable, Gradient)>,
    losses: Vec<Option<Tensor>>,
    masks: Vec<Option<Tensor>>,
    ctx: Context,
}

impl Step {
    fn results<'a>(&'a self, batch: &'a Batch) -> Results<'a> {
        Results { targets: &batch.y, outputs: &self.outputs, masks: &self.masks, weights: &batch.sample_weight }
    }

    /// Whether the loss and all gradients are finite.
    ///
    /// # Errors
    /// If a tensor cannot be read.
    pub fn is_finite(&self) -> Result<bool> {
        Ok(scalar(&self.loss)?.is_finite()
            && self.gradients.iter().all(|(_, gradient)| gradient.is_finite().unwrap_or(false)))
    }
}

/// The logs of a step: names and scalars. The logs of an epoch are their means, weighted by the sizes of the batches.
pub type StepLogs = Vec<(&'static str, Tensor)>;

/// A custom training step, for which `fit` provides epochs, callbacks, checkpoints and resuming. Keras: an overridden `train_step`.
///
/// It may own other models and optimizers. The random numbers of its layers, and of [`next_stream`](candle_keras_ops::random::next_stream), depend on the
/// seed of the training and the index of the step. docs/training-loops.md shows a GAN.
pub trait TrainStep: Send {
    /// Runs a step on one batch.
    ///
    /// # Errors
    /// End the training.
    fn train_step(&mut self, model: &mut Model, batch: &Batch) -> Result<StepLogs>;

    /// Evaluates one batch of an evaluation or validation. Default: logs nothing, and warns of it.
    ///
    /// # Errors
    /// End the evaluation.
    fn test_step(&mut self, model: &mut Model, batch: &Batch) -> Result<StepLogs> {
        let _ = (model, batch);
        Ok(StepLogs::new())
    }

    /// Forgets what its metrics have seen: called before each epoch and each evaluation. Keras: the property `metrics`. Default: nothing.
    fn reset_metrics(&mut self) {}

    /// Whether the logs of an epoch are the means of those of its steps, weighted by the sizes of the batches. If not, they are those of the last step, as in Keras.
    /// Default: true.
    ///
    /// ```
    /// use candle_keras_layers::{layers, Dense, Input, Layer};
    /// use candle_keras_models::{Batch, Fit, Model, Result, Sequential, StepLogs, TrainStep};
    /// use candle_keras_training::metrics::Mean;
    /// use candle_core::{Device, Tensor};
    ///
    /// #[derive(Default)]
    /// struct Tracked {
    ///     loss: Mean,
    /// }
    ///
    /// impl TrainStep for Tracked {
    ///     fn train_step(&mut self, model: &mut Model, batch: &Batch) -> Result<StepLogs> {
    ///         let step = model.grad_step(batch)?;
    ///         self.loss.update_state(&step.loss, None)?;
    ///         model.apply_step(step)?;
    ///         Ok(vec![("loss", Tensor::new(self.loss.result()?, &Device::Cpu)?)])
    ///     }
    ///
    ///     fn reset_metrics(&mut self) {
    ///         self.loss.reset_state();
    ///     }
    ///
    ///     fn averages_logs(&self) -> bool {
    ///         false
    ///     }
    /// }
    ///
    /// let mut model = Sequential::new(layers![Input::shape([2]), Dense::new(1)]);
    /// model.compile("sgd", "mse")?;
    /// let (x, y) = (vec![vec![1f32, 2.]; 8], vec![3f32; 8]);
    /// let history = model.fit(&x, &y, Fit::new().epochs(2).verbose(0).step(Tracked::default()))?;
    /// assert!(history["loss"][1] < history["loss"][0]);
    /// # Ok::<(), candle_keras_models::Error>(())
    /// ```
    fn averages_logs(&self) -> bool {
        true
    }

    /// Its optimizers with the weights that they update, so that an interrupted training resumes with their states. Default: none.
    fn optimizers(&mut self) -> Vec<(&mut Optimizer, Vec<Variable>)> {
        Vec::new()
    }
}

impl<S: TrainStep + ?Sized> TrainStep for &mut S {
    fn train_step(&mut self, model: &mut Model, batch: &Batch) -> Result<StepLogs> {
        (**self).train_step(model, batch)
    }

    fn test_step(&mut self, model: &mut Model, batch: &Batch) -> Result<StepLogs> {
        (**self).test_step(model, batch)
    }

    fn reset_metrics(&mut self) {
        (**self).reset_metrics();
    }

    fn averages_logs(&self) -> bool {
        (**self).averages_logs()
    }

    fn optimizers(&mut self) -> Vec<(&mut Optimizer, Vec<Variable>)> {
        (**self).optimizers()
    }
}
