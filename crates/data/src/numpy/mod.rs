//! NumPy, as scripts use it around Keras: its files of arrays, its random numbers, and functions that
//! [`keras.ops`](https://keras.io/api/ops/) has not or computes in another dtype. Arrays are tensors on the host.

mod arithmetic;
mod files;
mod indexing;
mod missing;
mod npy;
mod npz;
mod print;
mod quantiles;
pub mod random;
mod ranges;

mod texts;
mod unique;

pub use arithmetic::{Operand, add, divide, floor_divide, mod_, multiply, negative, power, subtract};
pub use files::{load, load_npz, loadtxt, save, savez};
pub use indexing::{allclose, array_equal, compress, flatnonzero, integer, part_mut, rows, to_ndarray};
pub use missing::{isin, nanmax, nanmean, nanmin, nanstd, nansum, nanvar};
pub use npy::read_npy;
pub use npz::{Npz, write_npz};
pub use print::{PrintOptions, array_str, list_str, mask_str, set_printoptions, tolist_str};
pub use quantiles::{median, percentile, quantile};
pub use ranges::{Steps, arange, linspace};
pub use texts::{from_texts, fromstring, savetxt};
pub use unique::{bincount, unique, unique_with_counts, unique_with_inverse};
