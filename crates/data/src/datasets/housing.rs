//! The files of prices of houses.

use super::{Tensors, check_split};
use crate::Npz;
use crate::numpy::random::RandomState;
use candle_core::{Device, Tensor};
use candle_keras_ops::{Error, Result};
use std::path::Path;

/// The arguments that both data sets of houses have.
macro_rules! housing_arguments {
    () => {
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
    };
}
pub(super) use housing_arguments;

/// The first rows of a file in Keras's random order, parted.
pub(super) fn read(path: &Path, rows: Option<usize>, test_split: f64, seed: u32) -> Result<Tensors> {
    check_split(test_split)?;
    let mut file = Npz::open(path)?;
    let (x, y) = (file.read("x")?, file.read("y")?);
    let count = x.dims().first().copied().unwrap_or(0);
    if y.dims().first() != Some(&count) {
        return Err(Error::new(format!("{}: there is not a price for each house", path.display())));
    }
    let mut order: Vec<u32> = (0..rows.map_or(count, |rows| rows.min(count)) as u32).collect();
    RandomState::new(seed).shuffle(&mut order);
    let (train, test) = order.split_at((order.len() as f64 * (1.0 - test_split)) as usize);
    let part = |rows: &[u32]| -> Result<(Tensor, Tensor)> {
        let rows = Tensor::new(rows, &Device::Cpu)?;
        Ok((x.index_select(&rows, 0)?, y.index_select(&rows, 0)?))
    };
    Ok((part(train)?, part(test)?))
}
