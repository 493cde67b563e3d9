//! Handwritten digits (LeCun, Bottou, Bengio and Haffner, 1998). Keras: `keras.datasets.mnist`.

use super::{Tensors, cached};
use crate::Npz;
use candle_keras_ops::Result;
use std::path::Path;

/// 60,000 images of digits for training and 10,000 for tests, `(28, 28)` in u8, and which digits they are.
///
/// # Errors
/// If the file `mnist.npz` is not in Keras's cache, or not the file that it should be.
pub fn load_data() -> Result<Tensors> {
    read(&cached("mnist.npz", "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1")?)
}

pub(super) fn read(path: &Path) -> Result<Tensors> {
    let mut file = Npz::open(path)?;
    let mut part =
        |part: &str| Ok::<_, crate::Error>((file.read(&format!("x_{part}"))?, file.read(&format!("y_{part}"))?));
    Ok((part("train")?, part("test")?))
}
