//! Regularization. Keras: `keras/src/layers/regularization`.

mod dropout;

pub use dropout::Dropout;
