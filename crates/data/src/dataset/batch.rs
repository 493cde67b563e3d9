//! One element of a dataset: inputs, targets, and weights of the samples.

use super::{Data, IntoData};
use crate::arrays::Nested;
use crate::{Array, ToTensor};
use candle_core::{DType, Device, Tensor};
use candle_keras_ops::{Error, Result, to_device};
use std::sync::Arc;

/// An element of a [`Dataset`](crate::Dataset): a sample, or a batch of samples. Keras: `(x, y, sample_weight)`.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The inputs.
    pub x: Vec<Tensor>,
    /// The targets.
    pub y: Vec<Tensor>,
    /// The weights of the samples: none, one for all outputs, or one for each output.
    pub sample_weight: Vec<Tensor>,
    /// The names of these, where they were given by name.
    pub names: Names,
    /// Which of these were given as strings.
    pub text: TextArrays,
}

/// The arrays of a [`Batch`] that were given as strings, by their indices. Their tensors are bytes, which a model does not take for numbers. A function of
/// [`Dataset::map`](crate::Dataset::map) that returns tensors returns numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextArrays {
    /// Of the inputs.
    pub x: Vec<usize>,
    /// Of the targets.
    pub y: Vec<usize>,
}

impl TextArrays {
    /// The first of some arrays that is text: it has one of these indices, and is bytes still.
    pub fn first(indices: &[usize], arrays: &[Tensor]) -> Option<usize> {
        indices.iter().copied().find(|&i| arrays.get(i).is_some_and(|array| array.dtype() == DType::U8))
    }
}

/// The names of the arrays of a [`Batch`], in the order of the arrays: the keys of Keras's dictionaries. A model orders inputs by the names of its inputs, and
/// targets and weights by those of its outputs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// The names of the inputs.
    pub x: Option<Arc<[String]>>,
    /// The names of the outputs that the targets are for.
    pub y: Option<Arc<[String]>>,
    /// The names of the outputs that the weights are for.
    pub sample_weight: Option<Arc<[String]>>,
}

impl Batch {
    /// The number of samples of a batch.
    pub fn size(&self) -> usize {
        self.x.first().and_then(|x| x.dims().first().copied()).unwrap_or(0)
    }

    /// The input of this name. Keras: `x[name]` of a dictionary of inputs.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let table = Table::new([("age", Column::Integers(vec![3, 5])), ("kind", Column::Strings(vec!["cat".into(), "dog".into()]))])?;
    /// let batch = table.inputs()?.batch(2).iter()?.next().expect("a batch")?;
    /// assert_eq!(batch.input("age")?.to_vec1::<i64>()?, [3, 5]);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is none.
    pub fn input(&self, name: &str) -> Result<&Tensor> {
        let names: Vec<&str> = self.names.x.iter().flat_map(|names| names.iter()).map(String::as_str).collect();
        let place = names.iter().position(|own| *own == name);
        place.and_then(|place| self.x.get(place)).ok_or_else(|| Error::unknown("input", name, &names))
    }

    /// The inputs alone.
    #[must_use]
    pub fn inputs(self) -> Self {
        let names = Names { x: self.names.x, ..Names::default() };
        let text = TextArrays { x: self.text.x, ..TextArrays::default() };
        Self { x: self.x, names, text, ..Self::default() }
    }

    /// The batch on a device; tensors that are there already are not copied.
    ///
    /// # Errors
    /// If the device fails.
    pub fn to_device(&self, device: &Device) -> Result<Self> {
        self.map(|tensor| to_device(tensor, device))
    }

    /// Applies a function to the tensors.
    pub fn map(&self, f: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Self> {
        let each = |tensors: &[Tensor]| tensors.iter().map(&f).collect::<Result<Vec<_>>>();
        let sample_weight = each(&self.sample_weight)?;
        let (names, text) = (self.names.clone(), self.text.clone());
        Ok(Self { x: each(&self.x)?, y: each(&self.y)?, sample_weight, names, text })
    }

    /// All tensors.
    pub fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        self.x.iter().chain(&self.y).chain(&self.sample_weight)
    }

    /// One batch of several elements; a function combines the tensors at each position. Strings may have different lengths.
    pub(super) fn join(elements: &[Batch], f: impl Fn(&[&Tensor]) -> Result<Tensor>) -> Result<Self> {
        let first = elements.first();
        let names = first.map_or_else(Names::default, |element| element.names.clone());
        if let Some(other) = elements.iter().find(|element| element.names != names) {
            return Err(Error::new("the elements of a dataset must have the same names, in the same order")
                .expected(format!("{names:?}, as the first one has"))
                .received(format!("{:?}", other.names)));
        }
        let text = first.map_or_else(TextArrays::default, |element| element.text.clone());
        let place = |of: fn(&Batch) -> &Vec<Tensor>, text: &[usize]| -> Result<Vec<Tensor>> {
            let count = first.map_or(0, |element| of(element).len());
            if let Some(other) = elements.iter().map(|element| of(element).len()).find(|other| *other != count) {
                return Err(Error::new("the elements of a dataset must have the same parts")
                    .expected(format!("{count} tensors, as the first one has"))
                    .received(other.to_string()));
            }
            let at = |i: usize| {
                let tensors: Vec<&Tensor> = elements.iter().map(|element| &of(element)[i]).collect();
                if text.contains(&i) { f(&of_one_width(&tensors)?.iter().collect::<Vec<_>>()) } else { f(&tensors) }
            };
            (0..count).map(at).collect()
        };
        let (x, y) = (place(|batch| &batch.x, &text.x)?, place(|batch| &batch.y, &text.y)?);
        Ok(Self { x, y, sample_weight: place(|batch| &batch.sample_weight, &[])?, names, text })
    }
}

/// Strings whose bytes are as many as those of the longest, with zeros at the end.
fn of_one_width(text: &[&Tensor]) -> Result<Vec<Tensor>> {
    let width = |tensor: &Tensor| tensor.dims().last().copied().unwrap_or(0);
    let widest = text.iter().map(|tensor| width(tensor)).max().unwrap_or(0);
    let widened = |tensor: &&Tensor| match tensor.rank() {
        0 => Ok((*tensor).clone()),
        rank => Ok(tensor.pad_with_zeros(rank - 1, 0, widest - width(tensor))?),
    };
    text.iter().map(widened).collect()
}

/// The types that convert to an element: inputs, `(inputs, targets)` or `(inputs, targets, sample_weights)`, each one array, several, or arrays by name, or a
/// `Result` of these.
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

impl<X: IntoData, Y: IntoData> IntoBatch for (X, Y) {
    fn into_batch(self) -> Result<Batch> {
        (self.0, self.1, ()).into_batch()
    }
}

impl<X: IntoData, Y: IntoData, W: IntoData> IntoBatch for (X, Y, W) {
    fn into_batch(self) -> Result<Batch> {
        let part = |data: Result<Data>| match data? {
            Data::Arrays(arrays) => Ok((arrays, None)),
            Data::Named(named) => {
                let (names, arrays): (Vec<String>, _) = named.into_iter().unzip();
                Ok((arrays, Some(names.into())))
            }
            Data::Dataset(_) => Err(Error::new("the elements of a dataset include targets and sample weights")
                .expected("() in place of targets, and no sample_weight")
                .help("its elements are (x, y) or (x, y, sample_weight); Dataset::zip combines inputs and targets")),
        };
        let (x, y, sample_weight) = (part(self.0.into_data())?, part(self.1.into_data())?, part(self.2.into_data())?);
        let names = Names { x: x.1, y: y.1, sample_weight: sample_weight.1 };
        let ((x, text_x), (y, text_y), (sample_weight, words)) =
            (Array::apart(x.0), Array::apart(y.0), Array::apart(sample_weight.0));
        if !words.is_empty() {
            return Err(Error::new("the weights of samples are numbers").received("strings"));
        }
        Ok(Batch { x, y, sample_weight, names, text: TextArrays { x: text_x, y: text_y } })
    }
}

impl<T: ToTensor, const N: usize> IntoBatch for [(&str, T); N] {
    fn into_batch(self) -> Result<Batch> {
        (self, ()).into_batch()
    }
}

macro_rules! inputs_alone {
    ($([$($generics:tt)*] $inputs:ty;)*) => {$(
        impl<$($generics)*> IntoBatch for $inputs {
            fn into_batch(self) -> Result<Batch> {
                (self, ()).into_batch()
            }
        }
    )*};
}

inputs_alone! {
    [] Array;
    [] Tensor;
    [] &Tensor;
    [] Vec<Tensor>;
    [] Vec<String>;
    [] Vec<&str>;
    [N: Nested] Vec<N>;
    [N: Nested] &Vec<N>;
}
