//! Weights as NumPy's `.npz`: an array for each, by the name of its layer and its own, `dense/kernel`.

use super::safetensors::SafetensorsFile;
use super::stored::{Data, Stored};
use crate::Result;
use candle_keras_data::Npz;
use candle_keras_ops::Error;
use std::path::Path;

/// Whether a zip archive is one of arrays.
pub(crate) fn is_npz(path: &Path) -> bool {
    let names = Npz::open(path).map(|npz| npz.members()).unwrap_or_default();
    !names.is_empty() && names.iter().all(|name| name.ends_with(".npy"))
}

/// The arrays of an archive, as the tensors of a file of weights.
pub(crate) fn open(path: &Path) -> Result<SafetensorsFile> {
    let mut npz = Npz::open(path)?;
    let len = path.metadata().map_err(|cause| Error::io(path, cause))?.len();
    let stored = |name: String| -> Result<(String, Stored)> {
        let tensor = npz.read(&name)?;
        let stored = Stored { path: name.clone(), dims: tensor.dims().to_vec(), data: Data::Read(tensor) };
        Ok((name, stored))
    };
    let names = Npz::open(path)?.names();
    Ok(SafetensorsFile::of_tensors(path, len, names.into_iter().map(stored).collect::<Result<_>>()?))
}
