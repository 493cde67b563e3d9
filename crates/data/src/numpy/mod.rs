//! NumPy, as scripts use it around Keras: its files of arrays and its random numbers. Arrays are tensors on the host.

mod npy;
mod npz;
pub mod random;

pub use npy::read_npy;
pub use npz::{Npz, write_npz};
