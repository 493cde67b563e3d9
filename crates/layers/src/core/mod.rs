//! The core layers. Keras: `keras/src/layers/core`.

mod dense;
mod embedding;
mod input_layer;
mod lambda;

pub use dense::Dense;
pub use embedding::Embedding;
pub use input_layer::InputLayer;
pub use lambda::Lambda;
