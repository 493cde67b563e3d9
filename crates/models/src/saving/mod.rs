//! Files: Keras's `.keras`, `.weights.h5` and (for reading) `.h5`, and safetensors. Keras: `keras.saving`.
//!
//! What is in a file is data: it is never executed, and what it says of itself is checked before memory is taken for it. A file is
//! written whole or not at all.

pub(crate) mod architecture;
mod archive;
mod compile_config;
mod convert;
mod custom_objects;
mod hdf5;
mod legacy;
mod load_model;
pub(crate) mod registry;
pub(crate) mod safetensors;
mod save;
mod section;
mod stored;
mod tree;

pub use convert::convert_weights;
pub use custom_objects::CustomObjects;
pub use load_model::{LoadModel, clone_model, load_model, model_from_json};
pub use save::check_model_path;
pub use tree::LoadWeights;

use crate::Result;
use candle_core::Tensor;
use candle_keras_layers::{Constraint, Initializer, Regularizer};
use candle_keras_ops::Operation;
use std::collections::BTreeMap;
use std::path::Path;

/// The version of Keras whose files these are.
const VERSION: &str = "3.15.1";

/// Keras's names of all classes that files may have: layers, operations, initializers, regularizers, constraints, losses, metrics,
/// optimizers, schedules.
pub fn class_names() -> Vec<&'static str> {
    let layers = [registry::CLASSES, Operation::CLASSES].concat();
    let parts = [Initializer::CLASSES, Regularizer::CLASSES, Constraint::CLASSES].concat();
    [layers, parts, candle_keras_training::class_names()].concat()
}

/// Whether the name of a file ends in a dot and this.
fn has_extension(path: &Path, extension: &str) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    name.ends_with(&format!(".{extension}"))
}

/// The tensors of a safetensors file by their names.
///
/// # Errors
/// If it is not one.
pub fn load_tensors(path: impl AsRef<Path>) -> Result<BTreeMap<String, Tensor>> {
    safetensors::read_tensors(path.as_ref())
}

/// Writes tensors by their names into a safetensors file, whole or not at all.
///
/// # Errors
/// If the file cannot be written.
pub fn save_tensors(path: impl AsRef<Path>, tensors: &BTreeMap<String, Tensor>) -> Result<()> {
    safetensors::write(path.as_ref(), tensors, None)
}
