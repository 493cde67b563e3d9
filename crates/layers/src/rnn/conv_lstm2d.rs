//! ConvLSTM2D: an LSTM over a sequence of images. Keras: `keras.layers.ConvLSTM2D`.

use super::cell_arguments::gate_setters;
use super::conv_lstm::{ConvLstmArguments, conv_lstm, conv_lstm_setters};
use super::rnn::{SequenceArguments, sequence_setters};
use crate::Sizes;
use crate::convolutional::arguments::layout_setters;

layer! {
    /// An LSTM over a sequence of images, whose products are convolutions (Shi et al., 2015): the state is an image as well.
    ///
    /// The inputs of all steps are convolved at once, and the steps are one op with a hand-written gradient.
    ///
    /// Keras: `keras.layers.ConvLSTM2D`.
    ///
    /// # Shapes
    /// - input: `(batch, steps, height, width, channels)`
    /// - output: `(batch, new height, new width, filters)`, with `steps` behind the batch if `return_sequences`; with `return_state`, the last
    ///   state `h` and `c` behind it
    /// - `initial_state` of the call: `h` and `c`, of the shape of the output of a step
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{ConvLSTM2D, Input, Layer};
    /// let y = ConvLSTM2D::new(8, (3, 3)).call(&Input::shape([10, 40, 40, 1]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 38, 38, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct ConvLSTM2D(
        /// The number of filters: the channels of the state.
        let filters: usize,
        /// The size of the window.
        kernel_size: Sizes<2>,
    ) {
        /// The stride of the inputs' convolution; that of the state has none.
        strides: Sizes<2> = 1,
        /// The dilation of the inputs' convolution; not together with strides.
        dilation_rate: Sizes<2> = 1,
        ..sequence: SequenceArguments = SequenceArguments::new() => sequence_setters,
        ..arguments: ConvLstmArguments = ConvLstmArguments::new(filters) => conv_lstm_setters,
    }
}

conv_lstm!(ConvLSTM2D, 2);
