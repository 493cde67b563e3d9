//! F-scores: precision and recall in one number. Keras: `keras.metrics.FBetaScore`, `F1Score`.

use super::sums::metric;
use super::thresholds::broadcast_weight;
use crate::{Error, Result};
use candle_core::{DType, Tensor};
use candle_keras_ops as ops;
use candle_keras_ops::config::epsilon;
use serde::{Deserialize, Serialize};

/// How the scores of several classes become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Average {
    /// From the counts of all classes together.
    Micro,
    /// Their mean.
    Macro,
    /// Their mean, weighted by the number of targets of each class.
    Weighted,
}

metric! {
    /// The mean of precision and recall, with recall `beta` times as important, of each class: `(1 + beta²) p r / (beta² p + r)`. Keras:
    /// `FBetaScore`.
    ///
    /// Without an `average` there is a result for each class: in the logs `fbeta_score[0]`, `fbeta_score[1]` and so on, where Keras has an array.
    pub struct FBetaScore(): "fbeta_score" {
        /// How the classes become one number. Default: they do not.
        average: Option<Average> = None,
        /// How much more important recall is than precision. Default: 1.
        beta: f64 = 1.0,
        /// Predictions above it are positive. Default: the largest of each row is.
        threshold: Option<f64> = None,
    }
    direction: Up;

    fn sums(&self, y_true: &Tensor, y_pred: &Tensor, weight: Option<&Tensor>) -> Result<Tensor> {
        check_beta(self.beta)?;
        f_sums(self.threshold, y_true, y_pred, weight)
    }

    fn of_sums(&self, sums: &[f64]) -> Vec<f64> {
        f_scores(self.average, self.beta, sums)
    }
}

metric! {
    /// The harmonic mean of precision and recall, of each class. Keras: `F1Score`.
    ///
    /// Without an `average` there is a result for each class: in the logs `f1_score[0]`, `f1_score[1]` and so on, where Keras has an array.
    ///
    /// ```
    /// use candle_keras_training::{Compile, metrics::{Average, F1Score}};
    /// let compile = Compile::loss("categorical_crossentropy").metric(F1Score::new().average(Average::Macro));
    /// # let _ = compile;
    /// ```
    pub struct F1Score(): "f1_score" {
        /// How the classes become one number. Default: they do not.
        average: Option<Average> = None,
        /// Predictions above it are positive. Default: the largest of each row is.
        threshold: Option<f64> = None,
    }
    direction: Up;

    fn sums(&self, y_true: &Tensor, y_pred: &Tensor, weight: Option<&Tensor>) -> Result<Tensor> {
        f_sums(self.threshold, y_true, y_pred, weight)
    }

    fn of_sums(&self, sums: &[f64]) -> Vec<f64> {
        f_scores(self.average, 1.0, sums)
    }
}

fn check_beta(beta: f64) -> Result<()> {
    if beta > 0.0 {
        return Ok(());
    }
    Err(Error::new("beta of FBetaScore must be positive").received(beta.to_string()))
}

/// True positives, false positives, false negatives and targets of each class.
fn f_sums(threshold: Option<f64>, y_true: &Tensor, y_pred: &Tensor, weight: Option<&Tensor>) -> Result<Tensor> {
    if y_true.dims() != y_pred.dims() || y_pred.rank() != 2 {
        return Err(Error::new("an F-score takes one-hot targets and predictions of the shape (batch, classes)")
            .received(format!("targets of shape {:?}, predictions of shape {:?}", y_true.dims(), y_pred.dims()))
            .help("make one-hot rows of class indices with to_categorical"));
    }
    if let Some(threshold) = threshold.filter(|threshold| !(*threshold > 0.0 && *threshold <= 1.0)) {
        return Err(
            Error::new("the threshold of an F-score must be above 0 and at most 1").received(threshold.to_string())
        );
    }
    let (y, p) = (y_true.to_dtype(DType::F32)?, y_pred.to_dtype(DType::F32)?);
    let chosen = match threshold {
        Some(threshold) => p.gt(threshold)?.to_dtype(DType::F32)?,
        None => {
            let largest = p.broadcast_ge(&p.max_keepdim(1)?)?.to_dtype(DType::F32)?;
            (largest * p.abs()?.gt(1e-9)?.to_dtype(DType::F32)?)?
        }
    };
    let weight = match weight {
        Some(weight) => broadcast_weight(weight, &p)?,
        None => p.ones_like()?,
    };
    let (weighted_y, weighted_chosen) = ((&y * &weight)?, (&chosen * &weight)?);
    let of_classes =
        [(&weighted_chosen * &y)?, (&weighted_chosen * (1.0 - &y)?)?, (&weighted_y * (1.0 - &chosen)?)?, weighted_y];
    let of_classes = of_classes.iter().map(|values| ops::sum(values, 0)).collect::<candle_core::Result<Vec<_>>>()?;
    Ok(Tensor::cat(&of_classes, 0)?)
}

fn f_scores(average: Option<Average>, beta: f64, sums: &[f64]) -> Vec<f64> {
    let classes = sums.len() / 4;
    let part = |i: usize| &sums[i * classes..(i + 1) * classes];
    let score = |right: f64, wrong: f64, missed: f64| {
        let (precision, recall) = (right / (right + wrong + epsilon()), right / (right + missed + epsilon()));
        (1.0 + beta * beta) * (precision * recall) / (beta * beta * precision + recall + epsilon())
    };
    let scores = || (0..classes).map(|i| score(part(0)[i], part(1)[i], part(2)[i]));
    let total = |i: usize| part(i).iter().sum::<f64>();
    match average {
        None => scores().collect(),
        Some(Average::Micro) => vec![score(total(0), total(1), total(2))],
        Some(Average::Macro) => vec![scores().sum::<f64>() / classes.max(1) as f64],
        Some(Average::Weighted) => {
            vec![scores().zip(part(3)).map(|(score, targets)| score * targets / (total(3) + epsilon())).sum()]
        }
    }
}
