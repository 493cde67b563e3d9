//! Elements of arrays by arrays: `x[mask]`, `np.where(mask)`.

use crate::{Error, Result};
use candle_core::{DType, Device, Tensor, WithDType};
use ndarray::{ArrayD, ArrayViewMutD, Axis};

/// The whole number of an array with one element, as a key or a place. Python: `int(x)`.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::numpy::integer;
/// assert_eq!(integer(&Tensor::new(&[-3i64], &Device::Cpu)?)?, -3);
/// assert!(integer(&Tensor::new(0.5, &Device::Cpu)?).is_err());
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If it has not one element, or its dtype has fractions.
pub fn integer(x: &Tensor) -> Result<i64> {
    if x.elem_count() != 1 || !x.dtype().is_int() {
        return Err(Error::new("an array is used as a whole number")
            .expected("one element of a dtype of integers")
            .received(format!("{:?} of {:?}", x.dims(), x.dtype()))
            .help("to_dtype(DType::I64) leaves fractions out"));
    }
    Ok(x.flatten_all()?.to_dtype(DType::I64)?.to_vec1::<i64>()?[0])
}

/// The rows for which the mask is not 0; of a mask of several axes, the elements of these. NumPy: `x[mask]`.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::numpy::compress;
/// let x = Tensor::new(&[[1f32, 2.], [3., 4.], [5., 6.]], &Device::Cpu)?;
/// let rows = compress(&x, &Tensor::new(&[1u8, 0, 1], &Device::Cpu)?)?;
/// assert_eq!(rows.to_vec2::<f32>()?, [[1., 2.], [5., 6.]]);
/// assert_eq!(compress(&x, &x.gt(4.)?)?.to_vec1::<f32>()?, [5., 6.]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If the mask has not one element for each row, or each element of its axes.
pub fn compress(x: &Tensor, mask: &Tensor) -> Result<Tensor> {
    let rank = mask.rank();
    if rank == 0 || x.dims().get(..rank) != Some(mask.dims()) {
        return Err(Error::new("a mask needs an element for each row")
            .expected(format!("a mask of shape {:?}", x.dims().get(..rank.max(1)).unwrap_or(x.dims())))
            .received(format!("{:?}", mask.dims())));
    }
    let (x, mask) = match rank {
        1 => (x.clone(), mask.clone()),
        _ => (x.flatten(0, rank - 1)?, mask.flatten_all()?),
    };
    Ok(x.index_select(&flatnonzero(&mask)?.to_dtype(DType::U32)?, 0)?)
}

/// The rows of an array, as a loop over it has them.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::numpy::rows;
/// let x = Tensor::new(&[[1f32, 2.], [3., 4.]], &Device::Cpu)?;
/// for row in rows(&x)? {
///     assert_eq!(row.dims(), [2]);
/// }
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If it has no axis.
pub fn rows(x: &Tensor) -> Result<Vec<Tensor>> {
    if x.rank() == 0 {
        return Err(Error::new("a loop needs an axis to go over").received("a number"));
    }
    Ok((0..x.dims()[0]).map(|i| x.get(i)).collect::<candle_core::Result<_>>()?)
}

/// An array whose elements can be changed: `ndarray` has what tensors have not.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::numpy::to_ndarray;
/// let mut x = to_ndarray::<f32>(&Tensor::new(&[[1f32, 2.], [3., 4.]], &Device::Cpu)?)?;
/// x[[0, 1]] = 5.0;
/// assert_eq!(x.sum(), 13.0);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If the array cannot be read.
pub fn to_ndarray<T: WithDType>(x: &Tensor) -> Result<ArrayD<T>> {
    let numbers = x.to_dtype(T::DTYPE)?.flatten_all()?.to_vec1::<T>()?;
    ArrayD::from_shape_vec(x.dims(), numbers).map_err(|error| Error::new(error.to_string()))
}

/// The part of an array at these places of its first axes: `x[i, j]`, to be changed.
///
/// ```
/// use candle_keras_data::numpy::part_mut;
/// let mut x = ndarray::Array2::<f64>::zeros((2, 3)).into_dyn();
/// part_mut(&mut x, &[1])?.fill(1.0);
/// assert_eq!(x.sum(), 3.0);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If a place is beyond its axis.
pub fn part_mut<'a, T>(x: &'a mut ArrayD<T>, places: &[usize]) -> Result<ArrayViewMutD<'a, T>> {
    let shape = x.shape().to_vec();
    let mut part = x.view_mut();
    for (axis, &place) in places.iter().enumerate() {
        if shape.get(axis).is_none_or(|&size| place >= size) {
            return Err(Error::new("a place beyond the array")
                .expected(format!("places in an array of shape {shape:?}"))
                .received(format!("{places:?}")));
        }
        part = part.index_axis_move(Axis(0), place);
    }
    Ok(part)
}

/// The places of the elements that are not 0, as I64. NumPy: `np.flatnonzero(x)`, `np.where(x)[0]` of one axis.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::numpy::flatnonzero;
/// let places = flatnonzero(&Tensor::new(&[0f64, 2., 3.], &Device::Cpu)?)?;
/// assert_eq!(places.to_vec1::<i64>()?, [1, 2]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If the array cannot be read.
pub fn flatnonzero(x: &Tensor) -> Result<Tensor> {
    let numbers = x.to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>()?;
    let places = numbers.iter().enumerate().filter(|(_, number)| **number != 0.0).map(|(i, _)| i as i64);
    Ok(Tensor::from_iter(places, &Device::Cpu)?)
}

/// Whether two arrays have the same shape and elements. NumPy: `np.array_equal(a, b)`.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::numpy::array_equal;
/// let a = Tensor::new(&[1f32, 2.], &Device::Cpu)?;
/// assert!(array_equal(&a, &a)? && !array_equal(&a, &(&a + 1.0)?)?);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If an array cannot be read.
pub fn array_equal(a: &Tensor, b: &Tensor) -> Result<bool> {
    let numbers = |x: &Tensor| x.to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>();
    Ok(a.dims() == b.dims() && numbers(a)? == numbers(b)?)
}

/// Whether all elements are within `atol + rtol * |b|`. NumPy: `np.allclose(a, b, rtol=1e-5, atol=1e-8)`; the arrays have one shape.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::numpy::allclose;
/// let a = Tensor::new(&[1f64, 2.], &Device::Cpu)?;
/// assert!(allclose(&a, &(&a + 1e-9)?, 1e-5, 1e-8)? && !allclose(&a, &(&a + 0.1)?, 1e-5, 1e-8)?);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If the shapes differ.
pub fn allclose(a: &Tensor, b: &Tensor, rtol: f64, atol: f64) -> Result<bool> {
    if a.dims() != b.dims() {
        return Err(Error::new("allclose compares arrays of one shape")
            .expected(format!("{:?}", a.dims()))
            .received(format!("{:?}", b.dims())));
    }
    let numbers = |x: &Tensor| x.to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>();
    Ok(numbers(a)?.iter().zip(numbers(b)?).all(|(a, b)| a == &b || (a - b).abs() <= atol + rtol * b.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_of_another_length_is_an_error() {
        let x = Tensor::zeros((3, 2), DType::F32, &Device::Cpu).unwrap();
        let mask = Tensor::ones(2, DType::U8, &Device::Cpu).unwrap();
        assert!(compress(&x, &mask).unwrap_err().to_string().contains("a mask of shape [3]"));
        let none = Tensor::zeros(3, DType::U8, &Device::Cpu).unwrap();
        assert_eq!(compress(&x, &none).unwrap().dims(), [0, 2]);
    }
}
