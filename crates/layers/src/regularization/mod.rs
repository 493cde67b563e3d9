//! Layers that keep a model from learning its data by heart. Keras: `keras/src/layers/regularization`.

mod dropout;

pub use dropout::Dropout;
