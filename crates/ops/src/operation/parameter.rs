//! What an argument of an operation is: how files have it, and any value of it for tests.

use super::{AxisList, Config, Contraction, PadWidth};
use crate::random::Stream;
use crate::{Axes, DTypeName, Error, json};
use serde_json::{Value, json};
use std::fmt::Debug;

/// The type of an argument of an operation.
pub trait Parameter: Debug + Clone + Send + Sync + 'static {
    /// The argument in the form of files.
    fn to_json(&self) -> Value;

    /// The argument of this form; `None` if it is of another type.
    fn from_json(value: &Value) -> Option<Self>;

    /// Any argument, fitting or not: for tests.
    fn any(random: &mut Stream) -> Self;

    /// Adds it to a configuration.
    fn write(&self, name: &str, config: &mut Config) {
        config.insert(name.into(), self.to_json());
    }

    /// The argument in a configuration, or the default if it has none.
    ///
    /// # Errors
    /// If it is missing and there is no default, or is of another type.
    fn read_or(default: Option<Self>, class: &str, name: &str, config: &Config) -> crate::Result<Self> {
        match (config.get(name), default) {
            (None, Some(default)) => Ok(default),
            (None, None) => Err(Error::new(format!("{class} needs the argument {name}"))),
            (Some(value), _) => Self::from_json(value).ok_or_else(|| {
                Error::new(format!("the argument {name} of {class} has another type")).received(value.to_string())
            }),
        }
    }
}

/// An optional argument in a message.
pub(crate) fn shown<T: Parameter>(argument: &Option<T>) -> String {
    json::python(&argument.to_json())
}

/// One of these.
pub(super) fn of<T: Clone>(random: &mut Stream, list: &[T]) -> T {
    list[random.below(list.len() as u64) as usize].clone()
}

/// Types with a form of serde.
macro_rules! parameters {
    ($($type:ty: |$random:ident| $any:expr;)*) => {
        $(impl Parameter for $type {
            fn to_json(&self) -> Value {
                json::to_value(self).unwrap_or_default()
            }

            fn from_json(value: &Value) -> Option<Self> {
                json::from_value(value).ok()
            }

            fn any($random: &mut Stream) -> Self {
                $any
            }
        })*
    };
}

parameters! {
    i64: |random| match random.below(10) {
        // No memory holds so many bytes, while more than 32 bits of a smaller number might be tried; a million must not take long.
        0 => of(random, &[i64::MIN, i64::MAX, 1 << 42, 1 << 20]),
        _ => random.below(9) as i64 - 4,
    };
    f64: |random| of(random, &[0.0, 0.5, 1.0, -1.0, 2.5, 1e30, -1e300, f64::NAN, f64::INFINITY]);
    bool: |random| random.below(2) == 0;
    PadWidth: |random| match random.below(3) {
        0 => Self::All(i64::any(random)),
        1 => Self::Pair([0; 2].map(|_| i64::any(random))),
        _ => Self::Each((0..random.below(3)).map(|_| [0; 2].map(|_| i64::any(random))).collect()),
    };
    Contraction: |random| match random.below(3) {
        0 => Self::Count(i64::any(random)),
        1 => Self::Pair([0; 2].map(|_| i64::any(random))),
        _ => Self::Lists([0; 2].map(|_| Vec::any(random))),
    };
    [i64; 2]: |random| [0; 2].map(|_| i64::any(random));
    AxisList: |random| match random.below(2) {
        0 => Self::One(i64::any(random)),
        _ => Self::Many(Vec::any(random)),
    };
}

/// A name, one of a few in tests.
impl Parameter for String {
    fn to_json(&self) -> Value {
        json!(self)
    }

    fn from_json(value: &Value) -> Option<Self> {
        value.as_str().map(Into::into)
    }

    fn any(random: &mut Stream) -> Self {
        const NAMES: &[&str] = &[
            "same",
            "valid",
            "full",
            "channels_first",
            "channels_last",
            "reflect",
            "symmetric",
            "constant",
            "linear",
            "nearest",
            "lower",
            "left",
            "right",
            "ij",
            "fro",
            "nuc",
            "hann",
            "reduced",
            "?",
        ];
        of(random, NAMES).into()
    }
}

impl<T: Parameter> Parameter for Option<T> {
    fn to_json(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_json)
    }

    fn from_json(value: &Value) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::from_json(value).map(Some) }
    }

    fn any(random: &mut Stream) -> Self {
        (random.below(2) == 0).then(|| T::any(random))
    }
}

impl<T: Parameter> Parameter for Vec<T> {
    fn to_json(&self) -> Value {
        self.iter().map(T::to_json).collect()
    }

    fn from_json(value: &Value) -> Option<Self> {
        value.as_array()?.iter().map(T::from_json).collect()
    }

    fn any(random: &mut Stream) -> Self {
        (0..random.below(4)).map(|_| T::any(random)).collect()
    }
}

impl Parameter for DTypeName {
    fn to_json(&self) -> Value {
        json!(self.name())
    }

    fn from_json(value: &Value) -> Option<Self> {
        value.as_str().map(Into::into)
    }

    fn any(random: &mut Stream) -> Self {
        of(random, &["float32", "int32", "float16", "float64", "bool", "?"]).into()
    }
}

/// `axis` and `keepdims`.
impl Parameter for Axes {
    fn to_json(&self) -> Value {
        json::to_value(self).unwrap_or_default()
    }

    fn from_json(value: &Value) -> Option<Self> {
        json::from_value(value).ok()
    }

    fn any(random: &mut Stream) -> Self {
        let keepdims = bool::any(random);
        match random.below(4) {
            0 => crate::axes(()),
            1 => crate::axes([-1, random.below(3) as i32]),
            _ => crate::axes(i64::any(random)),
        }
        .keepdims(keepdims)
    }

    fn write(&self, _: &str, config: &mut Config) {
        if let Value::Object(both) = self.to_json() {
            config.extend(both);
        }
    }

    fn read_or(default: Option<Self>, class: &str, name: &str, config: &Config) -> crate::Result<Self> {
        match default {
            Some(default) if !config.contains_key("axis") && !config.contains_key("keepdims") => Ok(default),
            _ => Self::from_json(&Value::Object(config.clone()))
                .ok_or_else(|| Error::new(format!("the arguments {name} and keepdims of {class} have other types"))),
        }
    }
}
