//! Numbers beside arrays: they have the dtype of the array, as a number of Python beside an array of NumPy.

use candle_core::{DType, Device, Tensor};
use candle_keras_ops::{Error, Result};

/// A whole number in the dtype of an array, so that `ops::subtract` and others compute in that dtype, as NumPy does: sums of uint8 begin again at 0
/// behind 255.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::numpy::scalar;
/// let bytes = Tensor::new(&[0u8, 100, 255], &Device::Cpu)?;
/// let inverted = scalar(255, &bytes)?.broadcast_sub(&bytes)?;
/// assert_eq!(inverted.to_vec1::<u8>()?, [255, 155, 0]);
/// assert!(scalar(256, &bytes).is_err());
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If the dtype has no such number, where NumPy raises an `OverflowError`.
pub fn scalar(number: i64, array: &Tensor) -> Result<Tensor> {
    let fits = match array.dtype() {
        DType::U8 => u8::try_from(number).is_ok(),
        DType::U32 => u32::try_from(number).is_ok(),
        DType::I16 => i16::try_from(number).is_ok(),
        DType::I32 => i32::try_from(number).is_ok(),
        _ => true,
    };
    match fits {
        true => Ok(Tensor::new(number, &Device::Cpu)?.to_dtype(array.dtype())?),
        false => Err(Error::new(format!("{number} is no number of the dtype {:?}", array.dtype()))
            .help("make the array of another dtype first")),
    }
}
