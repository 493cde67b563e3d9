//! Numbers at equal distances, with NumPy's rounding.

use candle_core::{DType, Device, Tensor};
use candle_keras_ops::{Error, Result, check_memory};

/// `num` numbers from `start` to `stop`, which is the last one, of the dtype float64. Python: `numpy.linspace`.
///
/// # Errors
/// If there is not enough memory.
///
/// ```
/// use candle_keras_data::numpy::linspace;
/// assert_eq!(linspace(0.0, 1.0, 5)?.to_vec1::<f64>()?, [0.0, 0.25, 0.5, 0.75, 1.0]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn linspace(start: f64, stop: f64, num: usize) -> Result<Tensor> {
    check_memory(&[num], DType::F64)?;
    let range = stop - start;
    let steps = num.saturating_sub(1) as f64;
    let step = range / steps;
    let at = |i: usize| match i {
        i if i > 0 && i + 1 == num => stop,
        i if num < 2 => i as f64 * range + start,
        // A step that is too small for a number.
        i if step == 0.0 => i as f64 / steps * range + start,
        i => i as f64 * step + start,
    };
    Ok(Tensor::from_vec((0..num).map(at).collect(), num, &Device::Cpu)?)
}

/// The numbers from `start` (0 in NumPy) to before `stop`, `step` (1 in NumPy) apart: of the dtype int64 for whole numbers, else float64. Python:
/// `numpy.arange`, whose one argument is `stop`.
///
/// # Errors
/// If the step is 0 or NaN, or there is not enough memory.
///
/// ```
/// use candle_keras_data::numpy::arange;
/// assert_eq!(arange(0, 10, 3)?.to_vec1::<i64>()?, [0, 3, 6, 9]);
/// assert_eq!(arange(0.0, 0.5, 0.1)?.to_vec1::<f64>()?, [0.0, 0.1, 0.2, 0.30000000000000004, 0.4]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn arange<N: Steps>(start: N, stop: N, step: N) -> Result<Tensor> {
    N::range(start, stop, step)
}

/// A type of numbers of which [`arange`] makes a range.
pub trait Steps: Copy {
    /// The range.
    ///
    /// # Errors
    /// If it has no end, or there is not enough memory.
    fn range(start: Self, stop: Self, step: Self) -> Result<Tensor>;
}

impl Steps for f64 {
    fn range(start: f64, stop: f64, step: f64) -> Result<Tensor> {
        let count = ((stop - start) / step).ceil();
        if step == 0.0 || !count.is_finite() || count > 1e15 {
            return Err(no_end(start, stop, step));
        }
        let count = count.max(0.0) as usize;
        check_memory(&[count], DType::F64)?;
        // NumPy takes the distance of the first two.
        let distance = (start + step) - start;
        let at = |i: usize| if i == 1 { start + step } else { start + i as f64 * distance };
        Ok(Tensor::from_vec((0..count).map(at).collect(), count, &Device::Cpu)?)
    }
}

macro_rules! whole {
    ($($number:ty),*) => {$(
        impl Steps for $number {
            fn range(start: $number, stop: $number, step: $number) -> Result<Tensor> {
                whole(i128::from(start), i128::from(stop), i128::from(step))
            }
        }
    )*};
}

whole!(i32, i64, u32);

impl Steps for usize {
    fn range(start: usize, stop: usize, step: usize) -> Result<Tensor> {
        whole(start as i128, stop as i128, step as i128)
    }
}

fn whole(start: i128, stop: i128, step: i128) -> Result<Tensor> {
    let count = match step {
        0 => return Err(no_end(start, stop, step)),
        1.. => (stop - start + step - 1) / step,
        _ => (stop - start + step + 1) / step,
    };
    // More than memory has are an error below.
    let count = usize::try_from(count.max(0)).unwrap_or(usize::MAX);
    check_memory(&[count], DType::I64)?;
    let numbers = (0..count as i128).map(|i| i64::try_from(start + i * step));
    let numbers: Vec<i64> = numbers.collect::<Result<_, _>>().map_err(|_| {
        Error::new("a number of a range does not fit into 64 bits")
            .received(format!("from {start} to {stop} by {step}"))
    })?;
    Ok(Tensor::from_vec(numbers, count, &Device::Cpu)?)
}

fn no_end<N: std::fmt::Display>(start: N, stop: N, step: N) -> Error {
    Error::new("a range has no end").received(format!("from {start} to {stop} by {step}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(x: Result<Tensor>) -> Vec<f64> {
        x.unwrap().to_dtype(DType::F64).unwrap().to_vec1().unwrap()
    }

    /// Python: `np.linspace(-1.3, 2.7, 7).tolist()` and so on.
    #[test]
    fn linspace_rounds_as_numpy() {
        assert_eq!(
            numbers(linspace(-1.3, 2.7, 7)),
            [-1.3, -0.6333333333333334, 0.033333333333333215, 0.7, 1.3666666666666665, 2.033333333333333, 2.7]
        );
        assert_eq!(
            numbers(linspace(0.0, 1.0, 10)),
            [
                0.0,
                0.1111111111111111,
                0.2222222222222222,
                0.3333333333333333,
                0.4444444444444444,
                0.5555555555555556,
                0.6666666666666666,
                0.7777777777777777,
                0.8888888888888888,
                1.0
            ]
        );
        assert_eq!(numbers(linspace(0.0, 0.1, 4)), [0.0, 0.03333333333333333, 0.06666666666666667, 0.1]);
        assert_eq!(numbers(linspace(1.0, 1.0, 3)), [1.0, 1.0, 1.0]);
        assert_eq!(numbers(linspace(2.0, 3.0, 1)), [2.0]);
        assert_eq!(numbers(linspace(2.0, 3.0, 0)), [0.0; 0]);
        assert_eq!(numbers(linspace(0.0, 5e-324, 3)), [0.0, 0.0, 5e-324]);
        assert_eq!(
            numbers(linspace(-3.0, 3.0, 8)),
            [
                -3.0,
                -2.142857142857143,
                -1.2857142857142858,
                -0.4285714285714288,
                0.4285714285714284,
                1.2857142857142856,
                2.1428571428571423,
                3.0
            ]
        );
    }

    /// Python: `np.arange(0.1, 1, 0.15).tolist()` and so on.
    #[test]
    fn arange_rounds_as_numpy() {
        assert_eq!(numbers(arange(0.1, 1.0, 0.15)), [0.1, 0.25, 0.4, 0.5499999999999999, 0.7, 0.85]);
        assert_eq!(numbers(arange(0.0, 0.7, 0.1)), [0.0, 0.1, 0.2, 0.30000000000000004, 0.4, 0.5, 0.6000000000000001]);
        assert_eq!(numbers(arange(5.0, -1.0, -1.1)), [5.0, 3.9, 2.8, 1.6999999999999997, 0.5999999999999996, -0.5]);
        assert_eq!(numbers(arange(1.0, 2.0, 0.3)), [1.0, 1.3, 1.6, 1.9000000000000001]);
        assert_eq!(numbers(arange(1.0, 0.0, 0.5)), [0.0; 0]);
        assert_eq!(
            numbers(arange(0.3, 0.31, 0.001)),
            [0.3, 0.301, 0.302, 0.303, 0.304, 0.305, 0.306, 0.307, 0.308, 0.309, 0.31]
        );
        assert_eq!(
            numbers(arange(-1.0, 1.1, 0.1)),
            [
                -1.0,
                -0.9,
                -0.8,
                -0.7000000000000001,
                -0.6000000000000001,
                -0.5000000000000001,
                -0.40000000000000013,
                -0.30000000000000016,
                -0.20000000000000018,
                -0.1000000000000002,
                -2.220446049250313e-16,
                0.09999999999999964,
                0.19999999999999973,
                0.2999999999999998,
                0.3999999999999997,
                0.49999999999999956,
                0.5999999999999996,
                0.6999999999999997,
                0.7999999999999996,
                0.8999999999999995,
                0.9999999999999996
            ]
        );
    }

    #[test]
    fn whole_numbers_are_exact() {
        assert_eq!(numbers(arange(5, 0, -2)), [5.0, 3.0, 1.0]);
        assert_eq!(numbers(arange(0usize, 3, 1)), [0.0, 1.0, 2.0]);
        assert_eq!(numbers(arange(3, 3, 1)), [0.0; 0]);
        assert_eq!(numbers(arange(3, 0, 1)), [0.0; 0]);
        let large = arange(i64::MAX - 3, i64::MAX, 2).unwrap();
        assert_eq!(large.to_vec1::<i64>().unwrap(), [i64::MAX - 3, i64::MAX - 1]);
        assert_eq!(large.dtype(), DType::I64);
    }

    #[test]
    fn ranges_without_end_are_errors() {
        let text = |x: Result<Tensor>| x.unwrap_err().to_string();
        assert!(text(arange(0, 5, 0)).contains("from 0 to 5 by 0"));
        assert!(text(arange(0.0, 5.0, 0.0)).contains("has no end"));
        assert!(text(arange(0.0, f64::INFINITY, 1.0)).contains("has no end"));
        assert!(text(arange(0, i64::MAX, 1)).contains("not enough memory"));
        assert!(text(linspace(0.0, 1.0, usize::MAX)).contains("not enough memory"));
    }
}
