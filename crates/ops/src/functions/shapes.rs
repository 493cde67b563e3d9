//! Functions that move elements: other shapes, orders and parts.

use super::*;
use crate::axes::resolve_axis;
use crate::elementwise;
use crate::operation::{broadcast_shape, common_spec, concatenated, part, stacked, with_size};
use crate::{lengths, reduce, shape};
use candle_core::bail;

operations! {
    /// Functions of one operand.
    mod moved: Numpy, Composition;

    /// `x` repeated along axes of size 1, so that it has this shape.
    BroadcastTo broadcast_to(x)[shape: Vec<i64>]: {
        let target = sizes(shape)?;
        if broadcast_shape(&x.shape, &target)? != target {
            bail!("the shape {:?} does not broadcast to {target:?}", x.shape)
        }
        Ok(x.shaped(target))
    } => shape::repeated(x, &sizes(shape)?);
    /// A new axis of size 1 at `axis`; -1 is behind the last.
    ExpandDims expand_dims(x)[axis: AxisList]: axis.as_slice().iter().try_fold(x.clone(), |x, &axis| {
        let dim = resolve_axis(axis, x.rank() + 1)?;
        Ok(x.shaped(with_size(&x.shape, dim, 1)))
    }) => axis.as_slice().iter().try_fold(x.clone(), |x, &axis| shape::expand_dims(&x, axis));
    /// The elements along `axis`, or along all, in the opposite order.
    Flip flip(x)[axis: SomeAxes = ()]: Axes::from(axis.clone()).resolve(x.rank()).map(|_| x.clone())
        => Axes::from(axis.clone()).resolve(x.rank())?.into_iter().try_fold(x.clone(), |x, dim| flipped(&x, dim));
    /// The columns in the opposite order.
    Fliplr fliplr(x): x.dim(1).map(|_| x.clone()) => flipped(x, 1);
    /// The rows in the opposite order.
    Flipud flipud(x): x.dim(0).map(|_| x.clone()) => flipped(x, 0);
    /// This number in the shape of `x`.
    FullLike full_like(x)[@call fill_value: f64, dtype: SomeDType = None]: Ok(x.with(dtype.or(x.dtype)?))
        => full_of(x.dims(), *fill_value, dtype.or(x.dtype())?)?.to_device(x.device());
    /// A part of `x`, as Python's `x[key]`.
    ///
    /// ```
    /// use candle_keras_ops::{get_item, Device, Tensor};
    /// let x = Tensor::new(&[[1f32, 2., 3.], [4., 5., 6.]], &Device::Cpu)?;
    /// assert_eq!(get_item(&x, (.., 1..))?.to_vec2::<f32>()?, [[2., 3.], [5., 6.]]); // x[:, 1:]
    /// assert_eq!(get_item(&x, (.., 0))?.to_vec1::<f32>()?, [1., 4.]); // x[:, 0]
    /// # Ok::<(), candle_core::Error>(())
    /// ```
    GetItem get_item(x)[@call key: Key]: part(x, &key.0) => shape::get_item(x, &key.0);
    /// Moves axes to other places; the others stay in order.
    Moveaxis moveaxis(x)[source: AxisList, destination: AxisList]: {
        let order = moved_order(x.rank(), source, destination)?;
        Ok(x.shaped(order.iter().map(|&axis| x.shape[axis as usize]).collect::<Vec<_>>()))
    } => shape::transpose(x, Some(&moved_order(x.rank(), source, destination)?));
    /// Ones in the shape of `x`.
    OnesLike ones_like(x)[dtype: SomeDType = None]: Ok(x.with(dtype.or(x.dtype)?)) => x.detach().ones_like();
    /// `x` with more elements around it: `mode` is `constant`, `reflect` (mirrored at the last element) or `symmetric` (behind it).
    Pad pad(x)[pad_width: PadWidth, mode: String = "constant", @call constant_values: Option<f64> = None]: {
        let widths = pad_widths(x.rank(), pad_width)?;
        if mode != "constant" && constant_values.is_some() {
            bail!("constant_values is for the mode constant, received the mode {mode:?}")
        }
        for (&size, &(before, behind)) in x.shape.iter().zip(&widths) {
            pad_index(mode, 0, size.max(1))?;
            let most = before.max(behind);
            if mode != "constant" && most > 0 && size == 0 {
                bail!("an axis of size 0 has no elements that the mode {mode} could repeat")
            }
        }
        let padded = |(&size, &(before, behind)): (&usize, &(usize, usize))| {
            size.checked_add(before)?.checked_add(behind)
        };
        match x.shape.iter().zip(&widths).map(padded).collect::<Option<Vec<_>>>() {
            Some(shape) => Ok(x.shaped(shape)),
            None => bail!("the pad widths {pad_width:?} are too large"),
        }
    } => padded(x, &pad_widths(x.rank(), pad_width)?, mode, constant_values.unwrap_or(0.0));
    /// All elements along one axis.
    Ravel ravel(x): Ok(x.shaped([lengths::elements(&x.shape)?])) => shape::reshaped(x, &[x.elem_count()]);
    /// Each element along `axis` repeated, all as often or each its own number of times; without an axis all elements of `x`.
    Repeat repeat(x)[repeats: Integers, axis: SomeAxes = ()]: {
        let (size, dim) = match axis.one()? {
            Some(axis) => (x.shape[x.dim(axis)?], Some(x.dim(axis)?)),
            None => (lengths::elements(&x.shape)?, None),
        };
        let size = repetitions(size, repeats)?.1;
        Ok(match dim {
            Some(dim) => x.shaped([&x.shape[..dim], &[size], &x.shape[dim + 1..]].concat()),
            None => x.shaped([size]),
        })
    } => {
        let (x, dim) = of_axis(x, axis)?;
        let size = x.dims()[dim];
        let counts = repetitions(size, repeats)?.0;
        let count = |i: usize| *counts.get(i).unwrap_or(&counts[0]);
        shape::at(&x, dim, (0..size).flat_map(|i| std::iter::repeat_n(i, count(i))))
    };
    /// `x` in another shape; one size may be -1, and follows from the others.
    ///
    /// ```
    /// use candle_keras_ops::{reshape, DType, Device, Tensor};
    /// let x = Tensor::zeros((2, 6), DType::F32, &Device::Cpu)?;
    /// assert_eq!(reshape(&x, [-1, 4])?.dims(), [3, 4]);
    /// # Ok::<(), candle_core::Error>(())
    /// ```
    Reshape reshape(x)[newshape: Vec<i64>]: Ok(x.shaped(shape::resolve_shape(lengths::elements(&x.shape)?, newshape)?))
        => shape::reshaped(x, &shape::resolve_shape(x.elem_count(), newshape)?);
    /// The elements along `axis` moved by `shift` places, those at the end to the beginning; without an axis those of all of `x`.
    Roll roll(x)[shift: Integers, axis: SomeAxes = ()]: rolls(x.rank(), shift, axis).map(|_| x.clone()) => {
        let rolls = rolls(x.rank(), shift, axis)?;
        if axis.0.is_none() {
            return Ok(vec![rolled(&x.flatten_all()?, 0, rolls[0].1)?.reshape(x.shape())?]);
        }
        rolls.into_iter().try_fold(x.clone(), |x, (dim, shift)| rolled(&x, dim, shift))
    };
    /// `x` turned by 90 degrees `k` times, in the plane of two axes.
    Rot90 rot90(array)[k: i64 = 1, axes: [i64; 2] = [0, 1]]: {
        let (a, b) = plane(array.rank(), axes)?;
        let mut shape = array.shape.clone();
        if k.rem_euclid(2) == 1 {
            shape.swap(a, b);
        }
        Ok(array.shaped(shape))
    } => {
        let (a, b) = plane(array.rank(), axes)?;
        match k.rem_euclid(4) {
            0 => Ok(array.clone()),
            1 => flipped(&array.transpose(a, b)?, a),
            2 => flipped(&flipped(array, a)?, b),
            _ => flipped(array, a)?.transpose(a, b)?.contiguous(),
        }
    };
    /// Removes the axes `axis`, which must have size 1, or all of size 1.
    Squeeze squeeze(x)[axis: SomeAxes = ()]: {
        let dims = shape::squeezed_dims(&x.shape, axis.as_slice())?;
        let kept = (0..x.rank()).filter(|dim| !dims.contains(dim)).map(|dim| x.shape[dim]);
        Ok(x.shaped(kept.collect::<Vec<_>>()))
    } => shape::squeeze_all(x, axis.as_slice());
    /// `x` with two axes exchanged.
    Swapaxes swapaxes(x)[axis1: i64, axis2: i64]: {
        let mut shape = x.shape.clone();
        shape.swap(x.dim(*axis1)?, x.dim(*axis2)?);
        Ok(x.shaped(shape))
    } => x.transpose(resolve_axis(*axis1, x.rank())?, resolve_axis(*axis2, x.rank())?)?.contiguous();
    /// `x` repeated as a whole along each axis, the last if there are fewer numbers.
    Tile tile(x)[repeats: Integers]: {
        let (shape, repeats) = tiles(&x.shape, repeats)?;
        match shape.iter().zip(&repeats).map(|(a, b)| a.checked_mul(*b)).collect::<Option<Vec<_>>>() {
            Some(shape) => Ok(x.shaped(shape)),
            None => bail!("the repeats {repeats:?} are too large"),
        }
    } => {
        let (shape, repeats) = tiles(x.dims(), repeats)?;
        repeats.into_iter().enumerate().try_fold(x.reshape(shape)?, |x, (dim, count)| match count {
            1 => Ok(x),
            _ => Tensor::cat(&vec![&x; count], dim),
        })
    };
    /// The axes in this order, or reversed if there is none.
    Transpose transpose(x)[axes: SomeAxes = ()]: {
        let order = shape::order(x.rank(), axes.as_slice())?;
        Ok(x.shaped(order.into_iter().map(|axis| x.shape[axis]).collect::<Vec<_>>()))
    } => shape::transpose(x, axes.as_slice());
    /// Zeros in the shape of `x`.
    ZerosLike zeros_like(x)[dtype: SomeDType = None]: Ok(x.with(dtype.or(x.dtype)?)) => x.detach().zeros_like();
}

/// A tensor in the shape of `x`, whose elements mean nothing: zeros. Keras: `keras.ops.empty_like`.
#[track_caller]
pub fn empty_like<X: Operand>(x: &X, dtype: impl Into<SomeDType>) -> X::Output {
    zeros_like(x, dtype)
}

/// Sizes, none of which may be negative.
pub(super) fn sizes(shape: &[i64]) -> Result<Vec<usize>> {
    match shape.iter().map(|&size| usize::try_from(size)).collect() {
        Ok(sizes) => Ok(sizes),
        Err(_) => bail!("sizes cannot be negative, received {shape:?}"),
    }
}

/// A number in this shape and dtype.
pub(super) fn full_of(shape: &[usize], value: f64, dtype: DType) -> Result<Tensor> {
    lengths::allocated(shape, dtype)?;
    let value = Tensor::new(value, &candle_core::Device::Cpu)?.to_dtype(dtype)?;
    value.broadcast_as(shape)?.contiguous()
}

fn flipped(x: &Tensor, dim: usize) -> Result<Tensor> {
    shape::at(x, dim, (0..x.dims()[dim]).rev())
}

fn moved_order(rank: usize, source: &AxisList, destination: &AxisList) -> Result<Vec<i64>> {
    let dims =
        |axes: &AxisList| axes.as_slice().iter().map(|&axis| resolve_axis(axis, rank)).collect::<Result<Vec<_>>>();
    let (from, to) = (dims(source)?, dims(destination)?);
    let twice = |dims: &[usize]| (1..dims.len()).any(|i| dims[..i].contains(&dims[i]));
    if from.len() != to.len() || twice(&from) || twice(&to) {
        bail!("moveaxis needs as many destinations as sources, each once, received {source:?} and {destination:?}")
    }
    let mut rest = (0..rank).filter(|dim| !from.contains(dim));
    let at = |place: usize, rest: &mut dyn Iterator<Item = usize>| match to.iter().position(|&to| to == place) {
        Some(i) => Some(from[i]),
        None => rest.next(),
    };
    Ok((0..rank).filter_map(|place| at(place, &mut rest)).map(|dim| dim as i64).collect())
}

fn pad_widths(rank: usize, widths: &PadWidth) -> Result<Vec<(usize, usize)>> {
    let pairs = match widths {
        PadWidth::All(width) => vec![[*width; 2]; rank],
        PadWidth::Pair(pair) => vec![*pair; rank],
        PadWidth::Each(pairs) if pairs.len() == 1 => vec![pairs[0]; rank],
        PadWidth::Each(pairs) => pairs.clone(),
    };
    let pair = |[before, behind]: [i64; 2]| Some((usize::try_from(before).ok()?, usize::try_from(behind).ok()?));
    match pairs.into_iter().map(pair).collect::<Option<Vec<_>>>() {
        Some(pairs) if pairs.len() == rank => Ok(pairs),
        _ => bail!("pad_width needs a pair of sizes for each of the {rank} axes, received {widths:?}"),
    }
}

/// Which element of an axis of this size is `offset` places behind the first, or before it; `None` is a constant.
fn pad_index(mode: &str, offset: i64, size: usize) -> Result<Option<usize>> {
    let size = size as i64;
    let inside = (0..size).contains(&offset);
    Ok(match mode {
        "constant" => inside.then_some(offset as usize),
        "symmetric" => {
            let place = offset.rem_euclid(2 * size);
            Some(place.min(2 * size - 1 - place) as usize)
        }
        "reflect" if size == 1 => Some(0),
        "reflect" => {
            let place = offset.rem_euclid(2 * size - 2);
            Some(place.min(2 * size - 2 - place) as usize)
        }
        _ => return Err(crate::Error::unknown("mode of pad", mode, &["constant", "reflect", "symmetric"]).into()),
    })
}

fn padded(x: &Tensor, widths: &[(usize, usize)], mode: &str, constant: f64) -> Result<Tensor> {
    let mut y = x.clone();
    for (dim, &(before, behind)) in widths.iter().enumerate().filter(|(_, widths)| **widths != (0, 0)) {
        let size = y.dims()[dim];
        if mode == "constant" {
            let beside = |width: usize| {
                let mut shape = y.dims().to_vec();
                shape[dim] = width;
                full_of(&shape, constant, y.dtype())?.to_device(y.device())
            };
            y = Tensor::cat(&[&beside(before)?, &y.contiguous()?, &beside(behind)?], dim)?;
            continue;
        }
        let places = -(before as i64)..(size + behind) as i64;
        let ids = places.map(|offset| Ok(pad_index(mode, offset, size)?.unwrap_or(0))).collect::<Result<Vec<_>>>()?;
        y = shape::at(&y, dim, ids)?;
    }
    Ok(y)
}

/// How often each element is repeated, one number if all as often, and how many there are then.
fn repetitions(size: usize, repeats: &Integers) -> Result<(Vec<usize>, usize)> {
    let counts = sizes(repeats.as_slice())?;
    let total = match counts.as_slice() {
        [one] => size.checked_mul(*one),
        each if each.len() == size => each.iter().try_fold(0usize, |sum, &count| sum.checked_add(count)),
        _ => bail!("repeat needs one number or one for each of {size} elements, received {repeats:?}"),
    };
    match total {
        Some(total) => Ok((counts, total)),
        None => bail!("the repeats {repeats:?} are too large"),
    }
}

/// `x` and the dimension of an axis, or all elements along one axis.
pub(super) fn of_axis(x: &Tensor, axis: &SomeAxes) -> Result<(Tensor, usize)> {
    Ok(match axis.one()? {
        Some(axis) => (x.clone(), resolve_axis(axis, x.rank())?),
        None => (shape::reshaped(x, &[x.elem_count()])?, 0),
    })
}

/// By how many places which dimensions are rolled.
fn rolls(rank: usize, shift: &Integers, axis: &SomeAxes) -> Result<Vec<(usize, i64)>> {
    let shifts = shift.as_slice();
    let Some(axes) = axis.as_slice() else {
        return Ok(vec![(0, shifts.iter().fold(0i64, |sum, &shift| sum.wrapping_add(shift)))]);
    };
    if shifts.len() != axes.len() && shifts.len() != 1 && axes.len() != 1 {
        bail!("roll needs a shift for each axis, received {shift:?} and {axis:?}")
    }
    let at = |list: &[i64], i: usize| list.get(i).or(list.first()).copied().unwrap_or(0);
    (0..axes.len().max(shifts.len()).min(if axes.is_empty() || shifts.is_empty() { 0 } else { usize::MAX }))
        .map(|i| Ok((resolve_axis(at(axes, i), rank)?, at(shifts, i))))
        .collect()
}

fn rolled(x: &Tensor, dim: usize, shift: i64) -> Result<Tensor> {
    let size = x.dims()[dim] as i64;
    shape::at(x, dim, (0..size).map(|i| (i - shift.rem_euclid(size)).rem_euclid(size) as usize))
}

/// Two dimensions that differ.
fn plane(rank: usize, axes: &[i64; 2]) -> Result<(usize, usize)> {
    let (a, b) = (resolve_axis(axes[0], rank)?, resolve_axis(axes[1], rank)?);
    if a == b {
        bail!("two axes that differ are needed, received {axes:?}")
    }
    Ok((a, b))
}

/// The shape, and the number of repetitions of each axis, both with ones in front where the other is longer.
fn tiles(shape: &[usize], repeats: &Integers) -> Result<(Vec<usize>, Vec<usize>)> {
    let repeats = sizes(repeats.as_slice())?;
    let rank = shape.len().max(repeats.len());
    let longer = |list: &[usize]| [&vec![1; rank - list.len()], list].concat();
    Ok((longer(shape), longer(&repeats)))
}

operations! {
    /// Functions of a list of operands.
    mod joined: Numpy, Composition;

    /// The operands one after another along `axis`, or all their elements.
    Append append(x1, x2)[axis: SomeAxes = ()]: match axis.one()? {
        Some(axis) => concatenated(&[x1, x2], axis),
        None => {
            let flat = |x: &Spec| Ok::<_, candle_core::Error>(x.shaped([lengths::elements(&x.shape)?]));
            concatenated(&[&flat(x1)?, &flat(x2)?], 0)
        }
    } => of_both(x1, x2, |x, y| {
        let ((x, dim), (y, _)) = (of_axis(x, axis)?, of_axis(y, axis)?);
        shape::concatenate(&[x, y], dim as i64)
    });
    /// The operands one after another along `axis`; all other sizes must agree.
    Concatenate concatenate([xs])[axis: i64 = 0]: concatenated(xs, *axis) => shape::concatenate(&common(xs)?, *axis);
    /// The operands one after another along the third axis, those with fewer axes as columns of it.
    Dstack dstack([xs]): concatenated(&deep_specs(xs).iter().collect::<Vec<_>>(), 2) => {
        let deep = |x: &Tensor| x.reshape(deep_shape(x.dims()));
        shape::concatenate(&common(xs)?.iter().map(deep).collect::<Result<Vec<_>>>()?, 2)
    };
    /// The operands side by side: along the second axis, vectors along the first.
    Hstack hstack([xs]): {
        let all: Vec<Spec> = xs.iter().map(|x| x.shaped(at_least(&x.shape, 1))).collect();
        concatenated(&all.iter().collect::<Vec<_>>(), i64::from(all[0].rank() > 1))
    } => {
        let all = common(xs)?.iter().map(|x| x.reshape(at_least(x.dims(), 1))).collect::<Result<Vec<_>>>()?;
        shape::concatenate(&all, i64::from(all[0].rank() > 1))
    };
    /// The operands side by side along a new axis.
    Stack stack([x])[axis: i64 = 0]: stacked(x, *axis) => shape::stack(&common(x)?, *axis);
    /// The operands one below another: along the first axis, vectors as rows.
    Vstack vstack([xs]): {
        let all: Vec<Spec> = xs.iter().map(|x| x.shaped(at_least(&x.shape, 2))).collect();
        concatenated(&all.iter().collect::<Vec<_>>(), 0)
    } => {
        let all = common(xs)?.iter().map(|x| x.reshape(at_least(x.dims(), 2))).collect::<Result<Vec<_>>>()?;
        shape::concatenate(&all, 0)
    };
}

/// The shape with ones in front, so that it has so many axes.
fn at_least(shape: &[usize], rank: usize) -> Vec<usize> {
    [&vec![1; rank.saturating_sub(shape.len())], shape].concat()
}

/// A vector as a row of pixels, a matrix as an image, of one channel.
fn deep_shape(shape: &[usize]) -> Vec<usize> {
    match at_least(shape, 1).as_slice() {
        [n] => vec![1, *n, 1],
        [m, n] => vec![*m, *n, 1],
        more => more.to_vec(),
    }
}

fn deep_specs(xs: &[&Spec]) -> Vec<Spec> {
    xs.iter().map(|x| x.shaped(deep_shape(&x.shape))).collect()
}

operations! {
    /// Functions with several outputs.
    mod parts_of: Numpy, Composition;

    /// `x` in so many parts along `axis`, the first ones longer by an element if they cannot be equal; or parts that end at these indices.
    ArraySplit array_split(x)[indices_or_sections: Integers, axis: i64 = 0] -> (|n| sections(indices_or_sections)):
        split_specs(x, indices_or_sections, *axis, false) => split_into(x, indices_or_sections, *axis, false);
    /// [`split`] along the third axis.
    Dsplit dsplit(x)[indices_or_sections: Integers] -> (|n| sections(indices_or_sections)):
        split_specs(x, indices_or_sections, 2, true) => split_into(x, indices_or_sections, 2, true);
    /// [`split`] along the second axis, that of a vector along the first.
    Hsplit hsplit(x)[indices_or_sections: Integers] -> (|n| sections(indices_or_sections)):
        split_specs(x, indices_or_sections, i64::from(x.rank() > 1), true)
        => split_into(x, indices_or_sections, i64::from(x.rank() > 1), true);
    /// Vectors as grids: each with an axis of its own, repeated along those of the others. `indexing` is `xy`, which exchanges the first two
    /// axes, or `ij`.
    Meshgrid meshgrid(x*)[indexing: String = "xy"] -> (|n| n): {
        let shape = grid_shape(&x.iter().map(|x| lengths::elements(&x.shape)).collect::<Result<Vec<_>>>()?, indexing)?;
        Ok(x.iter().map(|x| x.shaped(shape.as_slice())).collect::<Vec<_>>())
    } => {
        let counts: Vec<usize> = x.iter().map(|x| x.elem_count()).collect();
        let shape = grid_shape(&counts, indexing)?;
        lengths::allocated(&shape, DType::F64)?;
        let grid = |(i, x): (usize, &&Tensor)| {
            let place = if indexing == "xy" && counts.len() > 1 && i < 2 { 1 - i } else { i };
            let mut alone = vec![1; counts.len()];
            alone[place] = counts[i];
            x.reshape(alone)?.broadcast_as(shape.as_slice())?.contiguous()
        };
        x.iter().enumerate().map(grid).collect::<Result<Vec<Tensor>>>()
    };
    /// `x` in so many equal parts along `axis`, or in parts that end at these indices.
    Split split(x)[indices_or_sections: Integers, axis: i64 = 0] -> (|n| sections(indices_or_sections)):
        split_specs(x, indices_or_sections, *axis, true) => split_into(x, indices_or_sections, *axis, true);
    /// [`split`] along the first axis.
    Vsplit vsplit(x)[indices_or_sections: Integers] -> (|n| sections(indices_or_sections)):
        split_specs(x, indices_or_sections, 0, true) => split_into(x, indices_or_sections, 0, true);
}

/// How many parts there are; more than these are an error.
const MOST_PARTS: usize = 1 << 16;

fn sections(parts: &Integers) -> usize {
    match parts {
        Integers::One(count) => usize::try_from(*count).unwrap_or(0).min(MOST_PARTS),
        Integers::Many(ends) => ends.len() + 1,
    }
}

/// Where the parts of an axis begin and end.
fn bounds(size: usize, parts: &Integers, equal: bool) -> Result<Vec<(usize, usize)>> {
    let mut ends: Vec<usize> = match parts {
        Integers::One(count) if !(1..=MOST_PARTS as i64).contains(count) => {
            bail!("an axis is split into at least 1 and at most {MOST_PARTS} parts, received {count}")
        }
        Integers::One(count) => {
            let count = *count as usize;
            if equal && !size.is_multiple_of(count) {
                bail!("an axis of size {size} cannot be split into {count} equal parts")
            }
            (1..count).map(|i| i * (size / count) + i.min(size % count)).collect()
        }
        Integers::Many(ends) => {
            let end = |&end: &i64| if end < 0 { end.saturating_add(size as i64).max(0) as usize } else { end as usize };
            ends.iter().map(|at| end(at).min(size)).collect()
        }
    };
    ends.push(size);
    let mut from = 0;
    let bound = |end: usize| {
        let bound = (from, end.max(from));
        from = end;
        bound
    };
    Ok(ends.into_iter().map(bound).collect())
}

fn split_specs(x: &Spec, parts: &Integers, axis: i64, equal: bool) -> Result<Vec<Spec>> {
    let dim = x.dim(axis)?;
    let part = |(from, to): (usize, usize)| {
        let mut shape = x.shape.clone();
        shape[dim] = to - from;
        x.shaped(shape)
    };
    Ok(bounds(x.shape[dim], parts, equal)?.into_iter().map(part).collect())
}

fn split_into(x: &Tensor, parts: &Integers, axis: i64, equal: bool) -> Result<Vec<Tensor>> {
    let dim = resolve_axis(axis, x.rank())?;
    let part = |(from, to): (usize, usize)| x.narrow(dim, from, to - from);
    bounds(x.dims()[dim], parts, equal)?.into_iter().map(part).collect()
}

fn grid_shape(counts: &[usize], indexing: &str) -> Result<Vec<usize>> {
    let mut shape = counts.to_vec();
    match indexing {
        "xy" if shape.len() > 1 => shape.swap(0, 1),
        "xy" | "ij" => {}
        _ => return Err(crate::Error::unknown("indexing of meshgrid", indexing, &["xy", "ij"]).into()),
    }
    Ok(shape)
}

operations! {
    /// Functions of diagonals.
    mod diagonals: Numpy, Composition;

    /// The `k`-th diagonal of a matrix, or the matrix with this diagonal.
    Diag diag(x)[k: i64 = 0]: match x.rank() {
        1 => Ok(x.shaped([longer(x.shape[0], *k)?; 2])),
        2 => Ok(x.shaped([diagonal_length(x.shape[0], x.shape[1], *k)])),
        rank => bail!("diag takes a vector or a matrix, received a tensor of rank {rank}"),
    } => if x.rank() == 1 { with_diagonal(x, *k) } else { diagonal_of(x, *k, 0, 1) };
    /// The matrix with the elements of `x` as its `k`-th diagonal.
    Diagflat diagflat(x)[k: i64 = 0]: Ok(x.shaped([longer(lengths::elements(&x.shape)?, *k)?; 2]))
        => with_diagonal(&x.flatten_all()?, *k);
    /// The diagonals of the matrices in two axes, `offset` columns to the right, along a new last axis.
    Diagonal diagonal(x)[offset: i64 = 0, axis1: i64 = 0, axis2: i64 = 1]: {
        let (a, b) = plane(x.rank(), &[*axis1, *axis2])?;
        let rest = (0..x.rank()).filter(|dim| ![a, b].contains(dim)).map(|dim| x.shape[dim]);
        Ok(x.shaped(rest.chain([diagonal_length(x.shape[a], x.shape[b], *offset)]).collect::<Vec<_>>()))
    } => {
        let (a, b) = plane(x.rank(), &[*axis1, *axis2])?;
        diagonal_of(x, *offset, a, b)
    };
    /// The sums of the diagonals of the matrices in two axes.
    Trace trace(x)[offset: i64 = 0, axis1: i64 = 0, axis2: i64 = 1]: {
        let (a, b) = plane(x.rank(), &[*axis1, *axis2])?;
        let rest = (0..x.rank()).filter(|dim| ![a, b].contains(dim)).map(|dim| x.shape[dim]);
        let dtype = if x.dtype == DType::U8 { DType::I32 } else { x.dtype };
        Ok(Spec::new(rest.collect::<Vec<_>>(), dtype))
    } => {
        let (a, b) = plane(x.rank(), &[*axis1, *axis2])?;
        let diagonal = diagonal_of(x, *offset, a, b)?;
        if diagonal.elem_count() == 0 {
            let last = diagonal.rank() - 1;
            return Ok(vec![Tensor::zeros(&diagonal.dims()[..last], x.dtype(), x.device())?]);
        }
        sum(&diagonal, -1)
    };
    /// The elements on and below the `k`-th diagonal of matrices; the others are 0.
    Tril tril(x)[k: i64 = 0]: triangle_spec(x) => triangle(x, *k, true);
    /// The elements on and above the `k`-th diagonal of matrices; the others are 0.
    Triu triu(x)[k: i64 = 0]: triangle_spec(x) => triangle(x, *k, false);
}

/// The size of a square matrix with so many elements on its `k`-th diagonal.
fn longer(length: usize, k: i64) -> Result<usize> {
    match usize::try_from(k.unsigned_abs()).ok().and_then(|k| length.checked_add(k)) {
        Some(size) => Ok(size),
        None => bail!("the diagonal {k} is too far out"),
    }
}

fn diagonal_length(rows: usize, columns: usize, k: i64) -> usize {
    let away = usize::try_from(k.unsigned_abs()).unwrap_or(usize::MAX);
    if k >= 0 { rows.min(columns.saturating_sub(away)) } else { columns.min(rows.saturating_sub(away)) }
}

fn diagonal_of(x: &Tensor, k: i64, a: usize, b: usize) -> Result<Tensor> {
    let rest: Vec<usize> = (0..x.rank()).filter(|dim| ![a, b].contains(dim)).collect();
    let order: Vec<i64> = rest.iter().chain(&[a, b]).map(|&dim| dim as i64).collect();
    let (rows, columns) = (x.dims()[a], x.dims()[b]);
    let length = diagonal_length(rows, columns, k);
    let shape: Vec<usize> = rest.iter().map(|&dim| x.dims()[dim]).chain([length]).collect();
    let count = lengths::elements(&shape[..shape.len() - 1])?;
    let matrices = shape::transpose(x, Some(&order))?.reshape((count, rows * columns))?;
    let (down, right) = (usize::try_from(-k.max(-(rows as i64))).unwrap_or(0), usize::try_from(k).unwrap_or(0));
    shape::at(&matrices, 1, (0..length).map(|i| (i + down) * columns + i + right))?.reshape(shape)
}

fn with_diagonal(x: &Tensor, k: i64) -> Result<Tensor> {
    let size = longer(x.elem_count(), k)?;
    let (down, right) = (usize::try_from(-k).unwrap_or(0), usize::try_from(k).unwrap_or(0));
    shape::rearranged(x, &[size, size], |at| (at[0] + right == at[1] + down).then(|| at[0] - down))
}

fn triangle_spec(x: &Spec) -> Result<Spec> {
    if x.rank() < 2 {
        bail!("tril and triu take matrices, received the shape {:?}", x.shape)
    }
    Ok(x.clone())
}

fn triangle(x: &Tensor, k: i64, lower: bool) -> Result<Tensor> {
    let (rows, columns) = (x.dims()[x.rank() - 2], x.dims()[x.rank() - 1]);
    let kept = |i: usize| {
        let above = (i % columns) as i64 - (i / columns) as i64;
        u8::from(if lower { above <= k } else { above >= k })
    };
    let mask: Vec<u8> = (0..rows * columns).map(kept).collect();
    let mask = Tensor::from_vec(mask, (rows, columns), x.device())?;
    elementwise::where_(&mask, x, &Tensor::zeros(1, x.dtype(), x.device())?)
}

/// The differences of neighbours along `axis`, `n` times.
fn differences(a: &Tensor, n: i64, dim: usize) -> Result<Tensor> {
    (0..n).try_fold(a.clone(), |a, _| {
        let size = a.dims()[dim];
        subtract(&a.narrow(dim, 1, size - 1)?, &a.narrow(dim, 0, size - 1)?)
    })
}

operations! {
    /// Functions of neighbours.
    mod neighbours: Numpy, Composition;

    /// The differences of neighbours along `axis`, `n` times.
    Diff diff(a)[n: i64 = 1, axis: i64 = -1]: {
        let dim = a.dim(*axis)?;
        let Ok(count) = usize::try_from(*n) else { bail!("diff cannot be taken {n} times") };
        let mut shape = a.shape.clone();
        shape[dim] = shape[dim].saturating_sub(count);
        Ok(a.shaped(shape))
    } => differences(a, *n, resolve_axis(*axis, a.rank())?);
    /// The integral of `y` along `axis` by the trapezoidal rule, at places `dx` apart, or at the places `x`.
    Trapezoid trapezoid(y; x)[dx: f64 = 1.0, axis: i64 = -1]: {
        let dim = y.dim(*axis)?;
        if let Some(x) = x.filter(|x| x.shape != y.shape && x.shape != [y.shape[dim]]) {
            bail!("the places of trapezoid have the shape of y or of its axis, received {:?} and {:?}", x.shape, y.shape)
        }
        let shape = [&y.shape[..dim], &y.shape[dim + 1..]].concat();
        Ok(common_spec(&[&y.shaped([]), &x.unwrap_or(y).shaped([])])?.float().shaped(shape))
    } => {
        let dim = resolve_axis(*axis, y.rank())?;
        let y = elementwise::float(y)?;
        let size = y.dims()[dim];
        if size < 2 {
            return Ok(vec![y.detach().sum(dim)?.zeros_like()?]);
        }
        let means = ((y.narrow(dim, 1, size - 1)? + y.narrow(dim, 0, size - 1)?)? * 0.5)?;
        let widths = match x {
            None => return Ok(vec![reduce::sum(&(means * *dx)?, dim as i64)?]),
            Some(x) if x.rank() == 1 => {
                let mut alone = vec![1; y.rank()];
                alone[dim] = size;
                differences(&x.reshape(alone)?, 1, dim)?
            }
            Some(x) => differences(x, 1, dim)?,
        };
        reduce::sum(&multiply(&means, &widths)?, dim as i64)
    };
}
