//! In which dtype a layer keeps its weights, and in which it computes. Keras: `keras.DTypePolicy`.

use candle_core::DType;
use candle_keras_ops::config;
use candle_keras_ops::{DTypeName, Error, Result, dtype_name};
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
pub struct DTypePolicy(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// One dtype for weights and computation.
    Plain(DTypeName),
    /// Weights in float32, computation in this dtype.
    Mixed(DType),
    /// Integers of a width that candle does not have, in a wider dtype, and booleans.
    Widened(&'static str, DType),
    /// Text, for an input.
    Strings,
}

impl DTypePolicy {
    const MIXED: [(&'static str, DType); 2] = [("mixed_float16", DType::F16), ("mixed_bfloat16", DType::BF16)];

    const WIDENED: [(&'static str, DType); 4] =
        [("bool", DType::U8), ("int8", DType::I16), ("uint16", DType::I32), ("uint64", DType::I64)];

    /// Weights of this dtype, and computation in it too.
    pub(crate) const fn plain(dtype: DType) -> Self {
        Self(Kind::Plain(DTypeName::Known(dtype)))
    }

    /// The dtype of weights.
    ///
    /// # Errors
    /// If the name is unknown.
    pub fn variable_dtype(&self) -> Result<DType> {
        match &self.0 {
            Kind::Plain(DTypeName::Known(dtype)) => Ok(*dtype),
            Kind::Plain(DTypeName::Unknown(name)) => {
                let known = [
                    "float32", "float64", "float16", "bfloat16", "int16", "int32", "int64", "uint32", "uint8", "string",
                ];
                let (mixed, widened) = (Self::MIXED.map(|(name, _)| name), Self::WIDENED.map(|(name, _)| name));
                Err(Error::unknown("dtype", name, &[&known[..], &mixed, &widened].concat()))
            }
            Kind::Mixed(_) => Ok(DType::F32),
            Kind::Widened(_, dtype) => Ok(*dtype),
            Kind::Strings => Ok(DType::U8),
        }
    }

    /// The dtype of computation and of floating-point results.
    ///
    /// # Errors
    /// If the name is unknown.
    pub fn compute_dtype(&self) -> Result<DType> {
        match self.0 {
            Kind::Mixed(dtype) => Ok(dtype),
            _ => self.variable_dtype(),
        }
    }

    /// Whether it is `"string"`, the dtype of an input that takes text.
    pub fn is_string(&self) -> bool {
        self.0 == Kind::Strings
    }

    /// Keras's name.
    pub fn name(&self) -> &str {
        match &self.0 {
            Kind::Plain(DTypeName::Known(dtype)) => dtype_name(*dtype),
            Kind::Plain(DTypeName::Unknown(name)) => name,
            Kind::Mixed(dtype) => {
                Self::MIXED.iter().find(|(_, compute)| compute == dtype).map_or("mixed", |(name, _)| name)
            }
            Kind::Widened(name, _) => name,
            Kind::Strings => "string",
        }
    }
}

impl From<&str> for DTypePolicy {
    fn from(name: &str) -> Self {
        let mixed = Self::MIXED.iter().find(|(mixed, _)| *mixed == name);
        let widened = Self::WIDENED.iter().find(|(widened, _)| *widened == name);
        Self(match (mixed, widened) {
            _ if name == "string" => Kind::Strings,
            (Some((_, compute)), _) => Kind::Mixed(*compute),
            (_, Some((name, dtype))) => Kind::Widened(name, *dtype),
            _ => Kind::Plain(name.into()),
        })
    }
}

impl From<DType> for DTypePolicy {
    fn from(dtype: DType) -> Self {
        Self::plain(dtype)
    }
}

static GLOBAL: RwLock<Option<DTypePolicy>> = RwLock::new(None);

/// The policy of all layers that are made from now on, in whatever thread, and are not given another; that of `config::floatx` at first. Keras: `keras.config.set_dtype_policy`.
///
/// # Errors
/// If the name is unknown.
pub fn set_dtype_policy(policy: impl Into<DTypePolicy>) -> Result<()> {
    let policy = policy.into();
    policy.variable_dtype()?;
    *GLOBAL.write().unwrap_or_else(PoisonError::into_inner) = Some(policy);
    Ok(())
}

/// The policy of layers that are not given another: the one that was set, or the dtype of `config::floatx`. Keras:
/// `keras.config.dtype_policy`.
pub fn dtype_policy() -> DTypePolicy {
    let set = GLOBAL.read().unwrap_or_else(PoisonError::into_inner).clone();
    set.unwrap_or_else(|| DTypePolicy::plain(config::default_float()))
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
