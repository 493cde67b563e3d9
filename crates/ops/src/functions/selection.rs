//! Functions that choose elements, order them, or encode numbers.

use super::shapes::{of_axis, sizes};
use super::*;
use crate::axes::resolve_axis;
use crate::operation::broadcast_shape;
use crate::{embedding, lengths, rows, shape};
use candle_core::{Device, bail};

operations! {
    /// Elements at indices.
    mod chosen_elements: Numpy, Composition;

    /// The elements of `x` along `axis` at these indices, or of all elements; negative ones count from the end. In the place of the axis are
    /// those of the indices.
    Take take(x, indices)[axis: SomeAxes = ()]: Ok(match axis.one()? {
        Some(axis) => {
            let dim = x.dim(axis)?;
            x.shaped([&x.shape[..dim], &indices.shape, &x.shape[dim + 1..]].concat())
        }
        None => x.shaped(indices.shape.as_slice()),
    }) => {
        let (flat, dim) = of_axis(x, axis)?;
        let ids = whole_indices(indices, flat.dims()[dim])?;
        let output = [&flat.dims()[..dim], indices.dims(), &flat.dims()[dim + 1..]].concat();
        shape::at(&flat, dim, ids)?.reshape(output)
    };
    /// The elements of `x` along `axis` at indices of their own for each row; the other sizes broadcast.
    TakeAlongAxis take_along_axis(x, indices)[axis: SomeAxes = ()]: Ok(match axis.one()? {
        Some(axis) => x.shaped(along_shapes(&x.shape, &indices.shape, axis)?.1),
        None => x.shaped([lengths::elements(&indices.shape)?]),
    }) => {
        let (x, indices, dim) = match axis.one()? {
            Some(axis) => {
                let (ours, theirs) = along_shapes(x.dims(), indices.dims(), axis)?;
                (x.broadcast_as(ours)?, indices.broadcast_as(theirs)?, resolve_axis(axis, x.rank())?)
            }
            None => (x.flatten_all()?, indices.flatten_all()?, 0),
        };
        let ids: Vec<u32> = whole_indices(&indices, x.dims()[dim])?.into_iter().map(|i| i as u32).collect();
        rows::gather(&x, &Tensor::from_vec(ids, indices.shape(), x.device())?, dim)
    };
}

/// The indices as whole numbers from 0; negative ones count from the end.
fn whole_indices(indices: &Tensor, size: usize) -> Result<Vec<usize>> {
    if indices.dtype().is_float() && indices.rank() > 0 {
        bail!("indices are whole numbers, received the dtype {}", crate::dtype_name(indices.dtype()))
    }
    let indices: Vec<i64> = indices.contiguous()?.flatten_all()?.to_dtype(DType::I64)?.to_vec1()?;
    indices.into_iter().map(|index| shape::index_of(index, size)).collect()
}

/// The shapes of a tensor and of indices into its rows, with the other axes broadcast.
fn along_shapes(x: &[usize], indices: &[usize], axis: i64) -> Result<(Vec<usize>, Vec<usize>)> {
    let dim = resolve_axis(axis, x.len())?;
    if indices.len() != x.len() {
        bail!("the indices need {} axes, as the tensor has, received the shape {indices:?}", x.len())
    }
    let without = |shape: &[usize]| [&shape[..dim], &[1], &shape[dim + 1..]].concat();
    let common = broadcast_shape(&without(x), &without(indices))?;
    let with = |size: usize| [&common[..dim], &[size], &common[dim + 1..]].concat();
    Ok((with(x[dim]), with(indices[dim])))
}

/// The indices of the elements that are not 0: a vector for each axis, as i32. Keras: `keras.ops.nonzero`, and `keras.ops.where` of one
/// argument.
///
/// # Errors
/// If there is not enough memory.
pub fn nonzero(x: &Tensor) -> Result<Vec<Tensor>> {
    lengths::check([x])?;
    let truth: Vec<u8> = truth(x)?.contiguous()?.flatten_all()?.to_vec1()?;
    let places: Vec<_> = (0..truth.len()).filter(|&i| truth[i] != 0).map(|i| crate::position(i, x.dims())).collect();
    let along = |dim: usize| {
        let indices: Vec<i32> = places.iter().map(|place| place[dim] as i32).collect();
        Tensor::from_vec(indices, places.len(), &Device::Cpu)?.to_device(x.device())
    };
    (0..x.rank()).map(along).collect()
}

/// Where the first of the conditions is not 0, its choice; the default where none is. Keras: `keras.ops.select`.
#[track_caller]
pub fn select<X: Operand<Output = Result<X>>>(conditions: &[&X], choices: &[&X], default: &X) -> Result<X> {
    if conditions.len() != choices.len() || conditions.is_empty() {
        bail!("select needs a choice for each condition, received {} and {}", conditions.len(), choices.len())
    }
    let mut rest = conditions.iter().zip(choices).rev();
    let Some((&condition, &choice)) = rest.next() else { bail!("select needs a condition") };
    let last = where_(condition, choice, default)?;
    rest.try_fold(last, |other, (condition, choice)| where_(*condition, *choice, &other))
}

operations! {
    /// Orders.
    mod sorted: Numpy, Host;

    /// Indices in an order in which the element at place `kth` is where it is when all are sorted, smaller ones before it: here all are.
    Argpartition argpartition(x)[kth: i64, axis: i64 = -1]: {
        let dim = x.dim(*axis)?;
        if x.shape[dim] > 0 {
            shape::index_of(*kth, x.shape[dim])?;
        }
        Ok(x.with(DType::I32))
    } => rows::argsort(x, resolve_axis(*axis, x.rank())?, false)?.to_dtype(DType::I32);
    /// The indices of the elements along `axis` in rising order, as i32; equal ones stay in order, and NaN are the largest.
    Argsort argsort(x)[axis: SomeAxes = -1]: Ok(match axis.one()? {
        Some(axis) => x.dim(axis).map(|_| x.with(DType::I32))?,
        None => Spec::new([lengths::elements(&x.shape)?], DType::I32),
    }) => {
        let (x, dim) = of_axis(x, axis)?;
        rows::argsort(&x, dim, false)?.to_dtype(DType::I32)
    };
    /// The place at which each number belongs in rising bins, as i32: how many of them are at most as large.
    Digitize digitize(x, bins): place_spec(x, bins) => places(bins, x, true);
    /// Where the elements of `x1` are among those of `x2`, as u8; or are not, if `invert`.
    IsIn isin(x1, x2)[assume_unique: bool = false, invert: bool = false]: Ok(x1.with(DType::U8)) => {
        let sorted = sort(&x2.detach().flatten_all()?, -1)?;
        is_among(x1, &sorted, *invert)
    };
    /// The place at which each number belongs in a sorted sequence, as i32: before equal elements on the side `left`, behind them on `right`.
    SearchSorted searchsorted(sorted_sequence, values)[side: String = "left"]: {
        if !["left", "right"].contains(&side.as_str()) {
            return Err(crate::Error::unknown("side of searchsorted", side, &["left", "right"]).into());
        }
        place_spec(values, sorted_sequence)
    } => places(sorted_sequence, values, side == "right");
    /// The elements along `axis` in rising order; NaN are the last.
    Sort sort(x)[axis: SomeAxes = -1]: Ok(match axis.one()? {
        Some(axis) => x.dim(axis).map(|_| x.clone())?,
        None => x.shaped([lengths::elements(&x.shape)?]),
    }) => {
        let (x, dim) = of_axis(x, axis)?;
        rows::gather(&x, &rows::argsort(&x, dim, false)?, dim)
    };
    /// The indices into a tensor of this shape for indices into its flat elements: a tensor for each axis.
    UnravelIndex unravel_index(indices)[shape: Vec<i64>] -> (|n| shape.len()): {
        if indices.dtype.is_float() {
            bail!("indices are whole numbers, received the dtype {}", crate::dtype_name(indices.dtype))
        }
        sizes(shape)?;
        Ok(vec![indices.clone(); shape.len()])
    } => {
        let sizes = sizes(shape)?;
        let flat = whole_indices(indices, lengths::elements(&sizes)?)?;
        let along = |dim: usize| {
            let of: Vec<i64> = flat.iter().map(|&i| crate::position(i, &sizes)[dim] as i64).collect();
            Tensor::from_vec(of, indices.shape(), &Device::Cpu)?.to_device(indices.device())
        };
        (0..sizes.len()).map(along).collect::<Result<Vec<Tensor>>>()
    };
}

fn place_spec(values: &Spec, sequence: &Spec) -> Result<Spec> {
    if sequence.rank() != 1 {
        bail!("the sorted numbers are a vector, received the shape {:?}", sequence.shape)
    }
    Ok(values.with(DType::I32))
}

/// The numbers of a tensor as doubles; those of i64 beyond 53 bits are rounded.
fn doubles(x: &Tensor) -> Result<Vec<f64>> {
    x.contiguous()?.flatten_all()?.to_dtype(DType::F64)?.to_vec1()
}

/// How many numbers of a rising sequence are less than each value, or at most as large; NaN are the largest.
fn places(sequence: &Tensor, values: &Tensor, with_equal: bool) -> Result<Tensor> {
    let sequence = doubles(sequence)?;
    let place = |value: f64| {
        let before = |x: &f64| match with_equal {
            true => *x <= value || value.is_nan(),
            false => *x < value || (value.is_nan() && !x.is_nan()),
        };
        sequence.partition_point(before) as i32
    };
    let places: Vec<i32> = doubles(values)?.into_iter().map(place).collect();
    Tensor::from_vec(places, values.shape(), &Device::Cpu)?.to_device(values.device())
}

fn is_among(x: &Tensor, sorted: &Tensor, invert: bool) -> Result<Tensor> {
    let sorted = doubles(sorted)?;
    let found = |value: f64| {
        let place = sorted.partition_point(|x| *x < value);
        u8::from((sorted.get(place) == Some(&value)) != invert)
    };
    let found: Vec<u8> = doubles(x)?.into_iter().map(found).collect();
    Tensor::from_vec(found, x.shape(), &Device::Cpu)?.to_device(x.device())
}

operations! {
    /// The largest elements.
    mod largest: Math, Host;

    /// Where the predictions for the targets are among the `k` largest of their row, as u8.
    InTopK in_top_k(targets, predictions)[k: i64]: {
        if predictions.rank() != 2 || targets.shape != predictions.shape[..1] {
            bail!(
                "in_top_k takes a row of predictions for each target, received the shapes {:?} and {:?}",
                targets.shape,
                predictions.shape
            )
        }
        Ok(targets.with(DType::U8))
    } => {
        let (count, width) = predictions.dims2()?;
        let (targets, values) = (whole_indices(targets, width)?, doubles(predictions)?);
        let found = |i: usize| {
            let (row, target) = (&values[i * width..][..width], values[i * width + targets[i]]);
            u8::from(target.is_finite() && (row.iter().filter(|x| **x > target).count() as i64) < *k)
        };
        Tensor::from_vec((0..count).map(found).collect::<Vec<_>>(), count, &Device::Cpu)?.to_device(predictions.device())
    };
    /// The `k` largest elements along the last axis in falling order, and their indices as i32.
    TopK top_k(x)[k: i64, sorted: bool = true] -> 2: {
        let (Some(&size), Ok(count)) = (x.shape.last(), usize::try_from(*k)) else {
            bail!("top_k takes the k largest of a row, received k = {k} and the shape {:?}", x.shape)
        };
        if count > size {
            bail!("a row of {size} elements has no {k} largest ones")
        }
        let mut shape = x.shape.clone();
        shape[x.rank() - 1] = count;
        Ok([x.shaped(shape.as_slice()), Spec::new(shape, DType::I32)])
    } => {
        let last = x.rank() - 1;
        let order = rows::argsort(x, last, true)?.narrow(last, 0, *k as usize)?.contiguous()?;
        Ok([rows::gather(x, &order, last)?, order.to_dtype(DType::I32)?])
    };
}

operations! {
    /// Encodings of whole numbers.
    mod codes: Nn, Host;

    /// Ones at the numbers of `inputs` along a new axis of this size, in the place of their last axis: whether each class occurs.
    MultiHot multi_hot(inputs)[num_classes: Option<i64> = None, axis: i64 = -1, dtype: SomeDType = None]: {
        let [rest @ .., _] = inputs.shape.as_slice() else { bail!("multi_hot takes no scalar") };
        hot_spec(rest, classes_of(num_classes)?, *axis, dtype)
    } => {
        let hot = one_hot_of(inputs, classes_of(num_classes)?, dtype.or(DType::F32)?)?;
        let places = inputs.rank() - 1;
        let any = match hot.dim(places)? {
            0 => hot.sum(places)?,
            _ => crate::reduce::max(&hot, places as i64)?,
        };
        moveaxis(&any, -1, *axis)
    };
    /// 1 at the number along a new axis of this size, 0 elsewhere; numbers out of range have none.
    OneHot one_hot(x)[num_classes: i64, axis: i64 = -1, dtype: SomeDType = None]: hot_spec(&x.shape, classes_of(&Some(*num_classes))?, *axis, dtype)
        => moveaxis(&one_hot_of(x, classes_of(&Some(*num_classes))?, dtype.or(DType::F32)?)?, -1, *axis);
}

fn classes_of(count: &Option<i64>) -> Result<usize> {
    match count.map(usize::try_from) {
        Some(Ok(count)) => Ok(count),
        _ => bail!("the number of classes is needed, received {}", crate::operation::shown(count)),
    }
}

fn hot_spec(shape: &[usize], classes: usize, axis: i64, dtype: &SomeDType) -> Result<Spec> {
    let dim = resolve_axis(axis, shape.len() + 1)?;
    Ok(Spec::new(crate::operation::with_size(shape, dim, classes), dtype.or(DType::F32)?))
}

/// One-hot along a new last axis.
fn one_hot_of(x: &Tensor, classes: usize, dtype: DType) -> Result<Tensor> {
    let shape = [x.dims(), &[classes]].concat();
    let mut hot = vec![0u8; lengths::allocated(&shape, dtype)?];
    for (i, class) in doubles(x)?.into_iter().enumerate() {
        if class >= 0.0 && class < classes as f64 && class.fract() == 0.0 {
            hot[i * classes + class as usize] = 1;
        }
    }
    Tensor::from_vec(hot, shape, &Device::Cpu)?.to_dtype(dtype)?.to_device(x.device())
}

/// How often each whole number from 0 on occurs in `x`, or the sum of the weights of its places; at least `minlength` of them, over the last
/// axis of a matrix. Keras: `keras.ops.bincount`.
///
/// # Errors
/// If a number is negative or a fraction, or the shapes do not fit.
pub fn bincount(x: &Tensor, weights: Option<&Tensor>, minlength: usize) -> Result<Tensor> {
    lengths::check([x])?;
    if weights.is_some_and(|weights| weights.dims() != x.dims()) || !(1..=2).contains(&x.rank()) {
        bail!("bincount takes a vector or a matrix, and weights of its shape, received {:?}", x.dims())
    }
    let numbers = embedding::host_ids(x, i32::MAX as usize)?;
    let width = x.dims()[x.rank() - 1];
    let length = numbers.iter().map(|&x| x as usize + 1).max().unwrap_or(0).max(minlength);
    let shape = [&x.dims()[..x.rank() - 1], &[length]].concat();
    let mut counts = vec![0f64; lengths::allocated(&shape, DType::F64)?];
    let weights = weights.map(doubles).transpose()?;
    let dtype = if weights.is_some() { DType::F32 } else { DType::I32 };
    for (i, &number) in numbers.iter().enumerate() {
        counts[i / width.max(1) * length + number as usize] += weights.as_ref().map_or(1.0, |weights| weights[i]);
    }
    Tensor::from_vec(counts, shape, &Device::Cpu)?.to_dtype(dtype)?.to_device(x.device())
}

/// How many elements of `x` are in each of `bins` intervals of one width between the two ends of `range` (by default the smallest and the
/// largest element), and the edges of the intervals. Keras: `keras.ops.histogram`.
///
/// # Errors
/// If there are no bins, or the range is empty.
pub fn histogram(x: &Tensor, bins: usize, range: Option<(f64, f64)>) -> Result<(Tensor, Tensor)> {
    lengths::check([x])?;
    let numbers = doubles(x)?;
    let ends = |range: (f64, f64), x: &f64| (range.0.min(*x), range.1.max(*x));
    let (low, high) = range.unwrap_or_else(|| match numbers.is_empty() {
        true => (0.0, 1.0),
        false => numbers.iter().fold((f64::INFINITY, f64::NEG_INFINITY), ends),
    });
    let (low, high) = if low == high { (low - 0.5, high + 0.5) } else { (low, high) };
    if bins == 0 || low >= high || !(high - low).is_finite() {
        bail!("a histogram needs bins and a range that is not empty, received {bins} bins from {low} to {high}")
    }
    lengths::allocated(&[bins], DType::F64)?;
    let edge = |i: usize| low + (high - low) * i as f64 / bins as f64;
    let mut counts = vec![0i32; bins];
    for &number in numbers.iter().filter(|x| (low..=high).contains(*x)) {
        let mut place = (((number - low) / (high - low) * bins as f64) as usize).min(bins - 1);
        // The quotient may be rounded across an edge.
        while place > 0 && number < edge(place) {
            place -= 1;
        }
        while place + 1 < bins && number >= edge(place + 1) {
            place += 1;
        }
        counts[place] += 1;
    }
    let edges: Vec<f32> = (0..=bins).map(|i| edge(i) as f32).collect();
    let on = |tensor: Tensor| tensor.to_device(x.device());
    Ok((on(Tensor::from_vec(counts, bins, &Device::Cpu)?)?, on(Tensor::from_vec(edges, bins + 1, &Device::Cpu)?)?))
}

/// The different elements of `x` in rising order. Keras: `keras.ops.unique`, without its other outputs.
///
/// # Errors
/// If there is not enough memory.
pub fn unique(x: &Tensor) -> Result<Tensor> {
    lengths::check([x])?;
    let sorted = sort(&x.detach().flatten_all()?, -1)?;
    let numbers = doubles(&sorted)?;
    let first = (0..numbers.len()).filter(|&i| i == 0 || numbers[i] != numbers[i - 1]);
    shape::at(&sorted, 0, first.collect::<Vec<_>>())
}
