//! Inputs, targets and weights that belong together, sample by sample.

use crate::Result;
use crate::arguments::Data;
use candle_core::{Device, Tensor};
use candle_keras_data::Batches;

/// Data to train or evaluate on, in batches.
pub(crate) struct Samples {
    batches: Batches,
    inputs: usize,
    targets: usize,
}

/// One batch of the data, on the model's device.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The inputs.
    pub x: Vec<Tensor>,
    /// The targets.
    pub y: Vec<Tensor>,
    /// The weights of the samples, if there are any.
    pub sample_weight: Vec<Tensor>,
}

impl Batch {
    /// The number of samples.
    pub fn size(&self) -> usize {
        self.x.first().and_then(|x| x.dims().first().copied()).unwrap_or(0)
    }
}

impl Samples {
    pub(crate) fn new((x, y, weight): Data, batch_size: usize) -> Result<Self> {
        let (inputs, targets) = (x.len(), y.len());
        let batches = Batches::new(x.into_iter().chain(y).chain(weight).collect(), batch_size)?;
        Ok(Self { batches, inputs, targets })
    }

    /// The number of batches.
    pub(crate) fn len(&self) -> usize {
        self.batches.len()
    }

    /// The number of samples.
    pub(crate) fn count(&self) -> usize {
        self.batches.samples()
    }

    /// A batch: of the samples in this order, or as they come.
    pub(crate) fn get(&self, batch: usize, order: Option<&[u32]>, device: &Device) -> Result<Batch> {
        let mut x = on_device(self.batches.get(batch, order)?, device)?;
        let mut y = x.split_off(self.inputs);
        let sample_weight = y.split_off(self.targets);
        Ok(Batch { x, y, sample_weight })
    }
}

/// The tensors where the model is; those that are there already are not copied.
pub(crate) fn on_device(tensors: Vec<Tensor>, device: &Device) -> Result<Vec<Tensor>> {
    Ok(tensors.iter().map(|tensor| tensor.to_device(device)).collect::<candle_core::Result<_>>()?)
}
