//! Layers that prepare data: numbers, categories and text. Keras: `keras/src/layers/preprocessing`.

mod rescaling;

pub use rescaling::Rescaling;
