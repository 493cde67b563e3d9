//! Functions over axes.

use super::*;
use crate::elementwise::{self, float};
use crate::operation::{broadcast_shape, chosen, common_spec, reduced};
use crate::rows::{self, CumulativeProduct, CumulativeSum, Interpolation, Product, Quantiles, RowFunction};
use crate::{axes, reduce, shape};
use candle_core::bail;

operations! {
    /// Sums.
    mod sums: Numpy, Loop;

    /// The mean over `axis`; that of whole numbers is an f32, as in Keras.
    Mean mean(x)[axis: Axes = ()]: reduced(&x.float(), axis) => reduce::mean(&float(x)?, axis.clone());
    /// The sum over `axis`.
    ///
    /// ```
    /// use candle_keras_ops::{sum, Device, Tensor};
    /// let x = Tensor::new(&[[1f32, 2.], [3., 4.]], &Device::Cpu)?;
    /// assert_eq!(sum(&x, 0)?.to_vec1::<f32>()?, [4., 6.]);
    /// assert_eq!(sum(&x, ())?.to_scalar::<f32>()?, 10.);
    /// # Ok::<(), candle_core::Error>(())
    /// ```
    Sum sum(x)[axis: Axes = ()]: reduced(&counted(x), axis) => sum_of(x, axis);
}

fn sum_of(x: &Tensor, axis: &Axes) -> Result<Tensor> {
    match integers::are_whole(&[x]) {
        true => folded(x, axis, 0, i64::wrapping_add),
        false => reduce::sum(x, axis.clone()),
    }
}

/// Whole numbers over axes, combined by `f`.
fn folded(x: &Tensor, axis: &Axes, start: i64, f: fn(i64, i64) -> i64) -> Result<Tensor> {
    let output = reduced(&counted(&Spec::of(x)), axis)?;
    integers::fold(x, &axis.resolve(x.rank())?, output.dtype, start, f)?.reshape(output.shape)
}

/// A sum of bytes, which also stand for truth values, has to count beyond 255.
fn counted(x: &Spec) -> Spec {
    x.with(if x.dtype == DType::U8 { DType::I32 } else { x.dtype })
}

operations! {
    /// Largest and smallest elements.
    mod extrema: Numpy, Composition;

    /// Whether all elements over `axis` are not 0, as u8.
    All all(x)[axis: Axes = ()]: Ok(chosen(x, axis)?.with(DType::U8)) => reduce::min(&truth(x)?, axis.clone());
    /// [`max`] under its second name.
    Amax amax(x)[axis: Axes = ()]: chosen(x, axis) => reduce::max(x, axis.clone());
    /// [`min`] under its second name.
    Amin amin(x)[axis: Axes = ()]: chosen(x, axis) => reduce::min(x, axis.clone());
    /// Whether one of the elements over `axis` is not 0, as u8.
    Any any(x)[axis: Axes = ()]: Ok(chosen(x, axis)?.with(DType::U8)) => reduce::max(&truth(x)?, axis.clone());
    /// How many elements over `axis` are not 0, as i32.
    CountNonzero count_nonzero(x)[axis: SomeAxes = ()]: reduced(&x.with(DType::I32), &axis.clone().into())
        => sum_of(&truth(x)?.to_dtype(DType::I32)?, &axis.clone().into());
    /// The largest element over `axis`; equal largest elements share the gradient, as in Keras (candle: each gets all of it).
    Max max(x)[axis: Axes = ()]: chosen(x, axis) => reduce::max(x, axis.clone());
    /// The smallest element over `axis`; equal smallest elements share the gradient, as in Keras.
    Min min(x)[axis: Axes = ()]: chosen(x, axis) => reduce::min(x, axis.clone());
    /// The largest element over `axis` less the smallest.
    Ptp ptp(x)[axis: Axes = ()]: chosen(x, axis)
        => subtract(&max(x, axis.clone())?, &min(x, axis.clone())?);
}

operations! {
    /// Means and variances.
    mod statistics: Numpy, Composition;

    /// The mean over `axis`, or of the elements times their weights: of the shape of `x`, or of the one axis.
    Average average(x; weights)[axis: SomeAxes = ()]: {
        let weights = weights.map(|weights| common_spec(&[x, &beside(weights, x, axis)?])).transpose()?;
        let dtype = weights.as_ref().map_or(x.dtype, |all| all.dtype);
        reduced(&weights.unwrap_or(x.clone()).with(dtype).float(), &axis.clone().into())
    } => match weights {
        None => reduce::mean(&float(x)?, Axes::from(axis.clone())),
        Some(weights) => {
            let weights = weights.reshape(beside(&Spec::of(weights), &Spec::of(x), axis)?.shape)?;
            of_both(&float(x)?, &weights, |x, weights| {
                let weights = weights.broadcast_as(broadcast_shape(x.dims(), weights.dims())?)?;
                let axis = Axes::from(axis.clone());
                reduce::sum(&x.broadcast_mul(&weights)?, axis.clone())? / reduce::sum(&weights, axis)?
            })
        }
    };
    /// The standard deviation over `axis`.
    Std std(x)[axis: Axes = ()]: reduced(&x.float(), axis) => variance(&wide(x)?, axis)?.sqrt();
    /// The variance over `axis`.
    Var var(x)[axis: Axes = ()]: reduced(&x.float(), axis) => variance(&wide(x)?, axis);
}

/// Weights of one axis in a shape that broadcasts beside `x`.
fn beside(weights: &Spec, x: &Spec, axis: &SomeAxes) -> Result<Spec> {
    match axis.one() {
        Ok(Some(axis)) if weights.rank() == 1 && x.rank() > 1 => {
            let mut shape = vec![1; x.rank()];
            shape[x.dim(axis)?] = weights.shape[0];
            Ok(weights.shaped(shape))
        }
        _ => Ok(weights.clone()),
    }
}

/// In f32 at least: statistics of 16 bits overflow.
fn wide(x: &Tensor) -> Result<Tensor> {
    if x.dtype() == DType::F64 { Ok(x.clone()) } else { x.to_dtype(DType::F32) }
}

fn variance(x: &Tensor, axis: &Axes) -> Result<Tensor> {
    let mean = reduce::mean(x, axis.clone().keepdims(true))?;
    reduce::mean(&elementwise::square(&x.broadcast_sub(&mean)?)?, axis.clone())
}

operations! {
    /// Moments.
    mod moments: Nn, Composition;

    /// The mean and the variance over `axes`.
    Moments moments(x)[axes: AxisList, keepdims: bool = false] -> 2: {
        let y = reduced(x, &Axes::from(SomeAxes::from(axes.clone())).keepdims(*keepdims))?;
        Ok([y.clone(), y])
    } => {
        let axis = Axes::from(SomeAxes::from(axes.clone())).keepdims(*keepdims);
        let x = wide(x)?;
        Ok([reduce::mean(&x, axis.clone())?, variance(&x, &axis)?])
    };
    /// `x` divided by its norm of this order over `axis`, but by no less than epsilon, which is Keras's 1e-7 by default.
    Normalize normalize(x)[axis: i64 = -1, order: i64 = 2, epsilon: Option<f64> = None]: x.dim(*axis).and_then(|_| {
        if *order < 1 {
            bail!("the order of normalize must be at least 1, received {order}")
        }
        Ok(x.float())
    }) => normalized(&float(x)?, *axis, *order, epsilon.unwrap_or_else(config::epsilon));
}

fn normalized(x: &Tensor, axis: i64, order: i64, epsilon: f64) -> Result<Tensor> {
    let axis = axes(axis).keepdims(true);
    let norm = match order {
        1 => reduce::sum(&elementwise::abs(x)?, axis)?,
        // The square root has no gradient at 0, where the norm is below epsilon.
        2 => return x.broadcast_mul(&limited_rsqrt(&reduce::sum(&elementwise::square(x)?, axis)?, 1.0 / epsilon)?),
        _ => reduce::sum(&elementwise::abs(x)?.powf(order as f64)?, axis)?.powf(1.0 / order as f64)?,
    };
    let floor = Tensor::new(epsilon, x.device())?.to_dtype(x.dtype())?;
    x.broadcast_div(&elementwise::maximum(&norm, &floor)?)
}

/// `1 / sqrt(x)`, but at most the limit.
fn limited_rsqrt(x: &Tensor, limit: f64) -> Result<Tensor> {
    let least = Tensor::new(1.0 / (limit * limit), x.device())?.to_dtype(x.dtype())?;
    elementwise::rsqrt(&elementwise::maximum(x, &least)?)
}

operations! {
    /// Functions of rows that candle does not have.
    mod rows_of: Numpy, Host;

    /// The index of the largest element along `axis`, or of all, as i32: the first of equal ones, or of NaN.
    Argmax argmax(x)[axis: Axes = ()]: index_spec(x, axis) => index_of(x, axis, false);
    /// The index of the smallest element along `axis`, or of all, as i32: the first of equal ones, or of NaN.
    Argmin argmin(x)[axis: Axes = ()]: index_spec(x, axis) => index_of(x, axis, true);
    /// The products of the elements so far along `axis`, or of all.
    Cumprod cumprod(x)[axis: SomeAxes = (), dtype: SomeDType = None]: scan_spec(x, axis, dtype)
        => scanned(x, axis, dtype, CumulativeProduct, i64::wrapping_mul);
    /// The sums of the elements so far along `axis`, or of all.
    Cumsum cumsum(x)[axis: SomeAxes = (), dtype: SomeDType = None]: scan_spec(x, axis, dtype)
        => scanned(x, axis, dtype, CumulativeSum, i64::wrapping_add);
    /// The middle element over `axis` in their order, or the mean of the two in the middle; NaN if one is.
    Median median(x)[axis: Axes = ()]: quantile_spec(x, &HALF, axis) => quantiles(x, &HALF, 1.0, axis, "linear", false);
    /// [`quantile`] of percentages.
    Percentile percentile(x)[@call q: Numbers, axis: Axes = (), method: String = "linear"]: quantile_spec(x, q, axis)
        => quantiles(x, q, 0.01, axis, method, false);
    /// The product over `axis`.
    Prod prod(x)[axis: Axes = (), dtype: SomeDType = None]: product_spec(x, axis, dtype) => product(x, axis, dtype);
    /// The number below which this part of the elements over `axis` is, between two elements by `method`: `linear`, `lower`, `higher`,
    /// `midpoint`, `nearest`. NaN if one is. Several quantiles are along a new first axis.
    Quantile quantile(x)[@call q: Numbers, axis: Axes = (), method: String = "linear"]: quantile_spec(x, q, axis)
        => quantiles(x, q, 1.0, axis, method, false);
}

const HALF: Numbers = Numbers::One(0.5);

fn index_spec(x: &Spec, axis: &Axes) -> Result<Spec> {
    axis.one(x.rank())?;
    Ok(chosen(x, axis)?.with(DType::I32))
}

fn index_of(x: &Tensor, axis: &Axes, smallest: bool) -> Result<Tensor> {
    let output = reduced(&Spec::of(x), axis)?;
    let indices = match axis.one(x.rank())? {
        Some(dim) => rows::extreme(x, dim, smallest)?,
        None => rows::extreme(&x.flatten_all()?, 0, smallest)?,
    };
    indices.to_dtype(DType::I32)?.reshape(output.shape)
}

fn scan_spec(x: &Spec, axis: &SomeAxes, dtype: &SomeDType) -> Result<Spec> {
    let x = x.with(dtype.or(x.dtype)?);
    match axis.one()? {
        Some(axis) => x.dim(axis).map(|_| x.clone()),
        None => Ok(x.shaped([crate::lengths::elements(&x.shape)?])),
    }
}

fn scanned(
    x: &Tensor,
    axis: &SomeAxes,
    dtype: &SomeDType,
    float: impl RowFunction,
    whole: fn(i64, i64) -> i64,
) -> Result<Tensor> {
    let x = x.to_dtype(dtype.or(x.dtype())?)?;
    let (x, dim) = match axis.one()? {
        Some(axis) => (x.clone(), axes::resolve_axis(axis, x.rank())?),
        None => (shape::reshaped(&x, &[x.elem_count()])?, 0),
    };
    if x.dtype().is_int() { integers::scan(&x, dim, x.dtype(), whole) } else { rows::along_axis(float, &x, dim) }
}

fn product_spec(x: &Spec, axis: &Axes, dtype: &SomeDType) -> Result<Spec> {
    let x = counted(x);
    reduced(&x.with(dtype.or(x.dtype)?), axis)
}

fn product(x: &Tensor, axis: &Axes, dtype: &SomeDType) -> Result<Tensor> {
    let x = x.to_dtype(dtype.or(counted(&Spec::of(x)).dtype)?)?;
    if x.dtype().is_int() {
        return folded(&x, axis, 1, i64::wrapping_mul);
    }
    let y = rows::over_rows(Product, &x, &axis.resolve(x.rank())?)?;
    shape::reshaped(&y, &reduced(&Spec::of(&x), axis)?.shape)
}

/// Several quantiles are along a new first axis.
fn quantile_spec(x: &Spec, q: &Numbers, axis: &Axes) -> Result<Spec> {
    let y = chosen(&x.float(), axis)?;
    Ok(match q {
        Numbers::One(_) => y,
        Numbers::Many(many) => y.shaped([&[many.len()], y.shape.as_slice()].concat()),
    })
}

fn quantiles(x: &Tensor, q: &Numbers, unit: f64, axis: &Axes, method: &str, skip_nan: bool) -> Result<Tensor> {
    let at: Vec<f64> = q.as_slice().iter().map(|q| q * unit).collect();
    if let Some(wrong) = at.iter().find(|at| !(0.0..=1.0).contains(*at)) {
        bail!("a quantile is between 0 and {}, received {}", 1.0 / unit, wrong / unit)
    }
    let rows = Quantiles { at, method: Interpolation::by_name(method)?, skip_nan };
    let y = rows::over_rows(rows, &float(x)?, &axis.resolve(x.rank())?)?;
    let last = y.rank() as i64 - 1;
    let order: Vec<i64> = std::iter::once(last).chain(0..last).collect();
    let output = quantile_spec(&Spec::of(x), q, axis)?;
    shape::reshaped(&shape::transpose(&y, Some(&order))?, &output.shape)
}

operations! {
    /// Functions that leave NaN out.
    mod without_nan: Numpy, Composition;

    /// The index of the largest element that is not NaN along `axis`, or of all; -1 if all are.
    Nanargmax nanargmax(x)[axis: Axes = ()]: index_spec(x, axis) => nan_index(x, axis, false);
    /// The index of the smallest element that is not NaN along `axis`, or of all; -1 if all are.
    Nanargmin nanargmin(x)[axis: Axes = ()]: index_spec(x, axis) => nan_index(x, axis, true);
    /// [`cumprod`] with 1 in the place of NaN.
    Nancumprod nancumprod(x)[axis: SomeAxes = (), dtype: SomeDType = None]: scan_spec(x, axis, dtype)
        => cumprod(&without_nan(x, 1.0)?, axis.clone(), dtype.clone());
    /// [`cumsum`] with 0 in the place of NaN.
    Nancumsum nancumsum(x)[axis: SomeAxes = (), dtype: SomeDType = None]: scan_spec(x, axis, dtype)
        => cumsum(&without_nan(x, 0.0)?, axis.clone(), dtype.clone());
    /// The largest element that is not NaN over `axis`.
    Nanmax nanmax(x)[axis: Axes = ()]: chosen(x, axis) => nan_extreme(x, axis, f64::NEG_INFINITY, reduce::max);
    /// The mean of those that are not NaN over `axis`.
    Nanmean nanmean(x)[axis: Axes = ()]: reduced(&x.float(), axis) => nan_mean(&float(x)?, axis);
    /// The smallest element that is not NaN over `axis`.
    Nanmin nanmin(x)[axis: Axes = ()]: chosen(x, axis) => nan_extreme(x, axis, f64::INFINITY, reduce::min);
    /// [`median`] of those that are not NaN.
    Nanmedian nanmedian(x)[axis: Axes = ()]: quantile_spec(x, &HALF, axis)
        => quantiles(x, &HALF, 1.0, axis, "linear", true);
    /// [`percentile`] of those that are not NaN.
    Nanpercentile nanpercentile(x)[@call q: Numbers, axis: Axes = (), method: String = "linear"]: quantile_spec(x, q, axis)
        => quantiles(x, q, 0.01, axis, method, true);
    /// [`prod`] of those that are not NaN.
    Nanprod nanprod(x)[axis: Axes = ()]: reduced(&counted(x), axis)
        => product(&without_nan(x, 1.0)?, axis, &SomeDType(None));
    /// [`quantile`] of those that are not NaN.
    Nanquantile nanquantile(x)[@call q: Numbers, axis: Axes = (), method: String = "linear"]: quantile_spec(x, q, axis)
        => quantiles(x, q, 1.0, axis, method, true);
    /// [`std`](std()) of those that are not NaN.
    Nanstd nanstd(x)[axis: Axes = ()]: reduced(&x.float(), axis) => nan_variance(&wide(x)?, axis)?.sqrt();
    /// [`sum`] of those that are not NaN.
    Nansum nansum(x)[axis: Axes = ()]: reduced(&counted(x), axis) => sum_of(&without_nan(x, 0.0)?, axis);
    /// [`var`] of those that are not NaN.
    Nanvar nanvar(x)[axis: Axes = ()]: reduced(&x.float(), axis) => nan_variance(&wide(x)?, axis);
}

/// `x` with this number in the place of NaN.
fn without_nan(x: &Tensor, number: f64) -> Result<Tensor> {
    if x.dtype().is_int() {
        return Ok(x.clone());
    }
    let number = Tensor::new(number, x.device())?.to_dtype(x.dtype())?;
    elementwise::where_(&isnan(x)?, &number, x)
}

/// How many elements over the axes are not NaN, in the dtype of `x`.
fn counts(x: &Tensor, axis: &Axes) -> Result<Tensor> {
    reduce::sum(&logical_not(&isnan(x)?)?.to_dtype(x.dtype())?, axis.clone())
}

fn nan_mean(x: &Tensor, axis: &Axes) -> Result<Tensor> {
    reduce::sum(&without_nan(x, 0.0)?, axis.clone())? / counts(x, axis)?
}

fn nan_variance(x: &Tensor, axis: &Axes) -> Result<Tensor> {
    let mean = nan_mean(x, &axis.clone().keepdims(true))?;
    // The square of an infinite one is NaN, and counts.
    let squares = elementwise::square(&x.broadcast_sub(&mean)?)?;
    let squares = elementwise::where_(&isnan(x)?, &squares.detach().zeros_like()?, &squares)?;
    reduce::sum(&squares, axis.clone())? / counts(x, axis)?
}

/// NaN where all elements are.
fn nan_extreme(x: &Tensor, axis: &Axes, other: f64, of: fn(&Tensor, Axes) -> Result<Tensor>) -> Result<Tensor> {
    let y = of(&without_nan(x, other)?, axis.clone())?;
    if x.dtype().is_int() {
        return Ok(y);
    }
    let nan = Tensor::new(f64::NAN, x.device())?.to_dtype(x.dtype())?;
    elementwise::where_(&counts(x, axis)?.eq(0.0)?, &nan, &y)
}

fn nan_index(x: &Tensor, axis: &Axes, smallest: bool) -> Result<Tensor> {
    let index = index_of(&without_nan(x, if smallest { f64::INFINITY } else { f64::NEG_INFINITY })?, axis, smallest)?;
    if x.dtype().is_int() {
        return Ok(index);
    }
    let none = Tensor::new(-1i32, x.device())?;
    elementwise::where_(&counts(x, axis)?.eq(0.0)?, &none, &index)
}

operations! {
    /// Functions of `keras.ops.math`.
    mod logarithms: Math, Composition;

    /// `log(sum(exp(x)))` over `axis`, without overflow.
    Logsumexp logsumexp(x)[axis: Axes = ()]: chosen(&x.float(), axis) => {
        let x = float(x)?;
        let largest = reduce::max(&x.detach(), axis.clone().keepdims(true))?;
        // An infinite one would be subtracted from itself.
        let shift = elementwise::nan_to_num(&largest, 0.0, 0.0, 0.0)?;
        let sum = reduce::sum(&elementwise::exp(&x.broadcast_sub(&shift)?)?, axis.clone())?;
        elementwise::log(&sum)? + shift.reshape(reduced(&Spec::of(&x), axis)?.shape)?
    };
}
