//! AUC: the area under a curve of rates at all thresholds. Keras: `keras.metrics.AUC`.

use super::sums::metric;
use super::thresholds::{Counts, Cuts, Decisions, MOST_THRESHOLDS, ratio};
use crate::{Error, Result};
use candle_core::Tensor;
use candle_keras_ops as ops;
use candle_keras_ops::config::epsilon;
use serde::{Deserialize, Serialize};

/// The curve of an [`AUC`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Curve {
    /// Recall over the rate of false positives.
    #[default]
    #[serde(alias = "roc")]
    ROC,
    /// Precision over recall.
    #[serde(alias = "pr")]
    PR,
    /// Precision gain over recall gain (Flach & Kull, 2015).
    #[serde(alias = "prgain")]
    PRGAIN,
}

/// How the area between two thresholds is approximated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SummationMethod {
    /// By the mean of both heights; for the curve of precision and recall by the interpolation of Davis and Goadrich (2006).
    #[default]
    Interpolation,
    /// By the larger height.
    Majoring,
    /// By the smaller height.
    Minoring,
}

metric! {
    /// The area under the ROC curve, or of precision and recall, from the counts at thresholds. Keras: `AUC`.
    ///
    /// A batch adds to histograms of its predictions, so that the number of thresholds costs nothing there.
    ///
    /// ```
    /// use candle_keras_training::{Compile, metrics::{AUC, Curve}};
    /// let compile = Compile::loss("binary_crossentropy").metric(AUC::new()).metric(AUC::new().curve(Curve::PR).named("pr"));
    /// # let _ = compile;
    /// ```
    pub struct AUC(): "auc" {
        /// The number of thresholds, at equal distances. Default: 200.
        num_thresholds: usize = 200usize,
        /// The curve. Default: ROC.
        curve: Curve = Curve::ROC,
        /// How areas are approximated. Default: interpolation.
        summation_method: SummationMethod = SummationMethod::Interpolation,
        /// Thresholds between 0 and 1 in place of equal distances; 0 and 1 are added.
        thresholds: Option<Vec<f64>> = None,
        /// Whether each output has a curve of its own, and the result is the mean of their areas. Default: false, one curve of all values.
        multi_label: bool = false,
        /// The number of outputs, if it is to be checked. Only with `multi_label`.
        num_labels: Option<usize> = None,
        /// A weight for each output.
        label_weights: Option<Vec<f64>> = None,
        /// Whether predictions are logits, without a sigmoid. Default: false.
        from_logits: bool = false,
    }
    direction: Up;

    fn cuts(&self) -> Result<Cuts> {
        let inner = match &self.thresholds {
            Some(thresholds) => {
                let mut sorted = thresholds.clone();
                sorted.sort_by(f64::total_cmp);
                if let Some(wrong) = sorted.iter().find(|t| !(0.0..=1.0).contains(*t)) {
                    return Err(Error::new("a threshold of AUC must be between 0 and 1").received(wrong.to_string()));
                }
                sorted
            }
            None if !(2..=MOST_THRESHOLDS).contains(&self.num_thresholds) => {
                return Err(Error::new("num_thresholds of AUC does not fit")
                    .expected(format!("2 to {MOST_THRESHOLDS}"))
                    .received(self.num_thresholds.to_string()));
            }
            None => (1..self.num_thresholds - 1).map(|i| i as f64 / (self.num_thresholds - 1) as f64).collect(),
        };
        Ok(Cuts::new(&[vec![-epsilon()], inner, vec![1.0 + epsilon()]].concat()))
    }

    fn sums(&self, y_true: &Tensor, y_pred: &Tensor, weight: Option<&Tensor>) -> Result<Tensor> {
        let y_pred = if self.from_logits { ops::sigmoid(y_pred)? } else { y_pred.clone() };
        let mut decisions = Decisions::new(y_true, &y_pred, weight, None, None)?;
        if !self.multi_label {
            if let Some(weights) = &self.label_weights {
                decisions = decisions.with_label_weights(weights)?;
            }
            return self.cuts()?.sums(&decisions, 1);
        }
        let labels = match decisions.y_pred.dims() {
            [_, labels] if self.num_labels.is_none_or(|num_labels| num_labels == *labels) => *labels,
            shape => {
                return Err(Error::new("AUC with multi_label takes a column for each label")
                    .expected(self.num_labels.map_or("(batch, labels)".into(), |labels| format!("(batch, {labels})")))
                    .received(format!("predictions of shape {shape:?}")));
            }
        };
        if let Some(weights) = &self.label_weights
            && weights.len() != labels
        {
            return Err(Error::new("label_weights of AUC must have one weight for each output")
                .expected(labels.to_string())
                .received(weights.len().to_string()));
        }
        self.cuts()?.sums(&decisions, labels)
    }

    fn of_sums(&self, sums: &[f64]) -> Vec<f64> {
        let Ok(cuts) = self.cuts() else { return vec![0.0] };
        let labels = if self.multi_label { (sums.len() / cuts.sums_of_a_label()).max(1) } else { 1 };
        let areas: Vec<f64> = (0..labels).map(|label| self.area(&cuts.counts(sums, label, labels))).collect();
        vec![match &self.label_weights {
            Some(weights) if self.multi_label => {
                ratio(areas.iter().zip(weights).map(|(area, weight)| area * weight).sum(), weights.iter().sum())
            }
            _ => areas.iter().sum::<f64>() / labels as f64,
        }]
    }

    fn area(&self, counts: &[Counts]) -> f64 {
        let pairs = counts.windows(2).map(|pair| (pair[0], pair[1]));
        if (self.curve, self.summation_method) == (Curve::PR, SummationMethod::Interpolation) {
            return pairs.map(|(low, high)| interpolated(low, high)).sum();
        }
        pairs
            .map(|(low, high)| {
                let ((x, y), (x_next, y_next)) = (self.point(low), self.point(high));
                let height = match self.summation_method {
                    SummationMethod::Interpolation => (y + y_next) / 2.0,
                    SummationMethod::Minoring => y.min(y_next),
                    SummationMethod::Majoring => y.max(y_next),
                };
                (x - x_next) * height
            })
            .sum()
    }

    /// The point of the curve at a threshold.
    fn point(&self, counts: Counts) -> (f64, f64) {
        let Counts { true_positives, false_positives, true_negatives, false_negatives } = counts;
        match self.curve {
            Curve::ROC => (ratio(false_positives, false_positives + true_negatives), counts.recall()),
            Curve::PR => (counts.recall(), counts.precision()),
            Curve::PRGAIN if true_positives == 0.0 => (0.0, 1.0),
            Curve::PRGAIN => {
                let scale = ratio(true_positives + false_negatives, true_negatives + false_positives);
                let gain = |wrong: f64| 1.0 - scale * wrong / true_positives;
                (gain(false_negatives).max(0.0), gain(false_positives))
            }
        }
    }
}

/// The area under the curve of precision and recall between two thresholds, with interpolated true positives.
fn interpolated(low: Counts, high: Counts) -> f64 {
    let positive = |counts: Counts| counts.true_positives + counts.false_positives;
    let (p, p_next) = (positive(low), positive(high));
    let gained = low.true_positives - high.true_positives;
    let slope = ratio(gained, (p - p_next).max(0.0));
    let intercept = high.true_positives - slope * p_next;
    let growth = if p > 0.0 && p_next > 0.0 { p / p_next } else { 1.0 };
    ratio(slope * (gained + intercept * growth.ln()), high.true_positives + high.false_negatives)
}
