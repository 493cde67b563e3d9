//! NumPy's files of arrays.

mod npy;
mod npz;

pub use npy::read_npy;
pub use npz::{Npz, write_npz};
