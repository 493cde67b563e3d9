//! Prices of houses in Boston (Harrison and Rubinfeld, 1978). Keras: `keras.datasets.boston_housing`.
//!
//! One of its columns is about the race of the people who live there: for demonstrations,
//! [`california_housing`](super::california_housing) is the better choice.

use super::housing::{self, housing_arguments};
use super::{Tensors, cached};
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

housing_arguments!();

/// 506 houses, with 13 numbers about each and its price in thousands of dollars, in f64.
///
/// # Errors
/// If the file is not in Keras's cache, or not the file that it should be.
pub fn load_data(arguments: LoadData) -> Result<Tensors> {
    let hash = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5";
    housing::read(&cached("boston_housing.npz", hash)?, None, arguments.test_split, arguments.seed)
}
