//! Feeds batches to a model, in passes over a dataset.

use crate::model::Model;
use crate::{Result, arrays};
use candle_core::{Device, Tensor};
use candle_keras_data::{Batch, Cardinality, Data, Dataset, Elements, Source};
use candle_keras_ops::Error;
use candle_keras_ops::random::Stream;
use std::collections::BTreeMap;

/// The batches of a fit, an evaluation or a prediction.
pub(crate) struct Feed {
    dataset: Dataset,
    /// Whether the batches are already adapted to the model.
    is_adapted: bool,
    class_weight: BTreeMap<u32, f64>,
    elements: Option<Elements>,
    /// The number of batches taken in this pass.
    pub(crate) taken: usize,
}

impl Feed {
    /// From arrays that are already adapted to the model.
    pub(crate) fn of_arrays(arrays: Batch, batch_size: usize, shuffle: bool) -> Result<Self> {
        let samples = arrays.size();
        let dataset = Dataset::from_tensor_slices(arrays)?;
        let dataset = if shuffle && samples > 0 { dataset.shuffle(samples) } else { dataset };
        Ok(Self { is_adapted: true, ..Self::of_dataset(dataset.batch(batch_size)) })
    }

    /// From a dataset, whose batches are not adapted yet.
    pub(crate) fn of_dataset(dataset: Dataset) -> Self {
        Self { dataset, is_adapted: false, class_weight: BTreeMap::new(), elements: None, taken: 0 }
    }

    /// Weights samples by their classes.
    pub(crate) fn weighted(self, class_weight: BTreeMap<u32, f64>) -> Self {
        Self { class_weight, ..self }
    }

    /// The number of batches in a pass, or in an epoch of so many steps; `None` if unknown.
    ///
    /// # Errors
    /// If it is infinite.
    pub(crate) fn steps(&self, wanted: Option<usize>, argument: &str) -> Result<Option<usize>> {
        match (wanted, self.dataset.cardinality()) {
            (Some(0), _) => Err(Error::new(format!("{argument} must be positive")).received("0")),
            (Some(steps), _) => Ok(Some(steps)),
            (None, Cardinality::Infinite) => Err(Error::new("the dataset is infinite")
                .expected(format!("{argument}, the number of batches to take from it"))),
            (None, cardinality) => Ok(cardinality.count()),
        }
    }

    /// Starts a pass at this batch.
    pub(crate) fn begin(&mut self, random: &Stream, from: usize) -> Result<()> {
        self.elements = Some(self.dataset.elements(random, from)?);
        self.taken = from;
        Ok(())
    }

    /// Whether a pass is in progress.
    pub(crate) fn has_begun(&self) -> bool {
        self.elements.is_some()
    }

    /// The next batch, adapted to the model and on its device; `None` at the end of the pass.
    pub(crate) fn next(
        &mut self,
        device: &Device,
        adapt: impl FnOnce(Batch) -> Result<Batch>,
    ) -> Result<Option<Batch>> {
        let Some(batch) = self.elements.as_mut().and_then(Iterator::next).transpose()? else {
            self.elements = None;
            return Ok(None);
        };
        let mut batch = if self.is_adapted { batch } else { adapt(batch)? };
        arrays::not_empty(&batch)?;
        if !self.class_weight.is_empty() {
            let weight = arrays::class_weights(&self.class_weight, &batch.y, !batch.sample_weight.is_empty())?;
            batch.sample_weight = vec![weight];
        }
        self.taken += 1;
        let is_there = batch.tensors().all(|tensor| tensor.device().same_device(device));
        if is_there { Ok(Some(batch)) } else { batch.to_device(device).map(Some) }
    }

    /// Shows the first batch to a model that infers its shapes from data.
    pub(crate) fn show(&self, random: &Stream, model: &mut Model) -> Result<()> {
        if self.is_adapted || model.is_bound() {
            return Ok(());
        }
        match self.dataset.elements(random, 0)?.next() {
            Some(batch) => model.adapted(batch?).map(|_| ()),
            None => Ok(()),
        }
    }
}

/// The given data: a dataset, or arrays.
pub(crate) enum Given {
    Dataset(Dataset),
    Arrays(Batch),
}

impl Given {
    /// A dataset includes targets and weights.
    pub(crate) fn new(x: Data, y: Data, sample_weight: Option<Vec<Tensor>>) -> Result<Self> {
        let sample_weight = sample_weight.unwrap_or_default();
        match (x, y) {
            (Data::Arrays(x), Data::Arrays(y)) => Ok(Self::Arrays(Batch { x, y, sample_weight })),
            (Data::Dataset(dataset), Data::Arrays(y)) if y.is_empty() && sample_weight.is_empty() => {
                Ok(Self::Dataset(dataset))
            }
            _ => Err(Error::new("the elements of a dataset include targets and sample weights")
                .expected("() in place of targets, and no sample_weight")
                .help("its elements are (x, y) or (x, y, sample_weight); Dataset::zip combines inputs and targets")),
        }
    }
}
