//! Data in several parts, each of which is once the test: cross-validation.

use super::Samples;
use super::split::Order;
use crate::{Column, ToColumn};
use candle_core::{Device, Tensor};
use candle_keras_ops::{Error, Result};

/// The arguments that [`KFold`] and [`StratifiedKFold`] share.
#[derive(Debug, Clone, Copy)]
struct Folds {
    count: usize,
    shuffle: bool,
    random_state: Option<u32>,
}

impl Folds {
    fn new(count: usize) -> Self {
        Self { count, shuffle: false, random_state: None }
    }

    fn check(&self, rows: usize) -> Result<()> {
        if self.count < 2 || self.count > rows {
            return Err(Error::new("n_splits is the number of parts of the rows")
                .expected(format!("a number from 2 to the {rows} rows"))
                .received(self.count.to_string()));
        }
        Ok(())
    }

    fn order(&self) -> Order {
        Order::new(self.random_state)
    }
}

/// The rows to train on and those to test on for each fold, from the fold of each row.
fn rows_of_folds(fold_of_row: &[usize], count: usize) -> Result<Vec<(Tensor, Tensor)>> {
    let rows = |fold: usize, is_test: bool| {
        let rows = fold_of_row.iter().enumerate().filter(|(_, own)| (**own == fold) == is_test);
        Tensor::from_iter(rows.map(|(row, _)| row as i64), &Device::Cpu)
    };
    (0..count).map(|fold| Ok((rows(fold, false)?, rows(fold, true)?))).collect()
}

/// Parts of equal size, each of which is once the test. scikit-learn: `sklearn.model_selection.KFold`.
///
/// ```
/// use candle_keras_data::sklearn::KFold;
/// let x: Vec<f32> = vec![0.; 5];
/// let folds = KFold::new(2).shuffle(true).random_state(0).split(&x)?;
/// let (train, test) = &folds[0];
/// assert_eq!(train.to_vec1::<i64>()?, [3, 4]);
/// assert_eq!(test.to_vec1::<i64>()?, [0, 1, 2]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct KFold(Folds);

impl KFold {
    /// This many parts, whose rows follow each other.
    pub fn new(n_splits: usize) -> Self {
        Self(Folds::new(n_splits))
    }

    /// Whether the rows of a part are random. Default: false.
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.0.shuffle = shuffle;
        self
    }

    /// The seed of the order, in which it is that of scikit-learn. Default: it follows from
    /// [`numpy::random::seed`](crate::numpy::random::seed), as there.
    pub fn random_state(mut self, seed: u32) -> Self {
        self.0.random_state = Some(seed);
        self
    }

    /// The rows to train on and the rows to test on for each part, as int64.
    ///
    /// # Errors
    /// If there are fewer than two parts, or more parts than rows.
    pub fn split<S: Samples>(&self, x: &S) -> Result<Vec<(Tensor, Tensor)>> {
        let (rows, count) = (x.samples(), self.0.count);
        self.0.check(rows)?;
        let mut order: Vec<usize> = (0..rows).collect();
        if self.0.shuffle {
            self.0.order().shuffle(&mut order);
        }
        // The first parts have one row more, if the rows do not come out even.
        let sizes = (0..count).map(|fold| rows / count + usize::from(fold < rows % count));
        let folds = sizes.enumerate().flat_map(|(fold, size)| std::iter::repeat_n(fold, size));
        let mut fold_of_row = vec![0; rows];
        for (row, fold) in order.into_iter().zip(folds) {
            fold_of_row[row] = fold;
        }
        rows_of_folds(&fold_of_row, count)
    }
}

/// Parts in each of which each class has its share, each of which is once the test. scikit-learn: `sklearn.model_selection.StratifiedKFold`.
///
/// ```
/// use candle_keras_data::sklearn::StratifiedKFold;
/// let (x, y) = (vec![0.; 6], [0, 0, 1, 1, 1, 1]);
/// for (_, test) in StratifiedKFold::new(2).split(&x, &y)? {
///     assert_eq!(test.dims(), [3]);
/// }
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct StratifiedKFold(Folds);

impl StratifiedKFold {
    /// This many parts, which take the rows of each class in their order.
    pub fn new(n_splits: usize) -> Self {
        Self(Folds::new(n_splits))
    }

    /// Whether the rows of a part are random. Default: false.
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.0.shuffle = shuffle;
        self
    }

    /// The seed, as for [`KFold::random_state`].
    pub fn random_state(mut self, seed: u32) -> Self {
        self.0.random_state = Some(seed);
        self
    }

    /// The rows to train on and the rows to test on for each part, as int64; `y` has the class of each row.
    ///
    /// # Errors
    /// If there are fewer than two parts, more parts than rows of each class, or not as many classes as rows.
    pub fn split<S: Samples>(&self, x: &S, y: &(impl ToColumn + ?Sized)) -> Result<Vec<(Tensor, Tensor)>> {
        let (classes, count) = (y.to_column()?, self.0.count);
        if classes.len() != x.samples() {
            return Err(Error::new("y has a class for each row of x")
                .expected(x.samples().to_string())
                .received(classes.len().to_string()));
        }
        self.0.check(classes.len())?;
        let groups = groups(&classes);
        if groups.iter().all(|group| group.len() < count) {
            let largest = groups.iter().map(Vec::len).max().unwrap_or(0);
            return Err(Error::new("n_splits is larger than each class")
                .expected(format!("at most {largest}, the rows of the largest class"))
                .received(count.to_string()));
        }
        let mut order = self.0.order();
        let mut fold_of_row = vec![0; classes.len()];
        // The rows in the order of their classes go to the parts in turn: that says how many each part gets of a class.
        let mut first = 0;
        for group in groups {
            let of_fold = |fold: usize| (first..first + group.len()).filter(|place| place % count == fold).count();
            let mut folds: Vec<usize> = (0..count).flat_map(|fold| std::iter::repeat_n(fold, of_fold(fold))).collect();
            if self.0.shuffle {
                order.shuffle(&mut folds);
            }
            first += group.len();
            for (row, fold) in group.into_iter().zip(folds) {
                fold_of_row[row] = fold;
            }
        }
        rows_of_folds(&fold_of_row, count)
    }
}

/// The rows of each class; the classes are in the order of their first rows.
fn groups(classes: &Column) -> Vec<Vec<usize>> {
    let mut rows: Vec<usize> = (0..classes.len()).collect();
    rows.sort_by(|&a, &b| classes.sorted(a, b));
    let mut groups: Vec<Vec<usize>> =
        rows.chunk_by(|&a, &b| classes.sorted(a, b).is_eq()).map(<[usize]>::to_vec).collect();
    groups.sort_by_key(|group| group[0]);
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tests(folds: Result<Vec<(Tensor, Tensor)>>) -> Vec<Vec<i64>> {
        folds.unwrap().iter().map(|(_, test)| test.to_vec1().unwrap()).collect()
    }

    /// `KFold(...).split(np.zeros(11))` of scikit-learn 1.9.
    #[test]
    fn folds_are_those_of_scikit_learn() {
        let x = vec![0.; 11];
        assert_eq!(tests(KFold::new(3).split(&x)), [vec![0, 1, 2, 3], vec![4, 5, 6, 7], vec![8, 9, 10]]);
        let shuffled = KFold::new(4).shuffle(true).random_state(7);
        assert_eq!(tests(shuffled.split(&x)), [vec![0, 5, 8], vec![1, 2, 10], vec![3, 6, 7], vec![4, 9]]);
        for (train, test) in shuffled.split(&x).unwrap() {
            assert_eq!(train.dims()[0] + test.dims()[0], 11);
        }
    }

    /// `StratifiedKFold(...).split(x, y)`.
    #[test]
    fn stratified_folds_are_those_of_scikit_learn() {
        let (x, y) = (vec![0.; 11], [2, 0, 1, 0, 0, 2, 1, 0, 0, 1, 2]);
        let folds = tests(StratifiedKFold::new(3).split(&x, &y));
        assert_eq!(folds, [vec![0, 1, 2, 3], vec![4, 5, 6, 7], vec![8, 9, 10]]);
        let folds = tests(StratifiedKFold::new(3).shuffle(true).random_state(5).split(&x, &y));
        assert_eq!(folds, [vec![0, 2, 7, 8], vec![1, 3, 5, 6], vec![4, 9, 10]]);
    }

    #[test]
    fn what_has_no_folds_is_an_error() {
        let x = vec![0.; 4];
        let text = |folds: Result<Vec<(Tensor, Tensor)>>| folds.unwrap_err().to_string();
        assert!(text(KFold::new(5).split(&x)).contains("from 2 to the 4 rows"));
        assert!(text(KFold::new(1).split(&x)).contains("received: 1"));
        assert!(text(StratifiedKFold::new(2).split(&x, &[0, 1])).contains("a class for each row"));
        assert!(text(StratifiedKFold::new(3).split(&x, &[0, 1, 0, 1])).contains("at most 2"));
    }
}
