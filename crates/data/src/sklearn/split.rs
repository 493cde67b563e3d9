//! Data in two parts, one to train on and one to test on.

use super::Splittable;
use crate::numpy::random::{self, RandomState};
use crate::{Column, SplitSize, ToColumn};
use candle_keras_ops::{Error, Result};

/// The keyword arguments of [`train_test_split`], with the names and defaults of scikit-learn.
#[derive(Debug)]
#[must_use]
pub struct TrainTestSplit {
    test_size: Option<SplitSize>,
    train_size: Option<SplitSize>,
    random_state: Option<u32>,
    shuffle: bool,
    stratify: Option<Result<Column>>,
}

impl Default for TrainTestSplit {
    fn default() -> Self {
        Self { test_size: None, train_size: None, random_state: None, shuffle: true, stratify: None }
    }
}

impl TrainTestSplit {
    /// scikit-learn's defaults: a quarter of the rows in random order to test on, and the others to train on.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many rows are for the test: `20`, or a share of `0.2`, which is rounded up. Default: what `train_size` leaves, or 0.25.
    pub fn test_size(mut self, size: impl Into<SplitSize>) -> Self {
        self.test_size = Some(size.into());
        self
    }

    /// How many rows are for training: `80`, or a share of `0.8`, which is rounded down. Default: what `test_size` leaves.
    pub fn train_size(mut self, size: impl Into<SplitSize>) -> Self {
        self.train_size = Some(size.into());
        self
    }

    /// The seed of the order, in which it is that of scikit-learn. Default: it follows from
    /// [`numpy::random::seed`](crate::numpy::random::seed), as there.
    pub fn random_state(mut self, seed: u32) -> Self {
        self.random_state = Some(seed);
        self
    }

    /// Whether the rows are in random order; otherwise those for the test are the last ones. Default: true.
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// The classes of the rows: each part has the share of each class that all rows have.
    pub fn stratify(mut self, classes: &(impl ToColumn + ?Sized)) -> Self {
        self.stratify = Some(classes.to_column());
        self
    }

    /// How many of these rows are for training, and for the test.
    fn sizes(&self, total: usize) -> Result<[usize; 2]> {
        let check = |name: &str, size: SplitSize| match size {
            SplitSize::Count(count) if count > 0 && count < total => Ok(()),
            SplitSize::Share(share) if share > 0.0 && share < 1.0 => Ok(()),
            other => Err(Error::new(format!("{name} is not the size of a part of the rows"))
                .expected(format!("a count from 1 to {}, or a share between 0 and 1", total.saturating_sub(1)))
                .received(format!("{other:?} of {total} rows"))),
        };
        let test = match (self.test_size, self.train_size) {
            (None, None) => Some(SplitSize::Share(0.25)),
            (test, _) => test,
        };
        test.map_or(Ok(()), |size| check("test_size", size))?;
        self.train_size.map_or(Ok(()), |size| check("train_size", size))?;
        let count = |size: SplitSize, round: fn(f64) -> f64| match size {
            SplitSize::Count(count) => count,
            SplitSize::Share(share) => round(share * total as f64) as usize,
        };
        let (test, train) =
            (test.map(|size| count(size, f64::ceil)), self.train_size.map(|size| count(size, f64::floor)));
        let [train, test] = match (train, test) {
            (Some(train), Some(test)) => [train, test],
            (train, test) => {
                let train = train.unwrap_or_else(|| total.saturating_sub(test.unwrap_or(0)));
                [train, test.unwrap_or_else(|| total.saturating_sub(train))]
            }
        };
        if train == 0 || test == 0 || train + test > total {
            return Err(Error::new("the rows do not have two such parts")
                .expected(format!("at least one row in each part, and at most {total} together"))
                .received(format!("{train} rows for training and {test} for the test")));
        }
        Ok([train, test])
    }
}

/// Splits arrays, tables, columns or lists into rows to train on and rows to test on: both parts of the first, both parts of the second,
/// and so on. With a seed, the rows are those of scikit-learn. scikit-learn: `sklearn.model_selection.train_test_split`.
///
/// ```
/// use candle_keras_data::sklearn::{TrainTestSplit, train_test_split};
/// let x: Vec<i64> = (0..8).collect();
/// let (train, test) = train_test_split(&x, TrainTestSplit::new().random_state(0))?;
/// assert_eq!((train, test), (vec![1, 7, 3, 0, 5, 4], vec![6, 2]));
/// let labels = ["a", "b", "a", "b", "a", "b", "a", "b"].map(String::from).to_vec();
/// let split = TrainTestSplit::new().test_size(2).random_state(0).stratify(&labels);
/// let (_, test, _, mut test_labels) = train_test_split((&x, &labels), split)?;
/// test_labels.sort();
/// assert_eq!((test.len(), test_labels), (2, vec!["a".to_string(), "b".into()]));
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If there are not as many rows in each, the sizes are not those of two parts, or a class is too small for both.
pub fn train_test_split<S: Splittable>(arrays: S, arguments: TrainTestSplit) -> Result<S::Parts> {
    let total = common_size(&arrays.sizes())?;
    let [train, test] = arguments.sizes(total)?;
    if !arguments.shuffle {
        if arguments.stratify.is_some() {
            return Err(Error::new("stratify needs rows in random order").expected("shuffle: true"));
        }
        let all: Vec<usize> = (0..total).collect();
        return arrays.parts(&all[..train], &all[train..train + test]);
    }
    let mut order = Order::new(arguments.random_state);
    if let Some(classes) = arguments.stratify {
        let (train, test) = stratified(&classes?, total, [train, test], &mut order)?;
        return arrays.parts(&train, &test);
    }
    let all = order.permutation(total);
    arrays.parts(&all[test..test + train], &all[..test])
}

/// The rows of arrays, tables, columns or lists in random order, the same for all. With a seed, the order is that of scikit-learn; without
/// one it follows from [`numpy::random::seed`](crate::numpy::random::seed), as there. scikit-learn: `sklearn.utils.shuffle`.
///
/// ```
/// use candle_keras_data::sklearn::shuffle;
/// let (x, y) = (vec![0, 1, 2, 3, 4], vec!["a", "b", "c", "d", "e"]);
/// let (x, y) = shuffle((&x, &y), Some(0))?;
/// assert_eq!((x, y), (vec![2, 0, 1, 3, 4], vec!["c", "a", "b", "d", "e"]));
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If there are not as many rows in each.
pub fn shuffle<S: Splittable>(arrays: S, random_state: Option<u32>) -> Result<S::Rows> {
    let total = common_size(&arrays.sizes())?;
    arrays.rows(&Order::new(random_state).permutation(total))
}

/// The number of rows, which all arrays have.
fn common_size(sizes: &[usize]) -> Result<usize> {
    let total = sizes.first().copied().unwrap_or(0);
    match sizes.iter().find(|size| **size != total) {
        None => Ok(total),
        Some(other) => Err(Error::new("arrays that are taken together have the same number of rows")
            .expected(total.to_string())
            .received(other.to_string())),
    }
}

/// The random order: that of a seed, or of the thread.
pub(super) struct Order(Option<RandomState>);

impl Order {
    pub(super) fn new(seed: Option<u32>) -> Self {
        Self(seed.map(RandomState::new))
    }

    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        match &mut self.0 {
            Some(state) => state.shuffle(items),
            None => random::shuffle(items),
        }
    }

    fn permutation(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        self.shuffle(&mut order);
        order
    }
}

/// The rows of each part, in which each class has its share. scikit-learn: `StratifiedShuffleSplit`.
fn stratified(
    classes: &Column,
    total: usize,
    [train, test]: [usize; 2],
    order: &mut Order,
) -> Result<(Vec<usize>, Vec<usize>)> {
    if classes.len() != total {
        return Err(Error::new("stratify has a class for each row")
            .expected(total.to_string())
            .received(classes.len().to_string()));
    }
    let mut rows: Vec<usize> = (0..total).collect();
    rows.sort_by(|&a, &b| classes.sorted(a, b));
    let groups: Vec<&[usize]> = rows.chunk_by(|&a, &b| classes.sorted(a, b).is_eq()).collect();
    if let Some(group) = groups.iter().find(|group| group.len() < 2) {
        return Err(Error::new("a class of stratify is too small to be in both parts")
            .expected("at least 2 rows of each class")
            .received(format!("1 of class {}", classes.cell(group[0]))));
    }
    if train.min(test) < groups.len() {
        return Err(Error::new("a part is too small for all classes of stratify")
            .expected(format!("at least {} rows", groups.len()))
            .received(train.min(test).to_string()));
    }
    let counts: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let for_train = shares(&counts, train, order);
    let left: Vec<usize> = counts.iter().zip(&for_train).map(|(count, taken)| count - taken).collect();
    let for_test = shares(&left, test, order);
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for ((group, first), second) in groups.iter().zip(for_train).zip(for_test) {
        let shuffled: Vec<usize> = order.permutation(group.len()).into_iter().map(|place| group[place]).collect();
        train.extend(&shuffled[..first]);
        test.extend(&shuffled[first..first + second]);
    }
    order.shuffle(&mut train);
    order.shuffle(&mut test);
    Ok((train, test))
}

/// How many of each class are drawn: its share, rounded down, and one more where the rest is largest. scikit-learn: `_approximate_mode`.
fn shares(counts: &[usize], draws: usize, order: &mut Order) -> Vec<usize> {
    let total: usize = counts.iter().sum();
    let exact: Vec<f64> = counts.iter().map(|&count| count as f64 / total as f64 * draws as f64).collect();
    let mut shares: Vec<f64> = exact.iter().map(|share| share.floor()).collect();
    let mut missing = (draws as f64 - shares.iter().sum::<f64>()) as usize;
    let rests: Vec<f64> = exact.iter().zip(&shares).map(|(exact, floor)| exact - floor).collect();
    let mut values = rests.clone();
    values.sort_by(|a, b| b.total_cmp(a));
    values.dedup();
    for value in values {
        if missing == 0 {
            break;
        }
        let mut places: Vec<usize> = (0..rests.len()).filter(|&place| rests[place] == value).collect();
        // Among equals, chance decides.
        order.shuffle(&mut places);
        places.truncate(missing);
        missing -= places.len();
        places.iter().for_each(|&place| shares[place] += 1.0);
    }
    shares.into_iter().map(|share| share as usize).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(total: i64, arguments: TrainTestSplit) -> (Vec<i64>, Vec<i64>) {
        train_test_split(&(0..total).collect::<Vec<_>>(), arguments).unwrap()
    }

    /// `train_test_split(list(range(n)), ...)` of scikit-learn 1.9.
    #[test]
    fn rows_are_those_of_scikit_learn() {
        let new = TrainTestSplit::new;
        let parts = split(10, new().test_size(0.25).random_state(42));
        assert_eq!(parts, (vec![0, 7, 2, 9, 4, 3, 6], vec![8, 1, 5]));
        let parts = split(12, new().train_size(5).test_size(3).random_state(1));
        assert_eq!(parts, (vec![10, 1, 6, 0, 7], vec![2, 3, 4]));
        let parts = split(11, new().train_size(0.5).random_state(7));
        assert_eq!(parts, (vec![7, 3, 6, 9, 4], vec![8, 5, 0, 2, 1, 10]));
        assert_eq!(split(5, new().shuffle(false)), (vec![0, 1, 2], vec![3, 4]));
    }

    /// `np.random.seed(3)` before `train_test_split(list(range(9)))`.
    #[test]
    fn without_a_seed_the_order_is_that_of_numpy() {
        random::seed(3);
        assert_eq!(split(9, TrainTestSplit::new()), (vec![4, 5, 0, 3, 1, 8], vec![6, 2, 7]));
    }

    /// `train_test_split(list(range(n)), stratify=y, ...)`.
    #[test]
    fn stratified_rows_are_those_of_scikit_learn() {
        let classes: Vec<i64> = (0..20).map(|i| if i % 5 == 0 { 2 } else { i % 2 }).collect();
        let parts = split(20, TrainTestSplit::new().test_size(0.3).random_state(42).stratify(&classes));
        assert_eq!(parts, (vec![19, 14, 0, 3, 9, 13, 2, 18, 10, 5, 11, 1, 4, 16], vec![6, 17, 12, 7, 15, 8]));
        let names: Vec<&str> = classes.iter().map(|class| ["x", "y", "a"][*class as usize]).collect();
        let parts = split(20, TrainTestSplit::new().test_size(7).train_size(9).random_state(5).stratify(&names));
        assert_eq!(parts, (vec![12, 3, 8, 0, 13, 6, 14, 15, 7], vec![5, 2, 18, 9, 4, 11, 19]));
    }

    #[test]
    fn what_cannot_be_split_is_an_error() {
        let text = |total: i64, arguments: TrainTestSplit| {
            train_test_split(&(0..total).collect::<Vec<_>>(), arguments).unwrap_err().to_string()
        };
        let new = TrainTestSplit::new;
        assert!(text(5, new().test_size(5)).contains("a count from 1 to 4"));
        assert!(text(5, new().test_size(1.5)).contains("between 0 and 1"));
        assert!(text(1, new()).contains("at least one row"));
        assert!(text(5, new().test_size(3).train_size(3)).contains("3 rows for training and 3"));
        assert!(text(4, new().stratify(&[0, 0, 0, 1])).contains("1 of class 1"));
        assert!(text(6, new().test_size(1).stratify(&[0, 0, 0, 1, 1, 1])).contains("at least 2 rows"));
        assert!(text(4, new().stratify(&[0, 1])).contains("a class for each row"));
        assert!(text(4, new().shuffle(false).stratify(&[0, 1, 0, 1])).contains("random order"));
        let uneven = train_test_split((&vec![1, 2], &vec![1, 2, 3]), new()).unwrap_err().to_string();
        assert!(uneven.contains("expected: 2") && uneven.contains("received: 3"), "{uneven}");
    }
}
