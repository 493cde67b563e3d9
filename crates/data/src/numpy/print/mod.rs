//! Arrays as NumPy prints them.

mod digits;
mod elements;
mod lists;
mod nested;
mod options;

pub(super) use digits::Precision;
pub use lists::list_str;
pub use nested::tolist_str;
pub use options::{PrintOptions, set_printoptions};

use candle_core::{DType, Device, Tensor};
use candle_keras_ops::{Error, Result};

/// The elements at each end of an axis that a shortened array has.
const EDGE: usize = 3;

/// The text that NumPy prints for an array, by default with its default options. Python: `print(x)`, `str(x)`, `numpy.array_str`.
///
/// An array without axes is a number alone. bfloat16, which NumPy does not have, is written as float32.
///
/// # Errors
/// If the array is too large to copy, or its dtype is not one of numbers.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::numpy::array_str;
/// let x = Tensor::new(&[[1f32, 2.5], [-3., 4.]], &Device::Cpu)?;
/// assert_eq!(array_str(&x)?, "[[ 1.   2.5]\n [-3.   4. ]]");
/// assert_eq!(array_str(&Tensor::arange(0i64, 2000, &Device::Cpu)?)?, "[   0    1    2 ... 1997 1998 1999]");
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn array_str(x: &Tensor) -> Result<String> {
    let precision = match x.dtype() {
        DType::F16 => Some(Precision::Half),
        DType::F32 | DType::BF16 => Some(Precision::Single),
        DType::F64 => Some(Precision::Double),
        DType::U8 | DType::U32 | DType::I16 | DType::I32 | DType::I64 => None,
        other => return Err(Error::new("an array of this dtype has no text").received(format!("{other:?}"))),
    };
    let options = options::in_use();
    let shown = Shown::of(x, options.threshold)?;
    let flat = shown.elements.flatten_all()?;
    let texts: Vec<String> = match precision {
        None => {
            let numbers: Vec<i64> = flat.to_dtype(DType::I64)?.to_vec1()?;
            if x.rank() == 0 {
                return Ok(numbers[0].to_string());
            }
            let width = elements::width(&numbers);
            numbers.iter().map(|x| format!("{x:>width$}")).collect()
        }
        Some(precision) => {
            let numbers: Vec<f64> = flat.to_dtype(DType::F64)?.to_vec1()?;
            if x.rank() == 0 {
                return Ok(elements::scalar(numbers[0], precision));
            }
            let format = elements::Floats::of(&numbers, precision, options);
            numbers.iter().map(|&x| format.text(x)).collect()
        }
    };
    if texts.is_empty() {
        return Ok("[]".into());
    }
    Ok(shown.text(&texts, 0, " ", options.linewidth))
}

/// The text that NumPy prints for an array of truth values, which this project has as zeros and ones. Python: `print(x > 0)`.
///
/// # Errors
/// As of [`array_str`].
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::numpy::mask_str;
/// assert_eq!(mask_str(&Tensor::new(&[0u8, 1, 0], &Device::Cpu)?)?, "[False  True False]");
/// assert_eq!(mask_str(&Tensor::new(&[[1u8, 1]], &Device::Cpu)?)?, "[[ True  True]]");
/// assert_eq!(mask_str(&Tensor::new(1u8, &Device::Cpu)?)?, "True");
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn mask_str(x: &Tensor) -> Result<String> {
    let options = options::in_use();
    let shown = Shown::of(x, options.threshold)?;
    let values: Vec<f64> = shown.elements.flatten_all()?.to_dtype(DType::F64)?.to_vec1()?;
    let word = |value: f64| if value != 0.0 { "True" } else { "False" };
    if x.rank() == 0 {
        return Ok(word(values[0]).into());
    }
    let texts: Vec<String> = values.iter().map(|&value| format!("{:>5}", word(value))).collect();
    if texts.is_empty() {
        return Ok("[]".into());
    }
    Ok(shown.text(&texts, 0, " ", options.linewidth))
}

/// The elements that are written.
struct Shown {
    elements: Tensor,
    /// Whether some are left out of each axis.
    is_shortened: Vec<bool>,
}

impl Shown {
    fn of(x: &Tensor, threshold: usize) -> Result<Self> {
        let mut elements = x.detach();
        let is_long = x.elem_count() > threshold;
        let is_shortened: Vec<bool> = x.dims().iter().map(|&size| is_long && size > 2 * EDGE).collect();
        for (axis, _) in is_shortened.iter().enumerate().filter(|(_, is_shortened)| **is_shortened) {
            let last = elements.dims()[axis] - EDGE;
            elements = Tensor::cat(&[elements.narrow(axis, 0, EDGE)?, elements.narrow(axis, last, EDGE)?], axis)?;
        }
        Ok(Self { elements: elements.to_device(&Device::Cpu)?, is_shortened })
    }

    /// The text of a part of the array, along `axis` and those after it. Lines but the first one begin with `indent`.
    fn text(&self, texts: &[String], axis: usize, indent: &str, width: usize) -> String {
        let dims = &self.elements.dims()[axis..];
        let is_gap = |i: usize| self.is_shortened[axis] && i == EDGE;
        if dims.len() == 1 {
            let mut row = Row { lines: String::new(), line: indent.to_string(), indent, width: width - 1 };
            for (i, text) in texts.iter().enumerate() {
                if is_gap(i) {
                    row.add("...");
                }
                row.add(text);
            }
            return format!("[{}]", &(row.lines + &row.line)[indent.len()..]);
        }
        let (inner, gap) = (format!("{indent} "), "\n".repeat(dims.len() - 1));
        let mut parts = Vec::new();
        for (i, part) in texts.chunks(texts.len() / dims[0]).enumerate() {
            if is_gap(i) {
                parts.push("...".to_string());
            }
            parts.push(self.text(part, axis + 1, &inner, width - 1));
        }
        format!("[{}]", parts.join(&format!("{gap}{indent}")))
    }
}

/// Texts side by side, in lines of at most this width.
struct Row<'a> {
    lines: String,
    line: String,
    indent: &'a str,
    width: usize,
}

impl Row<'_> {
    fn add(&mut self, text: &str) {
        if self.line.len() > self.indent.len() {
            self.line.push(' ');
            if self.line.len() + text.len() > self.width {
                self.lines += self.line.trim_end();
                self.lines.push('\n');
                self.line = self.indent.to_string();
            }
        }
        self.line += text;
    }
}

#[cfg(test)]
mod tests;
