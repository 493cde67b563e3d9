//! Layers that prepare data. Keras: `keras/src/layers/preprocessing`.

mod pipeline;

pub use pipeline::Pipeline;
