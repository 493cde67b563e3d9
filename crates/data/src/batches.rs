//! Batches: parts of arrays that belong together, sample by sample.

use candle_core::{Device, Tensor};
use candle_keras_ops::{Error, Result};
use std::ops::Range;

/// Arrays with the same number of samples, handed out in batches.
///
/// In order, a batch is a view into the arrays; in another order it is gathered.
#[derive(Debug, Clone)]
pub struct Batches {
    arrays: Vec<Tensor>,
    samples: usize,
    batch_size: usize,
}

impl Batches {
    /// Arrays with samples on axis 0; the last batch may be smaller.
    ///
    /// # Errors
    /// If there is no array, an array has no axis, the numbers of samples differ, or a batch is to be empty.
    pub fn new(arrays: Vec<Tensor>, batch_size: usize) -> Result<Self> {
        let Some(samples) = arrays.first().and_then(|array| array.dims().first().copied()) else {
            return Err(Error::new("there are no samples").expected("arrays with the samples on axis 0"));
        };
        if batch_size == 0 {
            return Err(Error::new("batch_size must be positive").received("0"));
        }
        if let Some((i, array)) = arrays.iter().enumerate().find(|(_, array)| array.dims().first() != Some(&samples)) {
            return Err(Error::new("all arrays must have the same number of samples")
                .expected(format!("{samples} samples, as in the first array"))
                .received(format!("an array of shape {:?} at [{i}]", array.dims())));
        }
        Ok(Self { arrays, samples, batch_size })
    }

    /// The number of samples.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// The number of batches.
    pub fn len(&self) -> usize {
        self.samples.div_ceil(self.batch_size)
    }

    /// Whether there is no batch.
    pub fn is_empty(&self) -> bool {
        self.samples == 0
    }

    /// Which samples are in a batch, by their place in the order.
    fn range(&self, batch: usize) -> Range<usize> {
        let start = batch * self.batch_size;
        start..(start + self.batch_size).min(self.samples)
    }

    /// A batch of each array: of the samples in this order, or as they come.
    pub fn get(&self, batch: usize, order: Option<&[u32]>) -> Result<Vec<Tensor>> {
        let range = self.range(batch);
        let part = |array: &Tensor| array.narrow(0, range.start, range.len());
        let Some(order) = order else { return Ok(self.arrays.iter().map(part).collect::<candle_core::Result<_>>()?) };
        let count = range.len();
        let ids = Tensor::from_slice(&order[range], count, &Device::Cpu)?;
        let gathered = |array: &Tensor| array.index_select(&ids.to_device(array.device())?, 0);
        Ok(self.arrays.iter().map(gathered).collect::<candle_core::Result<_>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_come_in_order_or_gathered() {
        let a = Tensor::arange(0u32, 5, &Device::Cpu).unwrap();
        let b = Tensor::arange(0f32, 10., &Device::Cpu).unwrap().reshape((5, 2)).unwrap();
        let batches = Batches::new(vec![a, b], 2).unwrap();
        assert_eq!((batches.samples(), batches.len()), (5, 3));
        assert_eq!(batches.get(2, None).unwrap()[0].to_vec1::<u32>().unwrap(), [4]);
        let batch = batches.get(0, Some(&[3, 1, 0, 2, 4])).unwrap();
        assert_eq!(batch[0].to_vec1::<u32>().unwrap(), [3, 1]);
        assert_eq!(batch[1].to_vec2::<f32>().unwrap(), [[6., 7.], [2., 3.]]);
    }

    #[test]
    fn arrays_that_do_not_belong_together_are_errors() {
        let (a, b) = (Tensor::arange(0u32, 5, &Device::Cpu).unwrap(), Tensor::arange(0u32, 4, &Device::Cpu).unwrap());
        let error = Batches::new(vec![a.clone(), b], 2).unwrap_err().to_string();
        assert!(error.contains("5 samples") && error.contains("[4] at [1]"), "{error}");
        assert!(Batches::new(vec![], 2).is_err());
        assert!(Batches::new(vec![a], 0).is_err());
    }
}
