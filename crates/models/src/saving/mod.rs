//! Files: Keras's `.keras`, `.weights.h5` and (for reading) `.h5`, safetensors, and weights as NumPy's `.npz`. Keras: `keras.saving`.
//!
//! The contents of a file are data: they are never executed, and sizes are checked before memory is allocated. Files are
//! written atomically.

pub(crate) mod architecture;
mod archive;
mod assets;
mod compile_config;
mod convert;
mod custom_objects;
mod hdf5;
mod hdf5_writer;
mod legacy;
mod load_model;
mod npz;
mod older;
pub(crate) mod registry;
pub(crate) mod safetensors;
mod save;
mod section;
mod stored;
mod tree;
mod unsupported;

pub use convert::convert_weights;
pub use custom_objects::CustomObjects;
pub use load_model::{LoadModel, clone_model, load_model, model_from_json};
pub(crate) use save::check_ending;
pub use save::check_model_path;
pub use tree::LoadWeights;

use crate::Result;
use candle_core::Tensor;
use candle_keras_layers::{Constraint, Initializer, Regularizer};
use candle_keras_ops::functions::classes;
use std::collections::BTreeMap;
use std::path::Path;

/// The version of Keras whose format is written.
const VERSION: &str = "3.15.1";

/// Keras's names of all classes that files may contain: layers, operations, initializers, regularizers, constraints, losses, metrics,
/// optimizers, schedules.
pub fn class_names() -> Vec<&'static str> {
    let operations: Vec<_> = classes().iter().map(|class| class.name).collect();
    let layers = [registry::CLASSES, &operations].concat();
    let parts = [Initializer::CLASSES, Regularizer::CLASSES, Constraint::CLASSES].concat();
    [layers, parts, candle_keras_training::class_names()].concat()
}

/// How many bytes of weights a file of this length can hold: compression expands a byte to at most 1032.
fn room_for(len: u64) -> u64 {
    len.saturating_mul(1100)
}

/// How many bytes of memory the configuration in a file of this length may need. Those that Keras writes need less than 20 for each byte of
/// text, and compression shrinks them to a twentieth.
fn config_room_for(len: u64) -> u64 {
    len.saturating_mul(256).saturating_add(1 << 24)
}

/// Whether a path has this extension.
fn has_extension(path: &Path, extension: &str) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    name.ends_with(&format!(".{extension}"))
}

/// The tensors of a safetensors file by their names.
///
/// # Errors
/// If it is not a safetensors file.
pub fn load_tensors(path: impl AsRef<Path>) -> Result<BTreeMap<String, Tensor>> {
    safetensors::read_tensors(path.as_ref())
}

/// Writes tensors by their names to a safetensors file, atomically.
///
/// # Errors
/// If the file cannot be written.
pub fn save_tensors(path: impl AsRef<Path>, tensors: &BTreeMap<String, Tensor>) -> Result<()> {
    safetensors::write(path.as_ref(), tensors, None)
}
