//! The value of the initializer `Constant`.

use crate::config_array;
use crate::initializers::Source;
use candle_core::{DType, Device, Tensor};
use candle_keras_ops::{Error, Result, json};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number, or an array, which is repeated along the axes of the weight that it lacks.
#[derive(Debug, Clone)]
pub enum ConstantValue {
    /// A number.
    Number(f64),
    /// An array.
    Array(Tensor),
}

impl ConstantValue {
    /// The values of a weight of this shape.
    pub(crate) fn source(&self, shape: &[usize]) -> Result<Source> {
        let array = match self {
            Self::Number(number) => return Ok(Source::Constant(*number)),
            Self::Array(array) => array,
        };
        let repeated = array.broadcast_as(shape).map_err(|_| {
            Error::new("the array of the initializer Constant does not fit the weight")
                .expected(format!("the shape {shape:?}, or one that can be repeated to it"))
                .received(format!("{:?}", array.dims()))
        })?;
        Ok(Source::Values(repeated.to_dtype(DType::F64)?.to_device(&Device::Cpu)?.flatten_all()?.to_vec1()?))
    }
}

impl From<f64> for ConstantValue {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<Tensor> for ConstantValue {
    fn from(array: Tensor) -> Self {
        Self::Array(array)
    }
}

impl From<&Tensor> for ConstantValue {
    fn from(array: &Tensor) -> Self {
        Self::Array(array.clone())
    }
}

impl Serialize for ConstantValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Array(array) => {
                config_array::to_config(array, "__numpy__").map_err(S::Error::custom)?.serialize(serializer)
            }
        }
    }
}

impl<'de> Deserialize<'de> for ConstantValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let config = serde_json::Value::deserialize(deserializer)?;
        match (json::as_f64(&config), config_array::from_config(&config)) {
            (Some(number), _) => Ok(Self::Number(number)),
            (_, Some(array)) => array.map(Self::Array).map_err(D::Error::custom),
            _ => Err(D::Error::custom("the value is neither a number nor an array")),
        }
    }
}
