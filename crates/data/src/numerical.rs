//! Class indices as one-hot vectors. Keras: `keras.utils.to_categorical`.

use crate::ToTensor;
use candle_core::{DType, Device, Tensor};
use candle_keras_ops::{Error, Result, checked_ids, has_memory_for};

/// A one-hot row for each label, in f32. Keras: `to_categorical`.
///
/// # Shapes
/// - `labels`: any shape; a last axis of size 1 is dropped
/// - the result: that shape, then the number of classes: `num_classes`, or one more than the largest label
///
/// # Errors
/// If a label is not a whole number, is negative or not below `num_classes`; the error has its position. Keras truncates fractions
/// and counts negative labels from the end.
///
/// ```
/// use candle_keras_data::to_categorical;
/// let rows = to_categorical(&vec![0u32, 2], None)?;
/// assert_eq!(rows.to_vec2::<f32>()?, [[1., 0., 0.], [0., 0., 1.]]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn to_categorical(labels: impl ToTensor, num_classes: impl Into<Option<usize>>) -> Result<Tensor> {
    let labels = labels.to_tensor()?;
    let classes = num_classes.into();
    let ids = checked_ids(&labels, classes.unwrap_or(u32::MAX as usize), || {
        let expected = classes.map_or("a whole number that is not negative".into(), |classes| format!("0..{classes}"));
        Error::new("a label is not a class index").expected(expected)
    })?;
    let classes = classes.unwrap_or_else(|| ids.iter().max().map_or(0, |&max| max as usize + 1));
    let mut rows: Vec<f32> = Vec::new();
    let count = ids.len().saturating_mul(classes);
    if !has_memory_for(count.saturating_mul(size_of::<f32>())) {
        return Err(Error::new("the rows of so many classes do not fit into memory")
            .received(format!("{} labels and {classes} classes", ids.len()))
            .help("sparse_categorical_crossentropy takes the labels as they are"));
    }
    rows.resize(count, 0.0);
    ids.iter().enumerate().for_each(|(i, &id)| rows[i * classes + id as usize] = 1.0);
    let mut dims = labels.dims().to_vec();
    if dims.len() > 1 && dims.last() == Some(&1) {
        dims.pop();
    }
    dims.push(classes);
    Ok(Tensor::from_vec(rows, dims, &Device::Cpu)?.to_dtype(DType::F32)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_out_of_range_are_errors() {
        let error = to_categorical(vec![0u32, 3], 3).unwrap_err().to_string();
        assert!(error.contains("3 at [1]"), "{error}");
        for wrong in [vec![0.0, 0.5], vec![0.0, -0.5], vec![1.0, f64::NAN], vec![2.0, -1.0]] {
            let error = to_categorical(&wrong, None).unwrap_err().to_string();
            assert!(error.contains(&format!("{} at [1]", wrong[1])), "{error}");
        }
        assert_eq!(to_categorical(vec![0f32, 1.0], None).unwrap().dims(), [2, 2], "whole numbers of a CSV file");
        assert_eq!(to_categorical(vec![vec![1u32], vec![0]], None).unwrap().dims(), [2, 2]);
        assert_eq!(to_categorical(Vec::<u32>::new(), None).unwrap().dims(), [0, 0]);
    }
}
