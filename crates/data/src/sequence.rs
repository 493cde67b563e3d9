//! Padding of sequences. Keras: `keras.utils.pad_sequences`.

use crate::Element;
use crate::arrays::check_fits;
use candle_core::{DType, Device, Tensor, WithDType};
use candle_keras_ops::{Error, Result, SomeDType, has_memory_for};

/// An end of a sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Side {
    /// The beginning.
    Pre,
    /// The end.
    Post,
    /// An unknown name.
    Unknown(String),
}

impl From<&str> for Side {
    fn from(name: &str) -> Self {
        match name {
            "pre" => Self::Pre,
            "post" => Self::Post,
            other => Self::Unknown(other.into()),
        }
    }
}

impl Side {
    fn is_pre(&self) -> Result<bool> {
        match self {
            Self::Pre => Ok(true),
            Self::Post => Ok(false),
            Self::Unknown(name) => Err(Error::unknown("side", name, &["pre", "post"])),
        }
    }
}

/// The keyword arguments of [`pad_sequences`], with Keras's defaults: the longest length, and both sides `"pre"`.
#[derive(Debug, Clone)]
pub struct Pad {
    maxlen: Option<usize>,
    padding: Side,
    truncating: Side,
    value: f64,
    dtype: SomeDType,
}

impl Default for Pad {
    fn default() -> Self {
        Self { maxlen: None, padding: Side::Pre, truncating: Side::Pre, value: 0.0, dtype: SomeDType(None) }
    }
}

impl Pad {
    /// Keras's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The length of all sequences. Default: that of the longest.
    pub fn maxlen(mut self, maxlen: usize) -> Self {
        self.maxlen = Some(maxlen);
        self
    }

    /// Where short sequences are padded: `"pre"` or `"post"`.
    pub fn padding(mut self, padding: impl Into<Side>) -> Self {
        self.padding = padding.into();
        self
    }

    /// Where long sequences are truncated: `"pre"` or `"post"`.
    pub fn truncating(mut self, truncating: impl Into<Side>) -> Self {
        self.truncating = truncating.into();
        self
    }

    /// The padding value. Default: 0.
    pub fn value(mut self, value: f64) -> Self {
        self.value = value;
        self
    }

    /// The dtype of the result: `"float32"`, `"int64"`. Default: that of the elements. Keras: `dtype`, where the default is int32.
    pub fn dtype(mut self, dtype: impl Into<SomeDType>) -> Self {
        self.dtype = dtype.into();
        self
    }
}

/// The sequences as the rows of one tensor, by default padded or truncated at the start, as in Keras.
///
/// ```
/// use candle_keras_data::{pad_sequences, Pad};
/// let sequences = [vec![1u32], vec![2, 3, 4]];
/// assert_eq!(pad_sequences(&sequences, Pad::new())?.to_vec2::<u32>()?, [[0, 0, 1], [2, 3, 4]]);
/// let two = pad_sequences(&sequences, Pad::new().maxlen(2).padding("post"))?;
/// assert_eq!(two.to_vec2::<u32>()?, [[1, 0], [3, 4]]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If the elements cannot have the padding value, or there is no memory for so many.
pub fn pad_sequences<E: Element, S: AsRef<[E]>>(sequences: &[S], pad: Pad) -> Result<Tensor> {
    let (pad_front, cut_front) = (pad.padding.is_pre()?, pad.truncating.is_pre()?);
    let length = pad.maxlen.unwrap_or_else(|| sequences.iter().map(|s| s.as_ref().len()).max().unwrap_or(0));
    let mut rows = Vec::new();
    let bytes = sequences.len().checked_mul(length).and_then(|count| count.checked_mul(size_of::<E::Stored>()));
    if !bytes.is_some_and(has_memory_for) {
        return Err(Error::new("sequences of this length do not fit into memory")
            .received(format!("{} sequences of length {length}", sequences.len())));
    }
    rows.resize(sequences.len() * length, padding_value::<E>(pad.value)?);
    for (i, sequence) in sequences.iter().enumerate() {
        let sequence = sequence.as_ref();
        let kept = sequence.len().min(length);
        let kept = if cut_front { &sequence[sequence.len() - kept..] } else { &sequence[..kept] };
        check_fits(kept.iter().copied(), &[kept.len()])?;
        let start = i * length + if pad_front { length - kept.len() } else { 0 };
        rows[start..start + kept.len()].iter_mut().zip(kept).for_each(|(place, x)| *place = x.stored());
    }
    let padded = Tensor::from_vec(rows, (sequences.len(), length), &Device::Cpu)?;
    let Some(dtype) = pad.dtype.0 else { return Ok(padded) };
    let cast = padded.to_dtype(candle_keras_ops::dtype(dtype)?)?;
    // Fractions are lost in whole numbers, as in Keras, and digits in floats; other numbers that the dtype does not have are errors.
    let numbers = |x: &Tensor| -> Result<Vec<f64>> { Ok(x.flatten_all()?.to_dtype(DType::F64)?.to_vec1()?) };
    let is_float = cast.dtype().is_float();
    let differs = |(a, b): (&f64, &f64)| if is_float { a.is_finite() && !b.is_finite() } else { a.trunc() != *b };
    match numbers(&padded)?.iter().zip(&numbers(&cast)?).position(differs) {
        Some(i) => Err(Error::new("an element of the sequences does not fit the dtype")
            .expected(format!("numbers of {:?}", cast.dtype()))
            .received(format!(
                "{:?} in row {}",
                padded.flatten_all()?.get(i)?.to_dtype(DType::F64)?.to_scalar::<f64>()?,
                i / length
            ))),
        None => Ok(cast),
    }
}

/// The padding value as an element, which must not change it: a cast would make -1 of u32 another id.
fn padding_value<E: Element>(value: f64) -> Result<E::Stored> {
    let stored = E::Stored::from_f64(value);
    let dtype = E::Stored::DTYPE;
    if dtype.is_float() || stored.to_f64() == value {
        return Ok(stored);
    }
    Err(Error::new("the padding value is not a value of the sequences' elements")
        .expected(format!("a value of {dtype:?}"))
        .received(value.to_string())
        .help("sequences of i64 can be padded with negative values, those of f32 with any"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dtype_is_an_argument() {
        let sequences = [vec![1.5f32, 300.0], vec![2.0]];
        let pad = |dtype: &str| pad_sequences(&sequences, Pad::new().dtype(dtype));
        assert_eq!(pad("float64").unwrap().to_vec2::<f64>().unwrap(), [[1.5, 300.], [0., 2.]]);
        assert_eq!(pad("int32").unwrap().to_vec2::<i32>().unwrap(), [[1, 300], [0, 2]]);
        assert!(pad("uint8").unwrap_err().to_string().contains("300"));
        for (wrong, dtype) in
            [(-1.0, "uint8"), (256.0, "uint8"), (2.16e9, "int32"), (f32::NAN, "int32"), (1e5, "float16")]
        {
            assert!(pad_sequences(&[vec![wrong]], Pad::new().dtype(dtype)).is_err(), "{wrong} as {dtype}");
        }
        assert!(pad_sequences(&[vec![f32::INFINITY, 1e-9]], Pad::new().dtype("float16")).is_ok());
        assert!(pad("int33").is_err());
        assert_eq!(pad_sequences(&sequences, Pad::new()).unwrap().dtype(), DType::F32);
    }

    #[test]
    fn padding_and_truncating_are_arguments() {
        let sequences = [vec![1i64, 2, 3, 4, 5], vec![6]];
        let rows = |pad: Pad| pad_sequences(&sequences, pad).unwrap().to_vec2::<i64>().unwrap();
        assert_eq!(rows(Pad::new().maxlen(3)), [[3, 4, 5], [0, 0, 6]]);
        assert_eq!(rows(Pad::new().maxlen(3).truncating("post").padding("post").value(-1.0)), [[1, 2, 3], [6, -1, -1]]);
        assert!(pad_sequences(&sequences, Pad::new().padding("front")).is_err());
        let error = |pad: Pad| pad_sequences(&sequences, pad).unwrap_err().to_string();
        assert!(error(Pad::new().maxlen(usize::MAX)).contains("2 sequences of length 18446744073709551615"));
        assert!(error(Pad::new().maxlen(1 << 60)).contains("do not fit into memory"));
        assert!(error(Pad::new().value(0.5)).contains("received: 0.5"));
        let words = [vec![1u32, 2], vec![3]];
        for value in [-1.0, 0.5, 1e10, f64::NAN] {
            let error = pad_sequences(&words, Pad::new().value(value)).unwrap_err().to_string();
            assert!(error.contains(&format!("received: {value}")) && error.contains("U32"), "{error}");
        }
        let padded = pad_sequences(&[vec![1f32, 2.], vec![]], Pad::new().value(-0.1)).unwrap();
        assert_eq!(padded.to_vec2::<f32>().unwrap(), [[1., 2.], [-0.1, -0.1]]);
        assert_eq!(pad_sequences::<u32, Vec<u32>>(&[], Pad::new()).unwrap().dims(), [0, 0]);
    }
}
