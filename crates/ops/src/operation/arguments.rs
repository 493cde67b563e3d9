//! The types of arguments of operations, beside the operands, that Keras writes in several ways: an axis or several, a name or nothing.

use super::Parameter;
use super::parameter::of;
use crate::random::Stream;
use crate::{DTypeName, Error, json};
use candle_core::{DType, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt::{self, Debug};

/// Messages have arguments as Python writes them.
macro_rules! shown_as_in_python {
    ($($type:ty),*) => {
        $(impl Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&json::python(&self.to_json()))
            }
        })*
    };
}

shown_as_in_python!(
    Subscripts,
    AxisList,
    SomeAxes,
    Numbers,
    PadWidth,
    Contraction,
    SomeName,
    Order,
    SomeDType,
    FrameWindow
);

/// The equation of an `einsum`.
#[derive(Clone, PartialEq, Eq)]
pub struct Subscripts(pub String);

impl From<&str> for Subscripts {
    fn from(subscripts: &str) -> Self {
        Self(subscripts.into())
    }
}

impl From<&String> for Subscripts {
    fn from(subscripts: &String) -> Self {
        Self(subscripts.clone())
    }
}

impl Parameter for Subscripts {
    fn to_json(&self) -> Value {
        json!(self.0)
    }

    fn from_json(value: &Value) -> Option<Self> {
        value.as_str().map(Self::from)
    }

    fn any(random: &mut Stream) -> Self {
        const ANY: &[&str] = &[
            "...",
            "...->",
            "...i->i...",
            "ii...",
            "...,...",
            "...,...->",
            "i...,i...->...",
            "...ij,...jk",
            "i,j",
            "ij,j->i",
            "...,...,...",
            "...,...,...->",
        ];
        of(random, ANY).into()
    }
}

/// One whole number or several: of repetitions, of places.
pub type Integers = AxisList;

/// Optional [`Integers`].
pub type SomeIntegers = SomeAxes;

/// One axis or several, as Keras writes them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AxisList {
    /// One axis.
    One(i64),
    /// Several.
    Many(Vec<i64>),
}

impl AxisList {
    /// The axes.
    pub fn as_slice(&self) -> &[i64] {
        match self {
            Self::One(axis) => std::slice::from_ref(axis),
            Self::Many(axes) => axes,
        }
    }
}

impl From<i64> for AxisList {
    fn from(axis: i64) -> Self {
        Self::One(axis)
    }
}

impl From<i32> for AxisList {
    fn from(axis: i32) -> Self {
        Self::One(axis.into())
    }
}

impl<const N: usize> From<[i64; N]> for AxisList {
    fn from(axes: [i64; N]) -> Self {
        Self::Many(axes.into())
    }
}

impl From<Vec<i64>> for AxisList {
    fn from(axes: Vec<i64>) -> Self {
        Self::Many(axes)
    }
}

/// An optional argument `axis` without `keepdims`: an axis, several, or `()` or `None` for what Keras's `None` means.
#[derive(Clone, PartialEq, Eq)]
pub struct SomeAxes(pub Option<AxisList>);

impl SomeAxes {
    pub(crate) fn as_slice(&self) -> Option<&[i64]> {
        self.0.as_ref().map(AxisList::as_slice)
    }

    /// The one axis, if one is given.
    pub(crate) fn one(&self) -> Result<Option<i64>> {
        match self.as_slice() {
            None => Ok(None),
            Some([axis]) => Ok(Some(*axis)),
            Some(several) => candle_core::bail!("one axis is needed, received {several:?}"),
        }
    }
}

impl<A: Into<AxisList>> From<A> for SomeAxes {
    fn from(axes: A) -> Self {
        Self(Some(axes.into()))
    }
}

impl From<()> for SomeAxes {
    fn from((): ()) -> Self {
        Self(None)
    }
}

impl From<Option<i64>> for SomeAxes {
    fn from(axis: Option<i64>) -> Self {
        Self(axis.map(AxisList::One))
    }
}

impl Parameter for SomeAxes {
    fn to_json(&self) -> Value {
        self.0.to_json()
    }

    fn from_json(value: &Value) -> Option<Self> {
        Option::from_json(value).map(Self)
    }

    fn any(random: &mut Stream) -> Self {
        Self(Option::any(random))
    }
}

/// A number or a list of them.
#[derive(Clone, PartialEq)]
pub enum Numbers {
    /// A number.
    One(f64),
    /// Several.
    Many(Vec<f64>),
}

impl Numbers {
    pub(crate) fn as_slice(&self) -> &[f64] {
        match self {
            Self::One(number) => std::slice::from_ref(number),
            Self::Many(numbers) => numbers,
        }
    }
}

/// By hand: serde's untagged enums do not know the forms of NaN and the infinities.
impl Parameter for Numbers {
    fn to_json(&self) -> Value {
        match self {
            Self::One(number) => number.to_json(),
            Self::Many(numbers) => numbers.to_json(),
        }
    }

    fn from_json(value: &Value) -> Option<Self> {
        f64::from_json(value).map(Self::One).or_else(|| Vec::from_json(value).map(Self::Many))
    }

    fn any(random: &mut Stream) -> Self {
        match random.below(2) {
            0 => Self::One(f64::any(random)),
            _ => Self::Many(Vec::any(random)),
        }
    }
}

impl From<f64> for Numbers {
    fn from(number: f64) -> Self {
        Self::One(number)
    }
}

impl<const N: usize> From<[f64; N]> for Numbers {
    fn from(numbers: [f64; N]) -> Self {
        Self::Many(numbers.into())
    }
}

impl From<Vec<f64>> for Numbers {
    fn from(numbers: Vec<f64>) -> Self {
        Self::Many(numbers)
    }
}

/// How many elements are added before and behind each axis: as many on all sides, a pair for all axes, or a pair for each.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PadWidth {
    /// On all sides.
    All(i64),
    /// Before and behind all axes.
    Pair([i64; 2]),
    /// Before and behind each axis.
    Each(Vec<[i64; 2]>),
}

impl From<i64> for PadWidth {
    fn from(width: i64) -> Self {
        Self::All(width)
    }
}

impl From<[i64; 2]> for PadWidth {
    fn from(pair: [i64; 2]) -> Self {
        Self::Pair(pair)
    }
}

impl<const N: usize> From<[[i64; 2]; N]> for PadWidth {
    fn from(pairs: [[i64; 2]; N]) -> Self {
        Self::Each(pairs.into())
    }
}

/// Over which axes two tensors are multiplied: so many, the last of the one and the first of the other, or a list for each.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Contraction {
    /// So many.
    Count(i64),
    /// One of each.
    Pair([i64; 2]),
    /// These of the one, and these of the other.
    Lists([Vec<i64>; 2]),
}

impl Contraction {
    /// The dimensions of both.
    pub(crate) fn dims(&self, x: usize, y: usize) -> Result<(Vec<usize>, Vec<usize>)> {
        let (a, b) = match self {
            Self::Count(count) => match usize::try_from(*count) {
                Ok(count) if count <= x.min(y) => return Ok(((x - count..x).collect(), (0..count).collect())),
                _ => candle_core::bail!("tensors of rank {x} and {y} have no {count} axes in common"),
            },
            Self::Pair([a, b]) => (vec![*a], vec![*b]),
            Self::Lists([a, b]) => (a.clone(), b.clone()),
        };
        let dims = |axes: &[i64], rank: usize| {
            axes.iter().map(|&axis| crate::axes::resolve_axis(axis, rank)).collect::<Result<Vec<_>>>()
        };
        let (a, b) = (dims(&a, x)?, dims(&b, y)?);
        let twice = |dims: &[usize]| (1..dims.len()).any(|i| dims[..i].contains(&dims[i]));
        if a.len() != b.len() || twice(&a) || twice(&b) {
            candle_core::bail!("as many axes of each are needed, each once, received {self:?}")
        }
        Ok((a, b))
    }
}

impl From<i64> for Contraction {
    fn from(count: i64) -> Self {
        Self::Count(count)
    }
}

impl From<[Vec<i64>; 2]> for Contraction {
    fn from(lists: [Vec<i64>; 2]) -> Self {
        Self::Lists(lists)
    }
}

/// An optional name: `None`, or for what Keras's `None` means also `()`.
#[derive(Clone, PartialEq, Eq)]
pub struct SomeName(pub Option<String>);

impl SomeName {
    pub(crate) fn or<'a>(&'a self, other: &'a str) -> &'a str {
        self.0.as_deref().unwrap_or(other)
    }
}

impl From<&str> for SomeName {
    fn from(name: &str) -> Self {
        Self(Some(name.into()))
    }
}

impl From<()> for SomeName {
    fn from((): ()) -> Self {
        Self(None)
    }
}

impl From<Option<&str>> for SomeName {
    fn from(name: Option<&str>) -> Self {
        Self(name.map(Into::into))
    }
}

impl Parameter for SomeName {
    fn to_json(&self) -> Value {
        self.0.to_json()
    }

    fn from_json(value: &Value) -> Option<Self> {
        Option::from_json(value).map(Self)
    }

    fn any(random: &mut Stream) -> Self {
        Self(Option::any(random))
    }
}

/// Which norm: a number, a name, or nothing for the Euclidean one.
#[derive(Clone, PartialEq)]
pub enum Order {
    /// The Euclidean norm.
    None,
    /// The root of the sum of powers; with infinity the largest element.
    Number(f64),
    /// A name such as `fro`.
    Name(String),
}

impl From<f64> for Order {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Order {
    fn from(name: &str) -> Self {
        Self::Name(name.into())
    }
}

impl From<()> for Order {
    fn from((): ()) -> Self {
        Self::None
    }
}

impl From<Option<f64>> for Order {
    fn from(number: Option<f64>) -> Self {
        number.map_or(Self::None, Self::Number)
    }
}

impl Parameter for Order {
    fn to_json(&self) -> Value {
        match self {
            Self::None => Value::Null,
            Self::Number(number) => json::number(*number),
            Self::Name(name) => json!(name),
        }
    }

    fn from_json(value: &Value) -> Option<Self> {
        match (value, json::as_f64(value)) {
            (Value::Null, _) => Some(Self::None),
            (_, Some(number)) => Some(Self::Number(number)),
            (Value::String(name), _) => Some(Self::Name(name.clone())),
            _ => None,
        }
    }

    fn any(random: &mut Stream) -> Self {
        match random.below(3) {
            0 => Self::None,
            1 => Self::Number(f64::any(random)),
            _ => Self::Name(String::any(random)),
        }
    }
}

/// An optional argument `dtype`: candle's [`DType`], Keras's name of one, or `None` for that of the operands.
#[derive(Clone, PartialEq, Eq)]
pub struct SomeDType(pub Option<DTypeName>);

impl SomeDType {
    /// The dtype, or the one of the operands.
    pub(crate) fn or(&self, other: DType) -> Result<DType> {
        Ok(self.0.clone().map(crate::dtype).transpose()?.unwrap_or(other))
    }
}

impl<D: Into<DTypeName>> From<D> for SomeDType {
    fn from(dtype: D) -> Self {
        Self(Some(dtype.into()))
    }
}

impl From<Option<DType>> for SomeDType {
    fn from(dtype: Option<DType>) -> Self {
        Self(dtype.map(Into::into))
    }
}

impl Parameter for SomeDType {
    fn to_json(&self) -> Value {
        self.0.to_json()
    }

    fn from_json(value: &Value) -> Option<Self> {
        Option::from_json(value).map(Self)
    }

    fn any(random: &mut Stream) -> Self {
        Self(Option::any(random))
    }
}

/// The window that the frames of a signal are multiplied by.
#[derive(Clone, PartialEq)]
pub enum FrameWindow {
    /// None.
    None,
    /// `"hann"` or `"hamming"`.
    Name(String),
    /// A factor for each element of a frame.
    Values(Vec<f64>),
}

impl FrameWindow {
    /// An error unless it is a window for frames of this length.
    pub(crate) fn check(&self, length: i64) -> Result<()> {
        match self {
            Self::Name(name) if name != "hann" && name != "hamming" => {
                Err(Error::unknown("window", name, &["hann", "hamming"]).into())
            }
            Self::Values(values) if values.len() as i64 != length => {
                candle_core::bail!("a window for frames of {length} elements is needed, received {}", values.len())
            }
            _ => Ok(()),
        }
    }

    /// The factors; a window of a name is one period of a periodic function.
    pub(crate) fn values(&self, length: usize) -> Result<Vec<f64>> {
        self.check(length as i64)?;
        Ok(match self {
            Self::None => vec![1.0; length],
            Self::Values(values) => values.clone(),
            Self::Name(_) if length == 1 => vec![1.0],
            Self::Name(name) => {
                let mean = if name == "hann" { 0.5 } else { 0.54 };
                let angle = |i: usize| std::f64::consts::TAU * i as f64 / length as f64;
                (0..length).map(|i| mean - (1.0 - mean) * angle(i).cos()).collect()
            }
        })
    }
}

impl From<&str> for FrameWindow {
    fn from(name: &str) -> Self {
        Self::Name(name.into())
    }
}

impl From<()> for FrameWindow {
    fn from((): ()) -> Self {
        Self::None
    }
}

impl From<Vec<f64>> for FrameWindow {
    fn from(values: Vec<f64>) -> Self {
        Self::Values(values)
    }
}

impl Parameter for FrameWindow {
    fn to_json(&self) -> Value {
        match self {
            Self::None => Value::Null,
            Self::Name(name) => json!(name),
            Self::Values(values) => values.iter().map(|x| json::number(*x)).collect(),
        }
    }

    fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(Self::None),
            Value::String(name) => Some(Self::Name(name.clone())),
            Value::Array(values) => values.iter().map(json::as_f64).collect::<Option<_>>().map(Self::Values),
            _ => None,
        }
    }

    fn any(random: &mut Stream) -> Self {
        match random.below(4) {
            0 => Self::Values((0..random.below(4)).map(|_| f64::any(random)).collect()),
            1 => Self::None,
            _ => Self::Name(of(random, &["hann", "hann", "hamming", "?"]).into()),
        }
    }
}
