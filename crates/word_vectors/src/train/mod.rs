//! Training on several threads: chunks of a text are given out, and the learning rate falls as they are.

mod cached_rows;
mod callbacks;
mod huffman;
mod initial;
mod kernel;
mod parts;
mod run;
mod tree;
mod window;

pub(crate) use cached_rows::{CachedRows, mean_of_rows};
pub(crate) use callbacks::Callbacks;
pub(crate) use huffman::{Huffman, Paths};
pub(crate) use initial::initial_rows;
pub(crate) use kernel::{Kernel, LANES, NO_SCORE, OUTPUTS};
pub(crate) use parts::Parts;
pub use run::Epoch;
pub(crate) use run::{Run, Work, Worker, bar, check_finite};
pub(crate) use tree::Tree;
pub(crate) use window::Window;
