//! Recurrent layers. Keras: `keras/src/layers/rnn`.

mod bidirectional;
mod cell_arguments;
mod gru;
mod lstm;
#[allow(clippy::module_inception)]
mod rnn;
mod rnn_cell;
mod simple_rnn;
mod stacked_rnn_cells;
mod time_distributed;

pub use bidirectional::{Bidirectional, MergeMode, RecurrentLayer};
pub use gru::{GRU, GRUCell};
pub use lstm::{LSTM, LSTMCell};
pub use rnn::{RNN, Recurrent, SequenceArguments};
pub use rnn_cell::{Cell, RnnCell, Sequence, SequenceOutputs, WithFreshWeights};
pub use simple_rnn::{SimpleRNN, SimpleRNNCell};
pub use stacked_rnn_cells::StackedRNNCells;
pub use time_distributed::TimeDistributed;
