//! Metrics of labels and predictions. scikit-learn: `sklearn.metrics`.

mod agreement;
mod classes;
mod classification;
mod log_loss;
mod ranking;
mod regression;
mod report;
#[cfg(test)]
mod tests;

pub use agreement::{KappaWeights, balanced_accuracy_score, cohen_kappa_score};
pub use classification::{Average, accuracy_score, confusion_matrix, f1_score, precision_score, recall_score};
pub use log_loss::log_loss;
pub use ranking::roc_auc_score;
pub use regression::{mean_absolute_error, mean_squared_error, r2_score, root_mean_squared_error};
pub use report::{ClassificationReport, classification_report};

use candle_keras_ops::{Error, Result};

fn check_lengths(y_true: usize, y_pred: usize) -> Result<()> {
    if y_true != y_pred {
        return Err(Error::new("y_true and y_pred have a value for each sample")
            .expected(format!("{y_true} values of y_pred"))
            .received(y_pred.to_string()));
    }
    if y_true == 0 {
        return Err(Error::new("a metric needs at least one sample"));
    }
    Ok(())
}
