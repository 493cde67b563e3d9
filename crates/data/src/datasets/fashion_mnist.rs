//! Articles of clothing (Xiao, Rasul and Vollgraf, 2017). Keras: `keras.datasets.fashion_mnist`.

use super::{ORIGIN, Tensors, in_file};
use crate::{GetFile, get_file};
use candle_core::{Device, Tensor};
use candle_keras_ops::{Error, Result};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// 60,000 images of ten kinds of clothes for training and 10,000 for tests, `(28, 28)` in u8, and their kinds: T-shirt, trouser, pullover, dress, coat,
/// sandal, shirt, sneaker, bag, ankle boot.
///
/// # Errors
/// If the files are not in Keras's cache, or damaged.
pub fn load_data() -> Result<Tensors> {
    read(|name| get_file(name, GetFile::new().origin(format!("{ORIGIN}{name}")).cache_subdir("datasets/fashion-mnist")))
}

pub(super) fn read(file: impl Fn(&str) -> Result<PathBuf>) -> Result<Tensors> {
    let part = |part: &str| -> Result<(Tensor, Tensor)> {
        let images = idx(&file(&format!("{part}-images-idx3-ubyte.gz"))?)?;
        Ok((images, idx(&file(&format!("{part}-labels-idx1-ubyte.gz"))?)?))
    };
    Ok((part("train")?, part("t10k")?))
}

/// An array of bytes in the IDX format: its shape in numbers of 32 bits, then the bytes.
fn idx(path: &Path) -> Result<Tensor> {
    let file = File::open(path).map_err(|cause| Error::io(path, cause))?;
    let mut bytes = Vec::new();
    MultiGzDecoder::new(file).read_to_end(&mut bytes).map_err(|cause| Error::io(path, cause))?;
    in_file(path, array(&bytes))
}

fn array(bytes: &[u8]) -> Result<Tensor> {
    let wrong = || Error::new("this is not an array of bytes in the IDX format");
    let (&[0, 0, 8, rank], mut rest) = bytes.split_first_chunk().ok_or_else(wrong)? else { return Err(wrong()) };
    let mut shape = Vec::new();
    for _ in 0..rank {
        let (size, after) = rest.split_first_chunk().ok_or_else(wrong)?;
        shape.push(u32::from_be_bytes(*size) as usize);
        rest = after;
    }
    if shape.iter().try_fold(1usize, |all, size| all.checked_mul(*size)) != Some(rest.len()) {
        return Err(wrong().expected(format!("the bytes of {shape:?}")).received(format!("{} bytes", rest.len())));
    }
    Ok(Tensor::from_slice(rest, shape, &Device::Cpu)?)
}
