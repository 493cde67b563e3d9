//! The data that a layer adapts to, batch by batch.

use candle_core::Tensor;
use candle_keras_data::{Cardinality, Data, Source};
use candle_keras_ops::{Error, Result};

/// Calls `f` with the array, or with the inputs of each element of a dataset, which is read once.
pub(crate) fn each_batch(data: Data, f: &mut dyn FnMut(&Tensor) -> Result<()>) -> Result<()> {
    let one = |arrays: &[Tensor], f: &mut dyn FnMut(&Tensor) -> Result<()>| match arrays {
        [array] => f(array),
        arrays => Err(Error::new("a layer adapts to one array").received(format!("{} arrays", arrays.len()))),
    };
    match data {
        Data::Arrays(arrays) => one(&arrays, f),
        Data::Named(_) => Err(Error::new("a layer adapts to one array, or to a dataset").received("arrays with names")),
        Data::Dataset(dataset) if matches!(dataset.cardinality(), Cardinality::Infinite) => {
            Err(Error::new("a layer cannot adapt to an infinite dataset").help("dataset.take(elements) has an end"))
        }
        Data::Dataset(dataset) => dataset.iter()?.try_for_each(|element| one(&element?.x, f)),
    }
}
