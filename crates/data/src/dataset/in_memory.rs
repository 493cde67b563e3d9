//! Arrays in memory as a dataset.

use super::batched::Batching;
use super::{Batch, Cardinality, Dataset, Elements, Source, samples};
use candle_core::{Device, Tensor};
use candle_keras_ops::Result;
use candle_keras_ops::random::Stream;
use std::sync::Arc;

/// Arrays with the same number of samples, in order or permuted.
#[derive(Clone)]
pub(super) struct InMemory {
    arrays: Arc<Batch>,
    samples: usize,
    /// The indices of the samples, if they are permuted.
    order: Option<Arc<Vec<u32>>>,
}

impl InMemory {
    pub(super) fn new(arrays: Batch) -> Result<Self> {
        let samples = samples(arrays.tensors())?;
        Ok(Self { arrays: Arc::new(arrays), samples, order: None })
    }

    /// These samples: views if they are in order, otherwise gathered.
    fn slice(&self, first: usize, count: usize) -> Result<Batch> {
        let Some(order) = &self.order else { return self.arrays.map(|array| Ok(array.narrow(0, first, count)?)) };
        let ids = Tensor::from_slice(&order[first..first + count], count, &Device::Cpu)?;
        self.arrays.map(|array| Ok(array.index_select(&ids.to_device(array.device())?, 0)?))
    }
}

impl Source for InMemory {
    fn elements(&self, _: &Stream, from: usize) -> Result<Elements> {
        let arrays = self.clone();
        let sample = move |i| arrays.slice(i, 1)?.map(|array| Ok(array.squeeze(0)?));
        Ok(Box::new((from..self.samples).map(sample)))
    }

    fn cardinality(&self) -> Cardinality {
        Cardinality::Finite(self.samples)
    }

    fn batches(&self, random: &Stream, batching: Batching, from: usize) -> Result<Elements> {
        batching.check()?;
        if batching.padded {
            return batching.stacked(self.elements(random, from.saturating_mul(batching.size))?);
        }
        let (arrays, size) = (self.clone(), batching.size);
        let batch = move |i: usize| arrays.slice(i * size, size.min(arrays.samples - i * size));
        Ok(Box::new((from..batching.count(self.samples)).map(batch)))
    }

    fn in_order(&self, order: Vec<u32>) -> Option<Dataset> {
        let order: Vec<u32> = match &self.order {
            None => order,
            Some(places) => order.iter().map(|&i| places[i as usize]).collect(),
        };
        Some(Dataset::new(Self { arrays: self.arrays.clone(), samples: order.len(), order: Some(Arc::new(order)) }))
    }
}
