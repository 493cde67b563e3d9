//! `predict`: the outputs of a model for many samples.

use crate::arguments::{BATCH_SIZE, Predict};
use crate::feed::{Feed, Given};
use crate::fit::{each, prepared};
use crate::model::Model;
use crate::{Logs, Result, record};
use candle_core::Tensor;
use candle_keras_data::{Batch, Data, IntoData};
use candle_keras_ops::random::Stream;
use candle_keras_ops::{Error, check_memory};

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
            let batch = self.in_order(batch.inputs())?;
            Ok(Batch { x: self.input_data(batch.x, &batch.text.x)?, ..Batch::default() })
        };
        let size = predict.run.batch_size;
        let given = Given::new(x.into_data()?, Data::Arrays(Vec::new()), None)?;
        let is_dataset = matches!(given, Given::Dataset(_));
        let mut feed = match given {
            Given::Arrays(x) => Feed::of_arrays(inputs(x)?, size.unwrap_or(BATCH_SIZE), false)?,
            Given::Dataset(dataset) => Feed::of_batches(dataset, "batch_size", size),
        };
        let steps = feed.steps(predict.steps, "steps")?;
        // How many batches a dataset really has is not known before.
        let batches = if is_dataset { None } else { steps };
        let (mut callbacks, _) = prepared(predict.run, 1, steps, false);
        // Several threads may predict, so training's random state is not used.
        feed.begin(&Stream::new(0, 0), 0)?;
        each(&mut callbacks, |c| c.on_predict_begin(self, &Logs::default()))?;
        let mut all: Vec<Batches> = Vec::new();
        let mut step = 0;
        while steps.is_none_or(|steps| step < steps) {
            let Some(batch) = feed.next(&self.device(), inputs)? else { break };
            each(&mut callbacks, |c| c.on_predict_batch_begin(self, step, &Logs::default()))?;
            let outputs = self.predict_step(&batch.x).map_err(|error| feed.located(error))?;
            all.resize_with(outputs.len(), Batches::default);
            all.iter_mut().zip(outputs).try_for_each(|(all, output)| all.push(output, batches))?;
            each(&mut callbacks, |c| c.on_predict_batch_end(self, step, &Logs::default()))?;
            step += 1;
        }
        if step == 0 {
            return Err(Error::new("there are no samples to predict from"));
        }
        each(&mut callbacks, |c| c.on_predict_end(self, &Logs::default()))?;
        let outputs = all.into_iter().map(Batches::tensor).collect::<Result<Vec<_>>>()?;
        record::predicted(&outputs)?;
        Ok(outputs)
    }
}

/// The outputs for the batches so far.
#[derive(Default)]
struct Batches {
    /// Memory for all batches, if their number is known, and how many samples are in it: the outputs are there once, not as parts as well.
    whole: Option<(Tensor, usize)>,
    parts: Vec<Tensor>,
}

impl Batches {
    /// Adds the outputs for a batch, of so many.
    fn push(&mut self, output: Tensor, batches: Option<usize>) -> Result<()> {
        let output = output.detach();
        let [size, shape @ ..] = output.dims() else {
            self.parts.push(output);
            return Ok(());
        };
        if let (None, true, Some(batches @ 2..)) = (&self.whole, self.parts.is_empty(), batches) {
            let dims = [&[size.saturating_mul(batches)], shape].concat();
            if check_memory(&dims, output.dtype()).is_ok() {
                self.whole = Some((Tensor::zeros(dims, output.dtype(), output.device())?, 0));
            }
        }
        if let Some((whole, filled)) = self.whole.take() {
            if whole.dims()[1..] == *shape && filled + size <= whole.dims()[0] && whole.dtype() == output.dtype() {
                whole.slice_set(&output.contiguous()?, 0, filled)?;
                self.whole = Some((whole, filled + size));
                return Ok(());
            }
            self.parts.push(whole.narrow(0, 0, filled)?);
        }
        self.parts.push(output);
        Ok(())
    }

    fn tensor(self) -> Result<Tensor> {
        match self.whole {
            Some((whole, filled)) => Ok(whole.narrow(0, 0, filled)?),
            None => Ok(Tensor::cat(&self.parts, 0)?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{DType, Device};

    #[test]
    fn batches_become_one_tensor() {
        let of = |numbers: &[f32]| Tensor::from_slice(numbers, numbers.len(), &Device::Cpu).unwrap();
        let all = |parts: &[Tensor], batches| {
            let mut all = Batches::default();
            parts.iter().for_each(|part| all.push(part.clone(), batches).unwrap());
            all.tensor().unwrap().to_vec1::<f32>().unwrap()
        };
        // As many as were announced, fewer and more of them, larger and smaller ones.
        let parts = [of(&[1., 2.]), of(&[3., 4.]), of(&[5.])];
        for batches in [None, Some(1), Some(2), Some(3), Some(9), Some(usize::MAX)] {
            assert_eq!(all(&parts, batches), [1., 2., 3., 4., 5.], "{batches:?}");
        }
        assert_eq!(all(&[of(&[1.]), of(&[2., 3.]), of(&[4.])], Some(3)), [1., 2., 3., 4.]);
        let mut other = Batches::default();
        other.push(of(&[1.]), Some(2)).unwrap();
        other.push(of(&[2.]).to_dtype(DType::F64).unwrap(), Some(2)).unwrap();
        assert!(other.tensor().is_err());
    }
}
