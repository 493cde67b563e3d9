//! Layers that change the shape and leave the elements. Keras: `keras/src/layers/reshaping`.

mod flatten;
mod reshape;

pub use flatten::Flatten;
pub use reshape::Reshape;
