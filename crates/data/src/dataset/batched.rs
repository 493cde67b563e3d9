//! Batches of elements.

use super::{Batch, Cardinality, Dataset, Elements, Source, failed};
use candle_core::Tensor;
use candle_keras_ops::random::Stream;
use candle_keras_ops::{Error, Result};

/// How elements are batched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batching {
    /// The number of elements per batch.
    pub size: usize,
    /// Whether a smaller last batch is dropped.
    pub drop_remainder: bool,
    /// Whether elements of different shapes are padded with zeros.
    pub padded: bool,
}

impl Batching {
    /// The batches of an iterator of elements. An error among them comes before the batch that it interrupts, which has the elements around it.
    ///
    /// # Errors
    /// If the batch size is 0.
    pub fn stacked(self, elements: Elements) -> Result<Elements> {
        self.check()?;
        let mut elements = elements.fuse();
        let mut batch = Vec::new();
        Ok(Box::new(std::iter::from_fn(move || {
            while batch.len() < self.size {
                match elements.next() {
                    Some(Ok(element)) => batch.push(element),
                    Some(Err(error)) => return Some(Err(error)),
                    None => break,
                }
            }
            let batch = std::mem::take(&mut batch);
            let left_out = batch.is_empty() || (self.drop_remainder && batch.len() < self.size);
            (!left_out).then(|| Batch::join(&batch, if self.padded { pad } else { stack }))
        })))
    }

    /// The number of batches of so many elements.
    pub fn count(self, elements: usize) -> usize {
        match (self.size, self.drop_remainder) {
            (0, _) => 0,
            (size, true) => elements / size,
            (size, false) => elements.div_ceil(size),
        }
    }

    pub(crate) fn check(self) -> Result<()> {
        match self.size {
            0 => Err(Error::new("batch_size must be positive").received("0")),
            _ => Ok(()),
        }
    }
}

fn stack(tensors: &[&Tensor]) -> Result<Tensor> {
    if let Some(other) = tensors.iter().find(|tensor| tensor.dims() != tensors[0].dims()) {
        return Err(Error::new("the elements of a batch must have the same shape")
            .expected(format!("{:?}, as the first one has", tensors[0].dims()))
            .received(format!("{:?}", other.dims()))
            .help("padded_batch pads them with zeros"));
    }
    Ok(Tensor::stack(tensors, 0)?)
}

fn pad(tensors: &[&Tensor]) -> Result<Tensor> {
    let rank = tensors[0].rank();
    if let Some(other) = tensors.iter().find(|tensor| tensor.rank() != rank) {
        return Err(Error::new("the elements of a batch must have the same rank")
            .expected(format!("{rank}, as the first one has"))
            .received(other.rank().to_string()));
    }
    let longest = |axis: usize| tensors.iter().map(|tensor| tensor.dims()[axis]).max().unwrap_or(0);
    let longest: Vec<usize> = (0..rank).map(longest).collect();
    let padded = tensors.iter().map(|tensor| {
        longest.iter().enumerate().try_fold((*tensor).clone(), |tensor, (axis, &longest)| {
            let length = tensor.dims()[axis];
            tensor.pad_with_zeros(axis, 0, longest - length)
        })
    });
    Ok(Tensor::stack(&padded.collect::<candle_core::Result<Vec<_>>>()?, 0)?)
}

/// A dataset in batches.
pub(super) struct Batched {
    elements: Dataset,
    batching: Batching,
}

impl Batched {
    pub(super) fn new(elements: &Dataset, batching: Batching) -> Self {
        Self { elements: elements.clone(), batching }
    }
}

impl Source for Batched {
    fn elements(&self, random: &Stream, from: usize) -> Result<Elements> {
        self.elements.batches(random, self.batching, from)
    }

    fn cardinality(&self) -> Cardinality {
        self.elements.cardinality().map(|count| self.batching.count(count))
    }

    fn in_order(&self, order: Vec<u32>) -> Option<Dataset> {
        let size = u32::try_from(self.batching.size).ok()?;
        // The elements of each batch; only possible if all batches are full.
        let full = self.elements.cardinality().count()?.is_multiple_of(self.batching.size.max(1));
        let elements = order.iter().flat_map(|&batch| (0..size).map(move |i| batch.checked_mul(size)?.checked_add(i)));
        full.then(|| self.elements.in_order(elements.collect::<Option<_>>()?))?
            .map(|elements| Self { elements, ..*self })
            .map(Dataset::new)
    }
}

/// Skips to element `from`, for iterators that cannot start in the middle.
pub(super) fn skipped(elements: Result<Elements>, from: usize) -> Elements {
    let elements = elements.unwrap_or_else(failed);
    if from == 0 { elements } else { Box::new(elements.skip(from)) }
}
