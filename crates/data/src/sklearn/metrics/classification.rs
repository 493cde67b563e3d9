//! How well labels are predicted.

use super::classes::Classes;
use crate::{Cell, ToColumn};
use candle_core::{Device, Tensor};
use candle_keras_ops::{Error, Result};

/// How the scores of classes become one. scikit-learn: the argument `average`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Average {
    /// The score of class 1 of two classes.
    #[default]
    Binary,
    /// The mean of the classes.
    Macro,
    /// The mean of the classes, each with as much weight as it has samples.
    Weighted,
    /// That of all samples together.
    Micro,
}

/// What is counted of a class.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Counts {
    /// Samples of the class that are predicted as it.
    pub(super) hits: f64,
    pub(super) predicted: f64,
    pub(super) samples: f64,
}

impl Counts {
    fn precision(self) -> f64 {
        share(self.hits, self.predicted)
    }

    fn recall(self) -> f64 {
        share(self.hits, self.samples)
    }

    fn f1(self) -> f64 {
        share(2.0 * self.hits, self.samples + self.predicted)
    }

    /// Precision, recall and F1.
    pub(super) fn scores(self) -> [f64; 3] {
        [self.precision(), self.recall(), self.f1()]
    }
}

/// 0 of nothing, as in scikit-learn.
fn share(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 0.0 } else { part / whole }
}

impl Classes {
    /// What is counted of each class.
    pub(super) fn counts(&self) -> Vec<Counts> {
        let mut counts = vec![Counts::default(); self.names.len()];
        for (&y_true, &y_pred) in self.y_true.iter().zip(&self.y_pred) {
            counts[y_true].samples += 1.0;
            counts[y_pred].predicted += 1.0;
            counts[y_true].hits += f64::from(y_true == y_pred);
        }
        counts
    }

    /// Precision, recall and F1.
    pub(super) fn averaged(&self, average: Average) -> Result<[f64; 3]> {
        let counts = self.counts();
        let scores = |weights: &dyn Fn(&Counts) -> f64| {
            let total: f64 = counts.iter().map(weights).sum();
            let sum = |i: usize| counts.iter().map(|count| count.scores()[i] * weights(count)).sum::<f64>();
            [0, 1, 2].map(|i| share(sum(i), total))
        };
        match average {
            Average::Macro => Ok(scores(&|_| 1.0)),
            Average::Weighted => Ok(scores(&|count| count.samples)),
            Average::Micro => {
                let sum = |of: fn(&Counts) -> f64| counts.iter().map(of).sum();
                let all =
                    Counts { hits: sum(|c| c.hits), predicted: sum(|c| c.predicted), samples: sum(|c| c.samples) };
                Ok(all.scores())
            }
            Average::Binary => {
                let is_one = |class: &Cell| class.as_f64() == Some(1.0);
                let names = || self.names.iter().map(Cell::to_string).collect::<Vec<_>>().join(", ");
                match self.names.iter().position(is_one) {
                    Some(one) if self.names.len() <= 2 => Ok(counts[one].scores()),
                    None if self.names.len() == 1 && self.names[0].as_f64().is_some() => Ok([0.0; 3]),
                    _ => Err(Error::new("a score of two classes is that of class 1")
                        .expected("two classes, one of which is 1")
                        .received(format!("the classes {}", names()))
                        .help("Average::Macro, Average::Weighted and Average::Micro take any classes")),
                }
            }
        }
    }
}

/// The share of labels that are predicted right. scikit-learn: `sklearn.metrics.accuracy_score`.
///
/// ```
/// use candle_keras_data::sklearn::accuracy_score;
/// assert_eq!(accuracy_score(&[0, 1, 1, 2], &[0, 1, 2, 2])?, 0.75);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If there are not as many predictions, or they are no labels.
pub fn accuracy_score(y_true: &(impl ToColumn + ?Sized), y_pred: &(impl ToColumn + ?Sized)) -> Result<f64> {
    let classes = Classes::of(y_true, y_pred)?;
    let hits = classes.y_true.iter().zip(&classes.y_pred).filter(|(a, b)| a == b).count();
    Ok(hits as f64 / classes.y_true.len() as f64)
}

/// How often each class (the row) is predicted as each class (the column), as int64; the classes are in rising order.
/// scikit-learn: `sklearn.metrics.confusion_matrix`.
///
/// ```
/// use candle_keras_data::sklearn::confusion_matrix;
/// let matrix = confusion_matrix(&["cat", "dog", "cat"], &["cat", "cat", "cat"])?;
/// assert_eq!(matrix.to_vec2::<i64>()?, [[2, 0], [1, 0]]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If there are not as many predictions, or they are no labels.
pub fn confusion_matrix(y_true: &(impl ToColumn + ?Sized), y_pred: &(impl ToColumn + ?Sized)) -> Result<Tensor> {
    let classes = Classes::of(y_true, y_pred)?;
    let count = classes.names.len();
    let mut matrix = vec![0i64; count * count];
    classes.y_true.iter().zip(&classes.y_pred).for_each(|(y_true, y_pred)| matrix[y_true * count + y_pred] += 1);
    Ok(Tensor::from_vec(matrix, (count, count), &Device::Cpu)?)
}

/// Which share of the samples that are predicted as a class are of it. scikit-learn: `sklearn.metrics.precision_score`.
///
/// ```
/// use candle_keras_data::sklearn::{Average, precision_score};
/// assert_eq!(precision_score(&[0, 1, 1, 0], &[1, 1, 0, 0], Average::Binary)?, 0.5);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If there are not as many predictions, they are no labels, or not 0 and 1 without an average.
pub fn precision_score(
    y_true: &(impl ToColumn + ?Sized),
    y_pred: &(impl ToColumn + ?Sized),
    average: Average,
) -> Result<f64> {
    Ok(Classes::of(y_true, y_pred)?.averaged(average)?[0])
}

/// Which share of the samples of a class are predicted as it. scikit-learn: `sklearn.metrics.recall_score`.
///
/// ```
/// use candle_keras_data::sklearn::{Average, recall_score};
/// assert_eq!(recall_score(&[0, 1, 2, 2], &[0, 1, 1, 2], Average::Macro)?, 2.5 / 3.0);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// As for [`precision_score`].
pub fn recall_score(
    y_true: &(impl ToColumn + ?Sized),
    y_pred: &(impl ToColumn + ?Sized),
    average: Average,
) -> Result<f64> {
    Ok(Classes::of(y_true, y_pred)?.averaged(average)?[1])
}

/// The harmonic mean of precision and recall. scikit-learn: `sklearn.metrics.f1_score`.
///
/// ```
/// use candle_keras_data::sklearn::{Average, f1_score};
/// assert_eq!(f1_score(&[0, 1, 1, 0], &[1, 1, 0, 0], Average::Binary)?, 0.5);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// As for [`precision_score`].
pub fn f1_score(y_true: &(impl ToColumn + ?Sized), y_pred: &(impl ToColumn + ?Sized), average: Average) -> Result<f64> {
    Ok(Classes::of(y_true, y_pred)?.averaged(average)?[2])
}
