//! Prices of houses in Boston (Harrison and Rubinfeld, 1978). Keras: `keras.datasets.boston_housing`.
//!
//! One of its columns is about the race of the people who live there: for demonstrations,
//! [`california_housing`](super::california_housing) is the better choice.

use super::{Tensors, cached, housing};
use candle_keras_ops::Result;

/// The keyword arguments of [`load_data`], with Keras's defaults.
#[derive(Debug, Clone)]
#[must_use]
pub struct LoadData {
    test_split: f64,
    seed: u32,
}

impl Default for LoadData {
    fn default() -> Self {
        Self { test_split: 0.2, seed: 113 }
    }
}

impl LoadData {
    /// Keras's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The fraction of the rows for tests. Default: 0.2.
    pub fn test_split(mut self, fraction: f64) -> Self {
        self.test_split = fraction;
        self
    }

    /// The seed of the order, which is Keras's for the same one. Default: 113.
    pub fn seed(mut self, seed: u32) -> Self {
        self.seed = seed;
        self
    }
}

/// 506 houses, with 13 numbers about each and its price in thousands of dollars, in f64.
///
/// # Errors
/// If the file is not in Keras's cache, or not the file that it should be.
pub fn load_data(arguments: LoadData) -> Result<Tensors> {
    let hash = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5";
    housing::read(&cached("boston_housing.npz", hash)?, None, arguments.test_split, arguments.seed)
}
