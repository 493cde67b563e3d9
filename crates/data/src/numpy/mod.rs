//! NumPy's files of arrays.

mod npy;
mod npz;
mod random_state;

pub use npy::read_npy;
pub use npz::Npz;
pub(crate) use random_state::RandomState;
