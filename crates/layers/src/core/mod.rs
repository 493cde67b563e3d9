//! The core layers. Keras: `keras/src/layers/core`.

mod dense;
mod embedding;
mod input_layer;
mod lambda;
mod missing_words;
mod pretrained;
mod word_table;

pub use dense::Dense;
pub use embedding::Embedding;
pub use input_layer::InputLayer;
pub use lambda::Lambda;
pub use missing_words::MissingWords;
pub use pretrained::{Pretrained, PretrainedRows};
pub use word_table::WordTable;
