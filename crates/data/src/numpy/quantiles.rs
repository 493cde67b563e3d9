//! Percentiles and medians, with NumPy's rounding.

use super::print::Precision;
use candle_core::{DType, Device, Tensor};
use candle_keras_ops::{Axes, Error, Numbers, Result, SomeAxes, check_memory};

/// The percentiles of all elements, or over `axis`: `q` is a number from 0 to 100, or several, which are along a new first axis. Between
/// two elements they are interpolated linearly. NaN if an element is. Python: `numpy.percentile(x, q, axis)`.
///
/// The dtype is float64, but for one percentile of another floating-point dtype that dtype.
///
/// # Errors
/// If there are no elements, `q` is not between 0 and 100, or there is no such axis.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::numpy::percentile;
/// let x = Tensor::new(&[[10f64, 7., 4.], [3., 2., 1.]], &Device::Cpu)?;
/// assert_eq!(percentile(&x, 50.0, None)?.to_scalar::<f64>()?, 3.5);
/// assert_eq!(percentile(&x, [25.0, 75.0], 1)?.to_vec2::<f64>()?, [[5.5, 1.5], [8.5, 2.5]]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn percentile(x: &Tensor, q: impl Into<Numbers>, axis: impl Into<SomeAxes>) -> Result<Tensor> {
    quantiles(x, &q.into(), axis.into(), 100.0)
}

/// As [`percentile`] with numbers from 0 to 1. Python: `numpy.quantile(x, q, axis)`.
///
/// # Errors
/// If there are no elements, `q` is not between 0 and 1, or there is no such axis.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::numpy::quantile;
/// let x = Tensor::new(&[1i64, 2, 4], &Device::Cpu)?;
/// assert_eq!(quantile(&x, 0.75, None)?.to_scalar::<f64>()?, 3.0);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn quantile(x: &Tensor, q: impl Into<Numbers>, axis: impl Into<SomeAxes>) -> Result<Tensor> {
    quantiles(x, &q.into(), axis.into(), 1.0)
}

/// The medians of all elements, or over `axis`; NaN if an element is, or there are none. Python: `numpy.median(x, axis)`.
///
/// The dtype is that of floating-point numbers, and float64 for whole ones.
///
/// # Errors
/// If there is no such axis.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::numpy::median;
/// let x = Tensor::new(&[[1f32, 5., 3.], [8., 2., 4.]], &Device::Cpu)?;
/// assert_eq!(median(&x, None)?.to_scalar::<f32>()?, 3.5);
/// assert_eq!(median(&x, 1)?.to_vec1::<f32>()?, [3.0, 4.0]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn median(x: &Tensor, axis: impl Into<SomeAxes>) -> Result<Tensor> {
    let rows = Rows::of(x, axis.into())?;
    let (dtype, precision) = (rows.dtype, rows.precision);
    let middle = |row: &[f64]| match row {
        [] => f64::NAN,
        [.., last] if last.is_nan() => f64::NAN,
        _ if row.len() % 2 == 1 => row[row.len() / 2],
        // NumPy adds halves in single precision.
        _ if precision == Precision::Half => (row[row.len() / 2 - 1] + row[row.len() / 2]) / 2.0,
        _ => precision.round(row[row.len() / 2 - 1] + row[row.len() / 2]) / 2.0,
    };
    let medians: Vec<f64> = rows.sorted().map(|row| middle(&row)).collect();
    Ok(Tensor::from_vec(medians, rows.shape, &Device::Cpu)?.to_dtype(dtype)?)
}

fn quantiles(x: &Tensor, q: &Numbers, axis: SomeAxes, unit: f64) -> Result<Tensor> {
    let several = match q {
        Numbers::One(q) => std::slice::from_ref(q),
        Numbers::Many(many) => many,
    };
    if let Some(wrong) = several.iter().find(|q| !(0.0..=unit).contains(*q)) {
        return Err(Error::new("a quantile is out of its range")
            .expected(format!("from 0 to {unit}"))
            .received(wrong.to_string()));
    }
    let rows = Rows::of(x, axis)?;
    if rows.length == 0 {
        return Err(
            Error::new("an array without elements has no quantiles").received(format!("the shape {:?}", x.dims()))
        );
    }
    let is_one = matches!(q, Numbers::One(_));
    let precision = rows.precision;
    // As in NumPy, an array of fractions is of float64 and makes the result that, and a number is not.
    let (dtype, result) = if is_one { (rows.dtype, precision) } else { (DType::F64, Precision::Double) };
    let sorted: Vec<Vec<f64>> = rows.sorted().collect();
    let mut numbers = Vec::with_capacity(several.len() * sorted.len());
    for q in several {
        let at = (rows.length - 1) as f64 * (q / unit);
        let (low, high) = (at as usize, (at as usize + 1).min(rows.length - 1));
        let part = at - at.floor();
        for row in &sorted {
            if row[rows.length - 1].is_nan() {
                numbers.push(f64::NAN);
                continue;
            }
            let distance = precision.round(row[high] - row[low]);
            let times = |part: f64| result.round(distance * result.round(part));
            numbers.push(if part < 0.5 { row[low] + times(part) } else { row[high] - times(1.0 - part) });
        }
    }
    let shape = if is_one { rows.shape } else { [&[several.len()], &rows.shape[..]].concat() };
    Ok(Tensor::from_vec(numbers, shape, &Device::Cpu)?.to_dtype(dtype)?)
}

/// The elements over some axes as rows.
pub(super) struct Rows {
    pub(super) numbers: Vec<f64>,
    pub(super) length: usize,
    /// The sizes of the other axes.
    pub(super) shape: Vec<usize>,
    /// That of the result.
    pub(super) dtype: DType,
    precision: Precision,
}

impl Rows {
    pub(super) fn of(x: &Tensor, axis: SomeAxes) -> Result<Self> {
        check_memory(x.dims(), DType::F64)?;
        let over = Axes::from(axis).resolve(x.rank())?;
        let others: Vec<usize> = (0..x.rank()).filter(|axis| !over.contains(axis)).collect();
        let sizes = |axes: &[usize]| axes.iter().map(|&axis| x.dims()[axis]).collect::<Vec<_>>();
        let (length, shape) = (sizes(&over).iter().product(), sizes(&others));
        let rows = x.detach().to_device(&Device::Cpu)?.permute([others, over].concat())?;
        let numbers = rows.to_dtype(DType::F64)?.contiguous()?.flatten_all()?.to_vec1()?;
        let (dtype, precision) = match x.dtype() {
            DType::F16 => (DType::F16, Precision::Half),
            dtype @ (DType::F32 | DType::BF16) => (dtype, Precision::Single),
            _ => (DType::F64, Precision::Double),
        };
        Ok(Self { numbers, length, shape, dtype, precision })
    }

    /// Each row in rising order, NaN at its end.
    fn sorted(&self) -> impl Iterator<Item = Vec<f64>> {
        (0..self.shape.iter().product()).map(|i| {
            let mut row = self.numbers[i * self.length..(i + 1) * self.length].to_vec();
            row.sort_by(|a, b| a.partial_cmp(b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan())));
            row
        })
    }
}

#[cfg(test)]
mod tests;
