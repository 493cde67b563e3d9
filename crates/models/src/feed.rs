//! Feeds batches to a model, in passes over a dataset.

use crate::model::Model;
use crate::{Result, arrays};
use candle_core::{DType, Device, Tensor};
use candle_keras_data::{Batch, Cardinality, Data, Dataset, Elements, IntoBatch, Names, Source};
use candle_keras_ops::config::max_steps_per_epoch;
use candle_keras_ops::random::Stream;
use candle_keras_ops::{Error, warnings};
use std::collections::BTreeMap;

/// The batches of a fit, an evaluation or a prediction.
pub(crate) struct Feed {
    dataset: Dataset,
    /// Whether the batches are already adapted to the model.
    is_adapted: bool,
    class_weight: BTreeMap<u32, f64>,
    elements: Option<Elements>,
    /// How arrays are arranged in batches.
    arrangement: Option<Arrangement>,
    /// The random numbers of this pass.
    pass: Stream,
    /// The number of samples of the last batch.
    size: usize,
    /// The number of batches taken in this pass.
    pub(crate) taken: usize,
}

/// Samples of arrays in batches.
#[derive(Clone, Copy)]
struct Arrangement {
    samples: usize,
    batch_size: usize,
    shuffle: bool,
    /// The index of the first sample in the data that the user gave.
    first: usize,
}

impl Arrangement {
    fn batches(self, arrays: Batch) -> Result<Dataset> {
        let dataset = Dataset::from_tensor_slices(arrays)?;
        let dataset = if self.shuffle && self.samples > 0 { dataset.shuffle(self.samples) } else { dataset };
        Ok(dataset.batch(self.batch_size))
    }

    /// The index in the data of a sample of a batch: the batch of indices that are arranged in the same way has it.
    fn index(self, pass: &Stream, batch: usize, sample: usize) -> Result<u32> {
        let first = self.first as u32;
        let indices = Tensor::arange(first, first + self.samples as u32, &Device::Cpu)?;
        let batch = self.batches(Batch { x: vec![indices], ..Batch::default() })?.elements(pass, batch)?.next();
        let batch = batch.ok_or_else(|| Error::new("there is no such batch"))??;
        Ok(batch.x[0].get(sample)?.to_scalar()?)
    }
}

impl Feed {
    /// From arrays that are already adapted to the model.
    pub(crate) fn of_arrays(arrays: Batch, batch_size: usize, shuffle: bool) -> Result<Self> {
        let arrangement = Arrangement { samples: arrays.size(), batch_size, shuffle, first: 0 };
        let dataset = arrangement.batches(arrays)?;
        Ok(Self { is_adapted: true, arrangement: Some(arrangement), ..Self::of_dataset(dataset) })
    }

    /// The arrays are the part of the data from this index.
    pub(crate) fn starting_at(mut self, first: usize) -> Self {
        if let Some(arrangement) = &mut self.arrangement {
            arrangement.first = first;
        }
        self
    }

    /// From a dataset of batches; Keras ignores an argument for their size.
    pub(crate) fn of_batches(dataset: Dataset, argument: &str, batch_size: Option<usize>) -> Self {
        if let Some(size) = batch_size {
            warnings::warn(format!("{argument} is ignored for a dataset, which has batches: Dataset::batch({size})"));
        }
        Self::of_dataset(dataset)
    }

    /// From a dataset, whose batches are not adapted yet.
    fn of_dataset(dataset: Dataset) -> Self {
        let class_weight = BTreeMap::new();
        let pass = Stream::new(0, 0);
        Self { dataset, is_adapted: false, class_weight, elements: None, arrangement: None, pass, size: 0, taken: 0 }
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
        match (self.limited(wanted, argument), self.dataset.cardinality()) {
            (Some(0), _) => Err(Error::new(format!("{argument} must be positive")).received("0")),
            (Some(steps), _) => Ok(Some(steps)),
            (None, Cardinality::Infinite) => Err(Error::new("the dataset is infinite")
                .expected(format!("{argument}, the number of batches to take from it"))),
            (None, cardinality) => Ok(cardinality.count()),
        }
    }

    /// The wanted number of steps, or that of `config::max_steps_per_epoch` if there may be more.
    pub(crate) fn limited(&self, wanted: Option<usize>, argument: &str) -> Option<usize> {
        let Some(most) = max_steps_per_epoch() else { return wanted };
        if wanted.or(self.dataset.cardinality().count()).is_some_and(|steps| steps <= most) {
            return wanted;
        }
        warnings::warn(format!("{argument} is limited to {most} by config::set_max_steps_per_epoch"));
        Some(most)
    }

    /// Starts a pass at this batch.
    pub(crate) fn begin(&mut self, random: &Stream, from: usize) -> Result<()> {
        self.elements = Some(self.dataset.elements(random, from)?);
        (self.pass, self.taken) = (random.clone(), from);
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
        (self.size, self.taken) = (batch.size(), self.taken + 1);
        let mut batch = if self.is_adapted { batch } else { adapt(batch).map_err(|error| self.located(error))? };
        arrays::not_empty(&batch)?;
        if !self.class_weight.is_empty() {
            let weight = arrays::class_weights(&self.class_weight, &batch.y, !batch.sample_weight.is_empty())?;
            batch.sample_weight = vec![weight];
        }
        let is_there = batch.tensors().all(|tensor| tensor.device().same_device(device));
        if is_there { Ok(Some(batch)) } else { batch.to_device(device).map(Some) }
    }

    /// Adds to an error about a sample of the last batch where it is in the data.
    pub(crate) fn located(&self, error: Error) -> Error {
        error.in_data(self.size, |sample| match self.arrangement {
            Some(arrangement) => {
                let index = arrangement.index(&self.pass, self.taken.checked_sub(1)?, sample).ok()?;
                Some(format!("index {index} of the data"))
            }
            None => Some(format!("batch {} of the dataset", self.taken)),
        })
    }

    /// Shows the first batch to a model that infers its shapes from data.
    pub(crate) fn show(&self, random: &Stream, model: &mut Model) -> Result<()> {
        if self.is_adapted || model.is_bound() {
            return Ok(());
        }
        match self.dataset.first(random)? {
            Some(batch) => model.adapted(batch).map(|_| ()),
            None => Ok(()),
        }
    }
}

/// The given data: a dataset, or arrays.
pub(crate) enum Given {
    Dataset(Dataset),
    Arrays(Batch),
}

impl Model {
    /// The batch with the arrays that were given by name in the order of the inputs and outputs of these names; outputs without a weight get ones.
    ///
    /// # Errors
    /// If a name is unknown, or there twice.
    pub(crate) fn in_order(&self, mut batch: Batch) -> Result<Batch> {
        if batch.names == Names::default() {
            return Ok(batch);
        }
        let (inputs, outputs) = {
            let graph = self.graph()?;
            (graph.input_names(), graph.log_names())
        };
        let names = std::mem::take(&mut batch.names);
        let present = |arrays: Vec<Option<Tensor>>| arrays.into_iter().flatten().collect();
        if let Some(names) = &names.x {
            batch.x = present(in_order("input", &inputs, names, batch.x)?);
            batch.text.x = places(&inputs, names, &batch.text.x);
        }
        if let Some(names) = &names.y {
            batch.y = present(in_order("output", &outputs, names, batch.y)?);
            batch.text.y = places(&outputs, names, &batch.text.y);
        }
        if let (Some(names), Some(first)) = (&names.sample_weight, batch.sample_weight.first()) {
            let ones = Tensor::ones(first.dims().first().copied().unwrap_or(0), DType::F32, first.device())?;
            let weights = in_order("output", &outputs, names, batch.sample_weight)?;
            batch.sample_weight = weights.into_iter().map(|weight| weight.unwrap_or_else(|| ones.clone())).collect();
        }
        Ok(batch)
    }
}

/// The array of each of the known names.
fn in_order(what: &str, known: &[String], names: &[String], arrays: Vec<Tensor>) -> Result<Vec<Option<Tensor>>> {
    let mut ordered = vec![None; known.len()];
    for (name, array) in names.iter().zip(arrays) {
        let place = known.iter().position(|known| known == name);
        let place =
            place.ok_or_else(|| Error::unknown(what, name, &known.iter().map(String::as_str).collect::<Vec<_>>()))?;
        if ordered[place].replace(array).is_some() {
            return Err(Error::new("each array has its own name").received(format!("{name:?} twice")));
        }
    }
    Ok(ordered)
}

/// The places among the known names of the given names with these indices.
fn places(known: &[String], names: &[String], indices: &[usize]) -> Vec<usize> {
    indices.iter().filter_map(|&i| known.iter().position(|known| known == &names[i])).collect()
}

impl Given {
    /// A dataset includes targets and weights.
    pub(crate) fn new(x: Data, y: Data, sample_weight: Option<Data>) -> Result<Self> {
        let sample_weight = sample_weight.unwrap_or(Data::Arrays(Vec::new()));
        match x {
            Data::Dataset(dataset) if y.is_empty() && sample_weight.is_empty() => Ok(Self::Dataset(dataset)),
            x => (x, y, sample_weight).into_batch().map(Self::Arrays),
        }
    }
}
