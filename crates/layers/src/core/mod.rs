//! The core layers. Keras: `keras/src/layers/core`.

mod dense;
mod einsum_dense;
mod embedding;
mod identity;
mod input_layer;
mod lambda;
mod masking;
mod missing_words;
mod pretrained;
mod reversible_embedding;
mod word_table;
mod wrapper;

pub use dense::Dense;
pub use einsum_dense::EinsumDense;
pub use embedding::Embedding;
pub use identity::Identity;
pub use input_layer::InputLayer;
pub use lambda::Lambda;
pub use masking::Masking;
pub use missing_words::MissingWords;
pub use pretrained::{Pretrained, PretrainedRows};
pub use reversible_embedding::ReversibleEmbedding;
pub use word_table::WordTable;
pub use wrapper::Wrapper;
