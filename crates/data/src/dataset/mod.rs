//! Dataset: data as a stream, element by element or batch by batch. TensorFlow: `tf.data.Dataset`.

mod batch;
mod batched;
mod cache;
mod from_function;
mod in_memory;
mod into_data;
mod map;
mod parts;
mod prefetch;
mod shuffle;

pub use batch::{Batch, IntoBatch, Names, TextArrays};
pub use batched::Batching;
pub use into_data::{Data, IntoData};
pub use shuffle::Shuffle;

use batched::Batched;
use candle_core::Tensor;
use candle_keras_ops::random::{self, Stream};
use candle_keras_ops::{Error, Result};
use std::fmt;
use std::sync::Arc;

/// An iterator over the elements of a dataset.
pub type Elements = Box<dyn Iterator<Item = Result<Batch>> + Send>;

/// The number of elements of a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cardinality {
    /// A known number.
    Finite(usize),
    /// Infinite.
    Infinite,
    /// Unknown until it has been read to its end.
    Unknown,
}

impl Cardinality {
    /// The number, if known and finite.
    pub fn count(self) -> Option<usize> {
        match self {
            Self::Finite(count) => Some(count),
            _ => None,
        }
    }

    /// Maps the number of elements.
    fn map(self, f: impl FnOnce(usize) -> usize) -> Self {
        match self {
            Self::Finite(count) => Self::Finite(f(count)),
            other => other,
        }
    }
}

/// The source of a [`Dataset`]'s elements: implement it for a custom reader, and wrap it with [`Dataset::new`].
pub trait Source: Send + Sync {
    /// One pass over the elements, starting with element `from`. All randomness in it depends on `random` alone, so that an interrupted
    /// training resumes with the same elements.
    ///
    /// # Errors
    /// If the elements are not available. An element that cannot be read is an error at its position.
    fn elements(&self, random: &Stream, from: usize) -> Result<Elements>;

    /// What the first element of a pass looks like, for a model that infers its shapes from data. A source whose passes change it has one without a pass.
    ///
    /// # Errors
    /// As for [`elements`](Self::elements).
    fn first(&self, random: &Stream) -> Result<Option<Batch>> {
        self.elements(random, 0)?.next().transpose()
    }

    /// The number of elements in a pass.
    fn cardinality(&self) -> Cardinality {
        Cardinality::Unknown
    }

    /// The elements in batches, starting with batch `from`. By default they are stacked one by one; arrays return views.
    ///
    /// # Errors
    /// As for [`elements`](Self::elements).
    fn batches(&self, random: &Stream, batching: Batching, from: usize) -> Result<Elements> {
        batching.stacked(self.elements(random, from.saturating_mul(batching.size))?)
    }

    /// The elements in this order, if there is random access to them: a shuffle then needs no buffer.
    fn in_order(&self, order: Vec<u32>) -> Option<Dataset> {
        let _ = order;
        None
    }
}

/// A stream of elements for `fit`, `evaluate` and `predict`: from arrays, functions, iterators or a custom [`Source`]. A clone is
/// another handle to the same data. TensorFlow: `tf.data.Dataset`, whose methods have the same names here.
///
/// It is lazy: each pass reads it again, shuffled elements in another order. An element is a [`Batch`], with
/// one sample until [`batch`](Self::batch) groups samples into batches.
///
/// ```
/// use candle_keras_data::Dataset;
/// let (x, y) = (vec![[1f32, 2.], [3., 4.], [5., 6.]], vec![0f32, 1., 0.]);
/// let dataset = Dataset::from_tensor_slices((x, y))?
///     .shuffle(3)
///     .map(|sample| Ok(((&sample.x[0] * 0.5)?, sample.y)))
///     .batch(2)
///     .prefetch(1);
/// let sizes: Vec<usize> = dataset.iter()?.map(|batch| Ok(batch?.size())).collect::<candle_keras_data::Result<_>>()?;
/// assert_eq!(sizes, [2, 1]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
#[derive(Clone)]
pub struct Dataset(Arc<dyn Source>);

impl fmt::Debug for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dataset({:?})", self.cardinality())
    }
}

impl Dataset {
    /// The elements of a custom source. Keras: a `keras.utils.PyDataset`.
    pub fn new(source: impl Source + 'static) -> Self {
        Self(Arc::new(source))
    }

    /// Arrays with the samples on their first axis: inputs, `(inputs, targets)` or `(inputs, targets, sample_weights)`. They are not copied, and batches of
    /// samples in order are views.
    ///
    /// # Errors
    /// If the arrays have different numbers of samples.
    pub fn from_tensor_slices(arrays: impl IntoBatch) -> Result<Self> {
        in_memory::InMemory::new(arrays.into_batch()?).map(Self::new)
    }

    /// The items of an iterator, which the function creates for each pass: inputs, `(inputs, targets)` or `(inputs, targets, sample_weights)`, or a `Result` of
    /// these. Resuming within a pass reads the items before again. Random numbers that it draws by `ops::random` depend on the pass and the index of the item alone.
    ///
    /// ```
    /// use candle_keras_data::Dataset;
    /// let squares = Dataset::from_generator(|| (0..1000).map(|i| (vec![i as f32], vec![(i * i) as f32]))).batch(32);
    /// assert_eq!(squares.iter()?.count(), 32);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    pub fn from_generator<I>(generator: impl Fn() -> I + Send + Sync + 'static) -> Self
    where
        I: IntoIterator<Item: IntoBatch + 'static>,
        I::IntoIter: Send + 'static,
    {
        Self::new(from_function::Generator::new(generator))
    }

    /// `count` elements, each computed by a function of its index, in any order and on any thread. Keras: a `PyDataset`
    /// with `__len__` and `__getitem__`. Random numbers that it draws by `ops::random` depend on the pass and the position in it alone.
    pub fn from_fn<B: IntoBatch>(count: usize, element: impl Fn(usize) -> B + Send + Sync + 'static) -> Self {
        Self::new(from_function::Indexed::new(count, move |index| element(index).into_batch()))
    }

    /// One pass over the elements; shuffled elements come in another order each time.
    ///
    /// # Errors
    /// If the elements are not available.
    pub fn iter(&self) -> Result<Elements> {
        self.elements(&random::next_stream(), 0)
    }

    /// Batches of this many elements; the last one may be smaller.
    #[must_use]
    pub fn batch(&self, size: usize) -> Self {
        Self::new(Batched::new(self, Batching { size, drop_remainder: false, padded: false }))
    }

    /// Batches of exactly this many elements: the remainder at the end is dropped. TensorFlow: `batch(size, drop_remainder=True)`.
    #[must_use]
    pub fn batch_exact(&self, size: usize) -> Self {
        Self::new(Batched::new(self, Batching { size, drop_remainder: true, padded: false }))
    }

    /// Batches of elements of different shapes, each padded with zeros at its end to the longest of its batch.
    #[must_use]
    pub fn padded_batch(&self, size: usize) -> Self {
        Self::new(Batched::new(self, Batching { size, drop_remainder: false, padded: true }))
    }

    /// The elements in random order: each is one of the next `buffer`, which are kept in memory. If there is random access to the elements (arrays,
    /// [`from_fn`](Self::from_fn) and maps of these) and the buffer holds all of them, only the indices are shuffled.
    ///
    /// A [`Shuffle`] has the other arguments: `shuffle(Shuffle::new(1000).reshuffle_each_iteration(false))` is the same order in each pass.
    #[must_use]
    pub fn shuffle(&self, shuffle: impl Into<Shuffle>) -> Self {
        Self::new(shuffle::Shuffled::new(self, shuffle.into()))
    }

    /// Applies a function to each element. Random numbers that it draws by `ops::random` depend on the pass and the index of the element alone.
    #[must_use]
    pub fn map<B: IntoBatch>(&self, f: impl Fn(Batch) -> Result<B> + Send + Sync + 'static) -> Self {
        Self::new(map::Map::new(self, 0, move |batch| f(batch)?.into_batch()))
    }

    /// [`map`](Self::map) on this many threads, at most 256, with the same elements in the same order. TensorFlow: `map(f, num_parallel_calls=threads)`.
    #[must_use]
    pub fn map_on<B: IntoBatch>(&self, threads: usize, f: impl Fn(Batch) -> Result<B> + Send + Sync + 'static) -> Self {
        Self::new(map::Map::new(self, threads, move |batch| f(batch)?.into_batch()))
    }

    /// The elements for which the predicate is true. It may draw random numbers as the function of [`map`](Self::map) does.
    #[must_use]
    pub fn filter(&self, keep: impl Fn(&Batch) -> Result<bool> + Send + Sync + 'static) -> Self {
        Self::new(parts::Filter::new(self, keep))
    }

    /// The first `count` elements.
    #[must_use]
    pub fn take(&self, count: usize) -> Self {
        Self::new(parts::Part::new(self, 0, Some(count)))
    }

    /// All but the first `count` elements.
    #[must_use]
    pub fn skip(&self, count: usize) -> Self {
        Self::new(parts::Part::new(self, count, None))
    }

    /// The first elements, and the rest: for training and validation. Shuffle each part afterwards, not the whole before, since its order changes with each pass.
    pub fn split(&self, first: usize) -> (Self, Self) {
        (self.take(first), self.skip(first))
    }

    /// Repeats the elements, reshuffled each time: this many times, or infinitely with `None`; `fit` then needs `steps_per_epoch`.
    #[must_use]
    pub fn repeat(&self, times: impl Into<Option<usize>>) -> Self {
        Self::new(parts::Repeat::new(self, times.into()))
    }

    /// The elements of this dataset as inputs, and those of another as targets, until the shorter one ends.
    #[must_use]
    pub fn zip(&self, targets: &Dataset) -> Self {
        Self::new(parts::Zip::new(self, targets))
    }

    /// The elements of this dataset, then those of another.
    #[must_use]
    pub fn concatenate(&self, other: &Dataset) -> Self {
        Self::new(parts::Concatenate::new(self, other))
    }

    /// Caches the elements of the first whole pass in memory. Steps before it run once, with random numbers that depend neither on the pass nor on the seed, so that
    /// a resumed training caches the same elements: put random steps after it.
    #[must_use]
    pub fn cache(&self) -> Self {
        Self::new(cache::Cache::new(self))
    }

    /// Computes this many elements ahead, at most 16,384, in a separate thread.
    #[must_use]
    pub fn prefetch(&self, count: usize) -> Self {
        Self::new(prefetch::Prefetch::new(self, count))
    }
}

impl Source for Dataset {
    fn elements(&self, random: &Stream, from: usize) -> Result<Elements> {
        // The iterator of a custom source may start again after its end.
        Ok(Box::new(self.0.elements(random, from)?.fuse()))
    }

    fn first(&self, random: &Stream) -> Result<Option<Batch>> {
        self.0.first(random)
    }

    fn cardinality(&self) -> Cardinality {
        self.0.cardinality()
    }

    fn batches(&self, random: &Stream, batching: Batching, from: usize) -> Result<Elements> {
        Ok(Box::new(self.0.batches(random, batching, from)?.fuse()))
    }

    fn in_order(&self, order: Vec<u32>) -> Option<Dataset> {
        self.0.in_order(order)
    }
}

/// An element that failed: an error at its position.
fn failed(error: Error) -> Elements {
    Box::new(std::iter::once(Err(error)))
}

/// The number of samples of arrays, which must be the same for all.
fn samples<'a>(mut arrays: impl Iterator<Item = &'a Tensor>) -> Result<usize> {
    let none = || Error::new("there are no samples").expected("arrays with the samples on axis 0");
    let first = arrays.next().ok_or_else(none)?;
    let samples = *first.dims().first().ok_or_else(none)?;
    for (i, array) in arrays.enumerate() {
        if array.dims().first() != Some(&samples) {
            return Err(Error::new("all arrays must have the same number of samples")
                .expected(format!("{samples} samples, as in the first array"))
                .received(format!("an array of shape {:?} at [{}]", array.dims(), i + 1)));
        }
    }
    Ok(samples)
}

#[cfg(test)]
mod tests;
