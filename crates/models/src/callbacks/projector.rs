//! The tables of Embeddings for the projector of TensorBoard.

use crate::model::Model;
use crate::{Error, Result};
use candle_core::DType;
use candle_keras_layers::Layer;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// The files with the names of the rows of embeddings, for [`TensorBoard::embeddings_metadata`](super::TensorBoard::embeddings_metadata).
///
/// ```
/// use candle_keras_models::callbacks::EmbeddingsMetadata;
/// let of_one_layer = EmbeddingsMetadata::from([("embedding", "words.tsv")]);
/// # let _ = of_one_layer;
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum EmbeddingsMetadata {
    /// No file.
    #[default]
    None,
    /// One file for all layers.
    All(String),
    /// The names of layers, each with its file.
    Named(Vec<(String, String)>),
}

impl From<&str> for EmbeddingsMetadata {
    fn from(file: &str) -> Self {
        Self::All(file.into())
    }
}

impl<const N: usize> From<[(&str, &str); N]> for EmbeddingsMetadata {
    fn from(files: [(&str, &str); N]) -> Self {
        Self::Named(files.map(|(layer, file)| (layer.into(), file.into())).into())
    }
}

/// Names the tables, and the files with the names of their rows, in `projector_config.pbtxt`.
pub(super) fn write_config(folder: &Path, model: &Model, metadata: &EmbeddingsMetadata) -> Result<()> {
    let layers: Vec<_> = embeddings(model).iter().map(|layer| layer.base().name()).collect();
    if let EmbeddingsMetadata::Named(files) = metadata
        && let Some((unknown, _)) = files.iter().find(|(name, _)| !layers.contains(name))
    {
        return Err(Error::new("embeddings_metadata of TensorBoard names a layer that is no Embedding of the model")
            .expected(if layers.is_empty() { "a model with an Embedding".into() } else { layers.join(", ") })
            .received(format!("{unknown:?}")));
    }
    let one = |layer: &String| {
        let file = match metadata {
            EmbeddingsMetadata::None => None,
            EmbeddingsMetadata::All(file) => Some(file),
            EmbeddingsMetadata::Named(files) => files.iter().find(|(name, _)| name == layer).map(|(_, file)| file),
        };
        let file = file.map_or_else(String::new, |file| format!("  metadata_path: {}\n", quoted(file)));
        let (tensor, path) = (quoted(&format!("{layer}/embeddings")), quoted(&format!("train/{}", table_of(layer))));
        format!("embeddings {{\n  tensor_name: {tensor}\n{file}  tensor_path: {path}\n}}\n")
    };
    make(folder)?;
    write(&folder.join("projector_config.pbtxt"), &layers.iter().map(one).collect::<String>())
}

/// Writes the tables as text, a row a line, and the weights as Keras does.
pub(super) fn write_tables(folder: &Path, model: &Model, epoch: usize) -> Result<()> {
    let folder = folder.join("train");
    make(&folder)?;
    for layer in embeddings(model) {
        let Some(table) = layer.variables().first().map(|table| table.value()) else { continue };
        let line = |row: Vec<f32>| row.iter().map(f32::to_string).collect::<Vec<_>>().join("\t") + "\n";
        let rows = table.to_dtype(DType::F32)?.to_vec2::<f32>()?;
        write(&folder.join(table_of(&layer.base().name())), &rows.into_iter().map(line).collect::<String>())?;
    }
    model.save_weights(folder.join(format!("keras_embedding.ckpt-{epoch}.weights.h5")))
}

fn embeddings(model: &Model) -> Vec<Arc<dyn Layer>> {
    model.layers().into_iter().filter(|layer| layer.class_name() == "Embedding").collect()
}

/// The name of the file with the table of a layer.
fn table_of(layer: &str) -> String {
    format!("{}.tsv", layer.replace(['/', '\\'], "_"))
}

/// Text in the text format of Protocol Buffers.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

fn make(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|cause| Error::io(folder, cause))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(|cause| Error::io(path, cause))
}
