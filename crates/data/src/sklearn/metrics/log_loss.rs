//! The loss of probabilities.

use super::check_lengths;
use crate::ToColumn;
use crate::sklearn::label_encoder::sorted_classes;
use candle_core::{DType, Device, Tensor};
use candle_keras_ops::{Error, Result};

/// The mean of the negative logarithms of the probabilities that the right classes have. The labels are one number or string for each
/// sample, or an array with a 1 for the class of each; the probabilities are those of the classes in rising order, or of the second of
/// two. scikit-learn: `sklearn.metrics.log_loss`.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::sklearn::log_loss;
/// let probabilities = Tensor::new(&[0.1, 0.9, 0.8, 0.35], &Device::Cpu)?;
/// assert!((log_loss(&[0, 1, 1, 0], &probabilities)? - 0.2161619).abs() < 1e-7);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If there are not as many probabilities as samples, they are not between 0 and 1, or there are other classes.
pub fn log_loss(y_true: &(impl ToColumn + ?Sized), y_proba: &Tensor) -> Result<f64> {
    let probabilities = y_proba.detach().to_device(&Device::Cpu)?;
    // What is computed in float32 differs from 1 by more.
    let is_single = y_proba.dtype() == DType::F32;
    let epsilon = if is_single { f64::from(f32::EPSILON) } else { f64::EPSILON };
    let rows: Vec<Vec<f64>> = match probabilities.rank() {
        1 => probabilities.unsqueeze(1)?,
        _ => probabilities,
    }
    .to_dtype(DType::F64)?
    .to_vec2()?;
    if let Some(wrong) = rows.iter().flatten().find(|p| !(0.0..=1.0).contains(*p)) {
        return Err(Error::new("log_loss takes probabilities")
            .expected("numbers from 0 to 1")
            .received(wrong.to_string()));
    }
    let width = rows.first().map_or(0, |row| row.len().max(2));
    let probability = |row: usize, class: usize| match &rows[row][..] {
        [second] => {
            if class == 1 {
                *second
            } else {
                1.0 - second
            }
        }
        row => row[class],
    };
    let columns = y_true.to_columns()?;
    let loss = |p: f64| -p.clamp(epsilon, 1.0 - epsilon).ln();
    if let [labels] = &columns[..] {
        check_lengths(labels.len(), rows.len())?;
        let classes = sorted_classes(labels);
        // Two labels alone are those of the second class and the others.
        if classes.len() != width {
            return Err(other_classes(classes.len(), width));
        }
        let known: Vec<Tensor> = classes.cells().map(|class| labels.equal(class)).collect::<Result<_>>()?;
        let mut total = 0.0;
        for (class, is) in known.iter().enumerate() {
            let of_class = is.to_vec1::<u8>()?.into_iter().enumerate().filter(|(_, is)| *is == 1);
            total += of_class.map(|(row, _)| loss(probability(row, class))).sum::<f64>();
        }
        return Ok(total / rows.len() as f64);
    }
    if columns.len() != width {
        return Err(other_classes(columns.len(), width));
    }
    let mut total = 0.0;
    for (class, column) in columns.iter().enumerate() {
        check_lengths(column.len(), rows.len())?;
        let labels = column.numbers("log_loss")?;
        if let Some(wrong) = labels.iter().find(|label| ![0.0, 1.0].contains(*label)) {
            return Err(Error::new("an array of classes has 0 and 1").received(wrong.to_string()));
        }
        let of_class = labels.iter().enumerate().filter(|(_, label)| **label == 1.0);
        total += of_class.map(|(row, _)| loss(probability(row, class))).sum::<f64>();
    }
    Ok(total / rows.len() as f64)
}

fn other_classes(labels: usize, probabilities: usize) -> Error {
    Error::new("y_true has other classes than there are probabilities of")
        .expected(format!("{probabilities} classes"))
        .received(labels.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What scikit-learn 1.9 computes.
    #[test]
    fn losses_are_those_of_sklearn() {
        let p = Tensor::new(&[[0.7f32, 0.2, 0.1], [0.0, 1.0, 0.0], [0.3, 0.3, 0.4]], &Device::Cpu).unwrap();
        let loss = log_loss(&["a", "c", "b"], &p).unwrap();
        assert!((loss - 5.834344387054443).abs() < 1e-6, "{loss}");
        let one_hot = Tensor::new(&[[1i64, 0, 0], [0, 0, 1], [0, 1, 0]], &Device::Cpu).unwrap();
        assert_eq!(log_loss(&one_hot, &p).unwrap(), loss);
        assert!(log_loss(&[0, 1, 1], &p).unwrap_err().to_string().contains("other classes"));
        let column = Tensor::new(&[[0.25], [1.0]], &Device::Cpu).unwrap();
        assert!((log_loss(&[0, 0], &column)).is_err());
        let loss = log_loss(&[1, 0], &column).unwrap();
        assert!((loss - 18.71497387511852).abs() < 1e-9, "{loss}");
    }
}
