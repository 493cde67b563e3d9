//! Attention. Keras: `keras/src/layers/attention`.

mod multi_head_attention;
mod projection;

pub use multi_head_attention::MultiHeadAttention;
