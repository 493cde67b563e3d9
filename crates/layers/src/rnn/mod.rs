//! Recurrent layers. Keras: `keras/src/layers/rnn`.

mod bidirectional;
mod cell_arguments;
mod conv_lstm;
mod conv_lstm1d;
mod conv_lstm2d;
mod conv_lstm3d;
mod gru;
mod lstm;
#[allow(clippy::module_inception)]
mod rnn;
mod rnn_cell;
mod simple_rnn;
mod stacked_rnn_cells;
mod time_distributed;

pub use bidirectional::{Bidirectional, MergeMode, RecurrentLayer};
pub use conv_lstm1d::ConvLSTM1D;
pub use conv_lstm2d::ConvLSTM2D;
pub use conv_lstm3d::ConvLSTM3D;
pub use gru::{GRU, GRUCell};
pub use lstm::{LSTM, LSTMCell};
pub use rnn::{RNN, Recurrent, SequenceArguments};
pub use rnn_cell::{Cell, RnnCell, Sequence, SequenceOutputs, WithFreshWeights};
pub use simple_rnn::{SimpleRNN, SimpleRNNCell};
pub use stacked_rnn_cells::StackedRNNCells;
pub use time_distributed::TimeDistributed;
