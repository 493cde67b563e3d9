//! Operations as values: functions of `keras.ops` that are applied to tensors now, and to symbolic tensors when a model runs.

use crate::axes::{Axes, resolve_axis};
use crate::elementwise::{Arithmetic, arithmetic};
use crate::inference::promoted;
use crate::{einsum, elementwise, integers, json, lengths, linalg, reduce, shape};
use candle_core::{DType, Result, Tensor};
use serde::{Deserialize, Serialize};

/// An argument of the functions of this crate: a tensor, or a symbolic tensor of a model under construction.
///
/// `ops::exp(&x)` is a tensor for a [`Tensor`], and a layer of the model for a symbolic tensor, as in Keras.
pub trait Operand: Sized {
    /// The output of an operation: a result for tensors; for symbolic tensors a symbolic tensor, which carries an error itself.
    type Output;

    /// The output of an operation on these operands.
    #[track_caller]
    fn operate(operation: Operation, operands: &[&Self]) -> Self::Output;
}

impl Operand for Tensor {
    type Output = Result<Tensor>;

    fn operate(operation: Operation, operands: &[&Self]) -> Result<Self> {
        operation.run(&operands.iter().map(|&tensor| tensor.clone()).collect::<Vec<_>>())
    }
}

/// Defines the enum of all operations, and lists their classes.
macro_rules! operations {
    ($(#[$meta:meta])* { $($class:ident $arguments:tt,)* }) => {
        $(#[$meta])*
        pub enum Operation {
            $($class $arguments,)*
        }

        impl Operation {
            /// Keras's names of all classes.
            pub const CLASSES: &[&str] = &[$(stringify!($class)),*];
        }
    };
}

operations! {
    /// A function of tensors with its arguments: a class of `keras.src.ops`, under Keras's name and with Keras's fields.
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[allow(missing_docs, reason = "each variant is the class of this name in keras.src.ops")]
    {
        Absolute {},
        Add {},
        All(Axes),
        Any(Axes),
        Cast { dtype: String },
        Clip { x_min: f64,
            x_max: f64 },
        Concatenate { axis: i64 },
        ConvertToTensor { dtype: Option<String> },
        Divide {},
        Dot {},
        Einsum { subscripts: String },
        Equal {},
        Exp {},
        ExpandDims { axis: AxisList },
        GetItem { #[serde(default)] key: Vec<Index> },
        Greater {},
        GreaterEqual {},
        Less {},
        LessEqual {},
        Log {},
        LogicalAnd {},
        LogicalNot {},
        LogicalOr {},
        Log1p {},
        LogSoftmax { axis: i64 },
        Matmul {},
        Max(Axes),
        Maximum {},
        Mean(Axes),
        Min(Axes),
        Minimum {},
        Multiply {},
        Negative {},
        NotEqual {},
        OnesLike { dtype: Option<String> },
        Power {},
        Relu {},
        Reshape { newshape: Vec<i64> },
        Sigmoid {},
        Softmax { axis: i64 },
        Softplus {},
        Sqrt {},
        Square {},
        Squeeze { axis: Option<AxisList> },
        Stack { axis: i64 },
        StopGradient {},
        Subtract {},
        Sum(Axes),
        Tanh {},
        Transpose { axes: Option<Vec<i64>> },
        TrueDivide {},
        Where {},
        ZerosLike { dtype: Option<String> },
    }
}

/// One axis or several, as Keras writes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AxisList {
    /// One axis.
    One(i64),
    /// Several.
    Many(Vec<i64>),
}

impl From<i64> for AxisList {
    fn from(axis: i64) -> Self {
        Self::One(axis)
    }
}

impl<const N: usize> From<[i64; N]> for AxisList {
    fn from(axes: [i64; N]) -> Self {
        Self::Many(axes.to_vec())
    }
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

/// One part of a key in `x[key]`. Keras: `GetItem`.
///
/// ```
/// use candle_keras_ops::Index;
/// assert_eq!(Index::from(..2), Index::Slice { start: None, stop: Some(2), step: None });
/// assert_eq!(Index::from(-1), Index::At(-1));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(pub Vec<Index>);

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

impl Operation {
    /// The module in which Keras has the class.
    pub fn module(&self) -> &'static str {
        match self {
            Self::Cast { .. } | Self::ConvertToTensor { .. } | Self::StopGradient {} => "keras.src.ops.core",
            Self::Relu {} | Self::Sigmoid {} | Self::Softplus {} | Self::Softmax { .. } | Self::LogSoftmax { .. } => {
                "keras.src.ops.nn"
            }
            _ => "keras.src.ops.numpy",
        }
    }

    /// Keras's name of the class, and its arguments beside the operands.
    pub fn keras(&self) -> (String, serde_json::Map<String, serde_json::Value>) {
        let tagged = json::to_value(self).unwrap_or_default();
        let (class_name, config) = tagged.as_object().and_then(|map| map.iter().next()).map_or_else(
            || (String::new(), serde_json::Map::new()),
            |(name, config)| (name.clone(), config.as_object().cloned().unwrap_or_default()),
        );
        (class_name, config)
    }

    /// The operation of this class with these arguments.
    ///
    /// # Errors
    /// If there is no such class here, or an argument is missing.
    pub fn from_keras(class_name: &str, config: &serde_json::Value) -> crate::Result<Self> {
        Ok(json::from_value(&serde_json::json!({ class_name: config }))?)
    }

    /// How many operands it takes; a range if it takes a list.
    pub fn operands(&self) -> std::ops::RangeInclusive<usize> {
        use Operation::*;
        match self {
            Concatenate { .. } | Einsum { .. } | Stack { .. } => 1..=usize::MAX,
            Where {} => 3..=3,
            Add {}
            | Subtract {}
            | Multiply {}
            | Divide {}
            | TrueDivide {}
            | Power {}
            | Maximum {}
            | Minimum {}
            | Greater {}
            | GreaterEqual {}
            | Less {}
            | LessEqual {}
            | Equal {}
            | NotEqual {}
            | Matmul {}
            | Dot {}
            | LogicalAnd {}
            | LogicalOr {} => 2..=2,
            _ => 1..=1,
        }
    }

    /// Applies it.
    ///
    /// # Errors
    /// If the number, shapes or dtypes of the operands do not fit.
    pub fn run(&self, operands: &[Tensor]) -> Result<Tensor> {
        use Operation::*;
        lengths::check(operands)?;
        let shapes: Vec<&[usize]> = operands.iter().map(Tensor::dims).collect();
        let dtypes: Vec<DType> = operands.iter().map(Tensor::dtype).collect();
        let (shape, dtype) = (self.output_shape(&shapes)?, self.output_dtype(&dtypes)?);
        if lengths::allocated(&shape, dtype)? == 0 {
            return Tensor::zeros(shape, dtype, operands[0].device());
        }
        if let Some(y) = self.run_whole(operands, &shape, dtype)? {
            return Ok(y);
        }
        let given = &operands[0];
        // Whole numbers are left to functions that candle has for them.
        let x = &if dtype.is_float() { elementwise::float(given)? } else { given.clone() };
        let all = || common(operands);
        let both = || common(&operands[..2]).map(|mut both| (both.swap_remove(0), both.swap_remove(0)));
        let compared = |compare: fn(&Tensor, &Tensor) -> Result<Tensor>| both().and_then(|(x, y)| compare(&x, &y));
        match self {
            Absolute {} => elementwise::abs(x),
            All(axes) => reduce::min(&truth(x)?, axes.clone()),
            Any(axes) => reduce::max(&truth(x)?, axes.clone()),
            Cast { dtype } => elementwise::cast(given, dtype.as_str()),
            ConvertToTensor { dtype } => as_dtype(given, dtype.as_deref()),
            Clip { x_min, x_max } => elementwise::clip(x, *x_min, *x_max),
            Concatenate { axis } => shape::concatenate(&all()?, *axis),
            Dot {} => both().and_then(|(x, y)| linalg::dot(&x, &y)),
            Einsum { subscripts } => einsum::einsum(subscripts, &all()?),
            Exp {} => elementwise::exp(x),
            ExpandDims { axis } => axis.as_slice().iter().try_fold(x.clone(), |x, &axis| shape::expand_dims(&x, axis)),
            GetItem { key } => shape::get_item(x, key),
            Log {} => elementwise::log(x),
            Log1p {} => elementwise::log1p(x),
            LogSoftmax { axis } => linalg::log_softmax(x, *axis),
            Max(axes) => reduce::max(x, axes.clone()),
            Mean(axes) => reduce::mean(x, axes.clone()),
            Min(axes) => reduce::min(x, axes.clone()),
            Negative {} => elementwise::negative(x),
            Power {} => compared(elementwise::power),
            Relu {} => elementwise::relu(x),
            Reshape { newshape } => shape::reshaped(x, &shape::resolve_shape(x.elem_count(), newshape)?),
            Sigmoid {} => elementwise::sigmoid(x),
            Softmax { axis } => linalg::softmax(x, *axis),
            Softplus {} => elementwise::softplus(x),
            Sqrt {} => elementwise::sqrt(x),
            Square {} => elementwise::square(x),
            Squeeze { axis } => shape::squeeze_all(x, axis.as_ref().map(AxisList::as_slice)),
            Stack { axis } => Tensor::stack(&all()?, resolve_axis(*axis, x.rank() + 1)?),
            StopGradient {} => Ok(x.detach()),
            Sum(axes) => reduce::sum(x, axes.clone()),
            Tanh {} => elementwise::tanh(x),
            Transpose { axes } => shape::transpose(x, axes.as_deref()),
            Where {} => {
                let of = common(&operands[1..])?;
                elementwise::where_(&truth(given)?, &of[0], &of[1])
            }
            Add {} => compared(|x, y| arithmetic(Arithmetic::Add, x, y)),
            Subtract {} => compared(|x, y| arithmetic(Arithmetic::Subtract, x, y)),
            Multiply {} => compared(|x, y| arithmetic(Arithmetic::Multiply, x, y)),
            Divide {} | TrueDivide {} => both()
                .and_then(|(x, y)| arithmetic(Arithmetic::Divide, &elementwise::float(&x)?, &elementwise::float(&y)?)),
            Maximum {} => compared(elementwise::maximum),
            Minimum {} => compared(elementwise::minimum),
            LogicalAnd {} => truth(x)?.broadcast_minimum(&truth(&operands[1])?),
            LogicalOr {} => truth(x)?.broadcast_maximum(&truth(&operands[1])?),
            LogicalNot {} => truth(x)?.eq(0u8),
            OnesLike { dtype } => as_dtype(&given.detach().ones_like()?, dtype.as_deref()),
            ZerosLike { dtype } => as_dtype(&given.detach().zeros_like()?, dtype.as_deref()),
            Matmul {} => compared(linalg::matmul),
            Greater {} => compared(Tensor::broadcast_gt),
            GreaterEqual {} => compared(Tensor::broadcast_ge),
            Less {} => compared(Tensor::broadcast_lt),
            LessEqual {} => compared(Tensor::broadcast_le),
            Equal {} => compared(Tensor::broadcast_eq),
            NotEqual {} => compared(Tensor::broadcast_ne),
        }
    }
}

impl Operation {
    /// The output of functions that candle does not compute for whole numbers; `None` for others.
    fn run_whole(&self, operands: &[Tensor], shape: &[usize], dtype: DType) -> Result<Option<Tensor>> {
        use Operation::*;
        if !dtype.is_int() || !integers::are_whole(&operands.iter().collect::<Vec<_>>()) {
            return Ok(None);
        }
        let x = &operands[0];
        let of_both = |f: fn(i64, i64) -> i64| {
            let both = common(operands)?;
            integers::map2(&both[0], &both[1], shape, f)
        };
        let y = match self {
            Absolute {} => integers::map(x, i64::wrapping_abs)?,
            Negative {} => integers::map(x, i64::wrapping_neg)?,
            Relu {} => integers::map(x, |x| x.max(0))?,
            Square {} => integers::map(x, |x| x.wrapping_mul(x))?,
            Clip { x_min, x_max } => integers::map(x, |x| x.max(*x_min as i64).min(*x_max as i64))?,
            Add {} => of_both(i64::wrapping_add)?,
            Subtract {} => of_both(i64::wrapping_sub)?,
            Multiply {} => of_both(i64::wrapping_mul)?,
            Power {} => of_both(integers::power)?,
            Sum(axes) => integers::sum(x, &axes.resolve(x.rank())?, dtype)?.reshape(shape)?,
            _ => return Ok(None),
        };
        Ok(Some(y))
    }
}

/// 1 where an element is not 0, as u8.
fn truth(x: &Tensor) -> Result<Tensor> {
    if x.dtype() == DType::U8 { Ok(x.clone()) } else { x.detach().ne(0.0) }
}

fn as_dtype(x: &Tensor, dtype: Option<&str>) -> Result<Tensor> {
    dtype.map_or_else(|| Ok(x.clone()), |dtype| elementwise::cast(x, dtype))
}

/// All in one dtype.
fn common(operands: &[Tensor]) -> Result<Vec<Tensor>> {
    let dtype = promoted(&operands.iter().map(Tensor::dtype).collect::<Vec<_>>());
    operands.iter().map(|x| x.to_dtype(dtype)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, values};

    #[test]
    fn gradients_agree_with_finite_differences() {
        use Operation::*;
        let (x, y) = (values([2, 3], 1), values([3], 2));
        let positive = (x.abs().unwrap() + 0.5).unwrap();
        for operation in [Add {}, Subtract {}, Multiply {}, Maximum {}, Minimum {}] {
            assert_gradients(&[x.clone(), y.clone()], |v| operation.run(v));
            assert_gradients(&[y.clone(), x.clone()], |v| operation.run(v));
        }
        assert_gradients(&[y.clone(), positive.clone()], |v| TrueDivide {}.run(v));
        assert_gradients(&[positive, y.clone()], |v| Power {}.run(v));
        assert_gradients(std::slice::from_ref(&x), |v| Negative {}.run(v));
        assert_gradients(&[x.clone(), x.clone()], |v| Stack { axis: 1 }.run(v));
        assert_gradients(&[x.clone(), values([3, 4], 3)], |v| Matmul {}.run(v));
        assert_gradients(&[values([2, 4, 3], 1), values([2, 3, 5], 3)], |v| Matmul {}.run(v));
        assert_gradients(std::slice::from_ref(&x), |v| Transpose { axes: None }.run(v));
        assert_gradients(&[values([2, 3, 4], 1)], |v| Transpose { axes: Some(vec![0, -1, 1]) }.run(v));
        assert_gradients(&[values([2, 1, 4, 1], 1)], |v| Squeeze { axis: None }.run(v));
        let key = vec![Index::Ellipsis, Index::NewAxis, Index::Slice { start: Some(-4), stop: None, step: Some(2) }];
        assert_gradients(&[values([2, 3, 5], 1)], |v| GetItem { key: key.clone() }.run(v));
        assert_gradients(&[values([2, 3, 5], 1)], |v| GetItem { key: vec![Index::from(..), 1.into()] }.run(v));
    }

    #[test]
    fn dtypes_are_promoted_as_in_keras() {
        let device = &candle_core::Device::Cpu;
        let (ints, floats) = (Tensor::new(&[1i64, 2], device).unwrap(), Tensor::new(&[0.5f32, 0.5], device).unwrap());
        let dtype =
            |operation: Operation, x: &Tensor, y: &Tensor| operation.run(&[x.clone(), y.clone()]).unwrap().dtype();
        assert_eq!(dtype(Operation::Add {}, &ints, &floats), DType::F32);
        assert_eq!(dtype(Operation::TrueDivide {}, &ints, &ints), DType::F32);
        assert_eq!(dtype(Operation::Multiply {}, &ints, &ints), DType::I64);
    }

    #[test]
    fn the_form_is_that_of_keras() {
        let mean = Operation::Mean(crate::axes(-1).keepdims(true));
        let (class_name, config) = mean.keras();
        assert_eq!(
            (class_name.as_str(), config["axis"].clone(), config["keepdims"].clone()),
            ("Mean", (-1).into(), true.into())
        );
        let config = serde_json::json!({"name": "mean_3", "axis": [0, 1], "keepdims": false});
        assert_eq!(Operation::from_keras("Mean", &config).unwrap(), Operation::Mean([0, 1].into()));
        assert_eq!(Operation::from_keras("Exp", &serde_json::json!({"name": "exp"})).unwrap(), Operation::Exp {});
        assert!(Operation::from_keras("Fft", &config).is_err());
    }
}
