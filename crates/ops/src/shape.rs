//! Functions that change the shape and leave the elements. Names as in `keras.ops`.

use crate::axes::resolve_axis;
use crate::narrow::{in_float32, is_narrow};
use crate::operation::Index;
use crate::tape::{Value, needs_second_gradients, record_twice};
use candle_core::{Result, Tensor, bail};

/// The sizes that `shape` means for this many elements, with the one -1 resolved.
pub fn resolve_shape(elements: usize, shape: &[i64]) -> Result<Vec<usize>> {
    let sizes = shape.iter().filter(|&&size| size != -1);
    let Some(known) = sizes.copied().try_fold(1i64, i64::checked_mul) else {
        bail!("cannot reshape {elements} elements to {shape:?}")
    };
    let unknown = shape.iter().filter(|&&size| size == -1).count();
    let fits = match unknown {
        0 => usize::try_from(known) == Ok(elements),
        1 => known > 0 && elements as i64 % known == 0,
        _ => false,
    };
    if !fits || shape.iter().any(|&size| size < -1) {
        bail!("cannot reshape {elements} elements to {shape:?}")
    }
    Ok(shape.iter().map(|&size| if size == -1 { elements / known as usize } else { size as usize }).collect())
}

/// `x` in this shape.
pub(crate) fn reshaped(x: &Tensor, shape: &[usize]) -> Result<Tensor> {
    if !x.is_variable() {
        return x.reshape(shape);
    }
    // A value of this crate's ops is a leaf to candle: its memory is copied once, and the gradient is reshaped.
    let before = x.shape().clone();
    let y = x.detach().reshape(shape)?;
    let first = move |_: &Tensor, dy: &Tensor| Ok(vec![Some(dy.reshape(&before)?)]);
    record_twice("reshape", &[x], Value::Tensor(y), first, |inputs, _, dy| {
        Ok(vec![Some(reshaped(dy, inputs[0].dims())?)])
    })
}

/// `x` in this shape, without a copy where that is candle's work alone.
pub(crate) fn viewed(x: &Tensor, shape: &[usize]) -> Result<Tensor> {
    if needs_second_gradients(&[x]) { reshaped(x, shape) } else { x.reshape(shape) }
}

/// A new dimension of size 1.
pub(crate) fn unsqueezed(x: &Tensor, dim: usize) -> Result<Tensor> {
    if !needs_second_gradients(&[x]) {
        return x.unsqueeze(dim);
    }
    if dim > x.rank() {
        bail!("a tensor of shape {:?} has no place for a new axis {dim}", x.dims())
    }
    let mut shape = x.dims().to_vec();
    shape.insert(dim, 1);
    reshaped(x, &shape)
}

/// Without this dimension, which has size 1.
pub(crate) fn squeezed(x: &Tensor, dim: usize) -> Result<Tensor> {
    if !needs_second_gradients(&[x]) {
        return x.squeeze(dim);
    }
    let mut shape = x.dims().to_vec();
    shape.remove(dim);
    reshaped(x, &shape)
}

/// `x` repeated to this shape, which may be its own.
pub(crate) fn repeated(x: &Tensor, shape: &[usize]) -> Result<Tensor> {
    // Candle would add the gradients of 16 bits in 16 bits.
    let recorded = needs_second_gradients(&[x]) || is_narrow(x);
    if recorded { broadcast(x, shape) } else { x.broadcast_as(shape)?.contiguous() }
}

/// `x` repeated to this shape, with gradients of any order.
pub(crate) fn broadcast(x: &Tensor, shape: &[usize]) -> Result<Tensor> {
    if x.dims() == shape {
        return x.contiguous();
    }
    let (before, again) = (x.shape().clone(), x.shape().clone());
    let y = x.detach().broadcast_as(shape)?;
    let first = move |_: &Tensor, dy: &Tensor| Ok(vec![Some(unbroadcast(dy, before.dims())?)]);
    record_twice("broadcast_to", &[x], Value::Tensor(y), first, move |_, _, dy| {
        Ok(vec![Some(unbroadcast(dy, again.dims())?)])
    })
}

/// The sums over the axes along which a tensor of this shape was repeated.
fn unbroadcast(x: &Tensor, shape: &[usize]) -> Result<Tensor> {
    if is_narrow(x) {
        return in_float32(&[x], |x| unbroadcast(&x[0], shape));
    }
    let new = x.rank() - shape.len();
    let mut sum = x.clone();
    for dim in 0..x.rank() {
        if (dim < new || shape[dim - new] == 1) && x.dims()[dim] != 1 {
            sum = crate::reduce::sum(&sum, crate::axes(dim as i32).keepdims(true))?;
        }
    }
    reshaped(&sum, shape)
}

/// `length` elements of an axis from `start` on, with gradients of any order.
fn sliced(x: &Tensor, axis: usize, start: usize, length: usize) -> Result<Tensor> {
    let y = x.detach().narrow(axis, start, length)?;
    let behind = x.dims()[axis] - start - length;
    let first = move |_: &Tensor, dy: &Tensor| Ok(vec![Some(padded(dy, axis, start, behind)?)]);
    record_twice("slice", &[x], Value::Tensor(y), first, move |_, _, dy| {
        Ok(vec![Some(padded(dy, axis, start, behind)?)])
    })
}

/// `x` with so many zeros before and behind it along an axis: the gradient of [`sliced`].
fn padded(x: &Tensor, axis: usize, before: usize, behind: usize) -> Result<Tensor> {
    let zeros = |size: usize| {
        let mut shape = x.dims().to_vec();
        shape[axis] = size;
        Tensor::zeros(shape, x.dtype(), x.device())
    };
    let length = x.dims()[axis];
    let y = Tensor::cat(&[&zeros(before)?, &x.detach(), &zeros(behind)?], axis)?;
    let first = move |_: &Tensor, dy: &Tensor| Ok(vec![Some(dy.narrow(axis, before, length)?.contiguous()?)]);
    record_twice("pad", &[x], Value::Tensor(y), first, move |_, _, dy| {
        Ok(vec![Some(sliced(dy, axis, before, length)?)])
    })
}

/// Some columns of a matrix, contiguous.
pub(crate) fn columns(x: &Tensor, from: usize, count: usize) -> Result<Tensor> {
    let (_, width) = x.dims2()?;
    if !x.is_variable() || (from == 0 && count == width) {
        return x.narrow(1, from, count);
    }
    sliced(x, 1, from, count)
}

/// A new axis of size 1 at `axis`; -1 is behind the last.
pub(crate) fn expand_dims(x: &Tensor, axis: i64) -> Result<Tensor> {
    unsqueezed(x, resolve_axis(axis, x.rank() + 1)?)
}

/// Removes the axis `axis`, which must have size 1.
pub(crate) fn squeeze(x: &Tensor, axis: i64) -> Result<Tensor> {
    let dim = resolve_axis(axis, x.rank())?;
    if x.dim(dim)? != 1 {
        bail!("cannot squeeze axis {axis} of a tensor of shape {:?}: its size is not 1", x.dims())
    }
    squeezed(x, dim)
}

/// Removes these axes of size 1, or all of them.
pub(crate) fn squeeze_all(x: &Tensor, axes: Option<&[i64]>) -> Result<Tensor> {
    let dims = squeezed_dims(x.dims(), axes)?;
    dims.iter().rev().try_fold(x.clone(), |x, &dim| squeeze(&x, dim as i64))
}

/// The dimensions of these axes of size 1, or of all, in rising order.
pub(crate) fn squeezed_dims(sizes: &[usize], axes: Option<&[i64]>) -> Result<Vec<usize>> {
    let mut dims: Vec<usize> = match axes {
        Some(axes) => axes.iter().map(|&axis| resolve_axis(axis, sizes.len())).collect::<Result<_>>()?,
        None => (0..sizes.len()).filter(|&dim| sizes[dim] == 1).collect(),
    };
    dims.sort_unstable();
    dims.dedup();
    match dims.iter().find(|&&dim| sizes[dim] != 1) {
        Some(dim) => bail!("cannot squeeze axis {dim} of a tensor of shape {sizes:?}: its size is not 1"),
        None => Ok(dims),
    }
}

/// Permutes the axes, or reverses them.
pub(crate) fn transpose(x: &Tensor, axes: Option<&[i64]>) -> Result<Tensor> {
    let order = order(x.rank(), axes)?;
    if !x.is_variable() {
        return x.permute(order)?.contiguous();
    }
    permuted(x, order)
}

/// The axes in this order, with gradients of any order.
fn permuted(x: &Tensor, order: Vec<usize>) -> Result<Tensor> {
    let mut back = [0; crate::lengths::MOST_AXES];
    for (i, &axis) in order.iter().enumerate() {
        back[axis] = i;
    }
    let rank = order.len();
    let y = x.detach().permute(order)?;
    let first = move |_: &Tensor, dy: &Tensor| Ok(vec![Some(dy.permute(back[..rank].to_vec())?)]);
    record_twice("transpose", &[x], Value::Tensor(y), first, move |_, _, dy| {
        Ok(vec![Some(permuted(dy, back[..rank].to_vec())?)])
    })
}

/// The order of the axes of a tensor of this rank after a transposition.
pub(crate) fn order(rank: usize, axes: Option<&[i64]>) -> Result<Vec<usize>> {
    let order: Vec<usize> = match axes {
        Some(axes) => axes.iter().map(|&axis| resolve_axis(axis, rank)).collect::<Result<_>>()?,
        None => (0..rank).rev().collect(),
    };
    let mut sorted = order.clone();
    sorted.sort_unstable();
    if !sorted.into_iter().eq(0..rank) {
        bail!("transpose needs each of the {rank} axes once, received {:?}", axes.unwrap_or_default())
    }
    Ok(order)
}

/// How many axes of a tensor of this rank the key names.
pub(crate) fn named_axes(rank: usize, key: &[Index]) -> Result<usize> {
    let ellipses = key.iter().filter(|index| **index == Index::Ellipsis).count();
    let named = key.iter().filter(|index| matches!(index, Index::At(_) | Index::Slice { .. })).count();
    if ellipses > 1 || named > rank {
        bail!("a tensor of rank {rank} has no part {key:?}")
    }
    Ok(named)
}

/// The element that an index means on an axis of this size.
pub(crate) fn index_of(at: i64, size: usize) -> Result<usize> {
    let (below, size) = (-(size as i64), size as i64);
    if !(below..size).contains(&at) {
        bail!("index {at} is out of range for an axis of size {size}")
    }
    Ok(at.rem_euclid(size) as usize)
}

/// The first element of a slice of an axis of this size, how many elements there are to its end, and its step.
pub(crate) fn range_of(
    start: Option<i64>,
    stop: Option<i64>,
    step: Option<i64>,
    size: usize,
) -> Result<(usize, usize, usize)> {
    let size = size as i64;
    let place = |at: Option<i64>, default: i64| {
        at.map_or(default, |at| if at < 0 { at.saturating_add(size).max(0) } else { at.min(size) })
    };
    let (start, stop, step) = (place(start, 0), place(stop, size), step.unwrap_or(1));
    if step < 1 {
        bail!("the step of a slice must be positive, received {step}")
    }
    Ok((start as usize, (stop - start).max(0) as usize, step as usize))
}

/// `length` elements of an axis from `start` on. An empty part of candle may begin behind its memory, where a conversion panics.
pub(crate) fn part(x: &Tensor, axis: usize, start: usize, length: usize) -> Result<Tensor> {
    if length > 0 && needs_second_gradients(&[x]) {
        return sliced(x, axis, start, length);
    }
    let y = x.narrow(axis, start, length)?;
    if y.elem_count() == 0 { Tensor::zeros(y.dims(), y.dtype(), y.device()) } else { Ok(y) }
}

/// `x[key]` as in Python.
pub(crate) fn get_item(x: &Tensor, key: &[Index]) -> Result<Tensor> {
    let named = named_axes(x.rank(), key)?;
    let (mut y, mut dim) = (x.clone(), 0);
    for index in key {
        match *index {
            Index::NewAxis => {
                y = unsqueezed(&y, dim)?;
                dim += 1;
            }
            Index::Ellipsis => dim += x.rank() - named,
            Index::At(at) => {
                y = squeezed(&part(&y, dim, index_of(at, y.dim(dim)?)?, 1)?, dim)?;
            }
            Index::Slice { start, stop, step } => {
                let (start, length, step) = range_of(start, stop, step, y.dim(dim)?)?;
                y = part(&y, dim, start, length)?;
                if step > 1 {
                    let ids: Vec<u32> = (0..length as u32).step_by(step).collect();
                    y = y.contiguous()?.index_select(&Tensor::new(ids, y.device())?, dim)?;
                }
                dim += 1;
            }
        }
    }
    Ok(y)
}

/// The tensors side by side along a new axis.
pub(crate) fn stack<T: AsRef<Tensor>>(tensors: &[T], axis: i64) -> Result<Tensor> {
    let rank = tensors.first().map_or(0, |x| x.as_ref().rank());
    let dim = resolve_axis(axis, rank + 1)?;
    if needs_second_gradients(&tensors.iter().map(T::as_ref).collect::<Vec<_>>()) {
        let all = tensors.iter().map(|x| unsqueezed(x.as_ref(), dim)).collect::<Result<Vec<_>>>()?;
        return concatenate(&all, dim as i64);
    }
    Tensor::stack(tensors, dim)
}

/// Concatenates the tensors along `axis`; all other sizes must be equal.
pub(crate) fn concatenate<T: AsRef<Tensor>>(tensors: &[T], axis: i64) -> Result<Tensor> {
    let Some(first) = tensors.first().map(T::as_ref) else { bail!("concatenate needs at least one tensor") };
    let axis = resolve_axis(axis, first.rank())?;
    let all: Vec<&Tensor> = tensors.iter().map(T::as_ref).collect();
    let y = Tensor::cat(&all.iter().map(|x| x.detach()).collect::<Vec<_>>(), axis)?;
    let sizes: Vec<usize> = all.iter().map(|x| x.dims()[axis]).collect();
    let first = move |_: &Tensor, dy: &Tensor| {
        let ends = sizes.iter().scan(0, |end, size| {
            *end += size;
            Some(*end)
        });
        ends.zip(&sizes).map(|(end, &size)| dy.narrow(axis, end - size, size)?.contiguous().map(Some)).collect()
    };
    record_twice("concatenate", &all, Value::Tensor(y), first, move |inputs, _, dy| {
        let mut end = 0;
        let part = |x: &Tensor| {
            let size = x.dims()[axis];
            end += size;
            sliced(dy, axis, end - size, size).map(Some)
        };
        inputs.iter().map(part).collect()
    })
}

/// The elements along a dimension at these indices.
pub(crate) fn at(x: &Tensor, dim: usize, ids: impl IntoIterator<Item = usize>) -> Result<Tensor> {
    let size = x.dims()[dim];
    if is_narrow(x) && x.track_op() {
        return in_float32(&[x], |x| at(&x[0], dim, ids));
    }
    let ids: Vec<u32> = ids.into_iter().map(|i| u32::try_from(i).unwrap_or(u32::MAX)).collect();
    if let Some(id) = ids.iter().find(|id| **id as usize >= size) {
        bail!("index {id} is out of range for an axis of size {size}")
    }
    x.contiguous()?.index_select(&Tensor::from_vec(ids.clone(), ids.len(), x.device())?, dim)
}

/// The elements of `x` in another shape: for each place the index into the flat elements, or `None` for 0.
pub(crate) fn rearranged(x: &Tensor, shape: &[usize], index: impl Fn(&[usize]) -> Option<usize>) -> Result<Tensor> {
    let count = crate::lengths::allocated(shape, candle_core::DType::U32)?;
    let zero = Tensor::zeros(1, x.dtype(), x.device())?;
    let with_zero = Tensor::cat(&[&x.flatten_all()?, &zero], 0)?;
    let ids = (0..count).map(|flat| index(&crate::position(flat, shape)).unwrap_or(x.elem_count()));
    at(&with_zero, 0, ids)?.reshape(shape)
}

/// Removes these dimensions of size 1, given in rising order.
pub(crate) fn drop_dims(x: &Tensor, dims: &[usize]) -> Result<Tensor> {
    dims.iter().rev().try_fold(x.clone(), |x, &dim| squeezed(&x, dim))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, assert_second_gradients, values};

    #[test]
    fn second_gradients_agree_with_finite_differences() {
        use crate::{exp, tanh};
        let x = [values([2, 1, 6], 1)];
        assert_second_gradients(&x, |x| tanh(&crate::reshape(&exp(&x[0])?, [3, -1])?));
        assert_second_gradients(&x, |x| tanh(&expand_dims(&exp(&x[0])?, -1)?));
        assert_second_gradients(&x, |x| tanh(&squeeze(&exp(&x[0])?, 1)?));
        assert_second_gradients(&x, |x| tanh(&transpose(&exp(&x[0])?, Some(&[2, 0, 1]))?));
        assert_second_gradients(&x, |x| tanh(&crate::broadcast_to(&exp(&x[0])?, [3, 2, 2, 6])?));
        let key =
            [Index::NewAxis, Index::At(1), Index::Ellipsis, Index::Slice { start: Some(1), stop: Some(4), step: None }];
        assert_second_gradients(&x, |x| tanh(&get_item(&exp(&x[0])?, &key)?));
        assert_second_gradients(&[x[0].clone(), values([2, 2, 6], 2)], |x| {
            tanh(&concatenate(&[exp(&x[0])?, crate::square(&x[1])?], 1)?)
        });
        assert_second_gradients(&[x[0].clone(), values([2, 1, 6], 2)], |x| {
            tanh(&stack(&[exp(&x[0])?, crate::square(&x[1])?], 1)?)
        });
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        let x = values([2, 1, 6], 1);
        assert_gradients(std::slice::from_ref(&x), |x| crate::reshape(&x[0], [3, -1]));
        assert_gradients(std::slice::from_ref(&x), |x| expand_dims(&x[0], -1));
        assert_gradients(std::slice::from_ref(&x), |x| squeeze(&x[0], 1));
        assert_gradients(&[x, values([2, 2, 6], 2)], |x| concatenate(x, 1));
    }

    #[test]
    fn shapes_that_do_not_fit_are_errors() {
        let x = values([2, 3], 1);
        assert!(crate::reshape(&x, [4, -1]).is_err());
        assert!(crate::reshape(&x, [-1, -1]).is_err());
        assert!(crate::reshape(&x, [-1, 0]).is_err());
        assert!(squeeze(&x, 0).is_err());
        assert!(concatenate::<Tensor>(&[], 0).is_err());
    }
}
