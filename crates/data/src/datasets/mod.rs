//! Keras's small data sets, from Keras's cache. Keras: `keras.datasets`.
//!
//! They are the files that Python's Keras has in `~/.keras/datasets`. What is missing there is fetched with the feature `download`; without it an
//! error says from where to where to copy it.
//!
//! ```no_run
//! use candle_keras_data::datasets::mnist;
//! let ((x_train, y_train), (x_test, y_test)) = mnist::load_data()?;
//! assert_eq!((x_train.dims(), y_train.dims()), (&[60_000, 28, 28][..], &[60_000][..]));
//! # Ok::<(), candle_keras_data::Error>(())
//! ```

pub mod boston_housing;
pub mod california_housing;
mod cifar;
pub mod cifar10;
pub mod cifar100;
pub mod fashion_mnist;
mod housing;
pub mod imdb;
pub mod mnist;
pub mod reuters;
mod sequences;

use crate::{GetFile, get_file};
use candle_core::Tensor;
use candle_keras_ops::{Error, Result};
use indexmap::IndexMap;
use std::path::{Path, PathBuf};

/// Inputs and targets for training, and for tests: `((x_train, y_train), (x_test, y_test))`.
pub type Tensors = ((Tensor, Tensor), (Tensor, Tensor));

/// Sequences of the indices of words and their classes, for training and for tests.
pub type Sequences = ((Vec<Vec<u32>>, Vec<u32>), (Vec<Vec<u32>>, Vec<u32>));

const ORIGIN: &str = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/";

/// A file of the cache.
fn cached(name: &str, hash: &str) -> Result<PathBuf> {
    get_file(name, GetFile::new().origin(format!("{ORIGIN}{name}")).file_hash(hash))
}

/// Names the file in an error about its contents.
fn in_file<T>(path: &Path, read: Result<T>) -> Result<T> {
    read.map_err(|error| Error::new(format!("{}: {error}", path.display())))
}

/// Words and their indices, in the order of a JSON file.
fn word_index(path: &Path) -> Result<IndexMap<String, u32>> {
    let text = std::fs::read(path).map_err(|cause| Error::io(path, cause))?;
    in_file(path, serde_json::from_slice(&text).map_err(|cause| Error::new(cause.to_string())))
}

/// An error unless it is a fraction below 1.
fn check_split(test_split: f64) -> Result<()> {
    if (0.0..1.0).contains(&test_split) {
        return Ok(());
    }
    Err(Error::new("test_split is a fraction").expected("0 to less than 1").received(test_split.to_string()))
}

#[cfg(test)]
mod tests;
