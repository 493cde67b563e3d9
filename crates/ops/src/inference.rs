//! The shape and the dtype of an operation's output, from those of its operands, without computing it: sizes may be anything, as those that a
//! file declares are.

use crate::axes::resolve_axis;
use crate::operation::{AxisList, Index};
use crate::{Axes, Operation, einsum, shape};
use candle_core::{DType, Result, bail};

impl Operation {
    /// The shape of the output for operands of these shapes.
    ///
    /// ```
    /// use candle_keras_ops::Operation;
    /// assert_eq!(Operation::Matmul {}.output_shape(&[&[7, 2, 3], &[3, 5]])?, [7, 2, 5]);
    /// assert!(Operation::Add {}.output_shape(&[&[2], &[3]]).is_err());
    /// # Ok::<(), candle_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the number or the shapes of the operands do not fit.
    pub fn output_shape(&self, operands: &[&[usize]]) -> Result<Vec<usize>> {
        use Operation::*;
        self.check_count(operands.len())?;
        let x = operands[0];
        match self {
            Absolute {}
            | Cast { .. }
            | Clip { .. }
            | ConvertToTensor { .. }
            | Exp {}
            | Log {}
            | LogicalNot {}
            | Log1p {}
            | Negative {}
            | OnesLike { .. }
            | Relu {}
            | Sigmoid {}
            | Softplus {}
            | Sqrt {}
            | Square {}
            | StopGradient {}
            | Tanh {}
            | ZerosLike { .. } => Ok(x.to_vec()),
            LogSoftmax { axis } | Softmax { axis } => resolve_axis(*axis, x.len()).map(|_| x.to_vec()),
            Mean(axes) | Sum(axes) => reduced(x, axes),
            All(axes) | Any(axes) | Max(axes) | Min(axes) => {
                if axes.resolve(x.len())?.iter().any(|&dim| x[dim] == 0) {
                    bail!("an axis of size 0 has no largest or smallest element, received the shape {x:?}")
                }
                reduced(x, axes)
            }
            Add {}
            | Divide {}
            | Equal {}
            | Greater {}
            | GreaterEqual {}
            | Less {}
            | LessEqual {}
            | LogicalAnd {}
            | LogicalOr {}
            | Maximum {}
            | Minimum {}
            | Multiply {}
            | NotEqual {}
            | Power {}
            | Subtract {}
            | TrueDivide {}
            | Where {} => operands[1..].iter().try_fold(x.to_vec(), |x, y| broadcast(&x, y)),
            Concatenate { axis } => concatenated(operands, *axis),
            Stack { axis } => {
                let dim = resolve_axis(*axis, x.len() + 1)?;
                if let Some(other) = operands.iter().find(|y| **y != x) {
                    bail!("stack takes operands of one shape, received {x:?} and {other:?}")
                }
                Ok(with_size(x, dim, operands.len()))
            }
            Dot {} => dot(x, operands[1]),
            Einsum { subscripts } => einsum::output_shape(subscripts, operands),
            Matmul {} => matmul(x, operands[1]),
            ExpandDims { axis } => axis.as_slice().iter().try_fold(x.to_vec(), |x, &axis| {
                let dim = resolve_axis(axis, x.len() + 1)?;
                Ok(with_size(&x, dim, 1))
            }),
            GetItem { key } => part(x, key),
            Reshape { newshape } => shape::resolve_shape(crate::lengths::elements(x)?, newshape),
            Squeeze { axis } => shape::squeezed_dims(x, axis.as_ref().map(AxisList::as_slice))
                .map(|dims| (0..x.len()).filter(|dim| !dims.contains(dim)).map(|dim| x[dim]).collect()),
            Transpose { axes } => Ok(shape::order(x.len(), axes.as_deref())?.into_iter().map(|axis| x[axis]).collect()),
        }
    }

    /// The dtype of the output for operands of these dtypes, as in Keras: functions that whole numbers are not closed under give float32, and
    /// arithmetic has the dtype that both operands are promoted to.
    ///
    /// # Errors
    /// If the number of the operands does not fit, or a dtype is not known.
    pub fn output_dtype(&self, operands: &[DType]) -> Result<DType> {
        use Operation::*;
        self.check_count(operands.len())?;
        let x = operands[0];
        Ok(match self {
            Absolute {}
            | ExpandDims { .. }
            | GetItem { .. }
            | Max(_)
            | Min(_)
            | Negative {}
            | Relu {}
            | Reshape { .. }
            | Square {}
            | Squeeze { .. }
            | StopGradient {}
            | Transpose { .. } => x,
            Exp {}
            | Log {}
            | Log1p {}
            | LogSoftmax { .. }
            | Mean(_)
            | Sigmoid {}
            | Softmax { .. }
            | Softplus {}
            | Sqrt {}
            | Tanh {} => float(x),
            // Whole numbers stay whole if the limits are.
            Clip { x_min, x_max } if [x_min, x_max].iter().all(|limit| limit.fract() == 0.0) => x,
            Clip { .. } => float(x),
            // A sum of bytes, which also stand for truth values, has to count beyond 255.
            Sum(_) if x == DType::U8 => DType::I32,
            Sum(_) => x,
            Cast { dtype } => crate::dtype(dtype.as_str())?,
            ConvertToTensor { dtype } | OnesLike { dtype } | ZerosLike { dtype } => match dtype {
                Some(dtype) => crate::dtype(dtype.as_str())?,
                None => x,
            },
            All(_)
            | Any(_)
            | Equal {}
            | Greater {}
            | GreaterEqual {}
            | Less {}
            | LessEqual {}
            | LogicalAnd {}
            | LogicalNot {}
            | LogicalOr {}
            | NotEqual {} => DType::U8,
            Add {}
            | Concatenate { .. }
            | Dot {}
            | Einsum { .. }
            | Matmul {}
            | Maximum {}
            | Minimum {}
            | Multiply {}
            | Power {}
            | Stack { .. }
            | Subtract {} => promoted(operands),
            Divide {} | TrueDivide {} => float(promoted(operands)),
            Where {} => promoted(&operands[1..]),
        })
    }

    pub(crate) fn check_count(&self, operands: usize) -> Result<()> {
        if !self.operands().contains(&operands) {
            bail!("{} does not take {operands} operands", self.keras().0)
        }
        Ok(())
    }
}

/// The dtype of a function that whole numbers are not closed under.
fn float(dtype: DType) -> DType {
    if dtype.is_float() { dtype } else { DType::F32 }
}

/// The dtype of all: the float one if one of them is, else the wider. A float wins over every integer, as in Keras.
pub(crate) fn promoted(dtypes: &[DType]) -> DType {
    let rank = |dtype: DType| (dtype.is_float(), dtype.size_in_bytes());
    let wider = |x: DType, y: &DType| if rank(x) >= rank(*y) { x } else { *y };
    dtypes.iter().skip(1).fold(dtypes.first().copied().unwrap_or(DType::F32), wider)
}

/// The shape of which both are parts, repeated along axes of size 1.
fn broadcast(x: &[usize], y: &[usize]) -> Result<Vec<usize>> {
    let rank = x.len().max(y.len());
    let size = |shape: &[usize], dim: usize| (dim + shape.len()).checked_sub(rank).map_or(1, |dim| shape[dim]);
    let both = |dim| match (size(x, dim), size(y, dim)) {
        (a, b) if a == b => Ok(a),
        (1, size) | (size, 1) => Ok(size),
        _ => bail!("the shapes {x:?} and {y:?} do not broadcast"),
    };
    (0..rank).map(both).collect()
}

fn reduced(x: &[usize], axes: &Axes) -> Result<Vec<usize>> {
    let dims = axes.resolve(x.len())?;
    let kept = |dim: usize| match dims.contains(&dim) {
        true => axes.keepdims.then_some(1),
        false => Some(x[dim]),
    };
    Ok((0..x.len()).filter_map(kept).collect())
}

fn with_size(x: &[usize], dim: usize, size: usize) -> Vec<usize> {
    [&x[..dim], &[size], &x[dim..]].concat()
}

fn concatenated(operands: &[&[usize]], axis: i64) -> Result<Vec<usize>> {
    let mut sizes = operands[0].to_vec();
    let dim = resolve_axis(axis, sizes.len())?;
    for y in &operands[1..] {
        let fits = y.len() == sizes.len() && (0..y.len()).all(|other| other == dim || y[other] == sizes[other]);
        match sizes[dim].checked_add(if fits { y[dim] } else { 0 }) {
            Some(sum) if fits => sizes[dim] = sum,
            _ => bail!("concatenate along axis {axis} takes operands with equal other sizes, received {operands:?}"),
        }
    }
    Ok(sizes)
}

fn dot(x: &[usize], y: &[usize]) -> Result<Vec<usize>> {
    let (Some((k, rows)), [terms, columns @ ..]) = (x.split_last(), y) else {
        bail!("dot takes no scalars, received shapes {x:?} and {y:?}")
    };
    if k != terms || columns.len() > 1 {
        bail!(
            "dot of the shapes {x:?} and {y:?}: the last axis of the one must be the first of the other, which has at most two"
        )
    }
    Ok([rows, columns].concat())
}

fn matmul(x: &[usize], y: &[usize]) -> Result<Vec<usize>> {
    if x.len() < 3 && y.len() < 3 || y.len() < 3 {
        return dot(x, y);
    }
    let ([batch @ .., m, k], [others @ .., terms, n]) = (x, y) else {
        bail!("matmul needs matrices, received shapes {x:?} and {y:?}")
    };
    if k != terms {
        bail!("cannot multiply matrices of shapes {x:?} and {y:?}")
    }
    Ok([broadcast(batch, others)?, vec![*m, *n]].concat())
}

fn part(x: &[usize], key: &[Index]) -> Result<Vec<usize>> {
    let (mut sizes, mut rest) = (Vec::new(), x);
    let named = shape::named_axes(x.len(), key)?;
    for index in key {
        match *index {
            Index::NewAxis => sizes.push(1),
            Index::Ellipsis => {
                let (whole, others) = rest.split_at(x.len() - named);
                sizes.extend_from_slice(whole);
                rest = others;
            }
            Index::At(at) => {
                shape::index_of(at, rest[0])?;
                rest = &rest[1..];
            }
            Index::Slice { start, stop, step } => {
                let (_, length, step) = shape::range_of(start, stop, step, rest[0])?;
                sizes.push(length.div_ceil(step));
                rest = &rest[1..];
            }
        }
    }
    sizes.extend_from_slice(rest);
    Ok(sizes)
}
