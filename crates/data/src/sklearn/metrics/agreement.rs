//! How well labels are predicted, beside what chance predicts.

use super::classes::Classes;
use crate::ToColumn;
use candle_keras_ops::Result;

/// How much a wrong label counts. scikit-learn: the argument `weights`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KappaWeights {
    /// As much as it is away from the right one, in the order of the classes.
    Linear,
    /// The square of that.
    Quadratic,
}

/// How much two raters agree, less what they would by chance: 1 if always, 0 if no more than that; NaN if both have one and the same
/// label alone. scikit-learn: `sklearn.metrics.cohen_kappa_score`.
///
/// ```
/// use candle_keras_data::sklearn::{KappaWeights, cohen_kappa_score};
/// let (a, b) = ([0, 1, 2, 2, 1], [0, 2, 2, 2, 1]);
/// assert!((cohen_kappa_score(&a, &b, None)? - 0.6875).abs() < 1e-12);
/// assert!((cohen_kappa_score(&a, &b, KappaWeights::Quadratic)? - 26. / 31.).abs() < 1e-12);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If there are not as many labels of both, or they are no labels.
pub fn cohen_kappa_score(
    y1: &(impl ToColumn + ?Sized),
    y2: &(impl ToColumn + ?Sized),
    weights: impl Into<Option<KappaWeights>>,
) -> Result<f64> {
    let (classes, weights) = (Classes::of(y1, y2)?, weights.into());
    let (count, samples) = (classes.names.len(), classes.y_true.len() as f64);
    let weight = |a: usize, b: usize| match weights {
        None => f64::from(a != b),
        Some(KappaWeights::Linear) => a.abs_diff(b) as f64,
        Some(KappaWeights::Quadratic) => (a.abs_diff(b) as f64).powi(2),
    };
    let counted = |labels: &[usize]| {
        let mut counts = vec![0.0; count];
        labels.iter().for_each(|&label| counts[label] += 1.0);
        counts
    };
    let (first, second) = (counted(&classes.y_true), counted(&classes.y_pred));
    let observed: f64 = classes.y_true.iter().zip(&classes.y_pred).map(|(&a, &b)| weight(a, b)).sum();
    let pairs = (0..count).flat_map(|a| (0..count).map(move |b| (a, b)));
    let expected: f64 = pairs.map(|(a, b)| weight(a, b) * first[a] * second[b] / samples).sum();
    Ok(if expected == 0.0 { f64::NAN } else { 1.0 - observed / expected })
}

/// The mean of the recalls of the classes, of those that there are. scikit-learn: `sklearn.metrics.balanced_accuracy_score`.
///
/// ```
/// use candle_keras_data::sklearn::balanced_accuracy_score;
/// assert_eq!(balanced_accuracy_score(&[0, 1, 0, 0, 1, 0], &[0, 1, 0, 0, 0, 1])?, 0.625);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If there are not as many predictions, or they are no labels.
pub fn balanced_accuracy_score(y_true: &(impl ToColumn + ?Sized), y_pred: &(impl ToColumn + ?Sized)) -> Result<f64> {
    let counts = Classes::of(y_true, y_pred)?.counts();
    let recalls: Vec<f64> =
        counts.iter().filter(|class| class.samples > 0.0).map(|class| class.hits / class.samples).collect();
    Ok(recalls.iter().sum::<f64>() / recalls.len() as f64)
}
