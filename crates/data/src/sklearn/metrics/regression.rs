//! How well numbers are predicted.

use super::check_lengths;
use crate::{Column, ToColumn};
use candle_keras_ops::{Error, Result};

/// The mean of the squared errors. scikit-learn: `sklearn.metrics.mean_squared_error`.
///
/// ```
/// use candle_keras_data::sklearn::mean_squared_error;
/// assert_eq!(mean_squared_error(&[1.0, 2.0], &[2.0, 4.0])?, 2.5);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If there are not as many predictions, or they are no numbers.
pub fn mean_squared_error(y_true: &(impl ToColumn + ?Sized), y_pred: &(impl ToColumn + ?Sized)) -> Result<f64> {
    mean_of_outputs(y_true, y_pred, |a, b| mean(a, b, |error| error * error))
}

/// The root of the mean of the squared errors. scikit-learn: `sklearn.metrics.root_mean_squared_error`.
///
/// ```
/// use candle_keras_data::sklearn::root_mean_squared_error;
/// assert_eq!(root_mean_squared_error(&[1.0, 2.0], &[4.0, 5.0])?, 3.0);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// As for [`mean_squared_error`].
pub fn root_mean_squared_error(y_true: &(impl ToColumn + ?Sized), y_pred: &(impl ToColumn + ?Sized)) -> Result<f64> {
    mean_of_outputs(y_true, y_pred, |a, b| mean(a, b, |error| error * error).sqrt())
}

/// The mean of the absolute errors. scikit-learn: `sklearn.metrics.mean_absolute_error`.
///
/// ```
/// use candle_keras_data::sklearn::mean_absolute_error;
/// assert_eq!(mean_absolute_error(&[1.0, 2.0], &[2.0, 4.0])?, 1.5);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// As for [`mean_squared_error`].
pub fn mean_absolute_error(y_true: &(impl ToColumn + ?Sized), y_pred: &(impl ToColumn + ?Sized)) -> Result<f64> {
    mean_of_outputs(y_true, y_pred, |a, b| mean(a, b, f64::abs))
}

/// The share of the variance that the predictions explain. scikit-learn: `sklearn.metrics.r2_score`.
///
/// ```
/// use candle_keras_data::sklearn::r2_score;
/// assert_eq!(r2_score(&[1.0, 2.0, 3.0], &[1.0, 2.0, 4.0])?, 0.5);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// As for [`mean_squared_error`].
pub fn r2_score(y_true: &(impl ToColumn + ?Sized), y_pred: &(impl ToColumn + ?Sized)) -> Result<f64> {
    mean_of_outputs(y_true, y_pred, |a, b| {
        let center = a.iter().sum::<f64>() / a.len() as f64;
        let errors: f64 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
        let all: f64 = a.iter().map(|a| (a - center) * (a - center)).sum();
        match (a.len(), errors, all) {
            (1, ..) => f64::NAN,
            (_, 0.0, _) => 1.0,
            (_, _, 0.0) => 0.0,
            _ => 1.0 - errors / all,
        }
    })
}

fn mean(a: &[f64], b: &[f64], f: impl Fn(f64) -> f64) -> f64 {
    a.iter().zip(b).map(|(a, b)| f(a - b)).sum::<f64>() / a.len() as f64
}

fn mean_of_outputs(
    y_true: &(impl ToColumn + ?Sized),
    y_pred: &(impl ToColumn + ?Sized),
    score: impl Fn(&[f64], &[f64]) -> f64,
) -> Result<f64> {
    let (y_true, y_pred) = (y_true.to_columns()?, y_pred.to_columns()?);
    if y_true.len() != y_pred.len() {
        return Err(Error::new("y_true and y_pred have as many outputs")
            .expected(format!("{} outputs of y_pred", y_true.len()))
            .received(y_pred.len().to_string()));
    }
    check_lengths(y_true.first().map_or(0, Column::len), y_pred.first().map_or(0, Column::len))?;
    let mut sum = 0.0;
    for (a, b) in y_true.iter().zip(&y_pred) {
        sum += score(&a.numbers("a metric of errors")?, &b.numbers("a metric of errors")?);
    }
    Ok(sum / y_true.len() as f64)
}
