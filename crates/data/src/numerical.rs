//! Class indices as one-hot vectors, and vectors of length 1. Keras: `keras.utils.to_categorical`, `normalize`.

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

/// Each vector along `axis` (the last one in Keras) divided by its norm of this order (2 in Keras). A vector of zeros stays as it is. Keras:
/// `keras.utils.normalize`; the function of tensors in a model is `ops::normalize`.
///
/// # Shapes
/// - `x` and the result: any with that axis; whole numbers become floating-point ones
///
/// # Errors
/// If there is no such axis, or the order is not above 0.
///
/// ```
/// use candle_keras_data::normalize;
/// let x = normalize(vec![[3f32, 4.], [0., 0.]], -1, 2.0)?;
/// assert_eq!(x.to_vec2::<f32>()?, [[0.6, 0.8], [0., 0.]]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn normalize(x: impl ToTensor, axis: i64, order: f64) -> Result<Tensor> {
    if order.is_nan() || order <= 0.0 {
        return Err(Error::new("the order of a norm must be above 0").received(order.to_string()));
    }
    let x = x.to_tensor()?;
    let x = if x.dtype().is_float() { x } else { x.to_dtype(candle_keras_ops::config::default_float())? };
    let over = candle_keras_ops::axes(axis).keepdims(true);
    let size = x.abs()?.to_dtype(DType::F64)?;
    let norm = match order.is_infinite() {
        true => candle_keras_ops::max(&size, over)?,
        false => candle_keras_ops::sum(&size.powf(order)?, over)?.powf(1.0 / order)?,
    };
    let ones = norm.ones_like()?;
    let norm = norm.eq(0.0)?.where_cond(&ones, &norm)?;
    Ok(x.to_dtype(DType::F64)?.broadcast_div(&norm)?.to_dtype(x.dtype())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// tests/keras/utils.json has what Keras computes.
    #[test]
    fn normalized_vectors_are_those_of_keras() {
        let cases: serde_json::Value =
            serde_json::from_slice(include_bytes!("../../../tests/keras/utils.json")).unwrap();
        let mut count = 0;
        for case in cases["normalize"].as_array().unwrap() {
            fn numbers(array: &serde_json::Value, shape: &mut Vec<usize>, depth: usize) -> Vec<f64> {
                let Some(list) = array.as_array() else { return vec![array.as_f64().unwrap()] };
                if shape.len() == depth {
                    shape.push(list.len());
                }
                list.iter().flat_map(|item| numbers(item, shape, depth + 1)).collect()
            }
            let mut shape = Vec::new();
            let x = numbers(&case["x"], &mut shape, 0);
            let x = Tensor::from_vec(x, shape.clone(), &Device::Cpu).unwrap();
            let y = normalize(&x, case["axis"].as_i64().unwrap(), case["order"].as_f64().unwrap()).unwrap();
            let expected = numbers(&case["y"], &mut Vec::new(), 0);
            let y: Vec<f64> = y.flatten_all().unwrap().to_vec1().unwrap();
            // Keras divides by the norms of another axis than it computes them for if `axis` is 0.
            if case["axis"] != 0 {
                assert!(y.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-12), "{case}");
                count += 1;
            }
        }
        assert!(count > 8);
        assert!(normalize(vec![1f32], 1, 2.0).is_err() && normalize(vec![1f32], 0, 0.0).is_err());
        assert_eq!(normalize(vec![2i32, -4], 0, f64::INFINITY).unwrap().to_vec1::<f32>().unwrap(), [0.5, -1.0]);
    }

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
