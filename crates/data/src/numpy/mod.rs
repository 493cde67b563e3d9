//! NumPy's files of arrays.

mod npy;
mod npz;
mod random_state;

pub use npy::read_npy;
pub use npz::{Npz, write_npz};
pub(crate) use random_state::RandomState;
