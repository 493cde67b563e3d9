//! Text in tensors: the bytes of each string, padded with zeros to the longest, along one more axis at the end.
//!
//! As NumPy's fixed-width strings. Batches are taken and shuffled as those of any tensor.

use crate::{Error, Result, lengths};
use candle_core::{DType, Device, Tensor};

/// The strings as a tensor of bytes, with the axes of `shape` and one for the bytes.
///
/// ```
/// use candle_keras_ops::{string_tensor, strings};
/// let text = string_tensor(&["to be", "or", "näht"], &[3])?;
/// assert_eq!(text.dims(), [3, 5]);
/// assert_eq!(strings(&text)?, ["to be", "or", "näht"]);
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If the number of strings does not fit the shape.
pub fn string_tensor<S: AsRef<[u8]>>(strings: &[S], shape: &[usize]) -> Result<Tensor> {
    string_tensor_of_width(strings, shape, 1)
}

/// [`string_tensor`] with at least `width` bytes for each string: batches of equal widths can be concatenated.
///
/// # Errors
/// If the number of strings does not fit the shape.
pub fn string_tensor_of_width<S: AsRef<[u8]>>(strings: &[S], shape: &[usize], width: usize) -> Result<Tensor> {
    if lengths::elements(shape)? != strings.len() {
        return Err(Error::new("the strings do not fill the shape")
            .expected(format!("shape {shape:?}"))
            .received(format!("{} strings", strings.len())));
    }
    let width = strings.iter().map(|string| string.as_ref().len()).max().unwrap_or(0).max(width).max(1);
    let mut bytes = vec![0u8; lengths::allocated(&[strings.len(), width], DType::U8)?];
    for (string, place) in strings.iter().zip(bytes.chunks_exact_mut(width)) {
        place[..string.as_ref().len()].copy_from_slice(string.as_ref());
    }
    Ok(Tensor::from_vec(bytes, [shape, &[width]].concat(), &Device::Cpu)?)
}

/// The bytes of each string of a tensor, without the padding.
#[derive(Debug)]
pub struct StringBytes {
    bytes: Vec<u8>,
    width: usize,
}

impl StringBytes {
    /// The bytes of each string, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.bytes.chunks_exact(self.width).map(|bytes| {
            let length = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            &bytes[..length]
        })
    }
}

/// The bytes of the strings of a tensor from [`string_tensor`].
///
/// # Errors
/// If it is not a tensor of bytes.
pub fn string_bytes(text: &Tensor) -> Result<StringBytes> {
    if text.dtype() != DType::U8 || text.rank() < 1 {
        return Err(Error::new("this is not a tensor of strings")
            .expected("bytes (uint8) along the last axis")
            .received(format!("{:?} of shape {:?}", text.dtype(), text.dims())));
    }
    lengths::check([text])?;
    Ok(StringBytes { bytes: text.flatten_all()?.to_vec1()?, width: text.dims()[text.rank() - 1].max(1) })
}

/// The strings of a tensor from [`string_tensor`], in order. Bytes that are not UTF-8 become U+FFFD.
///
/// # Errors
/// If it is not a tensor of bytes.
pub fn strings(text: &Tensor) -> Result<Vec<String>> {
    Ok(string_bytes(text)?.iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect())
}
