//! The different elements of an array, and how often they occur.

use candle_core::{DType, Device, Tensor};
use candle_keras_ops::{Error, Result, check_memory, position};
use std::cmp::Ordering;

/// The different elements of an array in rising order; NaN, if there is one, is the last. Python: `numpy.unique`.
///
/// # Errors
/// If the array is too large to copy.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::numpy::unique;
/// let x = Tensor::new(&[[3i64, 1], [1, 2]], &Device::Cpu)?;
/// assert_eq!(unique(&x)?.to_vec1::<i64>()?, [1, 2, 3]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn unique(x: &Tensor) -> Result<Tensor> {
    Groups::of(x)?.values(x)
}

/// The different elements, and how often each of them occurs. Python: `numpy.unique(x, return_counts=True)`.
///
/// # Errors
/// If the array is too large to copy.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::numpy::unique_with_counts;
/// let (values, counts) = unique_with_counts(&Tensor::new(&[0.5f32, 2.0, 0.5], &Device::Cpu)?)?;
/// assert_eq!(values.to_vec1::<f32>()?, [0.5, 2.0]);
/// assert_eq!(counts.to_vec1::<i64>()?, [2, 1]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn unique_with_counts(x: &Tensor) -> Result<(Tensor, Tensor)> {
    let groups = Groups::of(x)?;
    let ends = groups.starts.iter().skip(1).copied().chain([groups.order.len()]);
    let counts: Vec<i64> = groups.starts.iter().zip(ends).map(|(start, end)| (end - start) as i64).collect();
    let length = counts.len();
    Ok((groups.values(x)?, Tensor::from_vec(counts, length, &Device::Cpu)?))
}

/// The different elements, and where among them each element of the array is, in its shape. Python:
/// `numpy.unique(x, return_inverse=True)`.
///
/// # Errors
/// If the array is too large to copy.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::numpy::unique_with_inverse;
/// let (values, places) = unique_with_inverse(&Tensor::new(&[7u32, 5, 7], &Device::Cpu)?)?;
/// assert_eq!(values.to_vec1::<u32>()?, [5, 7]);
/// assert_eq!(places.to_vec1::<i64>()?, [1, 0, 1]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn unique_with_inverse(x: &Tensor) -> Result<(Tensor, Tensor)> {
    let groups = Groups::of(x)?;
    let mut places = vec![0i64; groups.order.len()];
    let mut group = 0;
    for (i, &place) in groups.order.iter().enumerate() {
        group += usize::from(groups.starts.get(group + 1) == Some(&i));
        places[place] = group as i64;
    }
    Ok((groups.values(x)?, Tensor::from_vec(places, x.dims(), &Device::Cpu)?))
}

/// The places of all elements in the order of their values, and where in it each value begins.
struct Groups {
    order: Vec<usize>,
    starts: Vec<usize>,
}

impl Groups {
    fn of(x: &Tensor) -> Result<Self> {
        check_memory(x.dims(), DType::I64)?;
        let flat = x.detach().to_device(&Device::Cpu)?.flatten_all()?;
        if x.dtype().is_int() {
            let numbers: Vec<i64> = flat.to_dtype(DType::I64)?.to_vec1()?;
            return Ok(Self::by(numbers.len(), |a, b| numbers[a].cmp(&numbers[b])));
        }
        let numbers: Vec<f64> = flat.to_dtype(DType::F64)?.to_vec1()?;
        let by_nan = |a: usize, b: usize| numbers[a].is_nan().cmp(&numbers[b].is_nan());
        Ok(Self::by(numbers.len(), |a, b| numbers[a].partial_cmp(&numbers[b]).unwrap_or_else(|| by_nan(a, b))))
    }

    fn by(count: usize, compare: impl Fn(usize, usize) -> Ordering) -> Self {
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by(|&a, &b| compare(a, b));
        let starts = (0..count).filter(|&i| i == 0 || compare(order[i - 1], order[i]).is_ne()).collect();
        Self { order, starts }
    }

    fn values(&self, x: &Tensor) -> Result<Tensor> {
        let places: Vec<i64> = self.starts.iter().map(|&start| self.order[start] as i64).collect();
        let length = places.len();
        let places = Tensor::from_vec(places, length, &Device::Cpu)?;
        Ok(x.detach().to_device(&Device::Cpu)?.flatten_all()?.index_select(&places, 0)?)
    }
}

/// How often each whole number from 0 on occurs in `x`, or the sum of the `weights` at its places; at least `minlength` (0 in NumPy) of
/// them. Python: `numpy.bincount`.
///
/// # Errors
/// If `x` has not one axis, or other elements than whole numbers from 0 on, or the weights have another shape.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::numpy::bincount;
/// let x = Tensor::new(&[1i64, 3, 1], &Device::Cpu)?;
/// assert_eq!(bincount(&x, None, 0)?.to_vec1::<i64>()?, [0, 2, 0, 1]);
/// let weights = Tensor::new(&[0.5f64, 1.0, 0.25], &Device::Cpu)?;
/// assert_eq!(bincount(&x, Some(&weights), 5)?.to_vec1::<f64>()?, [0.0, 0.75, 0.0, 1.0, 0.0]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn bincount(x: &Tensor, weights: Option<&Tensor>, minlength: usize) -> Result<Tensor> {
    if x.rank() != 1 || !x.dtype().is_int() {
        return Err(Error::new("bincount counts the whole numbers of an array with one axis").received(format!(
            "{:?} of the shape {:?}",
            x.dtype(),
            x.dims()
        )));
    }
    if let Some(weights) = weights
        && weights.dims() != x.dims()
    {
        return Err(Error::new("each number needs its weight")
            .expected(format!("the shape {:?}", x.dims()))
            .received(format!("{:?}", weights.dims())));
    }
    let numbers: Vec<i64> = x.detach().to_device(&Device::Cpu)?.to_dtype(DType::I64)?.to_vec1()?;
    if let Some(i) = numbers.iter().position(|&number| number < 0) {
        return Err(Error::new("bincount counts from 0 on").expected("no number below 0").received(format!(
            "{} at {:?}",
            numbers[i],
            position(i, x.dims())
        )));
    }
    let length = numbers.iter().map(|&number| (number as usize).saturating_add(1)).max().unwrap_or(0).max(minlength);
    check_memory(&[length], DType::I64)?;
    let Some(weights) = weights else {
        let mut counts = vec![0i64; length];
        numbers.iter().for_each(|&number| counts[number as usize] += 1);
        return Ok(Tensor::from_vec(counts, length, &Device::Cpu)?);
    };
    let weights: Vec<f64> = weights.detach().to_device(&Device::Cpu)?.to_dtype(DType::F64)?.to_vec1()?;
    let mut sums = vec![0f64; length];
    numbers.iter().zip(weights).for_each(|(&number, weight)| sums[number as usize] += weight);
    Ok(Tensor::from_vec(sums, length, &Device::Cpu)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor<T: candle_core::WithDType>(numbers: &[T]) -> Tensor {
        Tensor::new(numbers, &Device::Cpu).unwrap()
    }

    #[test]
    fn whole_numbers_are_not_rounded() {
        let x = tensor(&[(1i64 << 53) + 1, 1 << 53, -4, (1 << 53) + 1]);
        let (values, counts) = unique_with_counts(&x).unwrap();
        assert_eq!(values.to_vec1::<i64>().unwrap(), [-4, 1 << 53, (1 << 53) + 1]);
        assert_eq!(counts.to_vec1::<i64>().unwrap(), [1, 1, 2]);
    }

    /// Python: `np.unique([nan, 2, -inf, nan, 0, inf, 2], return_counts=True, return_inverse=True)`.
    #[test]
    fn nan_is_one_value_and_the_last() {
        let x = tensor(&[f64::NAN, 2.0, f64::NEG_INFINITY, f64::NAN, 0.0, f64::INFINITY, 2.0]);
        let (values, counts) = unique_with_counts(&x).unwrap();
        let values: Vec<f64> = values.to_vec1().unwrap();
        assert_eq!(values[..4], [f64::NEG_INFINITY, 0.0, 2.0, f64::INFINITY]);
        assert!(values[4].is_nan());
        assert_eq!(counts.to_vec1::<i64>().unwrap(), [1, 1, 2, 1, 2]);
        let (_, places) = unique_with_inverse(&x.reshape((7, 1)).unwrap()).unwrap();
        assert_eq!(places.to_vec2::<i64>().unwrap().concat(), [4, 2, 0, 4, 1, 3, 2]);
    }

    #[test]
    fn empty_arrays_have_no_values() {
        let x = Tensor::zeros((0, 2), DType::F32, &Device::Cpu).unwrap();
        let (values, counts) = unique_with_counts(&x).unwrap();
        assert_eq!((values.dims(), values.dtype(), counts.dims()), (&[0][..], DType::F32, &[0][..]));
        assert_eq!(unique_with_inverse(&x).unwrap().1.dims(), [0, 2]);
        assert_eq!(bincount(&tensor::<u32>(&[]), None, 2).unwrap().to_vec1::<i64>().unwrap(), [0, 0]);
    }

    #[test]
    fn what_cannot_be_counted_is_an_error() {
        let text = |x: Result<Tensor>| x.unwrap_err().to_string();
        assert!(text(bincount(&tensor(&[1f32]), None, 0)).contains("whole numbers"));
        assert!(text(bincount(&tensor(&[2i64, -1]), None, 0)).contains("-1 at [1]"));
        assert!(text(bincount(&tensor(&[i64::MAX]), None, 0)).contains("not enough memory"));
        assert!(text(bincount(&tensor(&[2i64, 1]), Some(&tensor(&[1f32])), 0)).contains("[2]\n  received: [1]"));
    }
}
