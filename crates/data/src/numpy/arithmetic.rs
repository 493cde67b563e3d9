//! Arithmetic of arrays and numbers in the dtypes of NumPy. (candle's operators compute with a number in the dtype of the array, where -1 and 300 become
//! 0 and 255 of bytes, and divide by the product with the reciprocal, which may be another number.)

use candle_core::{DType, Device, Tensor};
use candle_keras_ops::functions as ops;
use candle_keras_ops::{Error, Result};

/// What is added, subtracted, multiplied or divided: an array, or a number, which adapts to the dtype of the array beside it.
#[derive(Debug, Clone, Copy)]
pub enum Operand<'a> {
    /// An array. Ids, which are `u32` here, are signed numbers in Python: they become `i64`.
    Array(&'a Tensor),
    /// A whole number.
    Whole(i64),
    /// A number with a fraction, beside which whole numbers become `f64`.
    Fraction(f64),
}

impl<'a> From<&'a Tensor> for Operand<'a> {
    fn from(array: &'a Tensor) -> Self {
        Self::Array(array)
    }
}

impl From<i32> for Operand<'_> {
    fn from(number: i32) -> Self {
        Self::Whole(number.into())
    }
}

impl From<i64> for Operand<'_> {
    fn from(number: i64) -> Self {
        Self::Whole(number)
    }
}

impl From<usize> for Operand<'_> {
    fn from(number: usize) -> Self {
        // A size is never above the largest i64.
        Self::Whole(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<f64> for Operand<'_> {
    fn from(number: f64) -> Self {
        Self::Fraction(number)
    }
}

/// `a + b`, as NumPy computes it: sums of uint8 begin again at 0 behind 255, and whole numbers and a fraction give `f64`.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::numpy::add;
/// let bytes = Tensor::new(&[0u8, 100, 200], &Device::Cpu)?;
/// assert_eq!(add(&bytes, 100)?.to_vec1::<u8>()?, [100, 200, 44]);
/// assert_eq!(add(&bytes, 0.5)?.to_vec1::<f64>()?, [0.5, 100.5, 200.5]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If the dtype of the array has no such number, where NumPy raises an `OverflowError`, or shapes do not fit.
pub fn add<'a>(a: impl Into<Operand<'a>>, b: impl Into<Operand<'a>>) -> Result<Tensor> {
    let (a, b) = in_dtypes(a.into(), b.into())?;
    Ok(ops::add(&a, &b)?)
}

/// `a - b`, as NumPy computes it.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::numpy::subtract;
/// let bytes = Tensor::new(&[0u8, 100, 255], &Device::Cpu)?;
/// assert_eq!(subtract(255, &bytes)?.to_vec1::<u8>()?, [255, 155, 0]);
/// let ids = Tensor::new(&[0u32, 3], &Device::Cpu)?;
/// assert_eq!(subtract(1, &ids)?.to_vec1::<i64>()?, [1, -2]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// As [`add`].
pub fn subtract<'a>(a: impl Into<Operand<'a>>, b: impl Into<Operand<'a>>) -> Result<Tensor> {
    let (a, b) = in_dtypes(a.into(), b.into())?;
    Ok(ops::subtract(&a, &b)?)
}

/// `a * b`, as NumPy computes it.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::numpy::multiply;
/// let bytes = Tensor::new(&[0u8, 100, 200], &Device::Cpu)?;
/// assert_eq!(multiply(&bytes, 2)?.to_vec1::<u8>()?, [0, 200, 144]);
/// assert!(multiply(&bytes, 300).is_err());
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// As [`add`].
pub fn multiply<'a>(a: impl Into<Operand<'a>>, b: impl Into<Operand<'a>>) -> Result<Tensor> {
    let (a, b) = in_dtypes(a.into(), b.into())?;
    Ok(ops::multiply(&a, &b)?)
}

/// `a / b`: true quotients, of whole numbers as `f64`.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::numpy::divide;
/// let x = Tensor::new(&[49.0, 98.0], &Device::Cpu)?;
/// assert_eq!(divide(&x, 49)?.to_vec1::<f64>()?, [1.0, 2.0]);
/// // The product with the reciprocal is less.
/// assert!((x / 49.0)?.to_vec1::<f64>()?[0] < 1.0);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// As [`add`].
pub fn divide<'a>(a: impl Into<Operand<'a>>, b: impl Into<Operand<'a>>) -> Result<Tensor> {
    let fraction = |operand| match operand {
        Operand::Whole(number) => Operand::Fraction(number as f64),
        other => other,
    };
    let (a, b) = in_dtypes(fraction(a.into()), fraction(b.into()))?;
    match a.dtype().is_int() && b.dtype().is_int() {
        true => Ok(ops::divide(&a.to_dtype(DType::F64)?, &b.to_dtype(DType::F64)?)?),
        false => Ok(ops::divide(&a, &b)?),
    }
}

/// `a // b`, rounded down, as NumPy computes it.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::numpy::floor_divide;
/// let ids = Tensor::new(&[1u32, 5], &Device::Cpu)?;
/// assert_eq!(floor_divide(&ids, -2)?.to_vec1::<i64>()?, [-1, -3]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// As [`add`].
pub fn floor_divide<'a>(a: impl Into<Operand<'a>>, b: impl Into<Operand<'a>>) -> Result<Tensor> {
    let (a, b) = in_dtypes(a.into(), b.into())?;
    Ok(ops::floor_divide(&a, &b)?)
}

/// `a % b`, with the sign of `b`, as NumPy computes it.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::numpy::mod_;
/// let ids = Tensor::new(&[1u32, 5], &Device::Cpu)?;
/// assert_eq!(mod_(&ids, -3)?.to_vec1::<i64>()?, [-2, -1]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// As [`add`].
pub fn mod_<'a>(a: impl Into<Operand<'a>>, b: impl Into<Operand<'a>>) -> Result<Tensor> {
    let (a, b) = in_dtypes(a.into(), b.into())?;
    Ok(ops::mod_(&a, &b)?)
}

/// `a ** b`, as NumPy computes it: powers of uint8 begin again at 0 behind 255.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::numpy::power;
/// let bytes = Tensor::new(&[2u8, 10], &Device::Cpu)?;
/// assert_eq!(power(&bytes, 3)?.to_vec1::<u8>()?, [8, 232]);
/// assert!(power(&bytes.to_dtype(candle_core::DType::I64)?, -1).is_err());
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// As [`add`], and for whole numbers to the power of a negative one.
pub fn power<'a>(a: impl Into<Operand<'a>>, b: impl Into<Operand<'a>>) -> Result<Tensor> {
    let (a, b) = (a.into(), b.into());
    if let (Operand::Array(array), Operand::Whole(..0)) = (a, b)
        && array.dtype().is_int()
    {
        return Err(Error::new("whole numbers to the power of a negative one").help("make the array of f64 first"));
    }
    let (a, b) = in_dtypes(a, b)?;
    Ok(ops::power(&a, &b)?)
}

/// `-x`, as NumPy computes it: of uint8, 256 less each number.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::numpy::negative;
/// let ids = Tensor::new(&[0u32, 3], &Device::Cpu)?;
/// assert_eq!(negative(&ids)?.to_vec1::<i64>()?, [0, -3]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If candle cannot compute it.
pub fn negative(x: &Tensor) -> Result<Tensor> {
    Ok(ops::negative(&signed(x)?)?)
}

/// Both as arrays, of the dtypes that NumPy would compute with.
fn in_dtypes(a: Operand, b: Operand) -> Result<(Tensor, Tensor)> {
    Ok(match (a, b) {
        (Operand::Array(a), Operand::Array(b)) => {
            let (a, b) = (signed(a)?, signed(b)?);
            let is_wide = |x: &Tensor| matches!(x.dtype(), DType::I32 | DType::I64);
            // Fractions of 32 bits do not hold these.
            if (is_wide(&a) && b.dtype().is_float()) || (is_wide(&b) && a.dtype().is_float()) {
                (a.to_dtype(DType::F64)?, b.to_dtype(DType::F64)?)
            } else {
                (a, b)
            }
        }
        (Operand::Array(array), number) => beside(array, number)?,
        (number, Operand::Array(array)) => {
            let (array, number) = beside(array, number)?;
            (number, array)
        }
        (a, b) => (alone(a)?, alone(b)?),
    })
}

/// An array and a number.
fn beside(array: &Tensor, number: Operand) -> Result<(Tensor, Tensor)> {
    let array = signed(array)?;
    let number = match number {
        Operand::Fraction(_) if array.dtype().is_int() => {
            return Ok((array.to_dtype(DType::F64)?, alone(number)?));
        }
        Operand::Whole(number) => scalar(number, &array)?,
        number => alone(number)?.to_dtype(array.dtype())?.to_device(array.device())?,
    };
    Ok((array, number))
}

fn alone(operand: Operand) -> Result<Tensor> {
    Ok(match operand {
        Operand::Array(array) => array.clone(),
        Operand::Whole(number) => Tensor::new(number, &Device::Cpu)?,
        Operand::Fraction(number) => Tensor::new(number, &Device::Cpu)?,
    })
}

/// A whole number in the dtype of an array.
fn scalar(number: i64, array: &Tensor) -> Result<Tensor> {
    let fits = match array.dtype() {
        DType::U8 => u8::try_from(number).is_ok(),
        DType::I16 => i16::try_from(number).is_ok(),
        DType::I32 => i32::try_from(number).is_ok(),
        _ => true,
    };
    match fits {
        true => Ok(Tensor::new(number, &Device::Cpu)?.to_dtype(array.dtype())?.to_device(array.device())?),
        false => Err(Error::new(format!("{number} is no number of the dtype {:?}", array.dtype()))
            .help("make the array of another dtype first")),
    }
}

/// Ids as the signed numbers that they are in Python.
fn signed(x: &Tensor) -> Result<Tensor> {
    Ok(if x.dtype() == DType::U32 { x.to_dtype(DType::I64)? } else { x.clone() })
}
