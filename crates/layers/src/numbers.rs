//! A number, or an array of numbers, as an argument of a layer.

use crate::{Shape, config_array};
use candle_core::{DType, Device, Tensor};
use candle_keras_ops::{Error, Result, json};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number or an array, from a number, a list, or a tensor. Files have it as Python's numbers and nested lists.
///
/// ```
/// use candle_keras_layers::Rescaling;
/// let (all, each) = (Rescaling::new(1. / 255.), Rescaling::new([0.5, 0.25, 0.125]));
/// ```
#[derive(Debug, Clone)]
pub struct Numbers(Tensor);

impl Numbers {
    /// The sizes of the array; none for a number.
    pub fn dims(&self) -> &[usize] {
        self.0.dims()
    }

    /// The number, if it is one.
    pub(crate) fn number(&self) -> Result<Option<f64>> {
        Ok(if self.0.rank() == 0 { Some(self.0.to_dtype(DType::F64)?.to_scalar()?) } else { None })
    }

    /// The array where and as `like` is.
    pub(crate) fn like(&self, like: &Tensor) -> Result<Tensor> {
        Ok(self.0.to_dtype(like.dtype())?.to_device(like.device())?)
    }

    /// An error unless the array can be repeated to the shape of `input`, whose unknown sizes are `None`.
    pub(crate) fn check_repeats_to(&self, input: &Shape, argument: &str) -> Result<()> {
        let axes = self.dims().iter().rev().zip(input.iter().rev());
        if self.dims().len() <= input.len() && axes.into_iter().all(|(a, b)| *a == 1 || b.is_none_or(|b| b == *a)) {
            return Ok(());
        }
        Err(Error::new(format!("the array {argument} does not fit the last axes of the input"))
            .expected(format!("an array that can be repeated to the shape {input}"))
            .received(format!("the shape {:?}", self.dims())))
    }
}

impl From<f64> for Numbers {
    fn from(number: f64) -> Self {
        Self(Tensor::new(number, &Device::Cpu).expect("a number is a tensor"))
    }
}

impl From<&[f64]> for Numbers {
    fn from(numbers: &[f64]) -> Self {
        Self(Tensor::new(numbers, &Device::Cpu).expect("a list is a tensor"))
    }
}

impl From<Vec<f64>> for Numbers {
    fn from(numbers: Vec<f64>) -> Self {
        numbers.as_slice().into()
    }
}

impl<const N: usize> From<[f64; N]> for Numbers {
    fn from(numbers: [f64; N]) -> Self {
        numbers[..].into()
    }
}

impl From<&Tensor> for Numbers {
    fn from(array: &Tensor) -> Self {
        Self(array.clone())
    }
}

impl From<Tensor> for Numbers {
    fn from(array: Tensor) -> Self {
        Self(array)
    }
}

impl Serialize for Numbers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        config_array::to_lists(&self.0).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let config = serde_json::Value::deserialize(deserializer)?;
        if let Some(number) = json::as_f64(&config) {
            return Ok(number.into());
        }
        let array = config_array::from_config(&config).unwrap_or_else(|| config_array::from_lists(&config));
        array.map(Self).map_err(D::Error::custom)
    }
}
