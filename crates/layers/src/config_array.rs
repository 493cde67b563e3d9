//! Arrays in configurations, as Keras writes those of NumPy: `{"class_name": "__numpy__", "config": {"value": [...], "dtype": "float32"}}`.

use crate::Config;
use candle_core::{DType, Device, Tensor};
use candle_keras_ops::{Error, Result, dtype, dtype_name, json};
use serde_json::{Value, json};

/// The array in this configuration; `None` if it is something else.
pub(crate) fn from_config(config: &Config) -> Option<Result<Tensor>> {
    let is_array = matches!(config["class_name"].as_str(), Some("__tensor__" | "__numpy__"));
    is_array.then(|| read(&config["config"]))
}

fn read(config: &Config) -> Result<Tensor> {
    Ok(from_lists(&config["value"])?.to_dtype(dtype(config["dtype"].as_str().unwrap_or("float32"))?)?)
}

/// The array in nested lists of numbers, in float64.
pub(crate) fn from_lists(lists: &Config) -> Result<Tensor> {
    let (mut shape, mut values) = (Vec::new(), Vec::new());
    let read = flatten(lists, 0, &mut shape, &mut values);
    read.ok_or_else(|| Error::new("an array in a configuration is not nested lists of numbers"))?;
    Ok(Tensor::from_vec(values, shape, &Device::Cpu)?)
}

/// The configuration of an array, as `class_name`.
pub(crate) fn to_config(array: &Tensor, class_name: &str) -> Result<Config> {
    let config = json!({"value": to_lists(array)?, "dtype": dtype_name(array.dtype())});
    Ok(json!({"class_name": class_name, "config": config}))
}

/// Nested lists of numbers as a shape and the numbers; `None` if the lists differ in length.
fn flatten(value: &Value, depth: usize, shape: &mut Vec<usize>, values: &mut Vec<f64>) -> Option<()> {
    let Value::Array(items) = value else {
        values.push(json::as_f64(value).or(value.as_bool().map(|bool| f64::from(u8::from(bool))))?);
        return (depth == shape.len()).then_some(());
    };
    match shape.get(depth) {
        Some(&length) if length != items.len() => return None,
        None if values.is_empty() => shape.push(items.len()),
        None => return None,
        Some(_) => {}
    }
    items.iter().try_for_each(|item| flatten(item, depth + 1, shape, values))
}

/// An array as nested lists.
pub(crate) fn to_lists(array: &Tensor) -> Result<Config> {
    if array.rank() == 0 {
        let number = array.to_dtype(DType::F64)?.to_scalar::<f64>()?;
        return Ok(if array.dtype().is_int() { json!(number as i64) } else { json::number(number) });
    }
    (0..array.dim(0)?).map(|i| to_lists(&array.get(i)?)).collect::<Result<Vec<_>>>().map(Value::Array)
}
