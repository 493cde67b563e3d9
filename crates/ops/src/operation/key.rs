//! The keys of `x[key]`, and the form that Keras's files have for them.

use super::Parameter;
use crate::random::Stream;
use serde_json::{Value, json};
use std::fmt;

/// One part of a key in `x[key]`. Keras: `GetItem`.
///
/// ```
/// use candle_keras_ops::Index;
/// assert_eq!(Index::from(..2), Index::Slice { start: None, stop: Some(2), step: None });
/// assert_eq!(Index::from(-1), Index::At(-1));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub enum Index {
    /// One element; the axis is removed.
    At(i64),
    /// The elements from `start` to before `stop`, every `step`-th.
    Slice {
        /// The first index; negative counts from the end.
        start: Option<i64>,
        /// The index behind the last; negative counts from the end.
        stop: Option<i64>,
        /// The step; must be positive.
        step: Option<i64>,
    },
    /// A new axis of size 1. Python: `None`.
    NewAxis,
    /// As many whole axes as are left. Python: `...`.
    Ellipsis,
}

/// As Python writes it.
impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |number: &Option<i64>| number.map_or_else(String::new, |number| number.to_string());
        match self {
            Self::At(index) => write!(f, "{index}"),
            Self::Slice { start, stop, step: None } => write!(f, "{}:{}", number(start), number(stop)),
            Self::Slice { start, stop, step } => write!(f, "{}:{}:{}", number(start), number(stop), number(step)),
            Self::NewAxis => f.write_str("None"),
            Self::Ellipsis => f.write_str("..."),
        }
    }
}

impl From<i64> for Index {
    fn from(index: i64) -> Self {
        Self::At(index)
    }
}

impl From<i32> for Index {
    fn from(index: i32) -> Self {
        Self::At(index.into())
    }
}

macro_rules! index_from_range {
    ($($range:ty: |$r:ident| $start:expr, $stop:expr;)*) => {
        $(impl From<$range> for Index {
            fn from($r: $range) -> Self {
                Self::Slice { start: $start, stop: $stop, step: None }
            }
        })*
    };
}

index_from_range! {
    std::ops::RangeFull: |_r| None, None;
    std::ops::Range<i64>: |r| Some(r.start), Some(r.end);
    std::ops::RangeFrom<i64>: |r| Some(r.start), None;
    std::ops::RangeTo<i64>: |r| None, Some(r.end);
    std::ops::Range<i32>: |r| Some(r.start.into()), Some(r.end.into());
    std::ops::RangeFrom<i32>: |r| Some(r.start.into()), None;
    std::ops::RangeTo<i32>: |r| None, Some(r.end.into());
}

/// The key in `x[key]`: a part for each axis, as an array, a vector or a tuple of parts.
///
/// ```
/// use candle_keras_ops::{Index, Key};
/// assert_eq!(Key::from((.., 0, 1..)).0, [Index::from(..), Index::At(0), Index::from(1..)]);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Key(pub Vec<Index>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<const N: usize> From<[Index; N]> for Key {
    fn from(parts: [Index; N]) -> Self {
        Self(parts.into())
    }
}

impl From<Vec<Index>> for Key {
    fn from(parts: Vec<Index>) -> Self {
        Self(parts)
    }
}

macro_rules! key_from_tuple {
    ($($($part:ident)*;)*) => {
        $(impl<$($part: Into<Index>),*> From<($($part,)*)> for Key {
            #[allow(non_snake_case, reason = "the names of the types are those of the parts")]
            fn from(($($part,)*): ($($part,)*)) -> Self {
                Self(vec![$($part.into()),*])
            }
        })*
    };
}

key_from_tuple! {
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
}

impl Index {
    fn to_json(&self) -> Value {
        match self {
            Self::At(at) => json!(at),
            Self::NewAxis => Value::Null,
            Self::Ellipsis => json!({"class_name": "__ellipsis__", "config": {}}),
            Self::Slice { start, stop, step } => {
                json!({"class_name": "__slice__", "config": {"start": start, "stop": stop, "step": step}})
            }
        }
    }

    fn from_json(value: &Value) -> Option<Self> {
        match (value, value["class_name"].as_str()) {
            (Value::Null, _) => Some(Self::NewAxis),
            (Value::Number(number), _) => Some(Self::At(number.as_i64()?)),
            (_, Some("__ellipsis__")) => Some(Self::Ellipsis),
            (_, Some("__slice__")) => {
                let part = |name: &str| Option::<i64>::from_json(&value["config"][name]);
                Some(Self::Slice { start: part("start")?, stop: part("stop")?, step: part("step")? })
            }
            _ => None,
        }
    }
}

impl Parameter for Key {
    fn to_json(&self) -> Value {
        self.0.iter().map(Index::to_json).collect()
    }

    fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::Array(parts) => parts.iter().map(Index::from_json).collect::<Option<_>>().map(Self),
            one => Index::from_json(one).map(|index| Self(vec![index])),
        }
    }

    fn any(random: &mut Stream) -> Self {
        let part = |random: &mut Stream| match random.below(4) {
            0 => Index::At(i64::any(random)),
            1 => Index::NewAxis,
            2 => Index::Ellipsis,
            _ => {
                let [start, stop, step] = [0; 3].map(|_| Option::any(random));
                Index::Slice { start, stop, step }
            }
        };
        Self((0..random.below(4)).map(|_| part(random)).collect())
    }
}
