//! Small images of ten kinds (Krizhevsky, 2009). Keras: `keras.datasets.cifar10`.

use super::{Tensors, cifar};
use candle_core::{Device, Tensor};
use candle_keras_ops::Result;
use std::path::Path;

/// 50,000 images for training and 10,000 for tests, `(32, 32, 3)` in u8, and rows of one with their kinds in u8: airplane, automobile, bird, cat, deer,
/// dog, frog, horse, ship, truck.
///
/// # Errors
/// If the files are not in Keras's cache, or damaged.
pub fn load_data() -> Result<Tensors> {
    let hash = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce";
    read(&cifar::folder("cifar-10-batches-py-target", "cifar-10-batches-py", "cifar-10-python.tar.gz", hash)?)
}

pub(super) fn read(folder: &Path) -> Result<Tensors> {
    let part = |names: &[&str]| -> Result<(Tensor, Tensor)> {
        let batches =
            names.iter().map(|name| cifar::batch(&folder.join(name), "labels")).collect::<Result<Vec<_>>>()?;
        let (images, classes): (Vec<_>, Vec<_>) = batches.into_iter().unzip();
        let classes: Vec<u8> = classes.concat().into_iter().map(|class| class as u8).collect();
        let count = classes.len();
        Ok((Tensor::cat(&images, 0)?, Tensor::from_vec(classes, (count, 1), &Device::Cpu)?))
    };
    let train = part(&["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5"])?;
    Ok((train, part(&["test_batch"])?))
}
