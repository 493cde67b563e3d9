//! One element of a dataset: inputs, targets, and weights of the samples.

use crate::ToTensors;
use crate::arrays::Nested;
use candle_core::{Device, Tensor};
use candle_keras_ops::{Error, Result};

/// An element of a [`Dataset`](crate::Dataset): a sample, or a batch of samples. Keras: `(x, y, sample_weight)`.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The inputs.
    pub x: Vec<Tensor>,
    /// The targets.
    pub y: Vec<Tensor>,
    /// The weights of the samples: none, one for all outputs, or one for each output.
    pub sample_weight: Vec<Tensor>,
}

impl Batch {
    /// The number of samples of a batch.
    pub fn size(&self) -> usize {
        self.x.first().and_then(|x| x.dims().first().copied()).unwrap_or(0)
    }

    /// The batch on a device; tensors that are there already are not copied.
    ///
    /// # Errors
    /// If the device fails.
    pub fn to_device(&self, device: &Device) -> Result<Self> {
        self.map(|tensor| Ok(tensor.to_device(device)?))
    }

    /// Applies a function to the tensors.
    pub fn map(&self, f: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Self> {
        let each = |tensors: &[Tensor]| tensors.iter().map(&f).collect::<Result<Vec<_>>>();
        Ok(Self { x: each(&self.x)?, y: each(&self.y)?, sample_weight: each(&self.sample_weight)? })
    }

    /// All tensors.
    pub fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        self.x.iter().chain(&self.y).chain(&self.sample_weight)
    }

    /// One batch of several elements; a function combines the tensors at each position.
    pub(super) fn join(elements: &[Batch], f: impl Fn(&[&Tensor]) -> Result<Tensor>) -> Result<Self> {
        let place = |of: fn(&Batch) -> &Vec<Tensor>| -> Result<Vec<Tensor>> {
            let count = elements.first().map_or(0, |element| of(element).len());
            if let Some(other) = elements.iter().map(|element| of(element).len()).find(|other| *other != count) {
                return Err(Error::new("the elements of a dataset must have the same parts")
                    .expected(format!("{count} tensors, as the first one has"))
                    .received(other.to_string()));
            }
            (0..count).map(|i| f(&elements.iter().map(|element| &of(element)[i]).collect::<Vec<_>>())).collect()
        };
        Ok(Self { x: place(|b| &b.x)?, y: place(|b| &b.y)?, sample_weight: place(|b| &b.sample_weight)? })
    }
}

/// The types that convert to an element: inputs, `(inputs, targets)` or `(inputs, targets, sample_weights)`, or a `Result` of these.
pub trait IntoBatch {
    /// The element.
    ///
    /// # Errors
    /// If an array is not valid.
    fn into_batch(self) -> Result<Batch>;
}

impl IntoBatch for Batch {
    fn into_batch(self) -> Result<Batch> {
        Ok(self)
    }
}

impl<B: IntoBatch, E: Into<Error>> IntoBatch for std::result::Result<B, E> {
    fn into_batch(self) -> Result<Batch> {
        self.map_err(Into::into)?.into_batch()
    }
}

impl<X: ToTensors, Y: ToTensors> IntoBatch for (X, Y) {
    fn into_batch(self) -> Result<Batch> {
        Ok(Batch { x: self.0.to_tensors()?, y: self.1.to_tensors()?, sample_weight: Vec::new() })
    }
}

impl<X: ToTensors, Y: ToTensors, W: ToTensors> IntoBatch for (X, Y, W) {
    fn into_batch(self) -> Result<Batch> {
        Ok(Batch { x: self.0.to_tensors()?, y: self.1.to_tensors()?, sample_weight: self.2.to_tensors()? })
    }
}

macro_rules! inputs_alone {
    ($([$($generics:tt)*] $inputs:ty;)*) => {$(
        impl<$($generics)*> IntoBatch for $inputs {
            fn into_batch(self) -> Result<Batch> {
                Ok(Batch { x: self.to_tensors()?, ..Batch::default() })
            }
        }
    )*};
}

inputs_alone! {
    [] Tensor;
    [] &Tensor;
    [] Vec<Tensor>;
    [] Vec<String>;
    [] Vec<&str>;
    [N: Nested] Vec<N>;
    [N: Nested] &Vec<N>;
}
