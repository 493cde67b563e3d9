//! Reductions that leave out what is not a number, and which elements are among others.

use super::quantiles::Rows;
use candle_core::{DType, Device, Tensor};
use candle_keras_ops::{Result, SomeAxes};

macro_rules! reductions {
    ($($(#[$doc:meta])* $name:ident, $of:expr, $keeps_integers:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// If there is no such axis.
        pub fn $name(x: &Tensor, axis: impl Into<SomeAxes>) -> Result<Tensor> {
            reduced(x, axis.into(), $of, $keeps_integers)
        }
    )*};
}

reductions! {
    /// The mean of all elements, or over `axis`, without those that are NaN; NaN of none. Python: `numpy.nanmean(x, axis)`.
    ///
    /// ```
    /// use candle_core::{Device, Tensor};
    /// use candle_keras_data::numpy::nanmean;
    /// let x = Tensor::new(&[[1., f64::NAN], [3., 5.]], &Device::Cpu)?;
    /// assert_eq!(nanmean(&x, ())?.to_scalar::<f64>()?, 3.0);
    /// assert_eq!(nanmean(&x, 0)?.to_vec1::<f64>()?, [2.0, 5.0]);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    nanmean, mean, false;
    /// The sum of all elements, or over `axis`, without those that are NaN. Python: `numpy.nansum(x, axis)`.
    nansum, |row| row.iter().fold(0.0, |sum, x| sum + x), true;
    /// The greatest of all elements, or over `axis`, that is not NaN; NaN of none. Python: `numpy.nanmax(x, axis)`.
    nanmax, |row| row.iter().copied().fold(f64::NAN, f64::max), true;
    /// The least of all elements, or over `axis`, that is not NaN; NaN of none. Python: `numpy.nanmin(x, axis)`.
    nanmin, |row| row.iter().copied().fold(f64::NAN, f64::min), true;
    /// The variance of all elements, or over `axis`, without those that are NaN; NaN of none. Python: `numpy.nanvar(x, axis)`.
    nanvar, variance, false;
    /// The standard deviation of all elements, or over `axis`, without those that are NaN; NaN of none. Python: `numpy.nanstd(x, axis)`.
    nanstd, |row| variance(row).sqrt(), false;
}

fn mean(row: &[f64]) -> f64 {
    row.iter().sum::<f64>() / row.len() as f64
}

fn variance(row: &[f64]) -> f64 {
    let center = mean(row);
    row.iter().map(|x| (x - center) * (x - center)).sum::<f64>() / row.len() as f64
}

fn reduced(x: &Tensor, axis: SomeAxes, of: impl Fn(&[f64]) -> f64, keeps_integers: bool) -> Result<Tensor> {
    let rows = Rows::of(x, axis)?;
    let dtype = match x.dtype() {
        dtype if dtype.is_int() && keeps_integers => DType::I64,
        _ => rows.dtype,
    };
    let row = |i: usize| -> Vec<f64> {
        rows.numbers[i * rows.length..(i + 1) * rows.length].iter().copied().filter(|x| !x.is_nan()).collect()
    };
    let numbers: Vec<f64> = (0..rows.shape.iter().product()).map(|i| of(&row(i))).collect();
    Ok(Tensor::from_vec(numbers, rows.shape, &Device::Cpu)?.to_dtype(dtype)?)
}

/// 1 where an element is one of these numbers, else 0. Python: `numpy.isin(x, values)`.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::numpy::isin;
/// let x = Tensor::new(&[[3i64, 1], [4, 1]], &Device::Cpu)?;
/// assert_eq!(isin(&x, &Tensor::new(&[1i64, 3], &Device::Cpu)?)?.to_vec2::<u8>()?, [[1, 1], [0, 1]]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If there is not enough memory.
pub fn isin(x: &Tensor, values: &Tensor) -> Result<Tensor> {
    let numbers = |x: &Tensor| -> Result<Vec<f64>> {
        Ok(x.detach().to_device(&Device::Cpu)?.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?)
    };
    let mut values = numbers(values)?;
    values.retain(|value| !value.is_nan());
    values.sort_by(f64::total_cmp);
    // Both zeros are the same.
    let is_in = |x: &f64| u8::from(values.binary_search_by(|value| (value + 0.0).total_cmp(&(x + 0.0))).is_ok());
    let found: Vec<u8> = numbers(x)?.iter().map(is_in).collect();
    Ok(Tensor::from_vec(found, x.dims(), &Device::Cpu)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_of_missing_numbers() {
        let x = Tensor::new(&[[f64::NAN, f64::NAN], [-0.0, 5.0]], &Device::Cpu).unwrap();
        let rows = |x: Result<Tensor>| x.unwrap().to_vec1::<f64>().unwrap();
        assert_eq!(rows(nansum(&x, 1)), [0.0, 5.0]);
        assert!(rows(nanmean(&x, 1))[0].is_nan() && rows(nanmax(&x, 1))[0].is_nan());
        assert_eq!(nanstd(&x, ()).unwrap().to_scalar::<f64>().unwrap(), 2.5);
        let integers = Tensor::new(&[3i64, 4], &Device::Cpu).unwrap();
        assert_eq!(nansum(&integers, ()).unwrap().to_scalar::<i64>().unwrap(), 7);
        assert_eq!(nanmean(&integers, ()).unwrap().to_scalar::<f64>().unwrap(), 3.5);
        let zeros = Tensor::new(&[0.0, f64::NAN], &Device::Cpu).unwrap();
        assert_eq!(isin(&x, &zeros).unwrap().to_vec2::<u8>().unwrap(), [[0, 0], [1, 0]]);
    }
}
