//! Recurrent layers. Keras: `keras/src/layers/rnn`.

mod base_rnn;
mod bidirectional;
mod gru;
mod lstm;
mod simple_rnn;

pub use bidirectional::{Bidirectional, MergeMode, Recurrent};
pub use gru::GRU;
pub use lstm::LSTM;
pub use simple_rnn::SimpleRNN;
