//! What happens to one batch: a training step, a test step, a prediction.

use crate::arguments::Data;
use crate::compiled::{Batch, Use, penalties, scalar, warn_of_nan};
use crate::model::Model;
use crate::samples::{Part, Samples, on_device};
use crate::{Logs, Result, arrays};
use candle_core::Tensor;
use candle_keras_data::ToTensors;
use candle_keras_layers::{Context, Shape};
use candle_keras_ops::{Error, Tape, warnings};

impl Model {
    /// One step on one batch; its loss, before the step, and metrics. Keras: `train_on_batch(..., return_dict=True)`.
    pub fn train_on_batch(&mut self, x: impl ToTensors, y: impl ToTensors) -> Result<Logs> {
        let part = self.one_batch(x.to_tensors()?, y.to_tensors()?)?;
        let loss = self.train_step(&part)?;
        let compiled = self.compiled()?;
        warn_of_nan(loss, 0, compiled.optimizer.iterations() as usize - 1);
        Ok(compiled.logs())
    }

    /// The loss and metrics of one batch. Keras: `test_on_batch(..., return_dict=True)`.
    pub fn test_on_batch(&mut self, x: impl ToTensors, y: impl ToTensors) -> Result<Logs> {
        let part = self.one_batch(x.to_tensors()?, y.to_tensors()?)?;
        self.test_step(&part)?;
        Ok(self.compiled()?.logs())
    }

    /// All samples as one batch, with the metrics started anew.
    fn one_batch(&mut self, x: Vec<Tensor>, y: Vec<Tensor>) -> Result<Part> {
        self.compiled()?.reset_metrics();
        let data = self.training_data(x, y, None)?;
        let samples = data.0[0].dim(0)?;
        if samples == 0 {
            return Err(Error::new("there are no samples in the batch"));
        }
        Samples::new(data, samples)?.get(0, None, &self.device)
    }

    /// The outputs for one batch. Keras: `predict_on_batch`.
    pub fn predict_on_batch(&self, x: impl ToTensors) -> Result<Vec<Tensor>> {
        let x = self.input_data(x.to_tensors()?)?;
        self.predict_step(&on_device(x, &self.device)?)
    }

    /// Inputs as the model takes them; a Sequential learns the shape of its samples here.
    pub(crate) fn input_data(&self, x: Vec<Tensor>) -> Result<Vec<Tensor>> {
        let unbuilt = self.body().graph()?.is_none();
        if let ([x], true) = (x.as_slice(), unbuilt) {
            self.build(Shape::from(x.dims().get(1..).unwrap_or(&[])))?;
        }
        let graph = self.graph()?;
        let x = arrays::inputs(&graph, x)?;
        arrays::same_length(["the first input", "the others"], &x[..1], &x[1..])?;
        Ok(x)
    }

    pub(crate) fn training_data(&mut self, x: Vec<Tensor>, y: Vec<Tensor>, weight: Option<Tensor>) -> Result<Data> {
        let x = self.input_data(x)?;
        self.settle()?;
        let y = arrays::targets(&*self.graph()?, y)?;
        arrays::same_length(["x", "y"], &x, &y)?;
        if let Some(weight) = &weight {
            arrays::same_length(["x", "sample_weight"], &x, std::slice::from_ref(weight))?;
        }
        Ok((x, y, weight))
    }

    /// Forward, backward, update. Returns the loss before the update.
    pub(crate) fn train_step(&mut self, part: &Part) -> Result<f64> {
        let graph = self.graph()?;
        let compiled = self.compiled()?;
        let step = compiled.optimizer.iterations();
        let mut ctx =
            Context::training(compiled.stream(Use::Step, step)).at_step(step).trains(compiled.trained.clone());
        let tape = Tape::start();
        let (outputs, masks) = graph.run(&part.x, &vec![None; part.x.len()], &mut ctx)?;
        let batch = Batch { targets: &part.y, outputs: &outputs, masks: &masks, weights: &part.weights };
        let mut loss = compiled.loss(&batch)?;
        for more in ctx.take_losses().into_iter().chain(penalties(&compiled.trainable)?) {
            loss = (loss + more)?;
        }
        let grads = tape.backward(&loss)?;
        let mut gradients = Vec::with_capacity(compiled.trainable.len());
        for variable in &compiled.trainable {
            if let Some(gradient) = variable.gradient(&grads)? {
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
        compiled.optimizer.apply(gradients)?;
        ctx.commit()?;
        Ok(value)
    }

    pub(crate) fn test_step(&mut self, part: &Part) -> Result<()> {
        let graph = self.graph()?;
        let compiled = self.compiled()?;
        let mut ctx = Context::inference();
        let (outputs, masks) = graph.run(&part.x, &vec![None; part.x.len()], &mut ctx)?;
        let batch = Batch { targets: &part.y, outputs: &outputs, masks: &masks, weights: &part.weights };
        let mut loss = scalar(&compiled.loss(&batch)?)?;
        for more in ctx.take_losses().into_iter().chain(penalties(&compiled.trainable)?) {
            loss += scalar(&more)?;
        }
        compiled.measure(loss, &batch)?;
        ctx.commit()
    }

    pub(crate) fn predict_step(&self, x: &[Tensor]) -> Result<Vec<Tensor>> {
        let mut ctx = Context::inference();
        let (outputs, _) = self.graph()?.run(x, &vec![None; x.len()], &mut ctx)?;
        ctx.commit()?;
        Ok(outputs)
    }
}
