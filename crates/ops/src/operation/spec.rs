//! The shape and the dtype of an operation's outputs, from those of its operands, without computing them: sizes may be anything, as those
//! that a file declares are.

use crate::axes::resolve_axis;
use crate::operation::Index;
use crate::{Axes, shape};
use candle_core::{DType, Result, Tensor, bail};
use std::fmt;

/// The shape and dtype of a tensor that is not computed yet.
#[derive(Clone, PartialEq, Eq)]
pub struct Spec {
    /// The shape.
    pub shape: Vec<usize>,
    /// The dtype.
    pub dtype: DType,
}

impl fmt::Debug for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} of {}", self.shape, crate::dtype_name(self.dtype))
    }
}

impl Spec {
    /// A shape and a dtype.
    pub fn new(shape: impl Into<Vec<usize>>, dtype: DType) -> Self {
        Self { shape: shape.into(), dtype }
    }

    /// Those of a tensor.
    pub fn of(tensor: &Tensor) -> Self {
        Self::new(tensor.dims(), tensor.dtype())
    }

    pub(crate) fn rank(&self) -> usize {
        self.shape.len()
    }

    /// This shape in another dtype.
    pub(crate) fn with(&self, dtype: DType) -> Self {
        Self::new(self.shape.as_slice(), dtype)
    }

    /// In the dtype of a function that whole numbers are not closed under.
    pub(crate) fn float(&self) -> Self {
        self.with(float(self.dtype))
    }

    /// This dtype in another shape.
    pub(crate) fn shaped(&self, shape: impl Into<Vec<usize>>) -> Self {
        Self::new(shape, self.dtype)
    }

    /// The dimension of an axis.
    pub(crate) fn dim(&self, axis: i64) -> Result<usize> {
        resolve_axis(axis, self.rank())
    }
}

/// The dtype of a function that whole numbers are not closed under.
pub(crate) fn float(dtype: DType) -> DType {
    if dtype.is_float() { dtype } else { DType::F32 }
}

/// The common shape and dtype of all, as in arithmetic.
pub(crate) fn common_spec(operands: &[&Spec]) -> Result<Spec> {
    let shape = operands.iter().try_fold(Vec::new(), |shape, x| broadcast_shape(&shape, &x.shape))?;
    Ok(Spec::new(shape, promoted(operands)))
}

/// Truth values in the common shape of all.
pub(crate) fn truth_spec(operands: &[&Spec]) -> Result<Spec> {
    Ok(common_spec(operands)?.with(DType::U8))
}

/// The spec over these axes.
pub(crate) fn reduced(x: &Spec, axes: &Axes) -> Result<Spec> {
    let dims = axes.resolve(x.rank())?;
    let kept = |dim: usize| match dims.contains(&dim) {
        true => axes.keepdims.then_some(1),
        false => Some(x.shape[dim]),
    };
    Ok(x.shaped((0..x.rank()).filter_map(kept).collect::<Vec<_>>()))
}

/// [`reduced`], for functions that choose one of the elements.
pub(crate) fn chosen(x: &Spec, axes: &Axes) -> Result<Spec> {
    if axes.resolve(x.rank())?.iter().any(|&dim| x.shape[dim] == 0) {
        bail!("an axis of size 0 has no largest or smallest element, received the shape {:?}", x.shape)
    }
    reduced(x, axes)
}

/// The operands one after another.
pub(crate) fn concatenated(operands: &[&Spec], axis: i64) -> Result<Spec> {
    let shapes: Vec<&[usize]> = operands.iter().map(|x| x.shape.as_slice()).collect();
    Ok(Spec::new(concatenated_shape(&shapes, axis)?, promoted(operands)))
}

/// The operands side by side.
pub(crate) fn stacked(operands: &[&Spec], axis: i64) -> Result<Spec> {
    let x = operands[0];
    let dim = resolve_axis(axis, x.rank() + 1)?;
    if let Some(other) = operands.iter().find(|y| y.shape != x.shape) {
        bail!("stack takes operands of one shape, received {:?} and {:?}", x.shape, other.shape)
    }
    Ok(Spec::new(with_size(&x.shape, dim, operands.len()), promoted(operands)))
}

/// A part of it.
pub(crate) fn part(x: &Spec, key: &[Index]) -> Result<Spec> {
    Ok(x.shaped(part_shape(&x.shape, key)?))
}

/// The dtype that arithmetic has for these operands.
pub(crate) fn promoted(operands: &[&Spec]) -> DType {
    promoted_dtype(&operands.iter().map(|x| x.dtype).collect::<Vec<_>>())
}

/// The dtype of all, as in Keras: a float one wins over every integer, a wider one over a narrower; where neither holds the numbers of the
/// other, one that holds both.
pub(crate) fn promoted_dtype(dtypes: &[DType]) -> DType {
    let rank = |dtype: DType| (dtype.is_float(), dtype.size_in_bytes());
    let wider = |x: DType, y: &DType| match (x, *y) {
        (x, y) if x == y => x,
        (DType::U32, DType::I16 | DType::I32) | (DType::I16 | DType::I32, DType::U32) => DType::I64,
        (DType::F16, DType::BF16) | (DType::BF16, DType::F16) => DType::F32,
        (x, y) if rank(x) >= rank(y) => x,
        (_, y) => y,
    };
    dtypes.iter().skip(1).fold(dtypes.first().copied().unwrap_or(DType::F32), wider)
}

/// The shape of which both are parts, repeated along axes of size 1.
pub(crate) fn broadcast_shape(x: &[usize], y: &[usize]) -> Result<Vec<usize>> {
    let rank = x.len().max(y.len());
    let size = |shape: &[usize], dim: usize| (dim + shape.len()).checked_sub(rank).map_or(1, |dim| shape[dim]);
    let both = |dim| match (size(x, dim), size(y, dim)) {
        (a, b) if a == b => Ok(a),
        (1, size) | (size, 1) => Ok(size),
        _ => bail!("the shapes {x:?} and {y:?} do not broadcast"),
    };
    (0..rank).map(both).collect()
}

pub(crate) fn with_size(x: &[usize], dim: usize, size: usize) -> Vec<usize> {
    [&x[..dim], &[size], &x[dim..]].concat()
}

fn concatenated_shape(operands: &[&[usize]], axis: i64) -> Result<Vec<usize>> {
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

pub(crate) fn dot_shape(x: &[usize], y: &[usize]) -> Result<Vec<usize>> {
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

pub(crate) fn matmul_shape(x: &[usize], y: &[usize]) -> Result<Vec<usize>> {
    if x.len() < 3 && y.len() < 3 || y.len() < 3 {
        return dot_shape(x, y);
    }
    let ([batch @ .., m, k], [others @ .., terms, n]) = (x, y) else {
        bail!("matmul needs matrices, received shapes {x:?} and {y:?}")
    };
    if k != terms {
        bail!("cannot multiply matrices of shapes {x:?} and {y:?}")
    }
    Ok([broadcast_shape(batch, others)?, vec![*m, *n]].concat())
}

fn part_shape(x: &[usize], key: &[Index]) -> Result<Vec<usize>> {
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
