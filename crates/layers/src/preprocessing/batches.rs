//! The data that a layer adapts to, batch by batch.

use candle_core::Tensor;
use candle_keras_data::{Array, Cardinality, Data, Source, TextArrays};
use candle_keras_ops::{Error, Progbar, Result};

/// Calls `f` with the array, or with the inputs of each element of a dataset, which is read once, with a progress bar if it takes longer than a second. An error if strings are given to a layer that takes numbers.
pub(crate) fn each_batch(data: Data, takes_text: bool, f: &mut dyn FnMut(&Tensor) -> Result<()>) -> Result<()> {
    let mut one = |arrays: &[Tensor], text: &[usize]| match arrays {
        _ if !takes_text && TextArrays::first(text, arrays).is_some() => {
            Err(Error::new("the layer adapts to numbers, not to text").received("strings"))
        }
        [array] => f(array),
        arrays => Err(Error::new("a layer adapts to one array").received(format!("{} arrays", arrays.len()))),
    };
    match data {
        Data::Arrays(arrays) => {
            let (arrays, text) = Array::apart(arrays);
            one(&arrays, &text)
        }
        Data::Named(_) => Err(Error::new("a layer adapts to one array, or to a dataset").received("arrays with names")),
        Data::Dataset(dataset) if matches!(dataset.cardinality(), Cardinality::Infinite) => {
            Err(Error::new("a layer cannot adapt to an infinite dataset").help("dataset.take(elements) has an end"))
        }
        Data::Dataset(dataset) => {
            let mut bar = Progbar::new(dataset.cardinality().count()).unit_name("element").after(1.0);
            for element in dataset.iter()? {
                let element = element?;
                one(&element.x, &element.text.x)?;
                bar.add(1, &[]);
            }
            bar.finish(&[]);
            Ok(())
        }
    }
}
