//! `.npy`: one array.

use crate::Element;
use crate::arrays::check_fits;
use crate::pickle::Pickle;
use candle_core::{DType, Device, Tensor};
use candle_keras_ops::{Error, Result};
use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::Path;

const MAGIC: &[u8] = b"\x93NUMPY";
/// Those of arrays of numbers have about 80 bytes.
const LONGEST_HEADER: usize = 1 << 16;
/// NumPy's own limit.
const MOST_AXES: usize = 64;

/// Reads an array of numbers: booleans, integers of any size and order of bytes, floats of 16, 32 or 64 bits, row by row or column by column.
/// Python: `numpy.load`.
///
/// Integers become i64, but u8 stays, and u16 and u32 become u32.
///
/// # Errors
/// If the file cannot be read, is damaged, or has other elements. No more memory is used than the file's size demands.
pub fn read_npy(path: impl AsRef<Path>) -> Result<Tensor> {
    let path = path.as_ref();
    let file = File::open(path).map_err(|cause| Error::io(path, cause))?;
    let size = file.metadata().map_err(|cause| Error::io(path, cause))?.len();
    read(&mut BufReader::new(file), size).map_err(|error| Error::new(format!("{}: {error}", path.display())))
}

/// Reads the array of a file of this size.
pub(super) fn read(file: &mut dyn Read, size: u64) -> Result<Tensor> {
    let header = Header::read(file)?;
    let bytes = header.bytes.and_then(|bytes| u64::try_from(bytes).ok()).filter(|bytes| *bytes <= size);
    let bytes = bytes.ok_or_else(|| {
        Error::new("the shape of the array is larger than the file").received(format!("{:?}", header.shape))
    })?;
    let mut content = Vec::new();
    // The reader checks the sum of a compressed file at its end.
    file.take(bytes.saturating_add(1)).read_to_end(&mut content).map_err(|cause| Error::new(cause.to_string()))?;
    if content.len() as u64 != bytes {
        let more = if content.len() as u64 > bytes { "more" } else { &content.len().to_string() };
        return Err(Error::new("the length of the file does not match the shape of its array")
            .expected(format!("{bytes} bytes of elements for {:?}", header.shape))
            .received(more));
    }
    header.tensor(content)
}

/// The lists of whole numbers of an array of objects, which NumPy writes as a pickle behind the header.
pub(super) fn sequences(file: &mut dyn Read) -> Result<Vec<Vec<u32>>> {
    let header = Header::text(file)?;
    if !header.contains("'|O'") {
        return Err(Error::new("this is not an array of objects").received(header.trim()));
    }
    let mut pickle = Vec::new();
    file.read_to_end(&mut pickle).map_err(|cause| Error::new(cause.to_string()))?;
    Pickle::read(&pickle)?.sequences()
}

/// Writes an array row by row, in little-endian order. bfloat16, which NumPy does not have, is written as float32, which has each of its numbers.
pub(super) fn write(to: &mut dyn Write, array: &Tensor) -> Result<()> {
    let widened = array.to_device(&Device::Cpu)?.to_dtype(match array.dtype() {
        DType::BF16 => DType::F32,
        dtype => dtype,
    })?;
    let kind = match widened.dtype() {
        DType::U8 => "|u1",
        DType::U32 => "<u4",
        DType::I16 => "<i2",
        DType::I32 => "<i4",
        DType::I64 => "<i8",
        DType::F16 => "<f2",
        DType::F32 => "<f4",
        DType::F64 => "<f8",
        other => {
            let error = Error::new("NumPy has no array of this dtype").received(format!("{other:?}"));
            return Err(error.help("tensor.to_dtype gives it one of 16, 32 or 64 bits"));
        }
    };
    let sizes: String = widened.dims().iter().map(|size| format!("{size}, ")).collect();
    // As NumPy writes it: one size is followed by a comma, more are not.
    let sizes = if widened.rank() == 1 { sizes.trim_end() } else { sizes.trim_end_matches(", ") };
    let mut header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({sizes}), }}");
    // The elements begin at a multiple of 64.
    let length = (MAGIC.len() + 4 + header.len() + 1).next_multiple_of(64) - MAGIC.len() - 4;
    header += &" ".repeat(length - 1 - header.len());
    header.push('\n');
    let failed = |cause: std::io::Error| Error::new(format!("an array could not be written: {cause}"));
    to.write_all(MAGIC).and_then(|()| to.write_all(&[1, 0])).map_err(failed)?;
    to.write_all(&(length as u16).to_le_bytes()).and_then(|()| to.write_all(header.as_bytes())).map_err(failed)?;
    let mut buffered = std::io::BufWriter::new(to);
    widened.write_bytes(&mut buffered)?;
    buffered.flush().map_err(failed)
}

/// What precedes the elements: a dict of Python, such as `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }`.
struct Header {
    kind: String,
    is_big_endian: bool,
    is_by_columns: bool,
    shape: Vec<usize>,
    /// The number of bytes of all elements, if it is one.
    bytes: Option<usize>,
}

impl Header {
    fn read(file: &mut dyn Read) -> Result<Self> {
        Self::of_dict(&Self::text(file)?)
    }

    /// The dict.
    fn text(file: &mut dyn Read) -> Result<String> {
        let mut take = |count: usize| -> Result<Vec<u8>> {
            let mut bytes = Vec::new();
            file.take(count as u64).read_to_end(&mut bytes).map_err(|cause| Error::new(cause.to_string()))?;
            if bytes.len() < count { Err(Error::new("the header of the array is cut off")) } else { Ok(bytes) }
        };
        let start = take(MAGIC.len() + 2).unwrap_or_default();
        let Some([version, _]) = start.strip_prefix(MAGIC) else {
            return Err(Error::new("this is not an array of NumPy").expected("a file of numpy.save or numpy.savez"));
        };
        let length = match version {
            1 => take(2)?.iter().rev().fold(0, |length, byte| length << 8 | usize::from(*byte)),
            2 | 3 => take(4)?.iter().rev().fold(0, |length, byte| length << 8 | usize::from(*byte)),
            _ => {
                let error = Error::new("this version of .npy is not known");
                return Err(error.expected("1, 2 or 3").received(version.to_string()));
            }
        };
        if length > LONGEST_HEADER {
            return Err(Error::new("the header of the array is too long").received(format!("{length} bytes")));
        }
        Ok(String::from_utf8_lossy(&take(length)?).into_owned())
    }

    fn of_dict(dict: &str) -> Result<Self> {
        let shown = || dict.trim().chars().take(200).collect::<String>();
        let wrong = |key: &str| Error::new(format!("the header of the array has no valid {key:?}")).received(shown());
        let value = |key: &str| {
            let quoted = [format!("'{key}'"), format!("\"{key}\"")];
            let after = quoted.iter().find_map(|key| dict.split_once(key))?.1.trim_start();
            Some(after.strip_prefix(':')?.trim_start())
        };
        let descr = value("descr").ok_or_else(|| wrong("descr"))?;
        let descr = descr.trim_start_matches(['\'', '"']).split(['\'', '"', ',']).next().unwrap_or_default();
        let kind = descr.trim_start_matches(['<', '>', '|', '=']).to_string();
        let size = size_of(&kind).ok_or_else(|| {
            Error::new("the elements of the array are no numbers that a tensor has")
                .expected("booleans, integers, or floats of 16, 32 or 64 bits")
                .received(shown())
                .help("in Python: array.astype(\"float32\"); complex numbers, texts and objects are not supported")
        })?;
        let order = value("fortran_order").ok_or_else(|| wrong("fortran_order"))?;
        let is_by_columns = order.starts_with("True");
        if !is_by_columns && !order.starts_with("False") {
            return Err(wrong("fortran_order"));
        }
        let sizes = value("shape").and_then(|shape| shape.strip_prefix('(')?.split_once(')'));
        let sizes = sizes.ok_or_else(|| wrong("shape"))?.0.trim().trim_end_matches(',');
        // Python 2 wrote long integers.
        let axis = |size: &str| size.trim().trim_end_matches('L').parse().ok();
        let shape: Option<Vec<usize>> =
            if sizes.is_empty() { Some(Vec::new()) } else { sizes.split(',').map(axis).collect() };
        let shape = shape.filter(|shape| shape.len() <= MOST_AXES).ok_or_else(|| wrong("shape"))?;
        // Axes around one of size 0 must have a product, too: strides are such products.
        let product = |least: usize| shape.iter().try_fold(size, |all, &axis| all.checked_mul(axis.max(least)));
        let bytes = product(1).filter(|all| isize::try_from(*all).is_ok()).and_then(|_| product(0));
        Ok(Self { kind, is_big_endian: descr.starts_with('>'), is_by_columns, shape, bytes })
    }

    fn tensor(&self, mut bytes: Vec<u8>) -> Result<Tensor> {
        let size = size_of(&self.kind).unwrap_or(1);
        if self.is_big_endian {
            bytes.chunks_exact_mut(size).for_each(<[u8]>::reverse);
        }
        let mut shape = self.shape.clone();
        if self.is_by_columns {
            shape.reverse();
        }
        let raw = |dtype| Ok(Tensor::from_raw_buffer(&bytes, dtype, &shape, &Device::Cpu)?);
        let tensor = match self.kind.as_str() {
            "b1" => integers(&bytes, &shape, |[byte]| byte != 0),
            "i1" => integers(&bytes, &shape, i8::from_le_bytes),
            "i2" => integers(&bytes, &shape, i16::from_le_bytes),
            "u2" => integers(&bytes, &shape, u16::from_le_bytes),
            "i4" => integers(&bytes, &shape, i32::from_le_bytes),
            "u8" => integers(&bytes, &shape, u64::from_le_bytes),
            "u1" => raw(DType::U8),
            "u4" => raw(DType::U32),
            "i8" => raw(DType::I64),
            "f2" => raw(DType::F16),
            "f4" => raw(DType::F32),
            _ => raw(DType::F64),
        }?;
        if !self.is_by_columns {
            return Ok(tensor);
        }
        let axes: Vec<usize> = (0..shape.len()).rev().collect();
        Ok(tensor.permute(axes)?.contiguous()?)
    }
}

/// The number of bytes of an element of a supported kind.
fn size_of(kind: &str) -> Option<usize> {
    match kind {
        "b1" | "i1" | "u1" => Some(1),
        "i2" | "u2" | "f2" => Some(2),
        "i4" | "u4" | "f4" => Some(4),
        "i8" | "u8" | "f8" => Some(8),
        _ => None,
    }
}

fn integers<E: Element, const SIZE: usize>(
    bytes: &[u8],
    shape: &[usize],
    element: fn([u8; SIZE]) -> E,
) -> Result<Tensor> {
    let elements = || bytes.as_chunks::<SIZE>().0.iter().map(|bytes| element(*bytes));
    check_fits(elements(), shape)?;
    let stored: Vec<E::Stored> = elements().map(E::stored).collect();
    Ok(Tensor::from_vec(stored, shape, &Device::Cpu)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_keras_ops::{damage::damaged, random::Stream};

    fn file(descr: &str, order: &str, shape: &str, bytes: &[u8]) -> Vec<u8> {
        let header = format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n");
        [MAGIC, &[1, 0], &(header.len() as u16).to_le_bytes(), header.as_bytes(), bytes].concat()
    }

    fn array(file: &[u8]) -> Result<Tensor> {
        read(&mut &file[..], file.len() as u64)
    }

    fn numbers(file: &[u8]) -> Vec<f64> {
        array(file).unwrap().to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn elements_of_any_type_and_order_are_read() {
        let both = |kind: &str, dtype: DType, little: &[u8], expected: &[f64]| {
            let size = size_of(kind).unwrap();
            let big: Vec<u8> = little.chunks(size).flat_map(|x| x.iter().rev().copied()).collect();
            for (order, bytes) in [('<', little), ('>', &big), ('|', little), ('=', little)] {
                let file = file(&format!("'{order}{kind}'"), "False", &format!("({},)", expected.len()), bytes);
                assert_eq!(
                    (numbers(&file), array(&file).unwrap().dtype()),
                    (expected.to_vec(), dtype),
                    "{order}{kind}"
                );
            }
        };
        both("b1", DType::U8, &[0, 1, 255], &[0., 1., 1.]);
        both("u1", DType::U8, &[0, 255], &[0., 255.]);
        both("i1", DType::I64, &[1, 255], &[1., -1.]);
        both("u2", DType::U32, &[1, 2, 255, 255], &[513., 65535.]);
        both("i2", DType::I64, &[1, 2, 255, 255], &[513., -1.]);
        both("u4", DType::U32, &u32::MAX.to_le_bytes(), &[4294967295.]);
        both("i4", DType::I64, &(-7i32).to_le_bytes(), &[-7.]);
        both("u8", DType::I64, &7u64.to_le_bytes(), &[7.]);
        both("i8", DType::I64, &(-7i64).to_le_bytes(), &[-7.]);
        both("f2", DType::F16, &[0, 0x3c], &[1.]);
        both("f4", DType::F32, &(-0.5f32).to_le_bytes(), &[-0.5]);
        both("f8", DType::F64, &1e300f64.to_le_bytes(), &[1e300]);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let x = Tensor::arange(0f32, 24f32, &Device::Cpu).unwrap();
        for shape in [vec![24], vec![2, 12], vec![2, 3, 4], vec![24, 1, 1], vec![0, 3], vec![]] {
            for dtype in
                [DType::U8, DType::U32, DType::I16, DType::I32, DType::I64, DType::F16, DType::BF16, DType::F64]
            {
                let count = shape.iter().product();
                let x = x.narrow(0, 0, count).unwrap().reshape(shape.clone()).unwrap().to_dtype(dtype).unwrap();
                let mut bytes = Vec::new();
                write(&mut bytes, &x).unwrap();
                assert_eq!(
                    (bytes.len()
                        - array(&bytes).unwrap().elem_count()
                            * dtype.size_in_bytes().max(if dtype == DType::BF16 { 4 } else { 1 }))
                        % 64,
                    0
                );
                assert_eq!(array(&bytes).unwrap().dims(), x.dims());
                let expected: Vec<f64> = x.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap();
                assert_eq!(numbers(&bytes), expected);
            }
        }
        let transposed = x.reshape((4, 6)).unwrap().t().unwrap();
        let mut bytes = Vec::new();
        write(&mut bytes, &transposed).unwrap();
        assert_eq!(array(&bytes).unwrap().to_vec2::<f32>().unwrap(), transposed.to_vec2::<f32>().unwrap());
        let header = b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (6, 4), }";
        assert!(bytes.starts_with(header) && bytes[127] == b'\n');
    }

    #[test]
    fn columns_and_empty_shapes_are_read() {
        let table = file("'|u1'", "True", "(2, 3)", &[1, 2, 3, 4, 5, 6]);
        assert_eq!(array(&table).unwrap().to_vec2::<u8>().unwrap(), [[1, 3, 5], [2, 4, 6]]);
        let three = array(&file("'|u1'", "True", "(1, 2, 3)", &[1, 2, 3, 4, 5, 6])).unwrap();
        assert_eq!(three.to_vec3::<u8>().unwrap(), [[[1, 3, 5], [2, 4, 6]]]);
        assert_eq!(array(&file("'<i4'", "True", "()", &[9, 0, 0, 0])).unwrap().to_scalar::<i64>().unwrap(), 9);
        assert_eq!(array(&file("'<f4'", "False", "(0, 5)", &[])).unwrap().dims(), [0, 5]);
        assert_eq!(numbers(&file("\"<f4\"", "False", "(1L,)", &1f32.to_le_bytes())), [1.]);
    }

    #[test]
    fn what_no_tensor_can_be_is_an_error() {
        let error = |descr: &str, shape: &str, bytes: &[u8]| {
            array(&file(descr, "False", shape, bytes)).unwrap_err().to_string()
        };
        for (shape, what) in [
            ("(274177, 67280421310721)", "larger than the file"),
            ("(3,6148914691236517205)", "larger than the file"),
            ("(18446744073709551615,)", "larger than the file"),
            ("(1099511627776, 1099511627776, 0)", "larger than the file"),
            ("(1048576, 1048576)", "larger than the file"),
            ("(18446744073709551616,)", "\"shape\""),
            ("(-1,)", "\"shape\""),
            ("(2, x)", "\"shape\""),
            ("2", "\"shape\""),
            ("(2,)", "does not match"),
            ("()", "does not match"),
        ] {
            let error = error("'<f4'", shape, &[0; 64]);
            assert!(error.contains(what), "{shape}: {error}");
        }
        let many_axes = format!("({})", "1,".repeat(65));
        assert!(error("'|u1'", &many_axes, &[0]).contains("\"shape\""));
        for descr in ["'<c8'", "'|O'", "'<U3'", "'<f16'", "[('a', '<f4')]", "''", "'<M8[s]'"] {
            assert!(error(descr, "(1,)", &[0; 16]).contains("no numbers that a tensor has"), "{descr}");
        }
        let large = error("'<u8'", "(2, 1)", &[[0; 8], [255; 8]].concat());
        assert!(large.contains("a larger one at [1, 0]"), "{large}");
        assert!(array(b"").unwrap_err().to_string().contains("not an array of NumPy"));
        assert!(array(&[MAGIC, &[2, 0, 255, 255, 255, 255]].concat()).unwrap_err().to_string().contains("too long"));
        assert!(array(&[MAGIC, &[1, 0, 90, 0], b"{'descr'"].concat()).unwrap_err().to_string().contains("cut off"));
    }

    #[test]
    fn damaged_files_are_read_or_refused() {
        let mut random = Stream::new(21, 0);
        for descr in ["'<f4'", "'>i2'", "'|u1'"] {
            let good = file(descr, "True", "(2, 3)", &vec![7; 6 * size_of(&descr[2..4]).unwrap()]);
            array(&good).unwrap();
            for _ in 0..3000 {
                let mut bytes = good.clone();
                (0..1 + random.below(3)).for_each(|_| bytes = damaged(&bytes, &mut random));
                _ = array(&bytes).map(|array| array.to_dtype(DType::F64).unwrap());
            }
        }
    }
}
