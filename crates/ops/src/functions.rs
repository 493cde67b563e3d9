//! The functions of `keras.ops`, for tensors and for symbolic tensors alike.

use crate::operation::{AxisList, Key, Operand, Operation};
use crate::{Axes, DTypeName};

/// Functions of one operand.
macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*) = $operation:expr;)*) => {
        $($(#[$doc])*
        #[track_caller]
        pub fn $name<X: Operand>(x: &X $(, $argument: $type)*) -> X::Output {
            X::operate($operation, &[x])
        })*
    };
}

functions! {
    /// `|x|`; its gradient at 0 is 0, as in Keras (candle: 1).
    abs() = Operation::Absolute {};
    /// `x * x`.
    square() = Operation::Square {};
    /// The square root.
    sqrt() = Operation::Sqrt {};
    /// `e` to the power of `x`.
    exp() = Operation::Exp {};
    /// The natural logarithm.
    log() = Operation::Log {};
    /// `log(1 + x)`, accurate for a small `x` too.
    log1p() = Operation::Log1p {};
    /// `-x`.
    negative() = Operation::Negative {};
    /// `1 / (1 + exp(-x))`.
    sigmoid() = Operation::Sigmoid {};
    /// The hyperbolic tangent.
    tanh() = Operation::Tanh {};
    /// `max(x, 0)`; its gradient at 0 is 0, as in Keras (candle: 1).
    relu() = Operation::Relu {};
    /// `log(1 + exp(x))`, without overflow. Its gradient is the sigmoid.
    softplus() = Operation::Softplus {};
    /// `x` clipped to `low..=high`; the gradient is 0 where it is clipped.
    clip(low: f64, high: f64) = Operation::Clip { x_min: low, x_max: high };
    /// `x` in another dtype: a candle [`DType`](crate::DType), or Keras's name of one (see [`dtype`](crate::dtype)).
    cast(to: impl Into<DTypeName>) = Operation::Cast { dtype: to.into().name() };
    /// `x` as a constant: no gradient flows through it.
    stop_gradient() = Operation::StopGradient {};
    /// The sum over `axis`.
    ///
    /// ```
    /// use candle_keras_ops::{sum, Device, Tensor};
    /// let x = Tensor::new(&[[1f32, 2.], [3., 4.]], &Device::Cpu)?;
    /// assert_eq!(sum(&x, 0)?.to_vec1::<f32>()?, [4., 6.]);
    /// assert_eq!(sum(&x, ())?.to_scalar::<f32>()?, 10.);
    /// # Ok::<(), candle_core::Error>(())
    /// ```
    sum(axis: impl Into<Axes>) = Operation::Sum(axis.into());
    /// The mean over `axis`; that of whole numbers is an f32, as in Keras.
    mean(axis: impl Into<Axes>) = Operation::Mean(axis.into());
    /// The largest element over `axis`; equal largest elements share the gradient, as in Keras (candle: each gets all of it).
    max(axis: impl Into<Axes>) = Operation::Max(axis.into());
    /// The smallest element over `axis`; equal smallest elements share the gradient, as in Keras.
    min(axis: impl Into<Axes>) = Operation::Min(axis.into());
    /// `exp(x) / sum(exp(x))` over `axis`.
    softmax(axis: i64) = Operation::Softmax { axis };
    /// The logarithm of [`softmax`], without underflow.
    log_softmax(axis: i64) = Operation::LogSoftmax { axis };
    /// `x` in another shape; one size may be -1, and follows from the others.
    ///
    /// ```
    /// use candle_keras_ops::{reshape, DType, Device, Tensor};
    /// let x = Tensor::zeros((2, 6), DType::F32, &Device::Cpu)?;
    /// assert_eq!(reshape(&x, [-1, 4])?.dims(), [3, 4]);
    /// # Ok::<(), candle_core::Error>(())
    /// ```
    reshape(shape: impl Into<Vec<i64>>) = Operation::Reshape { newshape: shape.into() };
    /// A new axis of size 1 at `axis`; -1 is behind the last.
    expand_dims(axis: i64) = Operation::ExpandDims { axis: AxisList::One(axis) };
    /// Removes the axis `axis`, which must have size 1.
    squeeze(axis: i64) = Operation::Squeeze { axis: Some(AxisList::One(axis)) };
    /// The axes in this order. Keras: `ops.transpose(x, axes)`.
    transpose(axes: impl Into<Vec<i64>>) = Operation::Transpose { axes: Some(axes.into()) };
    /// A part of `x`, as Python's `x[key]`.
    ///
    /// ```
    /// use candle_keras_ops::{get_item, Device, Tensor};
    /// let x = Tensor::new(&[[1f32, 2., 3.], [4., 5., 6.]], &Device::Cpu)?;
    /// assert_eq!(get_item(&x, (.., 1..))?.to_vec2::<f32>()?, [[2., 3.], [5., 6.]]); // x[:, 1:]
    /// assert_eq!(get_item(&x, (.., 0))?.to_vec1::<f32>()?, [1., 4.]); // x[:, 0]
    /// # Ok::<(), candle_core::Error>(())
    /// ```
    get_item(key: impl Into<Key>) = Operation::GetItem { key: key.into().0 };
}

/// Functions of two operands.
macro_rules! functions_of_two {
    ($($(#[$doc:meta])* $name:ident = $operation:expr;)*) => {
        $($(#[$doc])*
        #[track_caller]
        pub fn $name<X: Operand>(x: &X, y: &X) -> X::Output {
            X::operate($operation, &[x, y])
        })*
    };
}

functions_of_two! {
    /// `x + y`; shapes broadcast.
    add = Operation::Add {};
    /// `x - y`; shapes broadcast.
    subtract = Operation::Subtract {};
    /// `x * y`; shapes broadcast.
    multiply = Operation::Multiply {};
    /// `x / y`; shapes broadcast, and whole numbers become f32.
    divide = Operation::TrueDivide {};
    /// `x` to the power of `y`; shapes broadcast. Where `y` is not one and the same number, `x` must be positive.
    power = Operation::Power {};
    /// The larger of each pair of elements; shapes broadcast, and equal elements share the gradient.
    maximum = Operation::Maximum {};
    /// The smaller of each pair of elements; shapes broadcast, and equal elements share the gradient.
    minimum = Operation::Minimum {};
    /// The product over the last axis of `x` and the second-last of `y` (the only one, if `y` is a vector). Keras: `K.dot`.
    ///
    /// # Shapes
    /// - `(..., k)` and `(k, n)` give `(..., n)`; `(..., k)` and `(k,)` give `(...,)`.
    dot = Operation::Dot {};
    /// The product of matrices; leading axes are a batch and broadcast.
    matmul = Operation::Matmul {};
    /// Where `x > y`, as u8.
    greater = Operation::Greater {};
    /// Where `x < y`, as u8.
    less = Operation::Less {};
    /// Where `x == y`, as u8.
    equal = Operation::Equal {};
}

/// `x` where the elements of `condition` (u8, 1 or 0) are 1, `y` elsewhere; shapes broadcast. Keras: `ops.where`.
#[track_caller]
pub fn where_<X: Operand>(condition: &X, x: &X, y: &X) -> X::Output {
    X::operate(Operation::Where {}, &[condition, x, y])
}

/// The operands one after another along `axis`; all other sizes must agree.
#[track_caller]
pub fn concatenate<X: Operand, T: AsRef<X>>(operands: &[T], axis: i64) -> X::Output {
    X::operate(Operation::Concatenate { axis }, &operands.iter().map(AsRef::as_ref).collect::<Vec<_>>())
}

/// The operands side by side along a new axis.
#[track_caller]
pub fn stack<X: Operand, T: AsRef<X>>(operands: &[T], axis: i64) -> X::Output {
    X::operate(Operation::Stack { axis }, &operands.iter().map(AsRef::as_ref).collect::<Vec<_>>())
}

/// The sums of products that the equation says: `"ij,jk->ik"` is a matrix product, `"bhqd,bhkd->bhqk"` are the scores of an attention. Without an
/// arrow, the result has the labels that are there once, in alphabetical order. `...` stands for any axes, which broadcast.
///
/// A planned contraction: of two operands at a time, those first whose result is smallest, each a batched matrix product.
///
/// # Errors
/// If the equation does not fit the operands.
///
/// ```
/// use candle_keras_ops::{Device, Tensor, einsum};
/// let x = Tensor::new(&[[1f32, 2.], [3., 4.]], &Device::Cpu)?;
/// assert_eq!(einsum("ij,jk->ik", &[&x, &x])?.to_vec2::<f32>()?, [[7., 10.], [15., 22.]]);
/// assert_eq!(einsum("ii", &[&x])?.to_scalar::<f32>()?, 5.);
/// # Ok::<(), candle_core::Error>(())
/// ```
#[track_caller]
pub fn einsum<X: Operand, T: AsRef<X>>(subscripts: &str, operands: &[T]) -> X::Output {
    let operands: Vec<&X> = operands.iter().map(AsRef::as_ref).collect();
    X::operate(Operation::Einsum { subscripts: subscripts.into() }, &operands)
}

impl DTypeName {
    fn name(&self) -> String {
        match self {
            Self::Known(dtype) => crate::dtype_name(*dtype).into(),
            Self::Unknown(name) => name.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Device, Index, Tensor};

    #[test]
    fn an_operation_that_does_not_match_is_an_error() {
        let x = Tensor::new(&[[1f32, 2.]], &Device::Cpu).unwrap();
        assert!(get_item(&x, [Index::from(2)]).is_err());
        assert!(get_item(&x, [Index::Ellipsis, Index::Ellipsis]).is_err());
        assert!(get_item(&x, vec![Index::from(..); 3]).is_err());
        assert!(transpose(&x, [0, 0]).is_err());
        assert!(cast(&x, "flaot32").unwrap_err().to_string().contains("float32"));
        assert!(concatenate::<Tensor, Tensor>(&[], 0).is_err());
    }
}
