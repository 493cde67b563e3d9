//! Prices of houses in California (Pace and Barry, 1997). Keras: `keras.datasets.california_housing`.

use super::housing::{self, housing_arguments};
use super::{Tensors, cached};
use candle_keras_ops::{Error, Result};

/// The keyword arguments of [`load_data`], with Keras's defaults.
#[derive(Debug, Clone)]
#[must_use]
pub struct LoadData {
    version: String,
    test_split: f64,
    seed: u32,
}

impl Default for LoadData {
    fn default() -> Self {
        Self { version: "large".into(), test_split: 0.2, seed: 113 }
    }
}

housing_arguments!();

impl LoadData {
    /// `"large"`, by default, or `"small"`: the first 600 rows.
    pub fn version(mut self, version: &str) -> Self {
        self.version = version.into();
        self
    }
}

/// 20,640 districts, with 8 numbers about each and the median price of its houses in dollars, in f32.
///
/// # Errors
/// If the file is not in Keras's cache, or not the file that it should be, or the version is not known.
pub fn load_data(arguments: LoadData) -> Result<Tensors> {
    let rows = match arguments.version.as_str() {
        "large" => None,
        "small" => Some(600),
        other => return Err(Error::unknown("version", other, &["small", "large"])),
    };
    let hash = "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f";
    housing::read(&cached("california_housing.npz", hash)?, rows, arguments.test_split, arguments.seed)
}
