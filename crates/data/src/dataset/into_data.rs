//! The data arguments of `fit`, `evaluate` and `predict`: arrays, or a dataset.

use super::Dataset;
use crate::{Array, ToArrays, ToTensor};
use candle_keras_ops::Result;
use indexmap::IndexMap;

/// Arrays, or a dataset.
#[derive(Debug, Clone)]
pub enum Data {
    /// Arrays with the samples on axis 0.
    Arrays(Vec<Array>),
    /// Arrays by the names of inputs or outputs.
    Named(Vec<(String, Array)>),
    /// Batches.
    Dataset(Dataset),
}

impl Data {
    /// Whether it is `()`.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Arrays(arrays) if arrays.is_empty())
    }
}

/// The types that can be passed to `fit`, `evaluate` and `predict`: everything that [is an array or several](ToArrays), arrays by the names of inputs or
/// outputs, `[("title", &titles), ("tags", &tags)]`, or a [`Dataset`] of batches.
pub trait IntoData {
    /// The data.
    ///
    /// # Errors
    /// If an array is not valid.
    fn into_data(self) -> Result<Data>;
}

impl<T: ToArrays> IntoData for T {
    fn into_data(self) -> Result<Data> {
        self.to_arrays().map(Data::Arrays)
    }
}

impl<T: ToTensor, const N: usize> IntoData for [(&str, T); N] {
    fn into_data(self) -> Result<Data> {
        let named = self.iter().map(|(name, array)| Ok(((*name).into(), Array::new(array)?)));
        named.collect::<Result<_>>().map(Data::Named)
    }
}

/// Arrays whose names are known when the program runs: `model.predict(&inputs)?`.
///
/// ```
/// use candle_keras_data::{Data, IntoData};
/// use indexmap::IndexMap;
/// let inputs = IndexMap::from([("title", vec![1.0f32, 2.0]), ("tags", vec![0.0, 1.0])]);
/// let Data::Named(arrays) = (&inputs).into_data()? else { unreachable!() };
/// assert_eq!(arrays[1].0, "tags");
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
impl<K: AsRef<str>, T: ToTensor> IntoData for &IndexMap<K, T> {
    fn into_data(self) -> Result<Data> {
        let named = self.iter().map(|(name, array)| Ok((name.as_ref().into(), Array::new(array)?)));
        named.collect::<Result<_>>().map(Data::Named)
    }
}

impl IntoData for Data {
    fn into_data(self) -> Result<Data> {
        Ok(self)
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
