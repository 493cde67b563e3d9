//! The data arguments of `fit`, `evaluate` and `predict`: arrays, or a dataset.

use super::Dataset;
use crate::ToTensors;
use candle_core::Tensor;
use candle_keras_ops::Result;

/// Arrays, or a dataset.
#[derive(Debug, Clone)]
pub enum Data {
    /// Arrays with the samples on axis 0.
    Arrays(Vec<Tensor>),
    /// Batches.
    Dataset(Dataset),
}

/// The types that can be passed to `fit`, `evaluate` and `predict`: everything that [is an array or several](ToTensors), or a [`Dataset`] of batches.
pub trait IntoData {
    /// The data.
    ///
    /// # Errors
    /// If an array is not valid.
    fn into_data(self) -> Result<Data>;
}

impl<T: ToTensors> IntoData for T {
    fn into_data(self) -> Result<Data> {
        self.to_tensors().map(Data::Arrays)
    }
}

impl IntoData for Dataset {
    fn into_data(self) -> Result<Data> {
        Ok(Data::Dataset(self))
    }
}

impl IntoData for &Dataset {
    fn into_data(self) -> Result<Data> {
        Ok(Data::Dataset(self.clone()))
    }
}
