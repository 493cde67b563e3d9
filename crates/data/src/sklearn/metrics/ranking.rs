//! How well scores tell two classes apart.

use super::check_lengths;
use crate::ToColumn;
use crate::sklearn::label_encoder::sorted_classes;
use candle_keras_ops::{Error, Result};

/// The area under the curve of the true positives over the false ones: the probability that a sample of the second class has a higher
/// score than one of the first. scikit-learn: `sklearn.metrics.roc_auc_score`, of two classes.
///
/// ```
/// use candle_keras_data::sklearn::roc_auc_score;
/// assert_eq!(roc_auc_score(&[0, 0, 1, 1], &[0.1, 0.4, 0.35, 0.8])?, 0.75);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If there are not two classes, not as many scores, or they are not finite numbers.
pub fn roc_auc_score(y_true: &(impl ToColumn + ?Sized), y_score: &(impl ToColumn + ?Sized)) -> Result<f64> {
    let labels = y_true.to_column()?;
    let scores = y_score.to_column()?.numbers("a score")?;
    check_lengths(labels.len(), scores.len())?;
    let classes = sorted_classes(&labels);
    if classes.len() != 2 {
        return Err(Error::new("an area under the curve is that of two classes")
            .expected("2 classes in y_true")
            .received(classes.len().to_string()));
    }
    if let Some(score) = scores.iter().find(|score| !score.is_finite()) {
        return Err(Error::new("a score is not finite").received(score.to_string()));
    }
    let positive = labels.equal(classes.cell(1))?.to_vec1::<u8>()?;
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let (mut hits, mut misses, mut area) = (0.0, 0.0, 0.0);
    // Samples with the same score are one step of the curve; both zeros are the same.
    for step in order.chunk_by(|&a, &b| scores[a] == scores[b]) {
        let count = step.iter().filter(|&&row| positive[row] == 1).count() as f64;
        let others = step.len() as f64 - count;
        area += others * (hits + count / 2.0);
        hits += count;
        misses += others;
    }
    Ok(area / (hits * misses))
}
