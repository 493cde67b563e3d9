//! LSTM: sequences through gates that keep and forget. Keras: `keras.layers.LSTM` and `LSTMCell`.

use super::cell_arguments::{CellArguments, Equations, cell, cell_setters, gate_setters};
use super::rnn::{Recurrent, SequenceArguments, cell_of, recurrent_layer, sequence_setters};
use super::rnn_cell::RnnCell;
use crate::{Base, Build, Layer, WithBase};
use candle_keras_ops::{self as ops, Result};
use std::sync::Arc;

arguments! {
    /// The arguments of an LSTM's cell.
    pub(crate) struct LstmArguments(
        /// The size of the state.
        let units: usize,
    ) as lstm_setters {
        ..cell: CellArguments = CellArguments::new(units) => cell_setters,
        /// The function of the gates.
        recurrent_activation: crate::ActivationFunction = "sigmoid",
        /// Whether the biases of the forget gate are initially 1.
        unit_forget_bias: bool = true,
    }
}

impl LstmArguments {
    fn equations(&self) -> Equations<'_> {
        Equations { cell: ops::Cell::Lstm, recurrent_activation: &self.recurrent_activation }
    }

    fn build(&self, build: &mut Build) -> Result<()> {
        let units = self.cell.units;
        let ones = if self.unit_forget_bias { units..units.saturating_mul(2) } else { 0..0 };
        self.cell.build(build, self.equations(), 1, ones)
    }
}

layer! {
    /// One step of an [`LSTM`], for [`RNN`](crate::RNN) and [`StackedRNNCells`](crate::StackedRNNCells).
    ///
    /// Keras: `keras.layers.LSTMCell`.
    ///
    /// # Shapes
    /// - inputs: `(batch, features)`, `h` and `c`: `(batch, units)`; outputs: `h` again as the output, `h`, `c`
    pub struct LSTMCell(
        /// The size of the state.
        let units: usize,
    ) {
        ..arguments: LstmArguments = LstmArguments::new(units) => lstm_setters,
    }
}

cell!(LSTMCell, arguments);

layer! {
    /// Long short-term memory (Hochreiter and Schmidhuber, 1997): with `z = x W + h U + b` in four gates,
    /// `c = sigmoid(z_f) c + sigmoid(z_i) tanh(z_c)` and `h = sigmoid(z_o) tanh(c)`.
    ///
    /// All steps are one op with a hand-written gradient; threads divide the batch. A masked step leaves the state unchanged.
    ///
    /// Keras: `keras.layers.LSTM`.
    ///
    /// # Shapes
    /// - input: `(batch, steps, features)`
    /// - output: `(batch, units)`, or `(batch, steps, units)` with `return_sequences`; with `return_state`, the last state behind it
    /// - `initial_state` of the call: `h` and `c`, `(batch, units)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Call, Input, LSTM, Layer};
    /// let x = Input::shape([80, 16]);
    /// assert_eq!(LSTM::new(32).call(&x).shape()?.to_string(), "(None, 32)");
    /// let [_, h, c] = LSTM::new(32).return_state(true).call_multiple(&x);
    /// let y = LSTM::new(32).return_sequences(true).call_with(&x, Call::new().initial_state([&h, &c]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 80, 32)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct LSTM(
        /// The size of the state.
        let units: usize,
    ) {
        ..sequence: SequenceArguments = SequenceArguments::new() => sequence_setters,
        ..arguments: LstmArguments = LstmArguments::new(units) => lstm_setters,
    }
}

impl Recurrent for LSTM {
    fn sequence_arguments(&self) -> &SequenceArguments {
        &self.sequence
    }

    fn cell(&self) -> Result<Arc<dyn RnnCell>> {
        let base = || Base::named("lstm_cell".into());
        Ok(cell_of(&self.base, || LSTMCell { base: base(), arguments: self.arguments.clone() }))
    }

    fn twin(&self, name: String, sequence: SequenceArguments) -> Arc<dyn Recurrent> {
        Arc::new(Self { sequence, ..self.with_base(self.base.another(name)) })
    }
}

impl Layer for LSTM {
    recurrent_layer!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| LSTM::new(3), Check::inputs([[2, 4, 2]]).output([2, 3]).weights(3));
        let all = || LSTM::new(3).return_sequences(true).return_state(true).go_backwards(true);
        check_layer(all, Check::inputs([[2, 4, 2]]).output([2, 4, 3]).weights(3));
        let state = || LSTM::new(3).use_bias(false).recurrent_activation("hard_sigmoid").activation("elu");
        check_layer(state, Check::shapes(vec![vec![2, 4, 2], vec![2, 3], vec![2, 3]]).output([2, 3]).weights(2));
        let dropped = || LSTM::new(3).dropout(0.5).recurrent_dropout(0.5).seed(1);
        check_layer(dropped, Check::inputs([[2, 4, 2]]).output([2, 3]).weights(3));
    }

    #[test]
    fn the_forget_gate_begins_open() {
        let layer = LSTM::new(2);
        layer.call(crate::Input::shape([4, 2]));
        assert_eq!(layer.variables()[2].value().to_vec1::<f32>().unwrap(), [0., 0., 1., 1., 0., 0., 0., 0.]);
    }

    #[test]
    fn inputs_that_do_not_match_are_errors() {
        let (x, state) = (crate::Input::shape([4, 2]), crate::Input::shape([3]));
        let error = LSTM::new(3).call([&x, &state]).shape().unwrap_err().to_string();
        assert!(error.contains("the initial state does not match") && error.contains("expected: 2"), "{error}");
        assert!(LSTM::new(3).call(&state).shape().unwrap_err().to_string().contains("(batch, steps, features)"));
        assert!(LSTM::new(0).call(&x).shape().unwrap_err().to_string().contains("units must be positive"));
    }
}
