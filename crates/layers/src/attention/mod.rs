//! Attention. Keras: `keras/src/layers/attention`.

mod additive_attention;
#[expect(clippy::module_inception, reason = "Keras's path")]
mod attention;
mod base_attention;
mod group_query_attention;
mod heads;
mod multi_head_attention;
mod projection;

pub use additive_attention::AdditiveAttention;
pub use attention::Attention;
pub use group_query_attention::GroupQueryAttention;
pub use multi_head_attention::MultiHeadAttention;
