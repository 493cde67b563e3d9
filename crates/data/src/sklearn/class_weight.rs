//! Weights by which rare classes count as much as frequent ones.

use super::label_encoder::sorted_classes;
use crate::table::compared;
use crate::{Cell, ToColumn};
use candle_core::{Device, Tensor};
use candle_keras_ops::{Error, Result};

/// The weight of each class in this order: the number of samples, divided by that of the class and by the number of classes. scikit-learn:
/// `sklearn.utils.class_weight.compute_class_weight("balanced", classes=classes, y=y)`.
///
/// ```
/// use candle_keras_data::sklearn::balanced_class_weight;
/// let weights = balanced_class_weight(&[0, 1], &[0, 0, 0, 1])?;
/// assert_eq!(weights.to_vec1::<f64>()?, [4. / 6., 2.]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If a label of `y` is none of the classes, or a class is no label of `y`.
pub fn balanced_class_weight(classes: &(impl ToColumn + ?Sized), y: &(impl ToColumn + ?Sized)) -> Result<Tensor> {
    let (classes, y) = (classes.to_column()?, y.to_column()?);
    let known: Vec<Cell> = sorted_classes(&classes).cells().collect();
    let place = |label: &Cell| {
        let found = known.binary_search_by(|class| compared(class, label).unwrap_or(std::cmp::Ordering::Less));
        found.map_err(|_| {
            let known: Vec<String> = known.iter().map(Cell::to_string).collect();
            Error::new("a label is none of the classes").expected(known.join(", ")).received(label.to_string())
        })
    };
    let mut counts = vec![0usize; known.len()];
    for label in y.cells() {
        counts[place(&label)?] += 1;
    }
    let weights = classes.cells().map(|class| match counts[place(&class)?] {
        0 => Err(Error::new("a class has no sample").expected("a label of y").received(class.to_string())),
        count => Ok(y.len() as f64 / (known.len() * count) as f64),
    });
    Ok(Tensor::new(weights.collect::<Result<Vec<f64>>>()?, &Device::Cpu)?)
}
