//! `numpy.load` and `numpy.save`.

use super::{npy, npz, read_npy};
use crate::atomic;
use candle_core::{Device, Tensor};
use candle_keras_ops::{Error, Result};
use indexmap::IndexMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Reads an array of a file `.npy`, as [`read_npy`] does. Python: `numpy.load`; what that does with archives `.npz`,
/// [`load_npz`] and [`Npz::open`](super::Npz::open) do here.
///
/// # Errors
/// If the file cannot be read, is damaged, or has other elements than numbers.
///
/// ```
/// use candle_keras_data::numpy;
/// # let folder = tempfile::tempdir().expect("a folder");
/// # let path = folder.path().join("x.npy");
/// let x = numpy::linspace(0.0, 1.0, 3)?;
/// numpy::save(&path, &x)?;
/// assert_eq!(numpy::load(&path)?.to_vec1::<f64>()?, [0.0, 0.5, 1.0]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn load(path: impl AsRef<Path>) -> Result<Tensor> {
    read_npy(path)
}

/// Writes an array to a file, whose name gets the ending `.npy` if it has another one; the file is written atomically. Python:
/// `numpy.save`.
///
/// bfloat16, which NumPy does not have, becomes float32.
///
/// # Errors
/// If the file cannot be written, or NumPy has no such dtype.
///
/// ```
/// use candle_keras_data::numpy;
/// # let folder = tempfile::tempdir().expect("a folder");
/// let x = numpy::arange(0, 3, 1)?;
/// numpy::save(folder.path().join("x"), &x)?;
/// assert_eq!(numpy::load(folder.path().join("x.npy"))?.to_vec1::<i64>()?, [0, 1, 2]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn save(path: impl AsRef<Path>, array: &Tensor) -> Result<()> {
    atomic::write(&with_ending(path.as_ref(), ".npy"), |file| npy::write(file, array))
}

/// Writes arrays by their names to an archive, whose name gets the ending `.npz` if it has another one; [`Npz`](super::Npz) reads it.
/// Python: `numpy.savez`.
///
/// # Errors
/// As for [`write_npz`](super::write_npz).
///
/// ```
/// use candle_keras_data::{Npz, numpy};
/// # let folder = tempfile::tempdir().expect("a folder");
/// # let path = folder.path().join("data");
/// numpy::savez(&path, [("x", &numpy::arange(0, 3, 1)?), ("y", &numpy::linspace(0.0, 1.0, 3)?)])?;
/// assert_eq!(Npz::open(path.with_extension("npz"))?.names(), ["x", "y"]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn savez<'a, N: AsRef<str>>(
    path: impl AsRef<Path>,
    arrays: impl IntoIterator<Item = (N, &'a Tensor)>,
) -> Result<()> {
    npz::write_npz(with_ending(path.as_ref(), ".npz"), arrays)
}

/// Reads all arrays of an archive `.npz`, by their names and in their order. Python: `numpy.load`; [`Npz`](super::Npz) reads one after the
/// other.
///
/// # Errors
/// If the file cannot be read, is damaged, or has other arrays than of numbers.
///
/// ```
/// use candle_keras_data::numpy;
/// # let folder = tempfile::tempdir().expect("a folder");
/// # let path = folder.path().join("data.npz");
/// numpy::savez(&path, [("x", &numpy::arange(0, 3, 1)?)])?;
/// let data = numpy::load_npz(&path)?;
/// assert_eq!(data["x"].to_vec1::<i64>()?, [0, 1, 2]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn load_npz(path: impl AsRef<Path>) -> Result<IndexMap<String, Tensor>> {
    let mut file = npz::Npz::open(path)?;
    file.names().into_iter().map(|name| file.read(&name).map(|array| (name, array))).collect()
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    if path.to_string_lossy().ends_with(ending) {
        return path.to_path_buf();
    }
    let mut path: OsString = path.into();
    path.push(ending);
    path.into()
}
/// The numbers of a text file, a row for each line, as F64. NumPy: `np.loadtxt(path, delimiter=..., skiprows=...)`.
///
/// Numbers are separated by white space, or by `delimiter`; what stands behind `#` is left out. A file of one column or one row has one axis.
///
/// ```
/// use candle_keras_data::numpy::loadtxt;
/// # let folder = tempfile::tempdir().expect("a folder");
/// let path = folder.path().join("data.tsv");
/// std::fs::write(&path, "1\t2\n3\t4\n").expect("a file");
/// assert_eq!(loadtxt(&path, '\t', 0)?.to_vec2::<f64>()?, [[1., 2.], [3., 4.]]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If the file cannot be read, a field is no number, or lines have different numbers of fields.
pub fn loadtxt(path: impl AsRef<Path>, delimiter: impl Into<Option<char>>, skiprows: usize) -> Result<Tensor> {
    let (path, delimiter) = (path.as_ref(), delimiter.into());
    let text = std::fs::read_to_string(path).map_err(|cause| Error::Io { path: path.into(), cause })?;
    let (mut numbers, mut rows, mut columns) = (Vec::new(), 0, 0);
    for (i, line) in text.lines().enumerate().skip(skiprows) {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let fields: Vec<&str> = match delimiter {
            Some(delimiter) => line.split(delimiter).map(str::trim).collect(),
            None => line.split_whitespace().collect(),
        };
        if rows > 0 && fields.len() != columns {
            return Err(Error::new(format!("{}, line {}: another number of fields", path.display(), i + 1))
                .expected(columns.to_string())
                .received(fields.len().to_string()));
        }
        (rows, columns) = (rows + 1, fields.len());
        for field in fields {
            let number = field.parse::<f64>().map_err(|_| {
                Error::new(format!("{}, line {}: not a number", path.display(), i + 1)).received(format!("{field:?}"))
            })?;
            numbers.push(number);
        }
    }
    Ok(match (rows, columns) {
        (1, _) | (_, 1) => Tensor::from_vec(numbers, rows * columns, &Device::Cpu)?,
        _ => Tensor::from_vec(numbers, (rows, columns), &Device::Cpu)?,
    })
}
