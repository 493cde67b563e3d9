//! In which dtype a layer keeps its weights, and in which it computes. Keras: `keras.DTypePolicy`.

use candle_core::DType;
use candle_keras_ops::{DTypeName, Error, Result, dtype, dtype_name};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::{PoisonError, RwLock};

/// A dtype for weights and computation, such as `"float64"`, or two: `"mixed_float16"` and `"mixed_bfloat16"` keep weights in float32 and compute in
/// 16 bits, which a GPU does faster (on the host, 16 bits are slower than 32).
///
/// ```
/// use candle_keras_layers::DTypePolicy;
/// use candle_core::DType;
/// let policy = DTypePolicy::from("mixed_bfloat16");
/// assert_eq!((policy.variable_dtype()?, policy.compute_dtype()?), (DType::F32, DType::BF16));
/// # Ok::<(), candle_keras_layers::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DTypePolicy(DTypeName, Option<DType>);

impl DTypePolicy {
    const MIXED: [(&'static str, DType); 2] = [("mixed_float16", DType::F16), ("mixed_bfloat16", DType::BF16)];

    /// Weights of this dtype, and computation in it too.
    pub(crate) const fn plain(dtype: DType) -> Self {
        Self(DTypeName::Known(dtype), None)
    }

    /// The dtype of weights.
    ///
    /// # Errors
    /// If the name is not one.
    pub fn variable_dtype(&self) -> Result<DType> {
        match &self.0 {
            DTypeName::Known(dtype) => Ok(*dtype),
            DTypeName::Unknown(name) => dtype(name.as_str()).map_err(|_| {
                let known =
                    ["float32", "float64", "float16", "bfloat16", "int32", "int64", "mixed_float16", "mixed_bfloat16"];
                Error::unknown("dtype", name, &known)
            }),
        }
    }

    /// The dtype of computation and of floating-point results.
    ///
    /// # Errors
    /// If the name is not one.
    pub fn compute_dtype(&self) -> Result<DType> {
        self.1.map_or_else(|| self.variable_dtype(), Ok)
    }

    /// Keras's name.
    pub fn name(&self) -> &str {
        let mixed = Self::MIXED.iter().find(|(_, compute)| Some(*compute) == self.1);
        match (&self.0, mixed) {
            (_, Some((name, _))) => name,
            (DTypeName::Known(dtype), None) => dtype_name(*dtype),
            (DTypeName::Unknown(name), None) => name,
        }
    }
}

impl From<&str> for DTypePolicy {
    fn from(name: &str) -> Self {
        match Self::MIXED.iter().find(|(mixed, _)| *mixed == name) {
            Some((_, compute)) => Self(DTypeName::Known(DType::F32), Some(*compute)),
            None => Self(name.into(), None),
        }
    }
}

impl From<DType> for DTypePolicy {
    fn from(dtype: DType) -> Self {
        Self::plain(dtype)
    }
}

static GLOBAL: RwLock<DTypePolicy> = RwLock::new(DTypePolicy::plain(DType::F32));

/// The policy of all layers that are made from now on, in whatever thread, and are not given another; float32 at first. Keras: `keras.config.set_dtype_policy`.
///
/// # Errors
/// If the name is not one.
pub fn set_dtype_policy(policy: impl Into<DTypePolicy>) -> Result<()> {
    let policy = policy.into();
    policy.variable_dtype()?;
    *GLOBAL.write().unwrap_or_else(PoisonError::into_inner) = policy;
    Ok(())
}

/// The policy of layers that are not given another. Keras: `keras.config.dtype_policy`.
pub fn dtype_policy() -> DTypePolicy {
    GLOBAL.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Keras's form: the object that it writes, or the name alone.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Form {
    Name(String),
    Object { module: String, class_name: String, config: Named, registered_name: Option<String> },
}

#[derive(Serialize, Deserialize)]
struct Named {
    name: String,
}

impl Serialize for DTypePolicy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (module, class_name) = ("keras".into(), "DTypePolicy".into());
        Form::Object { module, class_name, config: Named { name: self.name().into() }, registered_name: None }
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for DTypePolicy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (Form::Name(name) | Form::Object { config: Named { name }, .. }) = Form::deserialize(deserializer)?;
        let policy = Self::from(name.as_str());
        policy.variable_dtype().map_err(serde::de::Error::custom)?;
        Ok(policy)
    }
}
