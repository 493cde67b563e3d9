//! Data in two parts, to train on one and to validate on the other. Keras: `keras.utils.split_dataset`.

use crate::{Batch, Dataset, IntoBatch, Source};
use candle_keras_ops::random::{Stream, next_stream};
use candle_keras_ops::{Error, Result};

/// The size of a part: a number of elements, or a share of them between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SplitSize {
    /// So many elements.
    Count(usize),
    /// This share of the elements.
    Share(f64),
}

impl From<usize> for SplitSize {
    fn from(count: usize) -> Self {
        Self::Count(count)
    }
}

impl From<f64> for SplitSize {
    fn from(share: f64) -> Self {
        Self::Share(share)
    }
}

/// The keyword arguments of [`split_dataset`], with Keras's defaults: in order, without a size of either part, of which one is needed.
#[derive(Debug, Clone, Default)]
pub struct SplitDataset {
    left_size: Option<SplitSize>,
    right_size: Option<SplitSize>,
    shuffle: bool,
    seed: Option<u64>,
}

impl SplitDataset {
    /// Keras's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The size of the first part: `80` elements, or a share of `0.8`. Default: what the other part leaves.
    #[must_use]
    pub fn left_size(mut self, size: impl Into<SplitSize>) -> Self {
        self.left_size = Some(size.into());
        self
    }

    /// The size of the second part, which is at the end. Default: what the other part leaves.
    #[must_use]
    pub fn right_size(mut self, size: impl Into<SplitSize>) -> Self {
        self.right_size = Some(size.into());
        self
    }

    /// Whether the elements are shuffled once before. Default: false.
    #[must_use]
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// The seed of the shuffle; by default it follows from the seed of the run.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// How many of `total` elements are in each part.
    fn sizes(&self, total: usize) -> Result<[usize; 2]> {
        let count = |name: &str, size: SplitSize| match size {
            SplitSize::Count(count) if count > 0 && count < total => Ok(count),
            // As Python rounds, halves to even.
            SplitSize::Share(share) if share > 0.0 && share < 1.0 => {
                Ok((share * total as f64).round_ties_even() as usize)
            }
            other => Err(Error::new(format!("{name} is not the size of a part of the data"))
                .expected(format!("a count from 1 to {}, or a share between 0 and 1", total.saturating_sub(1)))
                .received(format!("{other:?} of {total} elements"))),
        };
        let left = self.left_size.map(|size| count("left_size", size)).transpose()?;
        let right = self.right_size.map(|size| count("right_size", size)).transpose()?;
        let too_many = || {
            Error::new("left_size and right_size are more than all elements")
                .expected(format!("at most {total} together"))
                .received(format!("{:?} and {:?}", self.left_size, self.right_size))
        };
        let sizes = match (left, right) {
            (None, None) => Err(Error::new("the size of a part is missing").expected("left_size or right_size")),
            (Some(left), None) => Ok([left, total - left]),
            (None, Some(right)) => Ok([total - right, right]),
            (Some(left), Some(right)) if left + right <= total => Ok([left, right]),
            _ => Err(too_many()),
        }?;
        if sizes.contains(&0) {
            return Err(Error::new("a part of the data would be empty")
                .received(format!("{:?} and {:?} of {total} elements", self.left_size, self.right_size)));
        }
        Ok(sizes)
    }
}

/// What [`split_dataset`] splits: arrays, as [`Dataset::from_tensor_slices`] takes them, or a [`Dataset`].
pub trait IntoDataset {
    /// The dataset.
    ///
    /// # Errors
    /// If the arrays are not valid.
    fn into_dataset(self) -> Result<Dataset>;
}

impl<B: IntoBatch> IntoDataset for B {
    fn into_dataset(self) -> Result<Dataset> {
        Dataset::from_tensor_slices(self)
    }
}

impl IntoDataset for Dataset {
    fn into_dataset(self) -> Result<Dataset> {
        Ok(self)
    }
}

impl IntoDataset for &Dataset {
    fn into_dataset(self) -> Result<Dataset> {
        Ok(self.clone())
    }
}

/// Splits arrays or a dataset into two datasets: the first elements and the last ones. Keras: `keras.utils.split_dataset`.
///
/// An element of arrays is a sample; one of a dataset that is batched is a batch. Arrays are not copied. A dataset without random
/// access, or whose number of elements is not known, is read into memory if it is shuffled or has to be counted, as Keras does with each.
///
/// # Errors
/// If the sizes are not those of two parts, or the data cannot be read.
///
/// ```
/// use candle_keras_data::{SplitDataset, split_dataset};
/// let (x, y) = (vec![[0f32; 2]; 10], vec![0f32; 10]);
/// let (train, test) = split_dataset((x, y), SplitDataset::new().left_size(0.8).shuffle(true).seed(1))?;
/// assert_eq!((train.iter()?.count(), test.iter()?.count()), (8, 2));
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn split_dataset(dataset: impl IntoDataset, split: SplitDataset) -> Result<(Dataset, Dataset)> {
    let mut dataset = dataset.into_dataset()?;
    let total = match dataset.cardinality() {
        crate::Cardinality::Finite(total) => total,
        crate::Cardinality::Infinite => {
            return Err(Error::new("an infinite dataset has no parts").help("dataset.take(elements) has an end"));
        }
        crate::Cardinality::Unknown => {
            let elements = read(&dataset)?;
            let total = elements.len();
            dataset = in_memory(elements);
            total
        }
    };
    let [left, right] = split.sizes(total)?;
    if split.shuffle {
        let mut stream = split.seed.map_or_else(next_stream, |seed| Stream::new(seed, 0));
        let order = stream.permutation(total);
        dataset = match dataset.in_order(order.clone()) {
            Some(shuffled) => shuffled,
            None => {
                let elements = read(&dataset)?;
                in_memory(order.into_iter().map(|i| elements[i as usize].clone()).collect())
            }
        };
    }
    Ok((dataset.take(left), dataset.skip(total - right)))
}

fn read(dataset: &Dataset) -> Result<Vec<Batch>> {
    dataset.iter()?.collect()
}

fn in_memory(elements: Vec<Batch>) -> Dataset {
    Dataset::from_fn(elements.len(), move |i| elements[i].clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(dataset: &Dataset) -> Vec<f32> {
        dataset.iter().unwrap().map(|element| element.unwrap().x[0].to_scalar().unwrap()).collect()
    }

    /// tests/keras/utils.json has the sizes that Keras gives.
    #[test]
    fn sizes_are_those_of_keras() {
        let cases: serde_json::Value =
            serde_json::from_slice(include_bytes!("../../../tests/keras/utils.json")).unwrap();
        for case in cases["splits"].as_array().unwrap() {
            let size = |value: &serde_json::Value| match value.as_u64() {
                Some(count) => Some(SplitSize::Count(count as usize)),
                None => value.as_f64().map(SplitSize::Share),
            };
            let split = SplitDataset {
                left_size: size(&case["left"]),
                right_size: size(&case["right"]),
                ..SplitDataset::new()
            };
            let expected: Option<[usize; 2]> = serde_json::from_value(case["sizes"].clone()).unwrap();
            assert_eq!(split.sizes(10).ok(), expected, "{case}");
        }
        assert!(SplitDataset::new().sizes(10).unwrap_err().to_string().contains("left_size or right_size"));
        assert!(SplitDataset::new().left_size(1).sizes(0).is_err());
    }

    #[test]
    fn parts_are_at_the_ends_and_disjoint() {
        let x: Vec<f32> = (0..10).map(|i| i as f32).collect();
        let (left, right) = split_dataset(&x, SplitDataset::new().left_size(3).right_size(0.2)).unwrap();
        assert_eq!((values(&left), values(&right)), (vec![0., 1., 2.], vec![8., 9.]));
        let split = || SplitDataset::new().left_size(0.5).shuffle(true).seed(3);
        let (left, right) = split_dataset(&x, split()).unwrap();
        let mut all = [values(&left), values(&right)].concat();
        assert_ne!(all, x);
        assert_eq!(all, [values(&left), values(&right)].concat(), "the order stays");
        all.sort_by(f32::total_cmp);
        assert_eq!(all, x);
        let again = split_dataset(&x, split()).unwrap();
        assert_eq!(values(&again.0), values(&left));
    }

    #[test]
    fn any_dataset_can_be_split() {
        let unknown =
            Dataset::from_generator(|| (0..6).map(|i| candle_core::Tensor::new(i as f32, &candle_core::Device::Cpu)));
        for shuffle in [false, true] {
            let (left, right) =
                split_dataset(&unknown, SplitDataset::new().right_size(2).shuffle(shuffle).seed(1)).unwrap();
            let mut all = [values(&left), values(&right)].concat();
            assert_eq!((left.cardinality(), right.cardinality().count()), (crate::Cardinality::Finite(4), Some(2)));
            all.sort_by(f32::total_cmp);
            assert_eq!(all, [0., 1., 2., 3., 4., 5.]);
        }
        let endless = Dataset::from_tensor_slices(vec![1f32]).unwrap().repeat(None);
        assert!(split_dataset(endless, SplitDataset::new().left_size(1)).unwrap_err().to_string().contains("infinite"));
        let batches = Dataset::from_tensor_slices(vec![0f32; 10]).unwrap().batch(4);
        let (left, _) = split_dataset(batches, SplitDataset::new().left_size(1)).unwrap();
        assert_eq!(left.iter().unwrap().next().unwrap().unwrap().size(), 4);
    }
}
