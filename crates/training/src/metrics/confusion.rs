//! Metrics of right and wrong decisions at thresholds.

use super::sums::metric;
use super::thresholds::{Cuts, Decisions, MOST_THRESHOLDS, Thresholds, ratio};
use crate::Result;
use candle_core::Tensor;

/// Every prediction of a row that is not among its largest is below it.
const BELOW_ALL: f64 = -1e10;

macro_rules! count {
    ($(#[$doc:meta])* $class:ident: $name:literal, $field:ident, $direction:ident) => {
        metric! {
            $(#[$doc])*
            pub struct $class(): $name {
                /// Predictions above it are positive: one between 0 and 1, or several with a result for each. Default: 0.5.
                thresholds: Thresholds = Thresholds::Default,
            }
            direction: $direction;

            fn sums(&self, y_true: &Tensor, y_pred: &Tensor, weight: Option<&Tensor>) -> Result<Tensor> {
                Cuts::of(&self.thresholds, 0.5)?.sums(&Decisions::new(y_true, y_pred, weight, None, None)?, 1)
            }

            fn of_sums(&self, sums: &[f64]) -> Vec<f64> {
                let counts = Cuts::of(&self.thresholds, 0.5).map(|cuts| cuts.counts(sums, 0, 1)).unwrap_or_default();
                counts.iter().map(|counts| counts.$field).collect()
            }
        }
    };
}

count! {
    /// The weighted number of predictions above the threshold whose target is 1. Keras: `TruePositives`.
    TruePositives: "true_positives", true_positives, Up
}
count! {
    /// The weighted number of predictions above the threshold whose target is 0. Keras: `FalsePositives`.
    FalsePositives: "false_positives", false_positives, Down
}
count! {
    /// The weighted number of predictions not above the threshold whose target is 0. Keras: `TrueNegatives`.
    TrueNegatives: "true_negatives", true_negatives, Up
}
count! {
    /// The weighted number of predictions not above the threshold whose target is 1. Keras: `FalseNegatives`.
    FalseNegatives: "false_negatives", false_negatives, Down
}

macro_rules! rate {
    ($(#[$doc:meta])* $class:ident: $name:literal, $function:ident) => {
        metric! {
            $(#[$doc])*
            pub struct $class(): $name {
                /// Predictions above it are positive: one between 0 and 1, or several with a result for each. Default: 0.5, and with `top_k` none.
                thresholds: Thresholds = Thresholds::Default,
                /// Only so many predictions of each row can be positive: the largest.
                top_k: Option<usize> = None,
                /// Only this output counts.
                class_id: Option<usize> = None,
            }
            direction: Up;

            fn cuts(&self) -> Result<Cuts> {
                Cuts::of(&self.thresholds, if self.top_k.is_some() { BELOW_ALL } else { 0.5 })
            }

            fn sums(&self, y_true: &Tensor, y_pred: &Tensor, weight: Option<&Tensor>) -> Result<Tensor> {
                self.cuts()?.sums(&Decisions::new(y_true, y_pred, weight, self.top_k, self.class_id)?, 1)
            }

            fn of_sums(&self, sums: &[f64]) -> Vec<f64> {
                let counts = self.cuts().map(|cuts| cuts.counts(sums, 0, 1)).unwrap_or_default();
                counts.into_iter().map(|counts| counts.$function()).collect()
            }
        }
    };
}

rate! {
    /// The fraction of positive predictions whose target is 1; 0 without positive predictions. Keras: `Precision`.
    ///
    /// ```
    /// use candle_keras_training::{Compile, metrics::{Precision, Recall}};
    /// let compile = Compile::loss("binary_crossentropy").metric(Precision::new()).metric(Recall::new().thresholds(0.3));
    /// # let _ = compile;
    /// ```
    Precision: "precision", precision
}
rate! {
    /// The fraction of targets of 1 that are predicted; 0 without such targets. Keras: `Recall`.
    Recall: "recall", recall
}

macro_rules! at {
    ($(#[$doc:meta])* $class:ident($(#[$about:meta])* $held:ident): $name:literal, $reached:ident, $best:ident) => {
        metric! {
            $(#[$doc])*
            pub struct $class($(#[$about])* $held: f64): $name {
                /// How many thresholds from 0 to 1 are tried. Default: 200.
                num_thresholds: usize = 200usize,
                /// Only this output counts.
                class_id: Option<usize> = None,
            }
            direction: Up;

            fn cuts(&self) -> Result<Cuts> {
                check_fraction(stringify!($class), stringify!($held), self.$held)?;
                even_cuts(self.num_thresholds)
            }

            fn sums(&self, y_true: &Tensor, y_pred: &Tensor, weight: Option<&Tensor>) -> Result<Tensor> {
                self.cuts()?.sums(&Decisions::new(y_true, y_pred, weight, None, self.class_id)?, 1)
            }

            fn of_sums(&self, sums: &[f64]) -> Vec<f64> {
                let counts = self.cuts().map(|cuts| cuts.counts(sums, 0, 1)).unwrap_or_default();
                // Keras compares in float32.
                let held = counts.into_iter().filter(|counts| counts.$reached() as f32 >= self.$held as f32);
                vec![held.map(|counts| counts.$best()).fold(0.0, f64::max)]
            }
        }
    };
}

at! {
    /// The largest sensitivity (recall) at a threshold where the specificity is at least this. Keras: `SensitivityAtSpecificity`.
    SensitivityAtSpecificity(specificity): "sensitivity_at_specificity", specificity, recall
}
at! {
    /// The largest specificity at a threshold where the sensitivity (recall) is at least this. Keras: `SpecificityAtSensitivity`.
    SpecificityAtSensitivity(sensitivity): "specificity_at_sensitivity", recall, specificity
}
at! {
    /// The largest precision at a threshold where the recall is at least this. Keras: `PrecisionAtRecall`.
    PrecisionAtRecall(recall): "precision_at_recall", recall, precision
}
at! {
    /// The largest recall at a threshold where the precision is at least this. Keras: `RecallAtPrecision`.
    RecallAtPrecision(precision): "recall_at_precision", precision, recall
}

fn check_fraction(class: &str, name: &str, value: f64) -> Result<()> {
    if (0.0..=1.0).contains(&value) {
        return Ok(());
    }
    Err(crate::Error::new(format!("{name} of {class} must be between 0 and 1")).received(value.to_string()))
}

/// Thresholds at equal distances from 0 to 1.
fn even_cuts(count: usize) -> Result<Cuts> {
    match count {
        0 | MOST_THRESHOLDS.. => Err(crate::Error::new("num_thresholds does not fit")
            .expected(format!("1 to {}", MOST_THRESHOLDS - 1))
            .received(count.to_string())),
        1 => Ok(Cuts::new(&[0.5])),
        _ => Ok(Cuts::new(&(0..count).map(|i| ratio(i as f64, (count - 1) as f64)).collect::<Vec<_>>())),
    }
}
