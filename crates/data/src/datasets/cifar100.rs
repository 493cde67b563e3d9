//! Small images of a hundred kinds (Krizhevsky, 2009). Keras: `keras.datasets.cifar100`.

use super::{Tensors, cifar};
use candle_core::{Device, Tensor};
use candle_keras_ops::{Error, Result};
use std::path::Path;

/// 50,000 images for training and 10,000 for tests, `(32, 32, 3)` in u8, and rows of one with their classes in i64: of 100 kinds for the
/// `label_mode` `"fine"`, which is Keras's default, of 20 groups of kinds for `"coarse"`.
///
/// # Errors
/// If the files are not in Keras's cache, or damaged, or the label mode is not known.
pub fn load_data(label_mode: &str) -> Result<Tensors> {
    if !["fine", "coarse"].contains(&label_mode) {
        return Err(Error::unknown("label_mode", label_mode, &["fine", "coarse"]));
    }
    let hash = "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7";
    read(&cifar::folder("cifar-100-python-target", "cifar-100-python", "cifar-100-python.tar.gz", hash)?, label_mode)
}

pub(super) fn read(folder: &Path, label_mode: &str) -> Result<Tensors> {
    let part = |name: &str| -> Result<(Tensor, Tensor)> {
        let (images, classes) = cifar::batch(&folder.join(name), &format!("{label_mode}_labels"))?;
        let classes: Vec<i64> = classes.into_iter().map(i64::from).collect();
        let count = classes.len();
        Ok((images, Tensor::from_vec(classes, (count, 1), &Device::Cpu)?))
    };
    Ok((part("train")?, part("test")?))
}
