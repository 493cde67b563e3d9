//! The scores of all classes as text.

use super::classes::Classes;
use super::classification::Average;
use crate::{Cell, ToColumn};
use candle_keras_ops::{Error, Result};

/// The keyword arguments of [`classification_report`], with the names of scikit-learn.
#[derive(Debug, Clone)]
#[must_use]
pub struct ClassificationReport {
    target_names: Option<Vec<String>>,
    digits: usize,
}

impl Default for ClassificationReport {
    fn default() -> Self {
        Self { target_names: None, digits: 2 }
    }
}

impl ClassificationReport {
    /// scikit-learn's defaults: the labels themselves, and two digits.
    pub fn new() -> Self {
        Self::default()
    }

    /// The names of the classes in the order of the labels.
    pub fn target_names<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.target_names = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// How many digits stand behind the point. Default: 2.
    pub fn digits(mut self, digits: usize) -> Self {
        self.digits = digits;
        self
    }
}

/// Precision, recall and F1 of each class and their averages, as scikit-learn prints them: `sklearn.metrics.classification_report`.
///
/// ```
/// use candle_keras_data::sklearn::{ClassificationReport, classification_report};
/// let report = classification_report(&[0, 1, 1, 0], &[0, 1, 0, 0], ClassificationReport::new())?;
/// assert!(report.contains("           0       0.67      1.00      0.80         2\n"), "{report}");
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If there are not as many predictions, they are no labels, or there are not as many names as classes.
pub fn classification_report(
    y_true: &(impl ToColumn + ?Sized),
    y_pred: &(impl ToColumn + ?Sized),
    arguments: ClassificationReport,
) -> Result<String> {
    let classes = Classes::of(y_true, y_pred)?;
    let names = arguments.target_names.unwrap_or_else(|| classes.names.iter().map(Cell::to_string).collect());
    if names.len() != classes.names.len() {
        return Err(Error::new("each class of a report has a name")
            .expected(format!("{} target_names", classes.names.len()))
            .received(names.len().to_string()));
    }
    let digits = arguments.digits;
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max("weighted avg".len()).max(digits);
    let mut report = format!("{:>width$} ", "");
    for heading in ["precision", "recall", "f1-score", "support"] {
        report.push_str(&format!(" {heading:>9}"));
    }
    report.push_str("\n\n");
    let row = |name: &str, [precision, recall, f1]: [f64; 3], support: f64| {
        let scores = format!("{precision:>9.digits$} {recall:>9.digits$} {f1:>9.digits$}");
        format!("{name:>width$}  {scores} {support:>9}\n")
    };
    for (name, counts) in names.iter().zip(classes.counts()) {
        report.push_str(&row(name, counts.scores(), counts.samples));
    }
    let total = classes.y_true.len() as f64;
    let [.., accuracy] = classes.averaged(Average::Micro)?;
    let nothing = "";
    report.push_str(&format!("\n{:>width$}  {nothing:>9} {nothing:>9} {accuracy:>9.digits$} {total:>9}\n", "accuracy"));
    report.push_str(&row("macro avg", classes.averaged(Average::Macro)?, total));
    report.push_str(&row("weighted avg", classes.averaged(Average::Weighted)?, total));
    Ok(report)
}
