//! Convolutions. Keras: `keras/src/layers/convolutional`.

mod base_conv;
mod conv1d;
mod conv2d;

pub use conv1d::Conv1D;
pub use conv2d::Conv2D;
