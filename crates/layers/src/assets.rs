//! What the file of a model has for a layer beside its weights: a vocabulary, for example.

use candle_core::Tensor;
use candle_keras_ops::Result;

/// What is saved for a layer beside its weights. Keras: what `save_assets` and `save_own_variables` write.
#[derive(Debug, Clone, Default)]
pub struct Assets {
    /// Files by their names, in the folder of the layer.
    pub files: Vec<(String, Vec<u8>)>,
    /// Tensors by their names, beside the weights.
    pub tensors: Vec<(String, Tensor)>,
}

/// What a file has for a layer.
pub trait AssetSource {
    /// Whether it has files, as a whole model does; weights alone have none.
    fn has_files(&self) -> bool;

    /// The contents of a file in the folder of the layer, if it is there.
    ///
    /// # Errors
    /// If it cannot be read.
    fn file(&mut self, name: &str) -> Result<Option<Vec<u8>>>;

    /// A tensor beside the weights of the layer, if it is there.
    ///
    /// # Errors
    /// If it cannot be read.
    fn tensor(&mut self, name: &str) -> Result<Option<Tensor>>;
}
