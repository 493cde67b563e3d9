//! The files of CIFAR: pickles of images and classes.

use crate::pickle::Pickle;
use candle_core::{Device, Tensor};
use candle_keras_ops::config::image_data_format;
use candle_keras_ops::{Error, Result};
use std::path::{Path, PathBuf};

/// The images of a file in u8, with their channels where `config::image_data_format()` says, and their classes.
pub(super) fn batch(path: &Path, labels: &str) -> Result<(Tensor, Vec<u32>)> {
    let bytes = std::fs::read(path).map_err(|cause| Error::io(path, cause))?;
    super::in_file(path, images(&bytes, labels))
}

fn images(bytes: &[u8], labels: &str) -> Result<(Tensor, Vec<u32>)> {
    let pickle = Pickle::read(bytes)?;
    let (data, classes) = (pickle.bytes("data")?, pickle.numbers(labels)?);
    let [count, 3072] = *data.shape else {
        let error = Error::new("the file has no images of 32 by 32 pixels in three colors");
        return Err(error.received(format!("an array of shape {:?}", data.shape)));
    };
    if classes.len() != count {
        return Err(Error::new("the file has not a class for each image").received(format!("{}", classes.len())));
    }
    let images = Tensor::from_slice(data.bytes, (count, 3, 32, 32), &Device::Cpu)?;
    let is_last = image_data_format() == "channels_last";
    Ok((if is_last { images.permute((0, 2, 3, 1))?.contiguous()? } else { images }, classes))
}

/// The folder of an archive of the cache.
pub(super) fn folder(name: &str, inner: &str, archive: &str, hash: &str) -> Result<PathBuf> {
    let origin = format!("https://www.cs.toronto.edu/~kriz/{archive}");
    let arguments = crate::GetFile::new().origin(origin).file_hash(hash).extract(true);
    Ok(crate::get_file(name, arguments)?.join(inner))
}
