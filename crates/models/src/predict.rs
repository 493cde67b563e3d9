//! `predict`: the outputs of a model for many samples.

use crate::arguments::{BATCH_SIZE, Predict};
use crate::feed::{Feed, Given};
use crate::fit::{each, prepared};
use crate::model::Model;
use crate::{Logs, Result};
use candle_core::Tensor;
use candle_keras_data::{Batch, Data, IntoData, Names};
use candle_keras_ops::Error;
use candle_keras_ops::random::Stream;

impl Model {
    /// The model's output for these inputs, or for those of a [`Dataset`](candle_keras_data::Dataset) of batches, all batches in one tensor. Several
    /// threads may call it at once.
    ///
    /// # Errors
    /// If the data does not match the inputs, or the model has several outputs (see [`predict_multiple`](Self::predict_multiple)).
    pub fn predict(&self, x: impl IntoData) -> Result<Tensor> {
        self.predict_with(x, Predict::new())
    }

    /// [`predict`](Self::predict) with arguments: a batch size, callbacks, no progress bar.
    ///
    /// # Errors
    /// As for [`predict`](Self::predict).
    pub fn predict_with<'a>(&self, x: impl IntoData, predict: impl Into<Predict<'a>>) -> Result<Tensor> {
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
    /// If the data does not match the inputs.
    pub fn predict_multiple(&self, x: impl IntoData) -> Result<Vec<Tensor>> {
        self.predict_multiple_with(x, Predict::new())
    }

    /// [`predict_with`](Self::predict_with) for a model with several outputs.
    ///
    /// # Errors
    /// If the data does not match the inputs.
    pub fn predict_multiple_with<'a>(&self, x: impl IntoData, predict: impl Into<Predict<'a>>) -> Result<Vec<Tensor>> {
        let predict = predict.into();
        let inputs = |batch: Batch| {
            let names = Names { x: batch.names.x, ..Names::default() };
            let x = self.in_order(Batch { x: batch.x, names, ..Batch::default() })?.x;
            Ok(Batch { x: self.input_data(x)?, ..Batch::default() })
        };
        let size = predict.run.batch_size;
        let mut feed = match Given::new(x.into_data()?, Data::Arrays(Vec::new()), None)? {
            Given::Arrays(x) => Feed::of_arrays(inputs(x)?, size.unwrap_or(BATCH_SIZE), false)?,
            Given::Dataset(dataset) => Feed::of_batches(dataset, "batch_size", size),
        };
        let steps = feed.steps(predict.steps, "steps")?;
        let (mut callbacks, _) = prepared(predict.run, 1, steps, false);
        // Several threads may predict, so training's random state is not used.
        feed.begin(&Stream::new(0, 0), 0)?;
        each(&mut callbacks, |c| c.on_predict_begin(self, &Logs::default()))?;
        let mut parts: Vec<Vec<Tensor>> = Vec::new();
        let mut step = 0;
        while steps.is_none_or(|steps| step < steps) {
            let Some(batch) = feed.next(&self.device(), inputs)? else { break };
            each(&mut callbacks, |c| c.on_predict_batch_begin(self, step, &Logs::default()))?;
            let outputs = self.predict_step(&batch.x).map_err(|error| feed.located(error))?;
            parts.resize(outputs.len(), Vec::new());
            parts.iter_mut().zip(outputs).for_each(|(part, output)| part.push(output));
            each(&mut callbacks, |c| c.on_predict_batch_end(self, step, &Logs::default()))?;
            step += 1;
        }
        if step == 0 {
            return Err(Error::new("there are no samples to predict from"));
        }
        each(&mut callbacks, |c| c.on_predict_end(self, &Logs::default()))?;
        Ok(parts.iter().map(|parts| Tensor::cat(parts, 0)).collect::<candle_core::Result<_>>()?)
    }
}
