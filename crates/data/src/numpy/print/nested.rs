//! Arrays as lists of Python.

use crate::{Cell, Result};
use candle_core::{DType, Tensor};

/// An array as Python prints the list of lists that it becomes. Python: `str(x.tolist())`.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::numpy;
/// let x = Tensor::new(&[[1.0, 2.5], [3.0, 1e-7]], &Device::Cpu)?;
/// assert_eq!(numpy::tolist_str(&x)?, "[[1.0, 2.5], [3.0, 1e-07]]");
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If candle cannot read the array.
pub fn tolist_str(x: &Tensor) -> Result<String> {
    if x.rank() > 0 {
        let items = (0..x.dim(0)?).map(|i| tolist_str(&x.get(i)?)).collect::<Result<Vec<_>>>()?;
        return Ok(format!("[{}]", items.join(", ")));
    }
    let cell = match x.dtype().is_int() {
        true => Cell::from(x.to_dtype(DType::I64)?.to_scalar::<i64>()?),
        false => Cell::from(x.to_dtype(DType::F64)?.to_scalar::<f64>()?),
    };
    Ok(cell.to_string())
}
